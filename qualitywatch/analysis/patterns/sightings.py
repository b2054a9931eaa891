"""Whether a text holds the words that a query can not match without, and where.

Most files hold none of them, which RE2 says of all queries in one pass over the bytes;
in the others a query need only look at the few places where they stand.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import islice

import re2

from qualitywatch.regex import linear

MAX_WORDS = 5_000  # that RE2 looks for at once; with more, nobody knows what is there
MAX_SPANS = 32  # that a query looks at: each costs a walk past all that stands before
MAX_PLACES = 20_000

Span = tuple[int, int]  # of bytes
WHOLE: Sequence[Span | None] = (None,)


class Sightings:
    """Tells of several queries which of them may match in a text.

    A word is letters, digits and low lines, in ASCII. Of each of its sets of words a
    query needs one.
    """

    def __init__(self, wanted: Sequence[Collection[frozenset[str]]]) -> None:
        words = sorted({word for sets in wanted for each in sets for word in each})
        number = {word: at for at, word in enumerate(words)}
        self._wanted = [
            [frozenset(number[word] for word in each) for each in sets]
            for sets in wanted
        ]
        self._asking: list[list[int]] = [[] for _ in words]  # the queries, by word
        for index, sets in enumerate(self._wanted):
            for word in frozenset().union(*sets):
                self._asking[word].append(index)
        self._words = None if len(words) > MAX_WORDS else _any_of(words)

    def of(self, data: bytes) -> list[int]:
        """The indexes of the queries all of whose sets of words are met in *data*."""
        if self._words is None:
            return list(range(len(self._wanted)))
        seen = self._words.Match(data) or ()
        asking = {index for word in seen for index in self._asking[word]}
        return [
            index
            for index in sorted(asking)
            if not any(each.isdisjoint(seen) for each in self._wanted[index])
        ]


class Places:
    """Finds where a text holds one of some words."""

    def __init__(self, words: Collection[str]) -> None:
        self._any = linear(rf"\b(?:{'|'.join(sorted(words))})\b".encode())

    def of(self, data: bytes) -> Sequence[Span | None]:
        """Spans that hold all those places; `WHOLE` where they are very many."""
        found = self._any.finditer(data)
        places = [match.span() for match in islice(found, MAX_PLACES)]
        return spans(places) if len(places) < MAX_PLACES else WHOLE


def spans(places: Sequence[Span], most: int = MAX_SPANS) -> Sequence[Span]:
    """At most so many that hold all *places*, parted where most lies between them.

    *places* are in order, and none reaches into another.
    """
    if not places:
        return []
    gaps = sorted(
        range(1, len(places)), key=lambda at: places[at - 1][1] - places[at][0]
    )
    starts = [0, *sorted(gaps[: most - 1])]
    ends = [*(at - 1 for at in starts[1:]), len(places) - 1]
    return [
        (places[first][0], places[last][1])
        for first, last in zip(starts, ends, strict=True)
    ]


def _any_of(words: Sequence[str]) -> re2.Set:
    found = re2.Set.SearchSet()
    for word in words:
        found.Add(rf"\b{word}\b".encode())
    found.Compile()
    return found
