"""The page of a replay in a real browser: what it loads, and what stays text."""

from __future__ import annotations

from pathlib import Path

import pytest
from selenium.webdriver.chrome.webdriver import WebDriver
from selenium.webdriver.common.by import By

from tests.browser.test_page import browser as browser
from tests.browser.test_page import pytestmark as pytestmark
from tests.unit.test_history_page import hostile, page
from tests.unit.test_history_totals import DROP, replayed

IMAGE = "<img src=x onerror=\"document.title='taken'\">"
END = "</style></svg></title><script>document.title='taken'</script>"


@pytest.fixture
def shown(browser: WebDriver, tmp_path: Path) -> WebDriver:
    """The page of two hostile commits and an ordinary one."""
    ordinary = replayed(DROP, agent="claude")
    file = tmp_path / "page.html"
    file.write_text(page(hostile(IMAGE), hostile(END), ordinary))
    browser.get_log("browser")  # type: ignore[no-untyped-call]
    browser.get(file.as_uri())
    return browser


def test_hostile_names_stay_text(shown: WebDriver) -> None:
    """They are shown as they are written, and do nothing."""
    body = shown.find_element(By.TAG_NAME, "body").text

    assert shown.title == "shop: what its commits dropped"
    assert IMAGE in body
    assert END in body
    assert shown.find_elements(By.CSS_SELECTOR, "img, script") == []


def test_the_policy_lets_the_page_be_seen(shown: WebDriver) -> None:
    """The style is applied, nothing is refused, and nothing else was asked for."""
    heading = shown.find_element(By.TAG_NAME, "h1")
    count = "return performance.getEntriesByType('resource').length"

    assert heading.value_of_css_property("font-size") == "25.6px"
    assert shown.get_log("browser") == []  # type: ignore[no-untyped-call]
    assert shown.execute_script(count) == 0  # type: ignore[no-untyped-call]


def test_a_script_that_got_in_would_not_run(browser: WebDriver, tmp_path: Path) -> None:
    """The policy is a second wall behind the escaping."""
    file = tmp_path / "page.html"
    html = page(replayed()).replace(
        "<main>", f"<main>{IMAGE}<script>{END[:0]}</script>"
    )
    file.write_text(html.replace("<script>", "<script>document.title='taken';"))

    browser.get(file.as_uri())

    assert browser.title == "shop: what its commits dropped"


@pytest.mark.parametrize(
    ("scheme", "paper"), [("light", "(255, 255, 255"), ("dark", "(17, 21, 26")]
)
def test_both_schemes(shown: WebDriver, scheme: str, paper: str) -> None:
    """The page follows what the reader has chosen, its plots too."""
    feature = {"name": "prefers-color-scheme", "value": scheme}
    shown.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})

    body = shown.find_element(By.TAG_NAME, "body")
    bar = shown.find_element(By.CSS_SELECTOR, ".bar.c0")

    assert paper in body.value_of_css_property("background-color")
    assert (
        bar.value_of_css_property("fill")
        == {
            "light": "rgb(179, 89, 0)",
            "dark": "rgb(255, 155, 74)",
        }[scheme]
    )
