"""A report in each format: nothing is left out, and nothing in it is dangerous."""

from __future__ import annotations

import json
from typing import Any

import pytest

from qualitywatch.model import (
    GO,
    NO_GO,
    Evidence,
    GateReport,
    Quarantine,
    QuarantineState,
    Skipped,
    Suppressed,
    Unanalysable,
)
from qualitywatch.reports import FORMATS, Look
from qualitywatch.reports.safe import encodable
from tests.factories import violation

FOUND = violation(
    path="src/app.ts",
    line=41,
    column=3,
    symbol="App.handlers",
    evidence=Evidence(
        lost_lines=212,
        lost_symbols=("App.stop",),
        base_ranges=((37, 260), (300, 300)),
        still_referenced=("App.stop",),
    ),
)
HELD = Quarantine(
    id="q1",
    subject="cursor-1",
    state=QuarantineState.QUARANTINED,
    reason="dropped code",
    since="2025-11-21T08:00:00Z",
    violations=(FOUND,),
)


def report(**fields: Any) -> GateReport:
    """A report with one of everything."""
    return GateReport(
        **{
            "decision": NO_GO,
            "reasons": ("1 violation at or above high, likely",),
            "base": "b" * 40,
            "head": "c" * 40,
            "files_checked": 3,
            "violations": (FOUND,),
            "unanalysable": (Unanalysable(path="bad.py", reason="not UTF-8"),),
            "skipped": (Skipped(path="a.bin", reason="binary"),),
            "quarantines": (HELD,),
            "duration_ms": 12.5,
            **fields,
        }
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
    clean = {"violations": (), "unanalysable": (), "skipped": (), "quarantines": ()}

    assert text(decision=GO, reasons=(), **clean) == "GO  3 files checked\n"


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
