"""libcst is asked about what a change brings, not about what the base has as well."""

from __future__ import annotations

import pytest

from qualitywatch import rulebook
from qualitywatch.analysis import analyse
from qualitywatch.analysis.patterns import matcher
from qualitywatch.model import Change

RULE = "swallowed-exception"
SWALLOWS = """\
def {name}():
    try:
        work()
    except Exception:
        pass
"""
HANDLES = SWALLOWS.replace("        pass", "        report()")


def judged(before: str, after: str) -> list[int]:
    change = Change(path="a.py", before=before.encode(), after=after.encode())
    found = analyse(change, rulebook.load()).violations
    return [each.line for each in found if each.rule == RULE]


@pytest.fixture
def asked(monkeypatch) -> list[str]:
    """The snippets that the matcher was asked about."""
    snippets: list[str] = []
    confirms = matcher.confirms

    def spied(expression, snippet, **place) -> bool:
        snippets.append(snippet)
        return confirms(expression, snippet, **place)

    monkeypatch.setattr(matcher, "confirms", spied)
    return snippets


def test_what_stands_in_the_base_is_not_asked_about(asked) -> None:
    old = SWALLOWS.format(name="a")

    assert judged(old, f"{old}\nx = 1\n") == []
    assert judged(f"{old}\n{SWALLOWS.format(name='b')}", old + "x = 1\n") == []
    assert asked == []


@pytest.mark.parametrize(
    ("before", "after", "lines"),
    [
        (SWALLOWS, SWALLOWS + "\n" + SWALLOWS.replace("{name}", "b"), [10]),
        (HANDLES, SWALLOWS, [4]),
        (
            SWALLOWS + "\n" + HANDLES.replace("{name}", "b"),
            HANDLES + "\n" + SWALLOWS.replace("{name}", "b"),
            [],  # as often as before, by the text of its line
        ),
    ],
)
def test_what_a_change_brings_is_found(
    before: str, after: str, lines: list[int]
) -> None:
    assert judged(before.format(name="a"), after.format(name="a")) == lines
