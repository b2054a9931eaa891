"""Annotations: what GitHub's runner reads back is what was meant, and no more."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings

from qualitywatch.model import GO, NO_GO, Severity, Suppressed
from qualitywatch.reports import Judged, Look, github
from qualitywatch.reports.safe import safe
from tests.factories import violation
from tests.judgements import FOUND, clean, everything, hostile, many, report

COMMAND = re.compile(
    r"::(?P<name>error|warning|notice) (?P<values>[^:]*)::(?P<said>.*)"
)


def annotations(judged: Judged) -> list[dict[str, str]]:
    """What the runner makes of the report: one dictionary a command."""
    lines = github.render(judged, Look()).split("\n")
    assert "" == lines.pop()
    return [_parsed(line) for line in lines]


def _parsed(line: str) -> dict[str, str]:
    match = COMMAND.fullmatch(line)
    assert match, line
    pairs = (pair.split("=", 1) for pair in match["values"].split(","))
    values = {name: _decoded_value(value) for name, value in pairs}
    return {"level": match["name"], "said": _decoded(match["said"]), **values}


def _decoded(text: str) -> str:
    return text.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%")


def _decoded_value(text: str) -> str:
    return _decoded(text.replace("%3A", ":").replace("%2C", ","))


def test_everything() -> None:
    """The decision, what was not read, who is held, and then the violations."""
    headline, unread, held, found = annotations(report())

    said = "1 violation at or above high, likely; 3 files checked; 1 skipped"
    assert {"level": "error", "title": NO_GO, "said": said} == headline
    assert ("error", "unanalysable") == (unread["level"], unread["title"])
    assert "bad.py" == unread["file"]
    assert held["said"].startswith("cursor-1 is in quarantine: dropped code; only ")
    assert {
        "level": "error",
        "title": "elided-code (critical, certain)",
        "file": "src/app.ts",
        "line": "41",
        "endLine": "41",
        "col": "3",
        "endColumn": "40",
        "said": "Code replaced by a remark\nin App.handlers\nlost lines: 212\n"
        "to mend it: Put the code back.",
    } == found


def test_a_clean_change_is_a_notice() -> None:
    """So that a job that judged nothing looks different."""
    expected = {"level": "notice", "title": GO, "said": "3 files checked"}

    assert [expected] == annotations(clean())


@settings(deadline=None)
@given(hostile)
def test_what_is_read_back(bad: str) -> None:
    """One command a line, and in it the very text, made safe."""
    found = violation(path=bad, message=bad, symbol=None, evidence=None, remedy="")

    _, read = annotations(clean(decision=NO_GO, violations=(found,)))

    assert safe(bad) == read["file"].replace("\n", "\\n")
    assert safe(bad, keep_newlines=True) == read["said"]


@settings(deadline=None)
@given(hostile)
def test_no_second_command(bad: str) -> None:
    """As many commands as with a harmless text."""
    assert len(annotations(everything("x"))) == len(annotations(everything(bad)))


@pytest.mark.parametrize(
    ("text", "message", "value"),
    [
        ("100%", "100%25", "100%25"),
        ("a\nb", "a%0Ab", "a%0Ab"),
        ("a: b, c", "a: b, c", "a%3A b%2C c"),
        ("%0A", "%250A", "%250A"),
    ],
)
def test_escaping(text: str, message: str, value: str) -> None:
    """The percent sign first: else the escapes are escaped."""
    assert message == github.escaped(text)
    assert value == github.escaped_value(text)


def test_columns_on_one_line_only() -> None:
    """GitHub refuses them where the mark is on several lines."""
    found = violation(line=2, end_line=9)

    _, read = annotations(clean(decision=NO_GO, violations=(found,)))

    assert ("2", "9") == (read["line"], read["endLine"])
    assert "col" not in read


def test_ten_of_a_level_and_the_tenth_says_what_is_left() -> None:
    """GitHub drops the eleventh without a word."""
    read = annotations(many(1_000))

    levels = [each["level"] for each in read]
    assert {"error": 10, "warning": 10, "notice": 10} == {
        level: levels.count(level) for level in set(levels)
    }
    last = [each for each in read if each["level"] == "error"][-1]
    # 2 of 4 severities, 2 of 3 confidences; the headline and two notices before them
    assert f"{1_000 // 12 * 4 + 3 - 9} more" == last["title"]
    assert last["said"].endswith("more")


def test_beside_a_go_nothing_is_an_error() -> None:
    """What is below the bar stops nobody and is shown all the same."""
    critical = violation(severity=Severity.CRITICAL)

    levels = [each["level"] for each in annotations(clean(violations=(critical,)))]

    assert ["notice", "warning"] == sorted(levels)


def test_suppressions() -> None:
    """A comment that counts is a notice; one that does not is told with the error."""
    rows = [Suppressed(violation=FOUND, reason="why", line=1, counts=c) for c in (0, 1)]
    judged = clean(decision=NO_GO, violations=(FOUND,), suppressed=tuple(rows))

    _, found, allowed = annotations(judged)

    assert "a new comment wants to allow it: why" in found["said"]
    assert "allowed by a comment: why" in allowed["said"]
    assert ("error", "notice") == (found["level"], allowed["level"])
