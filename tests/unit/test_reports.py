"""A report in each format: nothing is left out, and nothing in it is dangerous."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given, settings

from qualitywatch.model import (
    GO,
    NO_GO,
    Analysis,
    Evidence,
    Skipped,
    Suppressed,
    Unanalysable,
)
from qualitywatch.reports import FORMATS, SHARED, Look
from qualitywatch.reports.safe import encodable, json_text, no_command, safe
from tests.factories import violation
from tests.judgements import (
    FOUND,
    HELD,
    LOOK,
    clean,
    everything,
    hostile,
    look_at,
    many,
    report,
)


def text(look: Look | None = None, **fields: Any) -> str:
    """The report for humans."""
    return FORMATS["text"](report(**fields), look or Look())


def test_json_is_the_contract() -> None:
    """The object has exactly the promised fields, in their order."""
    written = json.loads(FORMATS["json"](report(), Look()))

    assert list(written) == [
        *("decision", "reasons", "base", "head", "files_checked", "violations"),
        *("unanalysable", "skipped", "quarantines", "duration_ms", "suppressed"),
    ]
    assert written["unanalysable"] == [{"path": "bad.py", "reason": "not UTF-8"}]
    assert set(written["violations"][0]) == {
        *("id", "type", "rule", "severity", "confidence", "path", "language", "line"),
        *("column", "end_line", "end_column", "symbol", "message", "remedy"),
        *("excerpt", "evidence", "agent", "commit", "fingerprint"),
    }
    assert written["violations"][0]["evidence"] == {
        "lost_lines": 212,
        "lost_symbols": ["App.stop"],
        "base_ranges": [[37, 260], [300, 300]],
        "still_referenced": ["App.stop"],
    }


def test_jsonl_says_what_each_line_is() -> None:
    """One object a line; a reader who stops at the first still knows what it is."""
    lines = FORMATS["jsonl"](report(), Look()).splitlines()

    kinds = [next(iter(json.loads(line))) for line in lines]
    assert kinds == ["violation", "unanalysable", "skipped", "quarantine", "report"]
    assert json.loads(lines[0])["violation"]["rule"] == "elided-code"
    assert json.loads(lines[-1])["report"]["decision"] == NO_GO


PLACE = "src/app.ts:41:3  CRITICAL/certain  elided-code  Code replaced by a remark\n"


def test_text_of_everything() -> None:
    """Decision, place, what was lost, the way out, and what was not judged."""
    assert text() == (
        "NO-GO  1 violation at or above high, likely; 3 files checked\n"
        "\n"
        f"{PLACE}"
        "    in App.handlers\n"
        "    | # ... rest of the method unchanged\n"
        "    lost: 212 lines (lines 37-260, 300 of the base)\n"
        "    lost with them: App.stop\n"
        "    still called: App.stop\n"
        "    to mend it: Put the code back.\n"
        "\n"
        "could not be analysed:\n"
        "    bad.py: not UTF-8\n"
        "\n"
        "skipped: 1 file (--verbose lists them)\n"
        "\n"
        "cursor-1 is in quarantine since 2025-11-21 08:00:00 UTC\n"
        "    why: dropped code\n"
        f"    {PLACE}"
        "        in App.handlers\n"
        "        | # ... rest of the method unchanged\n"
        "        lost: 212 lines (lines 37-260, 300 of the base)\n"
        "        lost with them: App.stop\n"
        "        still called: App.stop\n"
        "        to mend it: Put the code back.\n"
        "    only a human can end it: qualitywatch release cursor-1 --reason …\n"
    )


def test_text_of_nothing() -> None:
    """A clean change is one line."""
    assert FORMATS["text"](clean(), Look()) == "GO  3 files checked\n"


def test_verbose_lists_the_skipped() -> None:
    """Each file that was not judged, with the reason."""
    assert "skipped:\n    a.bin: binary\n" in text(Look(verbose=True))


def test_colours_only_if_asked() -> None:
    """The decision is coloured for a terminal, and plain otherwise."""
    assert text(Look(colour=True)).startswith("\033[1;31mNO-GO\033[0m")
    assert "\033" not in text()


HOSTILE = "a\033[2Jb\rc\u202ed\ne"


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize(
    "fields",
    [
        {"violations": (violation(path=HOSTILE),)},
        {"violations": (violation(excerpt=HOSTILE),)},
        {"violations": (violation(message=HOSTILE),)},
        {
            "violations": (
                violation(evidence=Evidence(lost_lines=1, lost_symbols=(HOSTILE,))),
            )
        },
        {"unanalysable": (Unanalysable(path=HOSTILE, reason=HOSTILE),)},
        {"skipped": (Skipped(path=HOSTILE, reason=HOSTILE),)},
        {"reasons": (HOSTILE,)},
    ],
)
def test_hostile_text_is_harmless(format: str, fields: dict[str, Any]) -> None:
    """No escape sequence, carriage return or direction sign reaches the terminal."""
    written = FORMATS[format](report(**fields), Look(verbose=True))

    assert not {"\033", "\r", "\u202e"} & set(written)
    assert "\ne" not in written


def test_names_that_are_not_utf8_can_be_written() -> None:
    """JSON has no place for a stray byte: it is shown as an escape."""
    assert encodable("caf\udce9.py") == "caf\\xe9.py"
    assert encodable("ü.py") == "ü.py"


def test_text_lists_what_comments_allow() -> None:
    """Those that count, and those that wait for a human."""
    told = [
        Suppressed(violation=FOUND, reason="by design", line=40, counts=counts)
        for counts in (True, False)
    ]

    lines = text(suppressed=tuple(told)).splitlines()

    assert "allowed by a comment: 1" in lines
    assert "new suppressions, of no effect until a human accepts them: 1" in lines
    assert 2 == lines.count("    src/app.ts:41  elided-code: by design")


@settings(deadline=None, max_examples=40)
@given(hostile)
@pytest.mark.parametrize("format", FORMATS)
def test_no_format_lets_a_control_sign_through(format: str, bad: str) -> None:
    """Whatever the text, wherever it stands: line ends and tabs are all there is."""
    written = FORMATS[format](everything(bad), look_at(bad))

    assert safe(written, keep_newlines=True) == written
    if format != "github":  # whose lines are commands, and ours
        assert [] == [line for line in written.split("\n") if line != no_command(line)]


@pytest.mark.parametrize("format", sorted(set(FORMATS) - {"github"}))
@pytest.mark.parametrize(
    "bad", ["a\n::error::b", "::error::b", "##[error]b", "##vso[b]"]
)
def test_no_format_holds_a_command(format: str, bad: str) -> None:
    """A CI system reads every line of its log, whatever the format."""
    written = FORMATS[format](everything(bad), look_at(bad))

    assert [] == [line for line in written.split("\n") if line != no_command(line)]


@settings(deadline=None, max_examples=60)
@given(hostile)
def test_no_second_line_in_text(bad: str) -> None:
    """As many lines as with a harmless text, and none of them is a command of CI."""
    lines = FORMATS["text"](everything(f"{bad}x"), Look(verbose=True)).split("\n")
    harmless = FORMATS["text"](everything("x"), Look(verbose=True)).split("\n")

    assert len(harmless) == len(lines)
    assert lines == [no_command(line) for line in lines]


@settings(deadline=None)
@given(hostile)
def test_json_means_what_it_meant(bad: str) -> None:
    """The escapes are those of JSON: whoever reads it gets the text back."""
    assert encodable(bad) == json.loads(json_text([bad]))[0]


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("::error::a", "./::error::a"),
        ("    ::add-mask::a", "    ./::add-mask::a"),
        ("a ##[error]b", "a ## [error]b"),
        ("##vso[task.x]b", "## vso[task.x]b"),
        ("##teamcity[b]", "## teamcity[b]"),
        ("a::b ## c [d]", "a::b ## c [d]"),
    ],
)
def test_no_line_is_a_command_of_a_ci_system(line: str, shown: str) -> None:
    """GitHub, Azure and TeamCity obey lines of a log."""
    assert shown == no_command(line)


@pytest.mark.parametrize("format", FORMATS)
def test_what_was_not_read_is_in_every_format(format: str) -> None:
    """No violation, one file that nobody could read: that must not look green."""
    unread = (Unanalysable(path="bad.py", reason="not UTF-8"),)

    written = FORMATS[format](clean(decision=NO_GO, unanalysable=unread), Look())

    assert "bad.py" in written
    assert "not UTF-8" in written
    assert FORMATS[format](clean(), Look()) != written


@pytest.mark.parametrize("format", FORMATS)
def test_quarantines_and_suppressions_are_in_every_format(format: str) -> None:
    """Who is held, what a comment allows, and what one wants to allow."""
    told = tuple(
        Suppressed(violation=FOUND, reason=reason, line=40, counts=counts)
        for reason, counts in (("by design", True), ("I say so", False))
    )
    judged = clean(
        decision=NO_GO, violations=(FOUND,), quarantines=(HELD,), suppressed=told
    )

    written = FORMATS[format](judged, Look())

    assert "cursor-1" in written
    assert "by design" in written
    assert "I say so" in written


@pytest.mark.parametrize("format", sorted(set(FORMATS) - {"text", "json", "jsonl"}))
def test_a_reason_that_nothing_else_shows(format: str) -> None:
    """A NO-GO is told, whatever its reason will be."""
    judged = clean(decision=NO_GO, reasons=("the moon is full",))

    assert "the moon is full" in FORMATS[format](judged, Look())


@pytest.mark.parametrize("format", SHARED)
def test_anything_judged_can_be_written(format: str) -> None:
    """An inventory has no decision, and its violations are shown all the same."""
    judged = Analysis(
        violations=(FOUND,),
        unanalysable=(Unanalysable(path="bad.py", reason="not UTF-8"),),
    )

    written = SHARED[format](judged, LOOK)

    assert "src/app.ts" in written
    assert "bad.py" in written
    assert GO not in written.split()


@pytest.mark.parametrize("format", FORMATS)
def test_a_huge_report_is_written_in_seconds(format: str) -> None:
    """10,000 violations: bounded in time, and in size below 2 KiB each."""
    judged = many(10_000)
    started = time.process_time()

    written = FORMATS[format](judged, Look())

    assert 8 > time.process_time() - started
    assert 20_000_000 > len(written)
