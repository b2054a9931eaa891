"""Which lines of a text are new, told without looking at what both ends share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cached_property

_BLOCK = 64  # lines that are compared at once


class NewLines:
    """Compares the stripped lines of two texts, each as often as it stands there."""

    def __init__(self, before: Sequence[str], after: Sequence[str]) -> None:
        self._after = after
        self._first, last = shared_ends(before, after)
        self._old = Counter(before[self._first : len(before) - last])
        self._end = len(after) - last
        self._rest = after[self._end :]

    def has_more(self, line: int) -> bool:
        """True when the new text holds the text of *line* more often than the base."""
        text = self._after[line - 1]
        return self._counts[text] > self._old[text]

    @cached_property
    def new(self) -> frozenset[int]:
        """Lines whose text was not in the base as often as up to there."""
        return frozenset(self.numbers)

    @cached_property
    def numbers(self) -> list[int]:
        """The same in order."""
        if not self._old and not self._rest:
            first = self._first
            texts = enumerate(self._after[first:], first + 1)
            return [number for number, text in texts if text]
        extra = {
            text: min(count, more)
            for text, count in self._counts.items()
            if text and (more := count - self._old.get(text, 0)) > 0
        }
        if not extra:
            return []
        behind = Counter(text for text in self._rest if text in extra)
        return [*self._among(extra, behind), *self._behind(extra, behind)]

    @cached_property
    def _counts(self) -> Counter[str]:
        return Counter(self._after[self._first : self._end])

    def _among(self, extra: dict[str, int], behind: Counter[str]) -> Iterator[int]:
        """Between the shared ends; lines of the end may be those of the base here."""
        left = {text: self._old[text] + behind[text] for text in extra}
        texts = self._after[self._first : self._end]
        for number, text in enumerate(texts, self._first + 1):
            if text not in left:
                continue
            if left[text] > 0:
                left[text] -= 1
            else:
                yield number

    def _behind(self, extra: dict[str, int], behind: Counter[str]) -> Iterator[int]:
        """In the shared end: those whose place was taken further up."""
        left = {text: max(0, behind[text] - extra[text]) for text in behind}
        for number, text in enumerate(self._rest, self._end + 1):
            if text not in left:
                continue
            if left[text] > 0:
                left[text] -= 1
            else:
                yield number


def shared_ends(one: Sequence[object], other: Sequence[object]) -> tuple[int, int]:
    """How many lines both begin with, and how many of the rest both end with."""
    limit = min(len(one), len(other))
    first = 0
    while (
        first < limit and one[first : first + _BLOCK] == other[first : first + _BLOCK]
    ):
        first += _BLOCK
    first = min(first, limit)
    while first < limit and one[first] == other[first]:
        first += 1
    last, left = 0, limit - first
    ends = (len(one), len(other))
    while last + _BLOCK <= left and _block(one, ends[0], last) == _block(
        other, ends[1], last
    ):
        last += _BLOCK
    while last < left and one[-1 - last] == other[-1 - last]:
        last += 1
    return first, last


def _block(lines: Sequence[object], end: int, last: int) -> Sequence[object]:
    """The lines in front of the *last* ones."""
    return lines[end - last - _BLOCK : end - last]
