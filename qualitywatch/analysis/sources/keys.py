"""The key of a line: its tokens, joined by single spaces.

A token is a word or a sign; brackets, commas, semicolons and quotes are none. In a text
of plain ASCII the lines are cut with `str` alone, in half the time.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from qualitywatch.analysis.comparing.news import shared_ends
from qualitywatch.regex import regex

MAX_KNOWN = 200  # characters of a line whose key is worth remembering

WORD = regex(r"\w")

_TOKEN = regex(r"""\w+|[^\w\s()\[\]{},;"'`\\]""")
_BLANKS = bytes.maketrans(b"()[]{},;\"'`\\", b" " * 12)
_SIGNS = tuple((bytes([sign]), b" %c " % sign) for sign in b"!#$%&*+-./:<=>?@^|~")
_ODD = bytes({*range(0x20), 0x7F} - {*b"\t\n\v\f\r\x1c\x1d\x1e\x1f"})  # signs too


def keys_of(text: str) -> list[str]:
    """The key of each line of *text*."""
    data = text.encode()
    if not text.isascii() or len(data.translate(None, _ODD)) < len(data):
        lines = text.split("\n")
        return [
            _known_key(line) if len(line) <= MAX_KNOWN else key_of(line)
            for line in lines
        ]
    data = data.translate(_BLANKS)
    for sign, apart in _SIGNS:
        if sign in data:
            data = data.replace(sign, apart)
    return list(map(" ".join, map(str.split, data.decode().split("\n"))))


def keys_near(
    lines: Sequence[str], old: Sequence[str], old_keys: Sequence[str]
) -> list[str]:
    """The same of *lines*, most of which are among the *old* ones, with their keys."""
    first, last = shared_ends(old, lines)
    end, old_end = len(lines) - last, len(old) - last
    known = dict(zip(old[first:old_end], old_keys[first:old_end], strict=True))
    between = lines[first:end]
    if new := [line for line in between if line not in known]:
        known.update(zip(new, keys_of("\n".join(new)), strict=True))
    found = (known[line] for line in between)
    return [*old_keys[:first], *found, *old_keys[old_end:]]


def key_of(line: str) -> str:
    """The key of one line."""
    return " ".join(_TOKEN.findall(line))


# Most lines are those of the base, or of another file.
_known_key = lru_cache(maxsize=8_192)(key_of)
