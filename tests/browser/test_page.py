"""The page in a real browser: what it shows, what it lets do, what can not hurt it."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import pytest
from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.chrome.webdriver import WebDriver
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

from qualitywatch.hub.server import Server
from qualitywatch.model import Evidence
from qualitywatch.protocol import Report, Role
from tests import factories, hubs
from tests.hubs import HONEST, LAZY, PASSPHRASE

PAGE = Path(__file__).parents[2] / "qualitywatch" / "hub" / "page"
WAIT_SECONDS = 30
CHROMIUM = Path("/usr/bin/chromium")
CHROMEDRIVER = Path("/usr/bin/chromedriver")

pytestmark = pytest.mark.skipif(
    not (CHROMIUM.exists() and CHROMEDRIVER.exists()), reason="needs Chromium"
)

T = TypeVar("T")


class Live:
    """A hub on a thread of its own, so that a test can drive a browser meanwhile."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._stack = AsyncExitStack()
        self._listening = AsyncExitStack()
        self.house: hubs.House
        self.url = ""
        self._port = 0

    def __enter__(self) -> Live:
        self._thread.start()
        self.house = self.do(self._stack.enter_async_context(hubs.house(self._folder)))
        self.listen()
        return self

    def __exit__(self, *exception: object) -> None:
        self.silence()
        self.do(self._stack.aclose())
        self.do(self._loop.shutdown_default_executor())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        """What *work* returns, run where the hub runs."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(WAIT_SECONDS)

    def listen(self) -> None:
        """Open the port, the same one each time."""
        opening = Server.open(self.house.service, port=self._port)
        server = self.do(self._listening.enter_async_context(opening))
        self._port, self.url = server.port, server.url

    def silence(self) -> None:
        """Close the port, as a daemon that stops."""
        self.do(self._listening.aclose())

    def token(self, role: Role = Role.OBSERVER) -> str:
        """A new token."""
        return self.do(self.house.token(role))

    def drop_code(self, agent: str = "cursor-1", path: str = "src/app.ts") -> None:
        """*agent* reports a change that drops code."""
        about = factories.agent(agent, workspace=str(self.house.root))
        report = Report(event_id=f"{agent} {path}", path=path, new_content=LAZY)
        self.do(self.house.warden.seen(about))
        self.do(self.house.judge.reported(about, report))


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Live]:
    with Live(tmp_path) as live:
        yield live


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebDriver]:
    """A headless Chromium that knows nothing of its user."""
    options = Options()
    options.binary_location = str(CHROMIUM)
    profile = tmp_path_factory.mktemp("chromium")
    for argument in (
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--no-first-run",
        "--window-size=1280,1600",
        f"--user-data-dir={profile}",
    ):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(str(CHROMEDRIVER)))
    try:
        yield driver
    finally:
        driver.quit()


@pytest.fixture
def page(browser: WebDriver, live: Live) -> Iterator[Page]:
    """The page, not signed in; at the end its console holds no complaint."""
    browser.get_log("browser")
    page = Page(browser, live.url)
    browser.get("about:blank")
    browser.get(live.url)
    yield page
    browser.get("about:blank")
    assert page.complaints() == []


class Page:
    """What a person does and sees."""

    def __init__(self, browser: WebDriver, url: str) -> None:
        self.browser = browser
        self.url = url

    def look(self, token: str) -> None:
        """Open it as `watch --open` does."""
        self.browser.get("about:blank")
        self.browser.get(f"{self.url}/#token={token}")
        self.until(lambda: self.one("#board").is_displayed())

    def one(self, selector: str) -> WebElement:
        return self.browser.find_element(By.CSS_SELECTOR, selector)

    def all(self, selector: str) -> list[WebElement]:
        return self.browser.find_elements(By.CSS_SELECTOR, selector)

    def text(self, selector: str) -> str:
        return self.one(selector).text

    def type(self, selector: str, text: str) -> None:
        self.one(selector).send_keys(text)

    def click(self, selector: str) -> None:
        self.one(selector).click()

    def until(self, condition: Callable[[], object]) -> None:
        """Wait for what will come."""
        WebDriverWait(
            self.browser,
            WAIT_SECONDS,
            poll_frequency=0.02,
            ignored_exceptions=[StaleElementReferenceException],
        ).until(lambda _: condition())

    def until_text(self, selector: str, text: str) -> None:
        self.until(lambda: text in self.text(selector))

    def complaints(self) -> list[str]:
        """What the console says, but for connections that a test cuts on purpose."""
        return [
            str(entry["message"])
            for entry in self.browser.get_log("browser")
            if "WebSocket connection to" not in entry["message"]
        ]


# Coming in


def test_stranger_sees_nothing_and_is_told_how(live: Live, page: Page) -> None:
    live.drop_code()

    assert not page.one("#board").is_displayed()
    assert "passphrase" in page.text("#sign-in")
    assert "src/app.ts" not in page.browser.page_source


def test_wrong_passphrase_is_refused(page: Page) -> None:
    page.type("#secret", "a guess")
    page.click("#sign-in-form button")

    page.until_text("#sign-in-error", "not the passphrase")
    assert not page.one("#board").is_displayed()


def test_passphrase_signs_in_and_is_kept_nowhere(live: Live, page: Page) -> None:
    page.type("#secret", PASSPHRASE)
    page.click("#sign-in-form button")

    page.until_text("#status", "Live")
    stored = "return JSON.stringify([{...localStorage}, {...sessionStorage}])"
    assert page.browser.execute_script(stored) == "[{},{}]"
    assert PASSPHRASE not in page.browser.execute_script(
        "return document.documentElement.outerHTML + document.cookie"
    )
    assert page.one("#secret").get_attribute("value") == ""


def test_ticket_leaves_the_address(live: Live, page: Page) -> None:
    """It must not stay in the history or be copied with the address."""
    page.look(live.house.service.ticket())

    assert page.browser.current_url == f"{live.url}/"
    assert "observer" in page.text("#status")


def test_revoked_viewer_is_signed_out(live: Live, page: Page) -> None:
    page.look(live.token())
    [row] = live.do(live.house.store.tokens())

    live.do(_revoke(live.house, row.id))

    page.until_text("#sign-in-error", "revoked")
    assert not page.one("#board").is_displayed()


# What it shows


def test_empty_board_teaches(live: Live, page: Page) -> None:
    page.look(live.token())

    assert "Nobody is in quarantine" in page.text("#quarantines-empty")
    assert "tokens create" in page.text("#agents-empty")


def test_quarantine_appears_with_its_evidence(live: Live, page: Page) -> None:
    """Without a reload: who, what, where, and what was lost."""
    live.house.judge.found = factories.violation(
        excerpt="// ... (other handlers remain the same)",
        symbol="App.handlers",
        evidence=Evidence(
            lost_lines=212, lost_symbols=("App.stop",), base_ranges=((37, 260),)
        ),
    )
    page.look(live.token())

    live.drop_code()

    page.until(lambda: page.all("article.quarantine"))
    card = page.text("article.quarantine")
    for part in (
        "cursor-1",
        "src/app.ts:2",
        "elided-code",
        "// ... (other handlers remain the same)",
        "Lost 212 lines from App.handlers (base lines 37–260)",
        "App.stop",
        "critical",
    ):
        assert part in card
    assert page.text("#count-quarantines") == "1"
    assert page.browser.title == "(1) qualitywatch"
    assert not page.one("#quarantines-empty").is_displayed()


def test_violations_are_listed_and_opened(live: Live, page: Page) -> None:
    live.drop_code(path="src/first.ts")
    live.drop_code(path="src/second.ts")
    page.look(live.token())

    rows = page.all("#violations details")
    assert [
        path in row.text for path, row in zip(("second", "first"), rows, strict=True)
    ]
    rows[0].find_element(By.TAG_NAME, "summary").click()
    assert "Put the code back." in rows[0].text


def test_agents_and_events_are_live(live: Live, page: Page) -> None:
    page.look(live.token())

    live.do(_visit(live.house))

    page.until_text("#agents", "Cursor Composer 1")
    page.until_text("#ticker", "agent.disconnected")


def test_repair_is_shown_beside_the_button(live: Live, page: Page) -> None:
    live.drop_code()
    repair = factories.offer("src/app.ts", HONEST)
    live.do(live.house.warden.propose_repair("cursor-1", [repair]))
    page.look(live.token())

    card = page.one("article.quarantine")
    assert "repair proposed" in card.text
    assert "clean" in card.text
    card.find_element(By.CSS_SELECTOR, "[data-slot=repair-list] summary").click()
    page.until_text("article.quarantine", "return 1")


def test_ticker_begins_with_what_happened_lately(live: Live, page: Page) -> None:
    """And what is over by now does not come back as open."""
    live.drop_code()
    live.do(live.house.warden.release("cursor-1", "mended", "test"))

    page.look(live.token())

    page.until_text("#ticker", "quarantine.imposed")
    assert not page.all("article.quarantine")


def test_degraded_daemon_is_announced(live: Live, page: Page) -> None:
    page.look(live.token())

    live.do(live.house.warden.degraded("watch", "too few inotify watches"))
    page.until_text("#degraded", "too few inotify watches")

    live.do(live.house.warden.recovered("watch"))
    page.until(lambda: not page.one("#degraded").is_displayed())


def test_it_comes_back_and_misses_nothing(live: Live, page: Page) -> None:
    """What happened while the daemon was away is there afterwards, once."""
    page.look(live.token())
    live.drop_code("codex-1", "seen.py")
    page.until_text("#ticker", "seen.py: 1 violation")
    live.silence()
    page.until_text("#status", "Connection lost")

    live.drop_code("cursor-1", "missed.py")
    live.listen()

    page.until_text("#status", "Live")
    page.until_text("#quarantines", "cursor-1")
    page.until_text("#ticker", "missed.py: 1 violation")
    assert page.text("#ticker").count("seen.py: 1 violation") == 1


# What it lets do


def test_release_from_the_page(live: Live, page: Page) -> None:
    """Looking needs a ticket, releasing needs the passphrase and a reason."""
    live.drop_code()
    page.look(live.token())

    page.click("[data-slot=release]")
    page.type("#release-reason", "put back by hand")
    page.type("#release-passphrase", "a guess")
    page.click("#release-submit")
    page.until_text("#release-error", "not the passphrase")
    assert len(live.house.warden.quarantines) == 1

    page.type("#release-passphrase", PASSPHRASE)
    page.click("#release-submit")

    page.until_text("#quarantines-empty", "Nobody is in quarantine")
    assert live.house.warden.quarantines == ()
    [released] = live.do(live.house.store.quarantines(open=False))
    assert released.release_reason == "put back by hand"
    assert released.released_by == "operator"
    assert "src/app.ts" in page.text("#violations")  # the code is still gone


def test_cancel_releases_nobody(live: Live, page: Page) -> None:
    live.drop_code()
    page.look(live.token())

    page.click("[data-slot=release]")
    page.click("#release-cancel")

    assert not page.one("#release").is_displayed()
    assert len(live.house.warden.quarantines) == 1


# What can not hurt it


PAYLOADS = [
    "<img src=x onerror=alert(1)>",
    "<script>alert(1)</script>",
    "<svg/onload=alert(1)>",
    '"><script>alert(1)</script>',
    "'-alert(1)-'",
    "javascript:alert(1)",
    "<iframe srcdoc='<script>parent.alert(1)</script>'>",
    "<details open ontoggle=alert(1)>",
    "<input autofocus onfocus=alert(1)>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "<a href='javascript:alert(1)'>x</a>",
    "<form action=javascript:alert(1)><button>x",
    "</template><script>alert(1)</script>",
    "</title><script>alert(1)</script>",
    "<!--<img src=x onerror=alert(1)>-->",
    "{{constructor.constructor('alert(1)')()}}",
    "${alert(1)}",
    "<style>@import 'http://evil.example/x.css'</style>",
    "<link rel=stylesheet href=http://evil.example/x.css>",
    "<meta http-equiv=refresh content='0;url=http://evil.example'>",
    "<base href=http://evil.example/>",
    "<object data=javascript:alert(1)>",
    "\u202egnp.exe\u202c\u2066",
    "\x1b[31mred\x07\x9b",
]


@pytest.mark.parametrize("start", range(0, len(PAYLOADS), 6))
def test_hostile_text_is_only_text(live: Live, page: Page, start: int) -> None:
    """As file name, name, code, message, reason and repair: shown, never run."""
    page.browser.execute_script("window.before = document.scripts.length")
    page.look(live.token())
    page.browser.execute_script("window.alert = () => { window.hurt = true }")
    for number, payload in enumerate(PAYLOADS[start : start + 6]):
        _attack(live, f"agent-{number}", payload)

    offered = "[data-slot=repair-list] pre"
    page.until(lambda: len(page.all(offered)) == 6)  # the last of it to come
    for summary in page.all("#board summary"):
        summary.click()
    page.until(
        lambda: all(one.get_attribute("textContent") for one in page.all(offered))
    )

    state = page.browser.execute_script(
        "return [window.hurt === true, document.scripts.length,"
        " document.querySelectorAll('#board :is(img, script, iframe, svg, object,"
        " input, form, a, style, link, meta, base)').length, location.href]"
    )
    assert state == [False, 1, 0, f"{live.url}/"]
    text = page.text("#board")
    for payload in PAYLOADS[start : start + 6]:
        assert payload in text or "\\u{" in text
    assert not {"\u202e", "\u2066", "\x1b", "\x07", "\x9b"} & set(text)


@pytest.mark.parametrize(
    "injection",
    [
        "document.body.innerHTML = '<img src=x onerror=alert(1)>'",
        "eval('1')",
        "document.body.append(Object.assign(document.createElement('script'),"
        " {text: 'window.hurt = true'}))",
        "new Function('return 1')()",
    ],
)
def test_browser_refuses_to_run_what_is_not_ours(
    browser: WebDriver, live: Live, injection: str
) -> None:
    """Were there a hole in the page, its policy would still close it."""
    browser.get(live.url)
    refused = browser.execute_async_script(
        f"""const done = arguments[0];  // later: the driver's own call may use eval
        setTimeout(() => {{
          try {{ {injection}; done("it ran"); }} catch (error) {{ done(error.name); }}
        }})"""
    )

    assert refused in {"TypeError", "EvalError"}
    assert browser.execute_script("return window.hurt === true") is False


def test_page_has_no_way_to_write_markup() -> None:
    """Nor inline code, nor anything from elsewhere."""
    source = "".join(file.read_text() for file in sorted(PAGE.iterdir()))
    markup = (PAGE / "index.html").read_text()

    for word in ("innerHTML", "outerHTML", "insertAdjacent", "document.write", "eval("):
        assert word not in source
    assert " style=" not in markup
    assert not re.search(r"\son\w+=", markup)
    assert "https://" not in source


def _attack(live: Live, agent: str, payload: str) -> None:
    about = msgspec.structs.replace(
        factories.agent(agent, workspace=str(live.house.root)),
        name=payload,
        harness=payload,
    )
    live.house.judge.found = factories.violation(
        message=payload,
        remedy=payload,
        excerpt=payload,
        symbol=payload,
        evidence=Evidence(
            lost_lines=1, lost_symbols=(payload,), still_referenced=(payload,)
        ),
    )
    report = Report(event_id=agent, path=f"src/{payload}", new_content=LAZY)
    repair = factories.offer(payload, payload)
    live.do(live.house.warden.seen(about))
    live.do(live.house.judge.reported(about, report))
    live.do(live.house.warden.propose_repair(agent, [repair]))


async def _visit(house: hubs.House) -> None:
    async with hubs.agent(house, name="Cursor Composer 1"):
        pass


async def _revoke(house: hubs.House, token: str) -> None:
    async with hubs.operator(house) as operator:
        await operator.operate("tokens.revoke", id=token)
