"""Where each word of a text stands, found once for however many names are asked."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cached_property, lru_cache

from qualitywatch.regex import regex

_WORD = regex(rb"(?<![\w$])\w+")
_PLAIN = regex(rb"\w+")
_JOINS = regex(rb"[\w$]")

FEW = 8  # names; to index all words of a text costs as much as to look for so many


def places(data: bytes, name: bytes) -> Sequence[int]:
    """Where *name* begins in *data*, as no part of a longer word; `$` may follow it."""
    if _PLAIN.fullmatch(name):
        return _text(data).places(name)
    own = re.compile(rb"(?<![\w$])" + re.escape(name) + rb"(?!\w)")
    return [match.start() for match in own.finditer(data)]


class _Text:
    """One text: a few names are looked up one by one, more of them in an index."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._asked = 0

    def places(self, name: bytes) -> Sequence[int]:
        self._asked += 1
        if self._asked > FEW:
            return self._index.get(name, ())
        ending = re.compile(name + rb"(?!\w)")  # what stands before it, is cheaper here
        found = (match.start() for match in ending.finditer(self._data))
        return [at for at in found if not _JOINS.match(self._data, at - 1, at)]

    @cached_property
    def _index(self) -> Mapping[bytes, Sequence[int]]:
        found: dict[bytes, list[int]] = {}
        for match in _WORD.finditer(self._data):
            found.setdefault(match[0], []).append(match.start())
        return found


# Whoever asks about one name of a text asks about others.
_text = lru_cache(maxsize=1)(_Text)
