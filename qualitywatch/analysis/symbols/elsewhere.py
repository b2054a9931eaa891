"""Where the code went that one file lost: what the other files of a change set gained.

Code counts as moved where code of a language took it in: a namesake that is still like
it, a unit that is like it under any name, or the very line. A text file, a comment or a
string that holds the dropped lines is no home for them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator

from qualitywatch.regex import regex
from qualitywatch.traces import Around, Gains, Missing, Shape

SAME_NAME = 0.3  # likeness from which on a namesake is the same unit, edited
LIKE = 0.6
LIKE_WITH_COMMON_WORD = 0.5
MAX_COMPARED = 200  # units that one missing unit is compared with

_NAME_WORD = regex(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


class Elsewhere:
    """The gains of the files of a change set, and what they mean for each of them.

    While one thread asks, another may put: what is walked over is copied first.
    """

    def __init__(self) -> None:
        self._gains: dict[str, Gains] = {}
        self._lines: Counter[tuple[str, str]] = Counter()
        self._named: dict[str, dict[str, list[Shape]]] = defaultdict(dict)
        self._holding: dict[str, dict[tuple[str, int], Shape]] = defaultdict(dict)

    def put(self, path: str, gains: Gains | None) -> None:
        """From now on *path* has gained this, and nothing else."""
        self._forget(path)
        if gains is None or not (gains.lines or gains.units):
            return
        self._gains[path] = gains
        self._lines.update((gains.home, line) for line in gains.lines)
        for at, shape in enumerate(gains.units):
            self._named[shape.short].setdefault(path, []).append(shape)
            for token in shape.tokens:
                self._holding[token][path, at] = shape

    def around(self, path: str, missing: Missing) -> Around:
        """Where the *missing* of *path* went, as far as the other files show."""
        return Around(
            moved=frozenset(self._moved(path, missing)),
            defined=frozenset(
                unit.short
                for unit in missing.units
                if self._named.get(unit.short, {}).keys() - {path}
            ),
            lines=frozenset(
                line for line in missing.lines if self._has_line(path, missing, line)
            ),
        )

    def _forget(self, path: str) -> None:
        old = self._gains.pop(path, None)
        if old is None:
            return
        for line in old.lines:
            self._lines[old.home, line] -= 1
            if not self._lines[old.home, line]:
                del self._lines[old.home, line]
        for at, shape in enumerate(old.units):
            self._named[shape.short].pop(path, None)
            for token in shape.tokens:
                self._holding[token].pop((path, at), None)

    def _has_line(self, path: str, missing: Missing, line: str) -> bool:
        own = self._gains.get(path)
        for place in _homes(missing.home):
            count = self._lines.get((place, line), 0)
            if own is not None and own.home == place and line in own.lines:
                count -= 1
            if count > 0:
                return True
        return False

    def _moved(self, path: str, missing: Missing) -> Iterator[str]:
        for unit in missing.units:
            is_same = any(_is_same(unit, o) for o in self._namesakes(path, unit))
            if is_same or any(_is_alike(unit, o) for o in self._candidates(path, unit)):
                yield unit.name

    def _namesakes(self, path: str, unit: Shape) -> Iterator[Shape]:
        for place, shapes in list(self._named.get(unit.short, {}).items()):
            if place != path:
                yield from (shape for shape in shapes if shape.kind == unit.kind)

    def _candidates(self, path: str, unit: Shape) -> Iterator[Shape]:
        """Units that may be alike: such a one shares one of the rarer tokens."""
        rarest = sorted(unit.tokens, key=lambda t: (len(self._holding.get(t, ())), t))
        needed = len(rarest) - int(LIKE_WITH_COMMON_WORD * len(rarest)) + 1
        seen: set[tuple[str, int]] = set()
        for token in rarest[:needed]:
            for place, shape in list(self._holding.get(token, {}).items()):
                if len(seen) >= MAX_COMPARED:
                    return
                if place in seen or place[0] == path:
                    continue
                seen.add(place)
                if shape.kind == unit.kind:
                    yield shape


def _homes(own: str) -> Iterable[str]:
    """The homes whose gains excuse the losses of *own*: script may leave a page."""
    return (own, "code") if own == "html" else (own,) if own else ()


def _is_same(old: Shape, new: Shape) -> bool:
    """A namesake: the same unit unless its body has nothing to do with it."""
    if not old.tokens:
        return True
    return _likeness(old.tokens, new.tokens) >= SAME_NAME


def _is_alike(old: Shape, new: Shape) -> bool:
    common = _words(old.short) & _words(new.short)
    bar = LIKE_WITH_COMMON_WORD if common else LIKE
    return _likeness(old.tokens, new.tokens) >= bar


def _likeness(one: frozenset[str], other: frozenset[str]) -> float:
    """The Jaccard index of two sets of tokens."""
    common = len(one & other)
    return common / max(1, len(one) + len(other) - common)


def _words(name: str) -> set[str]:
    return {word.lower() for word in _NAME_WORD.findall(name) if len(word) > 2}
