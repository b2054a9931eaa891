"""The report for humans: the decision first, then each place and what was lost."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from qualitywatch.model import (
    GO,
    Evidence,
    GateReport,
    Quarantine,
    Severity,
    Skipped,
    Suppressed,
    Unanalysable,
    Violation,
)
from qualitywatch.reports.judged import count
from qualitywatch.reports.look import Look
from qualitywatch.reports.lost import lost_lines
from qualitywatch.reports.safe import no_command, safe

_BOLD_GREEN, _BOLD_RED, _RED, _YELLOW, _DIM = "1;32", "1;31", "31", "33", "2"
_COLOURS = {
    Severity.CRITICAL: _BOLD_RED,
    Severity.HIGH: _RED,
    Severity.MEDIUM: _YELLOW,
    Severity.LOW: _DIM,
}


def render(report: GateReport, look: Look) -> str:
    """*report* as text that is safe to print, one fact a line."""
    return "".join(f"{no_command(line)}\n" for line in _lines(report, look))


def violation_lines(violation: Violation, look: Look | None = None) -> Iterator[str]:
    """Place, grade, rule and message; what stands there; what was lost; what to do."""
    look = look or Look()
    place = f"{violation.path}:{violation.line}:{violation.column}"
    grade = f"{violation.severity.upper()}/{violation.confidence}"
    coloured = _coloured(grade, _COLOURS[violation.severity], look)
    said = f"{safe(violation.rule)}  {safe(violation.message)}"
    yield f"{safe(place)}  {coloured}  {said}"
    if violation.symbol:
        yield f"    in {safe(violation.symbol)}"
    if violation.excerpt.strip():
        yield f"    | {safe(violation.excerpt.strip())}"
    if violation.evidence is not None:
        yield from (f"    {safe(line)}" for line in _evidence(violation.evidence))
        yield from _lost_code(violation, violation.evidence, look)
    if violation.remedy:
        yield f"    to mend it: {safe(violation.remedy)}"


def quarantine_lines(quarantine: Quarantine, look: Look | None = None) -> Iterator[str]:
    """Who is in quarantine since when and why, for what, and who can end it."""
    subject = safe(quarantine.subject)
    look = msgspec.structs.replace(look or Look(), bases={})  # they are of today
    yield f"{subject} is in quarantine since {safe(moment(quarantine.since))}"
    yield f"    why: {safe(quarantine.reason)}"
    for violation in quarantine.violations:
        yield from (f"    {line}" for line in violation_lines(violation, look))
    yield f"    only a human can end it: qualitywatch release {subject} --reason …"


def moment(iso: str | None) -> str:
    """An ISO 8601 time as people read it, in UTC to the second; a dash for none."""
    return f"{iso[:19].replace('T', ' ')} UTC" if iso else "-"


def _lines(report: GateReport, look: Look) -> Iterator[str]:
    colour = _BOLD_GREEN if report.decision == GO else _BOLD_RED
    yield f"{_coloured(report.decision, colour, look)}  {_summary(report)}"
    for violation in report.violations:
        yield ""
        yield from violation_lines(violation, look)
    yield from _suppressed(report.suppressed)
    yield from _list("could not be analysed", report.unanalysable)
    if look.verbose:
        yield from _list("skipped", report.skipped)
    elif report.skipped:
        yield ""
        yield f"skipped: {count(len(report.skipped), 'file')} (--verbose lists them)"
    for quarantine in report.quarantines:
        yield ""
        yield from quarantine_lines(quarantine, look)


def _summary(report: GateReport) -> str:
    checked = f"{count(report.files_checked, 'file')} checked"
    return "; ".join([*map(safe, report.reasons), checked])


def _list(title: str, rows: Iterable[Unanalysable | Skipped]) -> Iterator[str]:
    shown = [f"    {safe(r.path)}: {safe(r.reason)}" for r in rows]
    if shown:
        yield ""
        yield f"{title}:"
        yield from shown


def _suppressed(rows: Sequence[Suppressed]) -> Iterator[str]:
    for counts, title in (
        (True, "allowed by a comment"),
        (False, "new suppressions, of no effect until a human accepts them"),
    ):
        shown = [_suppression(row) for row in rows if row.counts is counts]
        if shown:
            yield ""
            yield f"{title}: {len(shown)}"
            yield from shown


def _suppression(row: Suppressed) -> str:
    place = f"{row.violation.path}:{row.violation.line}"
    return f"    {safe(place)}  {safe(row.violation.rule)}: {safe(row.reason)}"


def _evidence(evidence: Evidence) -> Iterator[str]:
    ranges = ", ".join(_range(first, last) for first, last in evidence.base_ranges)
    where = f" (lines {ranges} of the base)" if ranges else ""
    yield f"lost: {count(evidence.lost_lines, 'line')}{where}"
    if evidence.lost_symbols:
        yield f"lost with them: {', '.join(evidence.lost_symbols)}"
    if evidence.still_referenced:
        yield f"still called: {', '.join(evidence.still_referenced)}"


def _lost_code(violation: Violation, evidence: Evidence, look: Look) -> Iterator[str]:
    base = look.bases.get(violation.path)
    if base is None:
        return
    lines = list(lost_lines(base, evidence, whole=look.verbose))
    width = max((len(str(line.number or "")) for line in lines), default=0)
    for number, code in lines:
        if number is None:
            yield f"    {'':>{width}}   {code}"
        else:
            shown = f"{number:>{width}} - {safe(code)}".rstrip()
            yield f"    {_coloured(shown, _RED, look)}"


def _range(first: int, last: int) -> str:
    return str(first) if first == last else f"{first}-{last}"


def _coloured(text: str, code: str, look: Look) -> str:
    return f"\033[{code}m{text}\033[0m" if look.colour else text
