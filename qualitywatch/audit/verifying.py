"""Finds the first record of an audit that is not as it was written.

A record is held in its place from both sides: its own hash covers what it says and the
hash before it, and the next record repeats its hash. An exported head holds the end:
without one nobody can tell that the newest records were taken away, or that the whole
chain was written anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

import msgspec

from qualitywatch.audit.chain import Head, Record, digest, genesis
from qualitywatch.model import Noun

Kind = Literal["changed", "missing", "out of place", "rewritten", "another history"]

_CHANGED = "it is not what was recorded: it was changed, or put there later"
_INSERTED = "it was put there later: the record after it follows the one before"
_REWRITTEN = "it is not the one that was exported: the audit was written anew from here"


class Fault(Noun):
    """The first record that is not as it was written, and how that shows."""

    number: int
    kind: Kind
    problem: str


class Verified(Noun):
    """How much was looked at, and what is wrong with it."""

    records: int
    head: Head  # the last record that holds
    heads: int  # exported heads that were compared
    fault: Fault | None = None


def verify(
    records: Iterable[Record], *, history: str, heads: Sequence[Head] = ()
) -> Verified:
    """What is wrong first with *records*, the audit of *history*."""
    rest = iter(records)
    walk = _Walk(history, heads)
    fault = next((f for f in (walk.step(one, rest) for one in rest) if f), None)
    return Verified(
        records=walk.count,
        head=walk.last,
        heads=len(heads),
        fault=fault or walk.fault_at_end(),
    )


class _Walk:
    """Goes along the records, and says where they stop to hold."""

    def __init__(self, history: str, heads: Sequence[Head]) -> None:
        self.count = 0
        self.last = genesis(history)
        self._numbers = {self.last.hash: 0}  # of the records that hold
        self._exported: dict[int, set[str]] = {}
        for head in heads:
            if head.history == history:
                self._exported.setdefault(head.number, set()).add(head.hash)
        self._strangers = [head for head in heads if head.history != history]

    def step(self, record: Record, rest: Iterator[Record]) -> Fault | None:
        """What is wrong with *record*; where that is unclear, *rest* may tell."""
        self.count += 1
        if record.number != self.last.number + 1:
            return _gap(record, self.last.number + 1)
        if record.previous != self.last.hash:
            return self._broken(record, next(rest, None))
        if digest(record) != record.hash:
            return _changed(record.number)
        if self._exported.get(record.number, {record.hash}) != {record.hash}:
            return Fault(number=record.number, kind="rewritten", problem=_REWRITTEN)
        self._numbers[record.hash] = record.number
        self.last = Head(
            number=record.number, hash=record.hash, history=self.last.history
        )
        return None

    def fault_at_end(self) -> Fault | None:
        """What no record can show: that there should be more, or others."""
        newest = max(self._exported, default=0)
        if newest > self.last.number:
            problem = f"record {newest} was exported, and the audit ends before it"
            return Fault(
                number=self.last.number + 1,
                kind="missing",
                problem=f"{problem}: its end was cut off, or it was rolled back",
            )
        if not self.count:
            return Fault(number=1, kind="missing", problem="there is no record at all")
        if self._strangers and not self._exported:
            other = self._strangers[-1]
            problem = f"what was exported is record {other.number} of another history"
            return Fault(
                number=1,
                kind="another history",
                problem=f"{problem}: the database was replaced, or begun anew",
            )
        return None

    def _broken(self, record: Record, following: Record | None) -> Fault:
        """Which of two neighbours does not fit, where they do not hold together."""
        mended = msgspec.structs.replace(record, previous=self.last.hash)
        if self.last.number == 0 or digest(mended) == record.hash:
            return _changed(record.number)
        goes_on = following is not None and following.previous == record.hash
        is_copy = record.hash in self._numbers
        if goes_on and not is_copy and record.previous in self._numbers:
            first = self._numbers[record.previous] + 1
            return Fault(number=first, kind="changed", problem=_INSERTED)
        if digest(record) == record.hash:
            return _changed(self.last.number)
        return _changed(record.number)


def _changed(number: int) -> Fault:
    return Fault(number=number, kind="changed", problem=_CHANGED)


def _gap(record: Record, expected: int) -> Fault:
    if record.number < expected:
        problem = "no record has this number"
        return Fault(number=record.number, kind="out of place", problem=problem)
    problem = f"it is gone: the next one is {record.number}"
    return Fault(number=expected, kind="missing", problem=problem)
