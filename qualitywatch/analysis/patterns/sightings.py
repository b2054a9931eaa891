"""Where the words stand that a query can not match without.

Most files hold none of them; in the others a query need only look at the few places
that do. Both answers cost one pass over the bytes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice

import re2

MAX_PLACES = 32  # of one set of words
BYTES_A_PLACE = 1_000  # one walk over so many costs as much as a look at one place
MAX_SIGHTINGS = 2_000

Span = tuple[int, int]  # of bytes
WHOLE: Sequence[Span | None] = (None,)


class Sightings:
    """Finds, for each of several sets of words, where a text holds one of them.

    A word is letters, digits and low lines, in ASCII.
    """

    def __init__(self, wanted: Sequence[frozenset[str]]) -> None:
        owners: dict[bytes, list[int]] = {}
        for index, words in enumerate(wanted):
            for word in words:
                owners.setdefault(word.encode(), []).append(index)
        self._owners: Mapping[bytes, Sequence[int]] = owners
        self._sets = len(wanted)
        self._any = re2.compile(rb"\b(?:%s)\b" % b"|".join(sorted(owners)))

    def of(self, data: bytes) -> dict[int, Sequence[Span | None]]:
        """Index of a set -> the places of its words; `WHOLE` where they are many."""
        found: dict[int, list[Span | None]] = {}
        matches = list(islice(self._any.finditer(data), MAX_SIGHTINGS))
        if len(matches) == MAX_SIGHTINGS:
            return dict.fromkeys(range(self._sets), WHOLE)
        for match in matches:
            for index in self._owners[match[0]]:
                found.setdefault(index, []).append(match.span())
        most = min(MAX_PLACES, 1 + len(data) // BYTES_A_PLACE)
        return {
            index: places if len(places) <= most else WHOLE
            for index, places in found.items()
        }
