"""JUnit XML: well-formed for any text, and what it counts is what it holds."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree

import pytest
from hypothesis import given, settings

from qualitywatch.model import GO, NO_GO, Analysis, Severity, Suppressed
from qualitywatch.reports import Judged, Look, junit
from tests.factories import violation
from tests.judgements import (
    FOUND,
    clean,
    everything,
    hostile,
    look_at,
    many,
    report,
)

OUTCOMES = ("failure", "error", "skipped")


def suites(judged: Judged, look: Look | None = None) -> ElementTree.Element:
    """The document, parsed; its counts are right."""
    root = ElementTree.fromstring(junit.render(judged, look or Look()))
    for element in (root, *root.iter("testsuite")):
        assert str(len(list(element.iter("testcase")))) == element.get("tests")
        assert str(len(list(element.iter("failure")))) == element.get("failures")
        assert str(len(list(element.iter("error")))) == element.get("errors")
    return root


def outcomes(root: ElementTree.Element) -> list[tuple[str, str, str]]:
    """(suite, test, outcome) of every test."""
    return [
        (str(suite.get("name")), str(case.get("name")), _outcome(case))
        for suite in root.iter("testsuite")
        for case in suite.iter("testcase")
    ]


def _outcome(case: ElementTree.Element) -> str:
    return next((name for name in OUTCOMES if case.find(name) is not None), "passed")


def test_everything() -> None:
    """The decision, what was not read, who is held, and each violation."""
    assert [
        ("qualitywatch", "decision", "failure"),
        ("bad.py", "unanalysable", "error"),
        ("src/app.ts", "quarantine", "error"),
        ("src/app.ts", "elided-code: App.handlers", "failure"),
    ] == outcomes(suites(report()))


def test_a_clean_change_is_a_test_that_passed() -> None:
    """Readers of the format refuse a file without tests."""
    assert [("qualitywatch", GO, "passed")] == outcomes(suites(clean()))


def test_a_failure_tells_what_text_tells() -> None:
    """The place, the excerpt, what was lost and what to do."""
    decision, found = suites(report()).iter("failure")
    told = str(found.text)

    assert "1 violation at or above" in str(decision.get("message"))
    assert told.startswith("src/app.ts:41:3  CRITICAL/certain  elided-code  ")
    assert "lost: 212 lines (lines 37-260, 300 of the base)" in told


@settings(deadline=None)
@given(hostile)
def test_any_text_is_well_formed(bad: str) -> None:
    """And makes no test, no element and no attribute of its own."""
    root = suites(everything(bad), look_at(bad))
    harmless = suites(everything("x"), look_at("x"))

    assert len(list(harmless.iter("testcase"))) == len(list(root.iter("testcase")))
    assert {each.tag for each in harmless.iter()} == {each.tag for each in root.iter()}
    assert {name for each in harmless.iter() for name in each.attrib} == {
        name for each in root.iter() for name in each.attrib
    }


@pytest.mark.parametrize("sign", ["\0", "\x0b", "\ufffe", "\uffff", "\ud800", "\x1b"])
def test_signs_that_xml_has_no_place_for(sign: str) -> None:
    """Not even as a reference: they are written out."""
    found = violation(path=f"a{sign}b.py", message=sign)

    root = suites(clean(decision=NO_GO, violations=(found,)))

    paths = [suite.get("name") for suite in root.iter("testsuite")]
    assert f"a{sign.encode('unicode_escape').decode()}b.py" == paths[1]


def test_every_violation_is_found_again() -> None:
    """By its file and the name of its test, which holds no line number."""
    judged = many(500)

    tests = {(suite, test) for suite, test, _ in outcomes(suites(judged))}

    assert {(v.path, f"{v.rule}: {v.symbol}") for v in judged.violations} <= tests


def test_equal_names_are_numbered() -> None:
    """Readers would take the second test for a repetition of the first."""
    names = [
        name
        for _, name, _ in outcomes(
            suites(clean(violations=(FOUND, FOUND), decision=""))
        )
    ]

    assert ["elided-code: App.handlers", "elided-code: App.handlers (2)"] == names[1:]


@pytest.mark.parametrize(
    ("decision", "severity", "outcome"),
    [
        (NO_GO, Severity.CRITICAL, "failure"),
        (NO_GO, Severity.MEDIUM, "skipped"),
        (GO, Severity.CRITICAL, "skipped"),
        (GO, Severity.LOW, "skipped"),
    ],
)
def test_only_errors_fail_and_never_beside_a_go(
    decision: str, severity: Severity, outcome: str
) -> None:
    """What is below the bar is shown, apart from what passed."""
    found = violation(severity=severity)

    root = suites(clean(decision=decision, violations=(found,)))

    assert outcome == outcomes(root)[-1][2]


def test_suppressions() -> None:
    """A comment that counts skips the test; one that does not is told."""
    rows = [Suppressed(violation=FOUND, reason="why", line=1, counts=c) for c in (0, 1)]
    root = suites(clean(decision=NO_GO, violations=(FOUND,), suppressed=tuple(rows)))

    *_, (_, _, found), (_, _, allowed) = outcomes(root)
    assert ("failure", "skipped") == (found, allowed)
    assert "a new comment wants to allow it: why" in ElementTree.tostring(
        root, encoding="unicode"
    )


def test_an_inventory_has_no_decision() -> None:
    """Its first test says how much there is, and passes."""
    root = suites(Analysis(violations=(FOUND,)))

    assert ("qualitywatch", "inventory", "passed") == outcomes(root)[0]


def test_skipped_files_are_listed_if_asked() -> None:
    """Else they are a number."""
    assert ("a.bin", "not judged", "skipped") in outcomes(
        suites(report(), Look(verbose=True))
    )
    assert "a.bin" not in junit.render(report(), Look())
