"""Which test of the base is which test of the new text.

By name first; then, among what is left, by equal and by like bodies. The measure is
that of `matching`: Jaccard on token sets.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from qualitywatch.analysis.outlines.matching import LIKE_WITH_COMMON_WORD as LIKE
from qualitywatch.analysis.weakening.cases import Case

MAX_COMPARED = 60  # on each side; beyond that only names and equal bodies count


class Pairs:
    """The tests that are on both sides, and those that are on one only."""

    def __init__(self, before: Sequence[Case], after: Sequence[Case]) -> None:
        self.before, self.after = before, after
        self.both: list[tuple[Case, Case]] = []
        self.gone: list[Case] = list(before)
        self.new: list[Case] = list(after)
        if not before or not after:
            return
        self._by_name()
        self._by_body()
        self._by_likeness()

    def _pair(self, pairs: Iterable[tuple[Case, Case]]) -> None:
        found = list(pairs)
        taken = {id(case) for pair in found for case in pair}
        self.both += found
        self.gone = [case for case in self.gone if id(case) not in taken]
        self.new = [case for case in self.new if id(case) not in taken]

    def _by_name(self) -> None:
        old, new = _grouped(self.gone), _grouped(self.new)
        found: list[tuple[Case, Case]] = []
        for name, olds in old.items():
            news = new.get(name, [])
            if len(olds) == len(news):
                found += zip(olds, news, strict=True)
            else:
                found += _twins(olds, news)
        self._pair(found)

    def _by_body(self) -> None:
        self._pair(_twins(self.gone, self.new))

    def _by_likeness(self) -> None:
        if max(len(self.gone), len(self.new)) > MAX_COMPARED:
            return
        scored = [
            (score, old, new)
            for old in self.gone
            for new in self.new
            if old.kind == new.kind and (score := likeness(old, new)) >= LIKE
        ]
        scored.sort(key=lambda row: (-row[0], row[1].line, row[2].line))
        taken: set[int] = set()
        found: list[tuple[Case, Case]] = []
        for _, old, new in scored:
            if taken.isdisjoint((id(old), id(new))):
                taken.update((id(old), id(new)))
                found.append((old, new))
        self._pair(found)


def likeness(one: Case, other: Case) -> float:
    """The share of words that both bodies have."""
    either = len(one.tokens | other.tokens)
    return len(one.tokens & other.tokens) / either if either else 0.0


def _grouped(cases: Sequence[Case]) -> dict[tuple[str, str], list[Case]]:
    groups: dict[tuple[str, str], list[Case]] = defaultdict(list)
    for case in cases:
        groups[case.kind, case.name].append(case)
    return groups


def _twins(olds: Sequence[Case], news: Sequence[Case]) -> Iterable[tuple[Case, Case]]:
    """Those with equal bodies."""
    by_body: dict[tuple[str, ...], list[Case]] = defaultdict(list)
    for new in reversed(news):
        if new.statements:
            by_body[new.statements].append(new)
    for old in olds:
        if same := by_body.get(old.statements):
            yield old, same.pop()
