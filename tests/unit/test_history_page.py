"""The page and the text of a replay: what is in them, and what can not get in."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qualitywatch import config
from qualitywatch.history.page import MOST_STOPPED, Subject, render
from qualitywatch.history.plots import top_of
from qualitywatch.history.replayed import Replayed
from qualitywatch.history.telling import as_text
from qualitywatch.history.totals import totals
from tests import factories
from tests.unit.test_history_totals import DROP, NOTE, replayed

POLICY = config.Policy()
SUBJECT = Subject(repository="shop", range="HEAD", rules="a" * 64, version="1.0")
HOSTILE = "<img src=x onerror=alert(1)></style><script>\"'&\u202e\x1b[2J"

VOID = {"meta", "img", "br", "hr", "input", "link", "base"}


class Reader(HTMLParser):
    """Elements, attributes and texts, as a browser's parser would see them."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: list[str] = []
        self.said: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [name for name, _ in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [name for name, _ in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.said.append(data)


def page(*commits: Replayed, subject: Subject = SUBJECT) -> str:
    """The page of *commits*."""
    return render(subject, commits, totals(commits, POLICY), POLICY)


def read(html: str) -> Reader:
    """The page as parsed; every element is closed where it should be."""
    reader = Reader()
    reader.feed(html)
    reader.close()
    assert reader.open == []
    return reader


def hostile(text: str) -> Replayed:
    """A commit in which everything that can be is *text*."""
    violation = factories.violation(path=text, rule=text, symbol=text, message=text)
    return replayed(violation, author=text, agent=text, subject=text, commit=text)


ORDINARY = page(replayed(DROP, agent="claude"), replayed(NOTE), replayed())


def test_nothing_is_loaded_and_nothing_runs() -> None:
    """No script, no link, no source from elsewhere, no style beside the one."""
    reader = read(ORDINARY)

    forbidden = {"script", "link", "img", "iframe", "object", "base", "form", "a"}
    assert forbidden.isdisjoint(reader.tags)
    assert {"style", "src", "href", "srcset"}.isdisjoint(reader.attributes)
    assert not any(name.startswith("on") for name in reader.attributes)
    assert reader.tags.count("style") == 1
    assert "http:" not in ORDINARY
    assert "https:" not in ORDINARY
    assert "url(" not in ORDINARY


def test_the_browser_is_told_so() -> None:
    """The policy stands before the style, and its hash is that of the style."""
    [style] = re.findall(r"<style>(.*?)</style>", ORDINARY, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()

    policy = ORDINARY.index("Content-Security-Policy")
    assert policy < ORDINARY.index("<style>")
    assert "default-src 'none'" in ORDINARY
    assert f"style-src 'sha256-{digest}'" in ORDINARY
    assert "unsafe" not in ORDINARY


def test_hostile_names_stay_text() -> None:
    """What an author calls himself is shown, and is no element."""
    subject = Subject(repository=HOSTILE, range=HOSTILE, rules="a", version="1")

    html = page(hostile(HOSTILE), hostile(HOSTILE + "2"), subject=subject)

    assert set(read(html).tags) == set(read(ORDINARY).tags)
    assert "<img src=x onerror" in "".join(read(html).said)
    assert "\x1b" not in html
    assert "\u202e" not in html


@settings(deadline=None)
@given(st.text(st.characters(codec="utf-8")))
def test_no_text_adds_an_element(name: str) -> None:
    """Whatever stands in a repository, the page has the elements that it had."""
    commits = [hostile(name), replayed(agent="claude")]
    plain = [hostile("plain"), replayed(agent="claude")]

    assert read(page(*commits)).tags == read(page(*plain)).tags


def test_plots_can_be_read_without_eyes() -> None:
    """Each is an image with a title and a text, and is well-formed."""
    plots = re.findall(r'<svg viewBox="0 0 960.*?</svg>', ORDINARY, re.DOTALL)

    assert len(plots) == 3
    for plot in plots:
        root = ElementTree.fromstring(plot)
        title, text = root[0], root[1]
        assert root.get("role") == "img"
        assert root.get("aria-labelledby") == f"{title.get('id')} {text.get('id')}"
        assert title.text
        assert text.text
    assert ORDINARY.count("<caption>") == ORDINARY.count("<table>")
    assert '<html lang="en">' in ORDINARY
    assert "<th scope=" in ORDINARY


def test_colours_for_light_and_dark() -> None:
    """The page follows what the reader has chosen."""
    assert "color-scheme: light dark" in ORDINARY
    assert "prefers-color-scheme: dark" in ORDINARY


def test_what_the_plots_say() -> None:
    """Every value can be read beside its mark."""
    assert "2026-01-05, claude: 0 % of 1 commits clean" in ORDINARY
    assert "2026-01-05, Dropped: 1" in ORDINARY
    assert "10 lost lines from 2026-01-05 to 2026-01-05" in ORDINARY


def test_nothing_to_show() -> None:
    """No commit, or none that changed code: a page all the same."""
    for html in (page(), page(replayed(files_checked=0))):
        assert "None." in html
        read(html)


def test_a_long_list_ends() -> None:
    """A browser can hold only so many rows; the rest is counted."""
    commits = [replayed(DROP)] * (MOST_STOPPED + 5)

    assert "and 5 older ones" in page(*commits)


@pytest.mark.parametrize(
    ("highest", "expected"),
    [(0, 4), (1, 4), (3, 4), (4, 4), (7, 10), (15, 20), (41, 100), (1234, 2000)],
)
def test_the_axis_ends_at_a_round_number(highest: int, expected: float) -> None:
    """And never below the highest bar."""
    assert top_of([highest]) == expected


# The text


def test_the_text_is_harmless() -> None:
    """No sign of a name reaches the terminal that could move its cursor."""
    commits = [hostile(HOSTILE + "\n\t")]

    text = as_text(commits, totals(commits, POLICY), POLICY)

    assert all(sign in "\n\t" or sign.isprintable() for sign in text)
    plain = [hostile("plain")]
    ordinary = as_text(plain, totals(plain, POLICY), POLICY)
    assert text.count("\n") == ordinary.count("\n")


def test_long_tables_end_unless_asked() -> None:
    """Twenty rows, then how many more there are."""
    commits = [replayed(author=f"A{n} <a>") for n in range(25)]
    found = totals(commits, POLICY)

    assert "and 5 more (--verbose" in as_text(commits, found, POLICY)
    assert "A24" in as_text(commits, found, POLICY, is_verbose=True)


def test_small_samples_are_marked() -> None:
    """A rate on few commits has a star, and the star is explained."""
    few = [replayed()]
    many = [replayed()] * 20

    assert "100 % of 1*" in as_text(few, totals(few, POLICY), POLICY)
    assert "*" not in as_text(many, totals(many, POLICY), POLICY)
