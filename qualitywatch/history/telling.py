"""A replay as text for people, and as one JSON object for programs."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence

from qualitywatch import config
from qualitywatch.history.chosen import Wanted
from qualitywatch.history.replayed import Replayed
from qualitywatch.history.totals import FEW, Row, Totals, is_stopped, stopping
from qualitywatch.history.words import TYPES, count, grouped, percent
from qualitywatch.model import Evidence, Violation, ViolationType
from qualitywatch.reports.safe import json_text, safe

FOUND = 5  # violations of one commit
SHOWN = 20  # rows of a table, and stopped commits
_WIDEST = 48  # column: authors choose their names
NOBODY = "(no agent named)"


def as_json(wanted: Wanted, commits: Sequence[Replayed], totals: Totals) -> str:
    """Everything as one object: the totals, then a list of the commits."""
    value = {"wanted": wanted, "totals": totals, "commits": commits}
    return json_text(value, indent=2) + "\n"


def as_text(
    commits: Sequence[Replayed],
    totals: Totals,
    policy: config.Policy,
    *,
    is_verbose: bool = False,
) -> str:
    """The tables, and the commits that would have been stopped; safe to print."""
    most = None if is_verbose else SHOWN
    blocks = [
        list(_summary(totals.all)),
        list(_table("AGENT", totals.agents, most)),
        list(_table("AUTHOR", totals.authors, most)),
        list(_stopped(commits, policy, most)),
    ]
    return "\n".join(
        "".join(f"{line}\n" for line in block) for block in blocks if block
    )


def _summary(all: Row) -> Iterator[str]:
    yield (
        f"{count(all.commits, 'commit')}, {grouped(all.judged)} changed code:"
        f" {percent(all)} of these are clean, {grouped(all.stopped)} would have put"
        f" their agent in quarantine; {count(all.lost_lines, 'line')} lost"
    )
    if all.unanalysable:
        yield f"{count(all.unanalysable, 'file')} could not be analysed"


def _table(who: str, rows: Sequence[Row], most: int | None) -> Iterator[str]:
    """The rows, the worst first; nothing where there are none."""
    if not rows:
        return
    words = (word.upper() for word in TYPES.values())
    head = ("COMMITS", "CLEAN", "QUARANTINES", "FILES", *words, "LOST LINES")
    table = [(who, *head), *(_cells(row) for row in rows[:most])]
    widths = [max(map(_width, column)) for column in zip(*table, strict=True)]
    for name, *numbers in table:
        right = (
            " " * (width - _width(number)) + number
            for width, number in zip(widths[1:], numbers, strict=True)
        )
        yield "  ".join([name + " " * (widths[0] - _width(name)), *right])
    if any(row.is_small and row.judged for row in rows[:most]):
        yield f"* on fewer than {FEW} commits that changed code"
    yield from _rest(rows, most, "more (--verbose shows them)")


def _cells(row: Row) -> tuple[str, ...]:
    rate = f"{percent(row)} of {grouped(row.judged)}"
    return (
        _short(NOBODY if row.name is None else row.name),
        grouped(row.commits),
        f"{rate}{'*' if row.is_small and row.judged else ' '}",
        grouped(row.stopped),
        grouped(row.files),
        *(grouped(row.violations[type]) for type in ViolationType),
        grouped(row.lost_lines),
    )


def _short(name: str) -> str:
    shown = safe(name).replace("\t", " ")
    return shown if len(shown) <= _WIDEST else f"{shown[: _WIDEST - 1]}…"


def _width(text: str) -> int:
    return sum(1 + (unicodedata.east_asian_width(sign) in "WF") for sign in text)


def _stopped(
    commits: Sequence[Replayed], policy: config.Policy, most: int | None
) -> Iterator[str]:
    """The commits that the policy would have stopped, the newest first."""
    stopped = [one for one in reversed(commits) if is_stopped(one, policy)]
    if not stopped:
        return
    yield "would have put their agent in quarantine, the newest first:"
    for one in stopped[:most]:
        agent = one.agent or NOBODY
        yield safe(f"{one.commit[:12]}  {one.time[:10]}  {agent}  {one.author}")
        yield safe(f"    {one.subject}")
        found = stopping(one, policy)
        few = None if most is None else FOUND
        yield from (_found(violation) for violation in found[:few])
        yield from (f"    {line}" for line in _rest(found, few, "more"))
    yield from _rest(stopped, most, "older ones (--verbose shows them)")


def _rest(listed: Sequence[object], most: int | None, what: str) -> Iterator[str]:
    """How many of what is *listed* were not shown."""
    if most is not None and len(listed) > most:
        yield f"and {grouped(len(listed) - most)} {what}"


def _found(violation: Violation) -> str:
    place = f"{violation.path}:{violation.line}"
    symbol = f" ({violation.symbol})" if violation.symbol else ""
    lost = _lost(violation.evidence)
    return safe(f"    {violation.rule} in {place}{symbol}{lost}")


def _lost(evidence: Evidence | None) -> str:
    if evidence is None or not evidence.lost_lines:
        return ""
    return f", {count(evidence.lost_lines, 'line')} lost"
