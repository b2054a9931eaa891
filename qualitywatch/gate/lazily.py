"""A sequence whose members are made when somebody gets to them.

A thousand files are read while the first of them are judged, not before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar, overload

T = TypeVar("T")
R = TypeVar("R")


class Lazily(Sequence[R]):
    """What *make* makes of each of *items*, each of them once."""

    def __init__(self, make: Callable[[T], R], items: Sequence[T]) -> None:
        self._make: Callable[[int], R] = lambda at: make(items[at])
        self._length = len(items)
        self._made: dict[int, R] = {}

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[R]:
        # That of `Sequence` takes an `IndexError` of *make* for the end.
        return map(self.__getitem__, range(self._length))

    @overload
    def __getitem__(self, at: int) -> R: ...

    @overload
    def __getitem__(self, at: slice) -> Sequence[R]: ...

    def __getitem__(self, at: int | slice) -> R | Sequence[R]:
        places = range(self._length)[at]
        if isinstance(places, range):
            return [self[place] for place in places]
        if places not in self._made:
            self._made[places] = self._make(places)
        return self._made[places]
