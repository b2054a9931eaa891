"""The report for the page of a CI job: the decision, a table, and the lost code folded.

Written for GitHub's job summary and read by any renderer of GitHub's Markdown. Every
text from outside is written in character references, so that it can be no row, no tag,
no link, no mention and no fence of its own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

from qualitywatch.model import GO, Evidence, Severity, Suppressed, Violation
from qualitywatch.regex import regex
from qualitywatch.reports.judged import (
    QUARANTINE,
    UNANALYSABLE,
    Judged,
    Notice,
    count,
    decision,
    notices,
    reasons,
    strongest,
    summary,
    symbol_to_add,
)
from qualitywatch.reports.look import Look
from qualitywatch.reports.lost import lost_lines
from qualitywatch.reports.safe import clipped, no_command, safe

MAX_BYTES = 1024 * 1024  # of GITHUB_STEP_SUMMARY; what is longer is not shown at all
# Shares of it: what must not be missed has its own room.
_NOTICES, _TABLE, _SUPPRESSED, _SKIPPED, _CODE = 200, 350, 100, 50, 250  # KiB
MAX_CELL = 300  # signs of one text
_T = TypeVar("_T")

_MARKS = {
    Severity.CRITICAL: "🔴",
    Severity.HIGH: "🟠",
    Severity.MEDIUM: "🟡",
    Severity.LOW: "⚪",
}
_SPECIAL = regex(
    r"""^[^A-Za-z0-9]             # the begin of a list, a heading, a quotation
    | [^A-Za-z0-9 ,;/=%'"?.():+-]
    | :(?=/) | (?<=[wW]{3})\.      # an address, which would become a link
    | \.(?=\s|$) | (?<=\d)\)       # "1. " and "1) "
    """,
    re.VERBOSE,
)
_FENCES = regex(r"`{3,}")


def render(judged: Judged, look: Look) -> str:
    """The page of *judged*, at most as long as GitHub takes it."""
    worst = strongest(judged.violations)
    blocks = [
        *_head(judged),
        *_notices(list(notices(judged))),
        *_table(worst),
        *_lost(worst, look),
        *_suppressed(judged.suppressed),
        *_skipped(judged, look),
    ]
    return "\n".join(blocks) + "\n"


def escaped(text: str, limit: int = MAX_CELL) -> str:
    """*text* as Markdown that shows it, and does nothing else."""
    return _SPECIAL.sub(_reference, safe(clipped(text, limit)))


def code(text: str, limit: int = MAX_CELL) -> str:
    """*text* in the letters of code."""
    return f"<code>{escaped(text, limit)}</code>"


def _reference(found: re.Match[str]) -> str:
    sign = found[0]
    if sign in "@#":  # a tag cuts the mention or the reference that a page would make
        return f"<span>&#{ord(sign)};</span>"
    if sign.isalpha():
        return sign
    return f"&#{ord(sign)};"


def _head(judged: Judged) -> Iterator[str]:
    said = decision(judged)
    mark = {None: "🔍", GO: "✅"}.get(said, "⛔")
    yield f"## {mark} qualitywatch{f': {said}' if said else ''}"
    yield ""
    if reasons(judged):
        for reason in reasons(judged)[:20]:
            yield f"- {escaped(reason, 1000)}"
        yield ""
    yield f"{escaped(_counts(judged), 1000)}."
    yield ""


def _counts(judged: Judged) -> str:
    counted = summary(judged).split("; ")[len(reasons(judged)) :]
    grades = [violation.severity for violation in judged.violations]
    for severity in reversed(Severity):
        if number := grades.count(severity):
            counted.append(f"{number} {severity}")
    return ", ".join(counted)


def _notices(rows: Sequence[Notice]) -> Iterator[str]:
    titles = {UNANALYSABLE: "Could not be analysed", QUARANTINE: "In quarantine"}
    for check in dict.fromkeys(row.check for row in rows):
        mine = [row for row in rows if row.check == check]
        yield f"### ⛔ {titles.get(check, 'NO-GO')}: {len(mine)}"
        yield ""
        room = _NOTICES * 1024 // 3
        yield from _within(mine, lambda row: [_notice(row)], room, "more")
        yield ""


def _notice(row: Notice) -> str:
    where = f"{code(row.path)}: " if row.path and row.check == UNANALYSABLE else ""
    return f"- {where}{escaped(row.message, 1000)}"


def _table(violations: Sequence[Violation]) -> Iterator[str]:
    if not violations:
        return
    yield f"### {count(len(violations), 'violation')}"
    yield ""
    yield "| severity | place | rule | what |"
    yield "|---|---|---|---|"
    rest = "violations left out: a job page holds 1 MiB"
    yield from _within(violations, lambda v: [_row(v)], _TABLE * 1024, rest)
    yield ""


def _row(violation: Violation) -> str:
    place = code(f"{violation.path}:{violation.line}")
    what = escaped(violation.message)
    if symbol := symbol_to_add(violation):
        what += f" in {code(symbol)}"
    if violation.evidence is not None:
        what += f" ({count(violation.evidence.lost_lines, 'lost line')})"
    grade = f"{_MARKS[violation.severity]} {violation.severity}/{violation.confidence}"
    return f"| {grade} | {place} | {code(violation.rule)} | {what} |"


def _lost(violations: Iterable[Violation], look: Look) -> Iterator[str]:
    shown = [v for v in violations if v.evidence is not None and v.path in look.bases]
    rest = "places of lost code left out"
    yield from _within(shown, lambda v: _details(v, look), _CODE * 1024, rest)


def _details(violation: Violation, look: Look) -> list[str]:
    evidence = violation.evidence or Evidence(lost_lines=0)
    base = look.bases[violation.path]
    lines = [
        no_command(f"- {number:>5}  {safe(text)}") if number else f"{'':9}{text}"
        for number, text in lost_lines(base, evidence, whole=look.verbose)
    ]
    if not lines:
        return []
    place = code(f"{violation.path}:{violation.line}")
    number = count(evidence.lost_lines, "line")
    fence = _fence("\n".join(lines))
    return [
        f"<details><summary>{place} lost {number}</summary>",
        "",
        f"{fence}diff",
        *lines,
        fence,
        "",
        "</details>",
        "",
    ]


def _fence(text: str) -> str:
    """Backticks that nothing in *text* can close."""
    longest = max(map(len, _FENCES.findall(text)), default=2)
    return "`" * (longest + 1)


def _suppressed(rows: Sequence[Suppressed]) -> Iterator[str]:
    for counts, title in (
        (False, "New suppressions, of no effect until a human accepts them"),
        (True, "Allowed by a comment"),
    ):
        mine = [row for row in rows if row.counts is counts]
        if mine:
            yield f"### {title}: {len(mine)}"
            yield ""
            room = _SUPPRESSED * 1024 // 2
            yield from _within(mine, lambda row: [_suppression(row)], room, "more")
            yield ""


def _suppression(row: Suppressed) -> str:
    place = code(f"{row.violation.path}:{row.violation.line}")
    return f"- {place} {code(row.violation.rule)}: {escaped(row.reason)}"


def _skipped(judged: Judged, look: Look) -> Iterator[str]:
    if not (look.verbose and judged.skipped):
        return
    yield f"<details><summary>{len(judged.skipped)} skipped</summary>"
    yield ""
    yield from _within(
        judged.skipped,
        lambda row: [f"- {code(row.path)}: {escaped(row.reason)}"],
        _SKIPPED * 1024,
        "more",
    )
    yield ""
    yield "</details>"


def _within(
    items: Sequence[_T], write: Callable[[_T], list[str]], room: int, rest: str
) -> Iterator[str]:
    """The blocks of *items* while there is *room* (bytes), then how many are left."""
    for number, item in enumerate(items):
        block = write(item)
        room -= sum(len(line.encode()) + 1 for line in block)
        if room < 0:
            yield ""
            yield f"… **{len(items) - number} {rest}.**"
            yield ""
            return
        yield from block
