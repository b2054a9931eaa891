"""Rows become the inventory of the whole tree: the number, the folders, the lists."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec

from qualitywatch.model import (
    Inventory,
    Noun,
    Skipped,
    StubFunction,
    Suppressed,
    Unanalysable,
    Violation,
)
from qualitywatch.reports.safe import encodable
from qualitywatch.scan.rows import Row, State

TOP = "."


class Folder(Noun):
    """The files that stand in one folder itself, not below it."""

    path: str
    files: int = 0  # that were judged
    functions: int = 0
    stubs: int = 0
    completeness: float | None = None
    violations: int = 0
    unanalysable: int = 0


class Scan(Noun):
    """The inventory of a tree: what `scan --format json` prints."""

    files: int  # that were judged
    functions: int
    stubs: int
    completeness: float | None  # real functions of all; null where there are none
    files_counted: int = 0  # whose functions the number is made of
    # The other files, by why theirs do not count.
    apart: dict[str, int] = msgspec.field(default_factory=dict)
    by_folder: tuple[Folder, ...] = ()
    stub_list: tuple[StubFunction, ...] = ()
    violations: tuple[Violation, ...] = ()
    unanalysable: tuple[Unanalysable, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    skipped_by_reason: dict[str, int] = msgspec.field(default_factory=dict)
    suppressed: tuple[Suppressed, ...] = ()
    cached: int = 0  # of the files: not looked into again
    duration_ms: float = 0.0

    def is_as_complete_as(self, share: float) -> bool:
        """True where at least *share* of the functions are real, or there are none."""
        return self.functions - self.stubs >= share * self.functions


class Found(NamedTuple):
    """One file and what was found out about it."""

    path: str
    row: Row
    inventory: Inventory


def folded(
    found: Iterable[Found],
    *,
    skipped: Iterable[Skipped] = (),
    unread: Iterable[Unanalysable] = (),
    cached: int = 0,
    duration_ms: float = 0.0,
) -> Scan:
    """The inventory of all files together."""
    total = _Total(skipped, unread)
    for each in found:
        total.add(each)
    return total.scan(cached=cached, duration_ms=duration_ms)


class _Sum:
    """The numbers of one folder."""

    def __init__(self) -> None:
        self.files = self.functions = self.stubs = 0
        self.violations = self.unread = 0


class _Total:
    """Adds up."""

    def __init__(
        self, skipped: Iterable[Skipped], unread: Iterable[Unanalysable]
    ) -> None:
        self.folders: dict[str, _Sum] = {}
        self.states: Counter[State] = Counter()
        self.apart: Counter[str] = Counter()
        self.skipped = list(skipped)
        self.unread: list[Unanalysable] = []
        self.inventories: list[Inventory] = []
        for each in unread:
            self.miss(each.path, each.reason)

    def add(self, found: Found) -> None:
        """One file more."""
        path, row, inventory = found
        self.states[row.state] += 1
        if row.state is State.SKIPPED:
            self.skipped.append(Skipped(path=encodable(path), reason=row.reason))
            return
        if row.state is State.UNREAD:
            self.miss(path, row.reason)
            return
        if row.state is State.APART:
            self.apart[row.reason] += 1
        folder = self.folder(path)
        folder.files += 1
        folder.functions += row.functions
        if row.told:
            folder.stubs += len(inventory.stubs)
            folder.violations += len(inventory.analysis.violations)
            self.inventories.append(inventory)

    def miss(self, path: str, reason: str) -> None:
        """One file that should have been judged."""
        self.unread.append(Unanalysable(path=encodable(path), reason=reason))
        self.folder(path).unread += 1

    def folder(self, path: str) -> _Sum:
        """The sum that *path* belongs to."""
        name = path.rpartition("/")[0]
        found = self.folders.get(name)
        if found is None:
            found = self.folders[name] = _Sum()
        return found

    def scan(self, *, cached: int, duration_ms: float) -> Scan:
        """Everything together."""
        sums = self.folders.values()
        functions = sum(each.functions for each in sums)
        stubs = sum(each.stubs for each in sums)
        counted = self.states[State.COUNTED]
        analyses = [each.analysis for each in self.inventories]
        reasons = Counter(each.reason for each in self.skipped)
        return Scan(
            files=counted + self.states[State.APART],
            files_counted=counted,
            apart=dict(self.apart.most_common()),
            functions=functions,
            stubs=stubs,
            completeness=completeness(functions, stubs),
            by_folder=_worst_first(self.folders),
            stub_list=tuple(
                sorted(
                    (stub for each in self.inventories for stub in each.stubs),
                    key=lambda stub: (stub.path, stub.line),
                )
            ),
            violations=_strongest_first([v for a in analyses for v in a.violations]),
            unanalysable=tuple(sorted(self.unread, key=lambda each: each.path)),
            skipped=tuple(sorted(self.skipped, key=lambda each: each.path)),
            skipped_by_reason=dict(reasons.most_common()),
            suppressed=tuple(s for a in analyses for s in a.suppressed),
            cached=cached,
            duration_ms=duration_ms,
        )


def completeness(functions: int, stubs: int) -> float | None:
    """The share of real functions, rounded down: one stub is never 100 per cent."""
    return (functions - stubs) * 10_000 // functions / 10_000 if functions else None


def _worst_first(folders: dict[str, _Sum]) -> tuple[Folder, ...]:
    rows = [
        Folder(
            path=encodable(name) or TOP,
            files=each.files,
            functions=each.functions,
            stubs=each.stubs,
            completeness=completeness(each.functions, each.stubs),
            violations=each.violations,
            unanalysable=each.unread,
        )
        for name, each in folders.items()
    ]
    return tuple(sorted(rows, key=_badness))


def _badness(folder: Folder) -> tuple[float, int, int, str]:
    share = 2.0 if folder.completeness is None else folder.completeness
    return share, -folder.stubs, -folder.violations, folder.path


def _strongest_first(violations: Sequence[Violation]) -> tuple[Violation, ...]:
    ranks = {}
    for one in violations:
        grade = (one.severity, one.confidence)
        if grade not in ranks:
            ranks[grade] = (-one.severity.rank, -one.confidence.rank)
    return tuple(
        sorted(
            violations,
            key=lambda one: (*ranks[one.severity, one.confidence], one.path, one.line),
        )
    )
