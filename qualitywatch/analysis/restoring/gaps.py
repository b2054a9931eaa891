"""The gap of the base that a remark stands for, between the lines that survived.

Above and below the remark stand lines that the base has too. They are looked up there,
by the smallest edit that makes the base into the text now; where two places fit as
well, or a line right beside the remark was edited, nobody can tell what is missing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

from qualitywatch.analysis.restoring.items import Item, Key
from qualitywatch.analysis.restoring.words import CanNot
from qualitywatch.regex import regex

MAX_CELLS = 4_000_000  # of the tables that aligning one unit may fill

MAX_COMPARED = 200  # signs of a line
LIKE = 0.6  # of two lines, from which on one may be the other, edited

_EXIT = regex(rb"\s*(?:return|raise|throw)\b")
_WORD = regex(rb"\w+")
_COMMON = frozenset(
    b"self this return const let var if else for in new await async not and or is"
    b" public private static final def fn func function".split()
)


class Gap(NamedTuple):
    """Items *start* to *end* (exclusive) of the base are missing.

    *above* and *below* are how many items of the text now, right beside the remark, are
    new and stay.
    """

    start: int
    end: int
    above: int
    below: int


class Torn(CanNot):
    """A line beside the remark stood in another unit of the base."""


def gap(
    base: Sequence[Item],
    above: Sequence[Item],
    below: Sequence[Item],
    whole: Collection[Key],
) -> Gap:
    """What of *base* stood between *above* and *below*; raises `CanNot`.

    *whole* are the lines of the whole base: one that stands there is no new one.
    """
    if (len(above) + len(below)) * len(base) > MAX_CELLS:
        raise CanNot("the unit around it is too long to align")
    keys = [item.key for item in base]
    ours = _anchored(above, base, whole)
    theirs = _anchored(below[::-1], base[::-1], whole)
    up, down = len(above) - ours[0], len(below) - theirs[0]
    to = _distances([item.key for item in above[: ours[0]]], keys)
    kept = [item.key for item in below[down:]]
    back = _distances(kept[::-1], keys[::-1])[::-1]
    found = _cheapest(to, back, ours[1], [len(base) - end for end in theirs[1]])
    chosen = Gap(found[0], found[1], up, down)
    _refuse_edited(base[chosen.start : chosen.end], above[ours[0] :], below[:down])
    return chosen


def _cheapest(
    to: Sequence[int], back: Sequence[int], starts: Sequence[int], ends: Sequence[int]
) -> tuple[int, int]:
    """The one start and end by which the least is edited besides."""
    costs = [
        (to[start] + back[end], start, end)
        for start in starts
        for end in ends
        if start <= end
    ]
    if not costs:
        raise CanNot(
            "the lines beside it are not in the base in this order: they were edited or"
            " moved as well"
        )
    best = min(costs)
    if sum(cost == best[0] for cost, *_ in costs) > 1:
        raise CanNot("it is not clear which lines of the base it stands for")
    return best[1], best[2]


def _anchored(
    items: Sequence[Item], base: Sequence[Item], whole: Collection[Key]
) -> tuple[int, list[int]]:
    """How many of *items* remain, and where in *base* these may end.

    New ones at the end are left out. What remains ends like the base there, by at least
    one item that is more than a bracket.
    """
    for left in range(len(items), 0, -1):
        ends = list(_ends(items[:left], base))
        if ends:
            return left, ends
        last = items[left - 1]
        if last.is_code and last.key in whole:
            raise Torn(f"line {last.first} was moved or repeated as well")
    return 0, [0]


def _ends(items: Sequence[Item], base: Sequence[Item]) -> Iterator[int]:
    block = _block(items)
    if not block:
        return
    for end in range(len(block), len(base) + 1):
        if [item.key for item in base[end - len(block) : end]] == block:
            yield end


def _block(items: Sequence[Item]) -> list[Key]:
    """The last items, back to one that is more than a bracket."""
    for at in range(len(items) - 1, -1, -1):
        if items[at].is_code:
            return [item.key for item in items[at:]]
    return [item.key for item in items]


def _distances(items: Sequence[Key], base: Sequence[Key]) -> list[int]:
    """How many insertions and deletions make each beginning of *base* into *items*."""
    same = 0
    while same < min(len(items), len(base)) and items[same] == base[same]:
        same += 1
    costs = [len(items) - end for end in range(same)]
    rest = base[same:]
    row = list(range(len(rest) + 1))
    for key in items[same:]:
        diagonal, row[0] = row[0], row[0] + 1
        for at, other in enumerate(rest, 1):
            lowest = min(row[at], row[at - 1]) + 1
            diagonal, row[at] = row[at], diagonal if key == other else lowest
    return costs + row


def _refuse_edited(
    missing: Sequence[Item], above: Sequence[Item], below: Sequence[Item]
) -> None:
    """New lines beside the remark are kept, unless they may be missing ones, edited."""
    for fresh in (*above, *below):
        for item in missing:
            if _may_be(item, fresh):
                raise CanNot(
                    f"line {fresh.first} may be line {item.first} of the base, edited:"
                    " edited and dropped code can not be told apart"
                )


def _may_be(old: Item, fresh: Item) -> bool:
    if old.unit is not None or fresh.unit is not None:
        is_both = old.unit is not None and fresh.unit is not None
        return is_both and old.unit.short == fresh.unit.short  # type: ignore[union-attr]
    if not isinstance(old.key, bytes) or not isinstance(fresh.key, bytes):
        return False
    keys = (old.key, fresh.key)
    if _leaves(old.key) and _leaves(fresh.key):
        return True  # nobody returns twice
    ours, theirs = _words(old.key), _words(fresh.key)
    if not ours or not theirs:
        return old.key == fresh.key
    if ours[0] == theirs[0]:
        return True
    common = set(ours) & set(theirs)
    if 2 * len(common) >= max(len(set(ours)), len(set(theirs))):
        return True
    was, has = (line.strip()[:MAX_COMPARED].decode("latin-1") for line in keys)
    return SequenceMatcher(None, was, has).ratio() >= LIKE


def _leaves(line: bytes) -> bool:
    return _EXIT.match(line) is not None


def _words(line: bytes) -> list[bytes]:
    return [word for word in _WORD.findall(line) if word not in _COMMON]
