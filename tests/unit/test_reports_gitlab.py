"""GitLab's Code Quality: the documented fields, and nothing that collapses."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings

from qualitywatch.model import NO_GO, Confidence, Severity, Suppressed, Unanalysable
from qualitywatch.reports import Judged, Look, gitlab
from tests.factories import violation
from tests.judgements import FOUND, clean, everything, hostile, many, report

FIELDS = {"description", "check_name", "fingerprint", "severity", "location"}
GRADES = {"info", "minor", "major", "critical", "blocker"}


def entries(judged: Judged) -> list[dict[str, Any]]:
    """The array; each entry has the documented fields."""
    read: list[dict[str, Any]] = json.loads(gitlab.render(judged, Look()))
    for entry in read:
        assert FIELDS == set(entry)
        assert entry["severity"] in GRADES
        assert entry["location"]["lines"]["begin"] >= 1
        assert isinstance(entry["description"], str)
    return read


def test_a_clean_change_is_an_empty_array() -> None:
    """GitLab wants the file all the same."""
    assert "[]\n" == gitlab.render(clean(), Look())


def test_everything() -> None:
    """What was not read and who is held are entries: an empty list looks green."""
    read = entries(report())

    assert ["unanalysable", "quarantine", "elided-code"] == [
        entry["check_name"] for entry in read
    ]
    assert ["bad.py", "src/app.ts", "src/app.ts"] == [
        entry["location"]["path"] for entry in read
    ]
    assert {
        "description": "Code replaced by a remark in App.handlers. Put the code back.",
        "check_name": "elided-code",
        "fingerprint": FOUND.fingerprint,
        "severity": "blocker",
        "location": {"path": "src/app.ts", "lines": {"begin": 41}},
    } == read[-1]


@settings(deadline=None)
@given(hostile)
def test_no_second_entry_and_no_equal_fingerprint(bad: str) -> None:
    """As many entries as with a harmless text, each with its own fingerprint."""
    read = entries(everything(bad))

    assert len(entries(everything("x"))) == len(read)
    assert len(read) == len({entry["fingerprint"] for entry in read})


def test_every_violation_is_found_again() -> None:
    """By its fingerprint."""
    judged = many(500)

    prints = {entry["fingerprint"] for entry in entries(judged)}

    assert {violation.fingerprint for violation in judged.violations} <= prints


def test_equal_fingerprints_are_numbered() -> None:
    """GitLab would take them for one."""
    read = entries(clean(decision=NO_GO, violations=(FOUND, FOUND)))

    assert [FOUND.fingerprint, f"{FOUND.fingerprint}-2"] == [
        entry["fingerprint"] for entry in read
    ]


def test_a_symbol_is_named_once() -> None:
    """Most messages name it themselves."""
    found = violation(symbol="stop", message="`stop` has no body", remedy="")

    (entry,) = entries(clean(violations=(found,)))

    assert "`stop` has no body" == entry["description"]


def test_an_unread_file_keeps_its_fingerprint() -> None:
    """Whatever the reason: a new one would be a new fault to GitLab."""
    one, other = (
        entries(clean(unanalysable=(Unanalysable(path="a.py", reason=reason),)))[0]
        for reason in ("not UTF-8", "too large")
    )

    assert one["fingerprint"] == other["fingerprint"]


@pytest.mark.parametrize(
    ("severity", "confidence", "grade"),
    [
        (Severity.CRITICAL, Confidence.CERTAIN, "blocker"),
        (Severity.HIGH, Confidence.LIKELY, "critical"),
        (Severity.MEDIUM, Confidence.LIKELY, "major"),
        (Severity.LOW, Confidence.CERTAIN, "minor"),
        (Severity.LOW, Confidence.POSSIBLE, "info"),
    ],
)
def test_severities(severity: Severity, confidence: Confidence, grade: str) -> None:
    """Five grades of theirs; what is only possible is one lower."""
    found = violation(severity=severity, confidence=confidence)

    assert grade == gitlab.severity(found)


def test_paths_have_no_dot_in_front() -> None:
    """GitLab finds no line for `./app.py`."""
    (entry,) = entries(clean(violations=(violation(path=".//./app.py"),)))

    assert "app.py" == entry["location"]["path"]


def test_what_a_comment_allows_is_information() -> None:
    """Shown, and the lowest grade there is."""
    row = Suppressed(violation=FOUND, reason="by design", line=1, counts=True)

    (entry,) = entries(clean(suppressed=(row,)))

    assert "info" == entry["severity"]
    assert entry["description"].startswith("allowed by a comment (by design): ")
