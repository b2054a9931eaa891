"""Which unit of the base is which unit of the new text.

First by name under units already matched, from the module down; then, among what is
left, by equal bodies, by like bodies, and by an equal name elsewhere in the file. The
thresholds are those that separated 5,041 edited, 207 moved and 8,222 different
functions best: Jaccard on token sets, at 0.6, or 0.5 where the names share a word.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence

from qualitywatch.analysis.outline import Outline
from qualitywatch.analysis.units import Unit

LIKE = 0.6
LIKE_WITH_COMMON_WORD = 0.5
MIN_LINES = 3  # shorter bodies are alike by chance
MAX_CANDIDATES = 150  # on each side; beyond that only names and equal bodies count

_NAME_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


def match(before: Outline, after: Outline) -> dict[int, int]:
    """The index of the unit after for the index of each matched unit before."""
    return _Matcher(before, after).run()


class _Matcher:
    def __init__(self, before: Outline, after: Outline) -> None:
        self.before = before
        self.after = after
        self.pairs: dict[int, int] = {}
        self.taken: set[int] = set()

    def run(self) -> dict[int, int]:
        self._pair(self.before.module, self.after.module)
        self._by_equal_body()
        self._by_likeness()
        self._by_equal_name()
        return self.pairs

    def _pair(self, old: Unit, new: Unit) -> None:
        """Match *old* with *new*, and by name what stands directly inside them."""
        waiting = [(old, new)]
        while waiting:
            old, new = waiting.pop()
            if old.index in self.pairs or new.index in self.taken:
                continue
            self.pairs[old.index] = new.index
            self.taken.add(new.index)
            waiting.extend(self._namesakes(old.children, new.children))

    def _namesakes(
        self, old: Sequence[Unit], new: Sequence[Unit]
    ) -> Iterable[tuple[Unit, Unit]]:
        by_name = _grouped(new)
        for name, olds in _grouped(old).items():
            news = by_name.get(name, [])
            if len(olds) == len(news) == 1:
                yield olds[0], news[0]
            elif news:
                yield from self._several(olds, news)

    def _several(
        self, olds: list[Unit], news: list[Unit]
    ) -> Iterable[tuple[Unit, Unit]]:
        """Overloads and conditional twins: the equal ones first, the rest in order."""
        by_body: dict[tuple[str, ...], list[Unit]] = defaultdict(list)
        for new in reversed(news):
            by_body[self.after.keys(new)].append(new)
        twins = {}
        for old in olds:
            if same := by_body[self.before.keys(old)]:
                twins[old.index] = same.pop()
        taken = {twin.index for twin in twins.values()}
        yield from ((old, twins[old.index]) for old in olds if old.index in twins)
        yield from zip(
            (old for old in olds if old.index not in twins),
            (new for new in news if new.index not in taken),
            strict=False,
        )

    def _left(self) -> tuple[list[Unit], list[Unit]]:
        return (
            [unit for unit in self.before.units if unit.index not in self.pairs],
            [unit for unit in self.after.units if unit.index not in self.taken],
        )

    def _by_equal_body(self) -> None:
        old, new = self._left()
        if not old or not new:
            return
        bodies: dict[str, list[Unit]] = defaultdict(list)
        for unit in new:
            bodies[_body(self.after, unit)].append(unit)
        for unit in old:
            body = _body(self.before, unit)
            if len(body) >= 20 and bodies.get(body):
                self._pair(unit, bodies[body].pop(0))

    def _by_likeness(self) -> None:
        old = [(u, t) for u in self._left()[0] if (t := _tokens(self.before, u))]
        new = [(u, t) for u in self._left()[1] if (t := _tokens(self.after, u))]
        if max(len(old), len(new)) > MAX_CANDIDATES:
            return
        found = [
            (score, o, n)
            for o, o_tokens in old
            for n, n_tokens in new
            if (score := _likeness(o, o_tokens, n, n_tokens))
        ]
        found.sort(key=lambda row: (-row[0], row[1].index, row[2].index))
        for _, o, n in found:
            self._pair(o, n)

    def _by_equal_name(self) -> None:
        old, new = (_grouped(units) for units in self._left())
        for name, olds in old.items():
            news = new.get(name, [])
            if len(olds) == len(news) == 1 and len(olds[0].short) > 3:
                self._pair(olds[0], news[0])


def _grouped(units: Iterable[Unit]) -> dict[tuple[str, str], list[Unit]]:
    groups: dict[tuple[str, str], list[Unit]] = defaultdict(list)
    for unit in units:
        groups[unit.kind, unit.short].append(unit)
    return groups


def _body(outline: Outline, unit: Unit) -> str:
    return "\n".join(outline.keys(unit)).replace(unit.short, "\N{BULLET}", 1)


def _tokens(outline: Outline, unit: Unit) -> frozenset[str]:
    keys = outline.keys(unit)
    if len(keys) < MIN_LINES:
        return frozenset()
    return frozenset(" ".join(keys).split(" "))


def _likeness(
    old: Unit, old_tokens: frozenset[str], new: Unit, new_tokens: frozenset[str]
) -> float:
    """The Jaccard index where it is high enough to call them the same, else 0."""
    if old.kind != new.kind:
        return 0.0
    small, large = sorted((len(old_tokens), len(new_tokens)))
    if small < LIKE_WITH_COMMON_WORD * large:
        return 0.0
    common = len(old_tokens & new_tokens)
    score = common / (small + large - common)
    bar = LIKE_WITH_COMMON_WORD if _share_a_word(old.short, new.short) else LIKE
    return score if score >= bar else 0.0


def _share_a_word(one: str, other: str) -> bool:
    return bool(_name_words(one) & _name_words(other))


def _name_words(name: str) -> set[str]:
    return {word.lower() for word in _NAME_WORD.findall(name) if len(word) > 2}
