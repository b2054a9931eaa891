"""A report with one of everything, and what an attacker would write into it."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from qualitywatch.model import (
    GO,
    NO_GO,
    Confidence,
    Evidence,
    GateReport,
    Quarantine,
    QuarantineState,
    Severity,
    Skipped,
    Suppressed,
    Unanalysable,
    ViolationType,
)
from qualitywatch.reports import Look
from tests.factories import violation

FOUND = violation(
    path="src/app.ts",
    line=41,
    column=3,
    end_line=41,
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
CLEAN: dict[str, Any] = {
    "decision": GO,
    "reasons": (),
    "violations": (),
    "unanalysable": (),
    "skipped": (),
    "quarantines": (),
}
BASE = "".join(f"line {n} of the base\n" for n in range(1, 301)).encode()
LOOK = Look(verbose=True, bases={"src/app.ts": BASE})


def report(**fields: Any) -> GateReport:
    """A report with one of everything but suppressions."""
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


def clean(**fields: Any) -> GateReport:
    """A report that says GO and has nothing else to say."""
    return report(**{**CLEAN, **fields})


def everything(text: str) -> GateReport:
    """A report that holds *text* wherever text comes from outside."""
    found = violation(
        type=ViolationType.SECURITY_RISK,
        path=text,
        symbol=text,
        message=text,
        remedy=text,
        excerpt=text,
        evidence=Evidence(
            lost_lines=3,
            lost_symbols=(text,),
            base_ranges=((1, 3),),
            still_referenced=(text,),
        ),
    )
    other = violation(path=text, fingerprint="e" * 16, severity=Severity.LOW)
    return report(
        reasons=(text,),
        violations=(found, violation(path="plain.py"), other),
        unanalysable=(Unanalysable(path=text, reason=text),),
        skipped=(Skipped(path=text, reason=text),),
        quarantines=(
            Quarantine(
                id="q1",
                subject="cursor-1",
                state=QuarantineState.QUARANTINED,
                reason=text,
                since="2025-11-21T08:00:00Z",
                violations=(found,),
            ),
        ),
        suppressed=(
            Suppressed(violation=found, reason=text, line=1, counts=False),
            Suppressed(violation=other, reason=text, line=1, counts=True),
        ),
    )


def look_at(text: str) -> Look:
    """The look at `everything`, with *text* as the lost code."""
    code = f"one\n{text}\nthree".encode("utf-8", "surrogatepass")
    return Look(verbose=True, bases={text: code})


def many(number: int) -> GateReport:
    """A report of *number* violations, of every severity and confidence."""
    grades = [(s, c) for s in Severity for c in Confidence]
    found = [
        violation(
            path=f"src/part{n % 97}/module{n}.py",
            line=n + 1,
            end_line=n + 1,
            symbol=f"Class{n}.method",
            severity=grades[n % len(grades)][0],
            confidence=grades[n % len(grades)][1],
            fingerprint=f"{n:016x}",
        )
        for n in range(number)
    ]
    return report(violations=tuple(found), files_checked=number)


_TRICKS = (
    *("\033[2J", "\r", "\n", "\t", "\0", "\x7f", "\x9b", "\u202e", "\u2066", "\ufeff"),
    *("\u2028", "\ufffe", "\uffff", "\ud800", "\udcff", "\U000e0041", "é", "漢"),
    *("]]>", "<!--", "-->", "</failure>", "</details>", "<script>", "&amp;", "&#0;"),
    *("::error::", "::", "##[error]", "##vso[task.setvariable]x", "%0A", "%25", ","),
    *("|", "`", "```", "~~~~", "| a | b |", "\\", "\\|", "[a](http://b)", "](", "![]("),
    *("@me", "#1", "# a", "- a", "1. a", "---", "===", "> a", "www.a.b", "http://a.b"),
    *("{0}", "{{", "*a*", "__a__", "./", "/", "..", ":", ":a:", '"', "'", " "),
)

hostile = (
    st.lists(st.sampled_from(_TRICKS) | st.text(max_size=4), min_size=1, max_size=6)
    .map("".join)
    .filter(bool)
)
"""What an attacker would write: what each format, terminal and CI system obeys."""
