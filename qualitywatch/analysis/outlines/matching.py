"""Which unit of the base is which unit of the new text.

First by name under units already matched, from the module down, then by the whole
name, since a class may be written in several parts; then, among what is left, by equal
bodies, by like bodies, and by an equal name elsewhere in the file. The
thresholds are those that separated 5,041 edited, 207 moved and 8,222 different
functions best: Jaccard on token sets, at 0.6, or 0.5 where the names share a word.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

from qualitywatch.analysis.outlines.outline import Outline
from qualitywatch.analysis.outlines.units import Unit
from qualitywatch.regex import regex

LIKE = 0.6
LIKE_WITH_COMMON_WORD = 0.5
MIN_BODY = 20  # characters of code, from which on equal code is no chance
MIN_LINES = 3  # shorter bodies are alike by chance
MAX_CANDIDATES = 150  # on each side; beyond that only names and equal bodies count

_NAME = "\N{BULLET}"  # in place of the name of a unit
_NAME_WORD = regex(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


def match(before: Outline, after: Outline) -> dict[int, int]:
    """The index of the unit after for the index of each matched unit before."""
    return _Matcher(before, after).run()


def are_namesakes(before: Outline, after: Outline) -> bool:
    """True where both have the same units in the same order, none of them twice.

    So it is after most edits, and names alone decide.
    """
    old, new = before.units, after.units
    if len(old) != len(new):
        return False
    places = [(unit.parent, *_own_name(unit)) for unit in old]
    if len(set(places)) < len(places):
        return False
    return places == [(unit.parent, *_own_name(unit)) for unit in new]


class _Matcher:
    def __init__(self, before: Outline, after: Outline) -> None:
        self.before = before
        self.after = after
        self.pairs: dict[int, int] = {}
        self.taken: set[int] = set()

    def run(self) -> dict[int, int]:
        self._pair(self.before.module, self.after.module)
        self._by_whole_name()
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
        by_name = _grouped(new, _own_name)
        for name, olds in _grouped(old, _own_name).items():
            news = by_name.get(name, [])
            if len(olds) == len(news) == 1:
                yield olds[0], news[0]
            elif news:
                yield from self._several(olds, news)

    def _several(
        self, olds: list[Unit], news: list[Unit]
    ) -> Iterable[tuple[Unit, Unit]]:
        """Overloads and twins: equal code first, equal heads, the rest in order."""
        for ours, theirs in ((self.before.keys, self.after.keys), (_head, _head)):
            waiting: dict[object, list[Unit]] = defaultdict(list)
            for new in reversed(news):
                waiting[theirs(new)].append(new)
            twins = {
                old.index: waiting[key].pop()
                for old in olds
                if waiting.get(key := ours(old))
            }
            yield from ((old, twins[old.index]) for old in olds if old.index in twins)
            taken = {twin.index for twin in twins.values()}
            olds = [old for old in olds if old.index not in twins]
            news = [new for new in news if new.index not in taken]
        yield from zip(olds, news, strict=False)

    def _by_whole_name(self) -> None:
        """A member may stand in another part of its class than before."""
        old, new = self._left()
        if not old or not new:
            return
        by_name = _grouped(new, _whole_name)
        for name, olds in _grouped(old, _whole_name).items():
            for one, other in self._several(olds, by_name.get(name, [])):
                self._pair(one, other)

    def _left(self) -> tuple[list[Unit], list[Unit]]:
        return (
            [unit for unit in self.before.units if unit.index not in self.pairs],
            [unit for unit in self.after.units if unit.index not in self.taken],
        )

    def _by_equal_body(self) -> None:
        """Renamed units, their own name aside: once, or wherever it stands."""
        old, new = self._left()
        if not old or not new:
            return
        old_bodies = {unit.index: _body(self.before, unit) for unit in old}
        new_bodies = {unit.index: _body(self.after, unit) for unit in new}
        for rename in (_renamed_once, _renamed_throughout):
            ours = {u.index: rename(old_bodies[u.index], u.short) for u in old}
            theirs = {u.index: rename(new_bodies[u.index], u.short) for u in new}
            self._by_body(ours, theirs, is_near=True)
            self._by_body(ours, theirs, is_near=False)

    def _by_body(
        self, ours: dict[int, str], theirs: dict[int, str], *, is_near: bool
    ) -> None:
        """By equal code, of any size under the same owner, of some size elsewhere."""
        bodies: dict[tuple[int | None, str], list[Unit]] = defaultdict(list)
        for index in reversed(theirs):
            new = self.after.units[index]
            bodies[new.parent if is_near else None, theirs[index]].append(new)
        for index, body in ours.items():
            old = self.before.units[index]
            owner = self.pairs.get(old.parent or 0) if is_near else None
            is_fit = owner is not None if is_near else len(body) >= MIN_BODY
            is_fit = is_fit and bool(body) and index not in self.pairs
            while is_fit and (same := bodies.get((owner, body))):
                new = same.pop()
                if new.index not in self.taken:
                    self._pair(old, new)
                    break

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
        old, new = (_grouped(units, _short_name) for units in self._left())
        for name, olds in old.items():
            news = new.get(name, [])
            if len(olds) == len(news) == 1 and len(olds[0].short) > 3:
                self._pair(olds[0], news[0])


def _own_name(unit: Unit) -> tuple[str, ...]:
    return unit.kind, unit.qualifier, _short(unit)


def _short(unit: Unit) -> str:
    """The last part of the name; constructors keep theirs when the class is renamed."""
    owner = unit.owner
    if owner is None or unit.kind != "function" or unit.short.strip("~") != owner.short:
        return unit.short
    return unit.short.replace(owner.short, _NAME)


def _short_name(unit: Unit) -> tuple[str, ...]:
    return unit.kind, unit.short


def _whole_name(unit: Unit) -> tuple[str, ...]:
    return unit.kind, unit.name


def _head(unit: Unit) -> str:
    return unit.signature


def _grouped(
    units: Iterable[Unit], name: Callable[[Unit], tuple[str, ...]]
) -> dict[tuple[str, ...], list[Unit]]:
    groups: dict[tuple[str, ...], list[Unit]] = defaultdict(list)
    for unit in units:
        groups[name(unit)].append(unit)
    return groups


def _body(outline: Outline, unit: Unit) -> str:
    """The code of *unit*, each token with a blank on both sides."""
    keys = outline.keys(unit)
    return f" {' '.join(keys)} " if keys else ""


def _renamed_once(body: str, name: str) -> str:
    return body.replace(name, _NAME, 1)


def _renamed_throughout(body: str, name: str) -> str:
    return body.replace(f" {name} ", f" {_NAME} ")


def _tokens(outline: Outline, unit: Unit) -> frozenset[str]:
    code = outline.code_of(unit)
    return outline.tokens_of(unit) if len(code) >= MIN_LINES else frozenset()


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
