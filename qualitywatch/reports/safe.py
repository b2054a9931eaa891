"""Hostile text made harmless: paths, code and names are written by those we guard.

An escape sequence in them must not move the cursor, a direction sign must not turn the
verdict round, and a line must not be a command to the CI system that shows the log.
"""

from __future__ import annotations

import unicodedata

import msgspec

from qualitywatch.regex import regex

_HIDDEN = frozenset({"Cc", "Cf", "Co", "Cs", "Zl", "Zp"})
_SUSPECT = regex(r"[^ -~]")  # the others are harmless ASCII
_ANYWHERE = regex(r"##(?=[\w.-]*\[)")  # ##[error], ##vso[…], ##teamcity[…]
_AT_START = regex(r"^(\s*)(?=::)")  # ::error::


def safe(text: str, *, keep_newlines: bool = False) -> str:
    """*text* with every control and direction sign written out as an escape."""
    kept = "\n\t" if keep_newlines else "\t"
    return _SUSPECT.sub(lambda found: _shown(found[0], kept), text)


def no_command(line: str) -> str:
    """*line* of a log, such that no CI system takes it for a command of its own."""
    return _AT_START.sub(r"\1./", _ANYWHERE.sub("## ", line), count=1)


def json_text(value: object, *, indent: int = 0) -> str:
    """*value* as JSON of the same meaning, with no raw control or direction sign."""
    try:
        raw = msgspec.json.encode(value)
    except UnicodeEncodeError:  # half a surrogate pair: no UTF-8 can hold it
        raw = msgspec.json.encode(_storable(msgspec.to_builtins(value)))
    if indent:
        raw = msgspec.json.format(raw, indent=indent)
    text = _SUSPECT.sub(lambda found: _json_shown(found[0]), raw.decode())
    return _ANYWHERE.sub(r"\\u0023#", text)


def encodable(text: str) -> str:
    """*text* with what is no UTF-8 written as `\\\\xff`: JSON has no place for it."""
    try:
        raw = text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        raw = text.encode("utf-8", "backslashreplace")
    return raw.decode("utf-8", "backslashreplace")


def clipped(text: str, limit: int) -> str:
    """*text*, or as much of it as fits in *limit* signs, with a mark of the cut."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _storable(value: object) -> object:
    if isinstance(value, str):
        return encodable(value)
    if isinstance(value, dict):
        return {_storable(key): _storable(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_storable(each) for each in value]
    return value


def _is_hidden(sign: str) -> bool:
    return unicodedata.category(sign) in _HIDDEN or _is_no_character(ord(sign))


def _is_no_character(point: int) -> bool:
    """True for the points that Unicode keeps free for ever; XML has none of them."""
    return point & 0xFFFE == 0xFFFE or 0xFDD0 <= point <= 0xFDEF


def _shown(sign: str, kept: str) -> str:
    if sign in kept or not _is_hidden(sign):
        return sign
    return sign.encode("unicode_escape").decode("ascii")


def _json_shown(sign: str) -> str:
    return sign if sign == "\n" or not _is_hidden(sign) else _json_escape(sign)


def _json_escape(sign: str) -> str:
    units = sign.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[i : i + 2].hex()}" for i in range(0, len(units), 2))
