"""The report for GitLab's Code Quality: a JSON array, one object a violation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from qualitywatch.model import Confidence, Severity, Violation
from qualitywatch.reports.judged import (
    Judged,
    Notice,
    allowed,
    notices,
    symbol_to_add,
    waiting,
)
from qualitywatch.reports.look import Look
from qualitywatch.reports.safe import json_text, safe

NOWHERE = "qualitywatch.toml"  # the format wants a file even where there is none

_SCALE = ("info", "minor", "major", "critical", "blocker")
_RANK = {
    Severity.LOW: 1,
    Severity.MEDIUM: 2,
    Severity.HIGH: 3,
    Severity.CRITICAL: 4,
}


def render(judged: Judged, _look: Look) -> str:
    """`[]` where nothing is wrong: GitLab wants the file all the same."""
    return json_text(list(_unique(_entries(judged))), indent=2) + "\n"


def severity(violation: Violation) -> str:
    """GitLab's word for it: one lower for what is only possible."""
    lower = violation.confidence is Confidence.POSSIBLE
    return _SCALE[_RANK[violation.severity] - lower]


def _entries(judged: Judged) -> Iterator[dict[str, Any]]:
    yield from map(_of_notice, notices(judged))
    new = waiting(judged)
    for violation in judged.violations:
        said = violation.message
        if waits := new.get(violation.fingerprint):
            said += f" (a new comment wants to allow it: {waits.reason})"
        yield _entry(violation, said, severity(violation))
    for row in allowed(judged):
        said = f"allowed by a comment ({row.reason}): {row.violation.message}"
        yield _entry(row.violation, said, _SCALE[0])


def _of_notice(notice: Notice) -> dict[str, Any]:
    return {
        "description": safe(notice.message),
        "check_name": notice.check,
        "fingerprint": notice.fingerprint,
        "severity": _SCALE[-1],
        "location": {"path": _path(notice.path or NOWHERE), "lines": {"begin": 1}},
    }


def _entry(violation: Violation, said: str, grade: str) -> dict[str, Any]:
    symbol = symbol_to_add(violation)
    where = f" in {symbol}" if symbol else ""
    remedy = f". {violation.remedy}" if violation.remedy else ""
    return {
        "description": safe(f"{said}{where}{remedy}"),
        "check_name": safe(violation.rule),
        "fingerprint": violation.fingerprint,
        "severity": grade,
        "location": {
            "path": _path(violation.path),
            "lines": {"begin": max(violation.line, 1)},
        },
    }


def _path(path: str) -> str:
    """Relative, without `./`: else GitLab finds no line to put the mark on."""
    while path.startswith("./"):
        path = path[2:].lstrip("/")
    return safe(path)


def _unique(entries: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Equal fingerprints would be one entry to GitLab: a second gets its number."""
    seen: dict[str, int] = {}
    for entry in entries:
        print_ = entry["fingerprint"]
        seen[print_] = number = seen.get(print_, 0) + 1
        if number > 1:
            entry["fingerprint"] = f"{print_}-{number}"
        yield entry
