"""Where each word of a text stands, found once for however many names are asked."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

from qualitywatch.regex import regex

_WORD = regex(rb"(?<![\w$])\w+")
_PLAIN = regex(rb"\w+")


def places(data: bytes, name: bytes) -> Sequence[int]:
    """Where *name* begins in *data*, as no part of a longer word; `$` may follow it."""
    if _PLAIN.fullmatch(name):
        return _places(data).get(name, ())
    own = re.compile(rb"(?<![\w$])" + re.escape(name) + rb"(?!\w)")
    return [match.start() for match in own.finditer(data)]


@lru_cache(maxsize=1)  # whoever asks about one name of a text asks about others
def _places(data: bytes) -> Mapping[bytes, Sequence[int]]:
    found: dict[bytes, list[int]] = {}
    for match in _WORD.finditer(data):
        found.setdefault(match[0], []).append(match.start())
    return found
