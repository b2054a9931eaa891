"""Checks of identity, permission or signature that a change made say yes, or removed.

Needs a function: it compares the two versions of one unit. What went elsewhere is no
loss, so a word of access control anywhere in the added lines keeps it silent.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cached_property

from qualitywatch.analysis.comparing.compare import Comparison
from qualitywatch.analysis.hit import Hit
from qualitywatch.analysis.outlines.units import Unit
from qualitywatch.analysis.safety import guards
from qualitywatch.analysis.sources.source import line_key
from qualitywatch.analysis.stubs.design import is_abstract, is_test_double
from qualitywatch.analysis.stubs.idioms import BODILESS
from qualitywatch.model import Confidence, Evidence

MAX_UNITS = 5_000
MAX_HEAD = 10  # lines of attributes above a name


def weakened_authorisation(comparison: Comparison) -> Iterator[Hit]:
    """One hit for each unit that guarded something and no longer does."""
    before = comparison.before
    if before is None or not guards.may_be_guarded(before.data):
        return
    if before.text == comparison.after.text:
        return
    change = _Change(comparison)
    said: set[int] = set()
    for look in (change.yes_men, change.bare_units, change.lost_guards):
        for hit in look():
            if hit.line not in said:
                said.add(hit.line)
                yield hit
    yield from (hit for hit in change.open_routes() if hit.line not in said)


class _Change:
    """One change, asked for guards that it took away."""

    def __init__(self, comparison: Comparison) -> None:
        assert comparison.before is not None
        self._comparison = comparison
        self._base_data = comparison.before.data
        self._old = comparison.before.lines
        self._new = comparison.after.lines
        self._lost = comparison.lost_line_numbers
        self._added = comparison.new_lines

    @cached_property
    def _has_new_guard(self) -> bool:
        return any(guards.may_guard(self._new[number - 1]) for number in self._added)

    @cached_property
    def _bare_added(self) -> dict[str, int]:
        """The numbers of the new lines by what they say."""
        return {guards.bare(self._new[number - 1]): number for number in self._added}

    # A check whose answer is now always yes

    def yes_men(self) -> Iterator[Hit]:
        """Functions named like a check that now permit everything."""
        for old, new in self._pairs("function"):
            if not guards.is_check(new.short) or is_test_double(new):
                continue
            if not self._comparison.is_sure(old, new):
                continue
            was, now = _body(old), self._body_after(new)
            if was == now or now is None or is_abstract(new):
                continue
            if not guards.decides(was) or guards.permits(was, old.short):
                continue
            if confidence := guards.permits(now, new.short):
                yield self._hit(new, confidence, self._gone(old))

    def _body_after(self, unit: Unit) -> str | None:
        """The text of the body; `None` for a mere declaration."""
        language = self._comparison.after.language.name
        is_missing = unit.body is None and language not in BODILESS
        return None if is_missing else _body(unit)

    # A decorator, annotation or attribute that is gone

    def bare_units(self) -> Iterator[Hit]:
        """Units that lost the decorator which let only some people in."""
        if not guards.may_be_decorated(self._base_data):
            return
        for kind in ("function", "class"):
            for old, new in self._pairs(kind):
                if old.decorators == new.decorators:
                    continue
                if not self._comparison.is_sure(old, new):
                    continue
                lost = Counter(filter(guards.is_decorator, old.decorators))
                kept = Counter(filter(guards.is_decorator, new.decorators))
                if sum(lost.values()) > sum(kept.values()) and self._is_open(old, new):
                    yield self._hit(new, Confidence.LIKELY, self._gone(old))

    # A statement that refused is gone

    def lost_guards(self) -> Iterator[Hit]:
        """Functions that lost the statement which turned others away."""
        for number in guards.refusals(self._old, self._lost):
            old = self._comparison.base and self._comparison.base.unit_at(number)
            new = self._comparison.successor(old) if old else None
            if old and new and old.kind == "function" and self._is_open(old, new):
                lines = Evidence(lost_lines=1, base_ranges=((number, number),))
                yield self._hit(new, Confidence.LIKELY, lines)

    # A route that lost its middleware

    def open_routes(self) -> Iterator[Hit]:
        """Lines that name the same route as before, without the guard in it."""
        for number in guards.routes(self._old, self._lost):
            line = self._old[number - 1]
            for shorter in guards.without_guard(line):
                if at := self._bare_added.get(guards.bare(shorter)):
                    lines = Evidence(lost_lines=1, base_ranges=((number, number),))
                    yield self._line_hit(at, lines)
                    break

    # What all of them ask

    def _pairs(self, kind: str) -> Iterator[tuple[Unit, Unit]]:
        moved = self._comparison.around.moved
        for old, new in self._touched:
            if new.kind == kind and not (moved and old.name in moved):
                yield old, new

    @cached_property
    def _touched(self) -> list[tuple[Unit, Unit]]:
        """The matched units in which a line was lost or added."""
        return [
            (old, new)
            for old, new in self._comparison.matched[:MAX_UNITS]
            if _holds(old, self._lost) or _holds(new, self._added)
        ]

    def _is_open(self, old: Unit, new: Unit) -> bool:
        """True where nothing that is left, or new, can be what guards it now."""
        if self._has_new_guard or self._went_elsewhere():
            return False
        body = self._new[new.start_line - 1 : new.end_line]
        return not any(map(guards.may_guard, body))

    def _went_elsewhere(self) -> bool:
        around = self._comparison.around
        return any(line_key(self._old[n - 1]) in around.lines for n in self._lost)

    def _gone(self, old: Unit) -> Evidence | None:
        inside = range(old.start_line, old.end_line + 1)
        lines = [n for n in self._lost if n in inside and self._old[n - 1].strip()]
        if not lines:
            return None
        return Evidence(
            lost_lines=len(lines), base_ranges=tuple((n, n) for n in lines[:20])
        )

    def _hit(self, unit: Unit, confidence: Confidence, lost: Evidence | None) -> Hit:
        line = self._head_line(unit)
        return Hit(
            line=line,
            column=1,
            end_line=line,
            end_column=max(1, len(self._new[line - 1])),
            symbol=unit.name,
            evidence=lost,
            names={"name": unit.short},
            confidence=confidence,
        )

    def _head_line(self, unit: Unit) -> int:
        """The line that names *unit*: in some languages attributes stand above it."""
        head = range(unit.line, min(unit.end_line, unit.line + MAX_HEAD) + 1)
        short = unit.short.rpartition(".")[2]
        return next((n for n in head if short in self._new[n - 1]), unit.line)

    def _line_hit(self, number: int, lost: Evidence) -> Hit:
        return Hit(
            line=number,
            column=1,
            end_line=number,
            end_column=max(1, len(self._new[number - 1])),
            evidence=lost,
            names={"name": "this route"},
            confidence=Confidence.LIKELY,
        )


def _body(unit: Unit) -> str:
    if unit.body is None:
        return ""
    return (unit.body.text or b"").decode("utf-8", "replace")


def _holds(unit: Unit, numbers: Sequence[int]) -> bool:
    """True when one of the sorted *numbers* is a line of *unit*."""
    at = bisect_left(numbers, unit.start_line)
    return at < len(numbers) and numbers[at] <= unit.end_line
