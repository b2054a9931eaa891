"""Hostile text made harmless: paths, code and names are written by those we guard.

An escape sequence in them must not move the cursor, and a direction sign must not
turn the verdict round.
"""

from __future__ import annotations

import unicodedata

import msgspec

_HIDDEN = frozenset({"Cc", "Cf", "Co", "Cs", "Zl", "Zp"})


def safe(text: str, *, keep_newlines: bool = False) -> str:
    """*text* with every control and direction sign written out as an escape."""
    return "".join(_shown(sign, keep_newlines=keep_newlines) for sign in text)


def json_text(value: object, *, indent: int = 0) -> str:
    """*value* as JSON of the same meaning, with no raw control or direction sign."""
    text = msgspec.json.encode(value)
    if indent:
        text = msgspec.json.format(text, indent=indent)
    return "".join(
        sign if sign == "\n" or not _is_hidden(sign) else _json_escape(sign)
        for sign in text.decode()
    )


def encodable(text: str) -> str:
    """*text* with what is no UTF-8 written as `\\\\xff`: JSON has no place for it."""
    raw = text.encode("utf-8", "surrogateescape")
    return raw.decode("utf-8", "backslashreplace")


def _is_hidden(sign: str) -> bool:
    return unicodedata.category(sign) in _HIDDEN


def _shown(sign: str, *, keep_newlines: bool) -> str:
    if sign == "\n" and keep_newlines:
        return sign
    if sign == "\t" or not _is_hidden(sign):
        return sign
    return sign.encode("unicode_escape").decode("ascii")


def _json_escape(sign: str) -> str:
    units = sign.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[i : i + 2].hex()}" for i in range(0, len(units), 2))
