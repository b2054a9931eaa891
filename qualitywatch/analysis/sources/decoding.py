"""Bytes become text as the language's own tools would read them: nothing may hide.

A tree is worth what the text under it is worth. Python runs `#+AAo-import os` under a
UTF-7 cookie where a tree shows a remark, and a lone carriage return ends a remark in
most languages. So Python's cookie is believed only where it names an encoding in which
every ASCII byte means itself, UTF-16 is read only where compilers read it, a byte that
is no UTF-8 is read as Latin-1 where the tools pass such bytes through, every kind of
line end becomes one, and all else is refused: unanalysable, never passed over.
"""

from __future__ import annotations

import codecs
import re

from qualitywatch.languages import Language
from qualitywatch.regex import regex


class Refused(Exception):
    """This version of the file can not be analysed; `reason` says why."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


_COOKIE = regex(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")
_BLANK = regex(rb"^[ \t\f]*(#.*)?$")
_PLAIN = {
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "utf-8-sig": "utf-8",
    "latin-1": "latin-1",
    "latin1": "latin-1",
    "iso-8859-1": "latin-1",
    "iso8859-1": "latin-1",
    "iso-latin-1": "latin-1",
    "ascii": "ascii",
    "us-ascii": "ascii",
    "cp1252": "cp1252",
    "windows-1252": "cp1252",
}
"""The cookies we believe: in each of these a comment stays a comment."""

_UTF_16 = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
_READS_UTF_16 = frozenset(
    {"csharp", "fsharp", "typescript", "powershell", "sql", "xml", "html", "razor"}
)
"""Tools that look for a UTF-16 mark; those of the other languages stop at it."""

_PASSES_BYTES = frozenset(
    {"c", "cpp", "objective-c", "java", "csharp", "php", "ruby", "perl", "lua", "bash"}
    | {"html", "css", "scss", "less", "xml", "sql", "ini", "makefile", "powershell"}
    | {"groovy", "tex", "erlang", "text"}
)
"""Tools that take any byte above 127 for a letter, in strings and comments at least."""


def decode(content: bytes, language: Language) -> str:
    """The text of *content* with `\\n` as its only line end; raises `Refused`."""
    text = _decoded(content, language)
    if "\0" in text:
        raise Refused("holds a NUL byte")
    if "\r" not in text:  # said in a hundredth of the time of looking for two signs
        return text
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _decoded(content: bytes, language: Language) -> str:
    if encoding := _UTF_16.get(content[:2]):
        return _utf_16(content[2:], encoding, language)
    encoding = _cookie(content) if language.name == "python" else "utf-8"
    if content.startswith(codecs.BOM_UTF8):
        content = content[len(codecs.BOM_UTF8) :]
        if encoding != "utf-8":
            raise Refused("has a UTF-8 mark and declares another encoding")
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        if language.name in _PASSES_BYTES:
            return content.decode("latin-1")
        raise Refused(f"is not {encoding.upper()} text") from None


def _utf_16(content: bytes, encoding: str, language: Language) -> str:
    if language.name not in _READS_UTF_16:
        raise Refused(f"is UTF-16, which no tool for {language.title} reads")
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        raise Refused("is broken UTF-16") from None


def _cookie(content: bytes) -> str:
    """The encoding that Python would read the file with."""
    head = b"\n".join(content.removeprefix(codecs.BOM_UTF8).split(b"\n", 2)[:2])
    lines = re.split(rb"\r\n|\r|\n", head, maxsplit=2)
    for line in lines[:2]:
        if match := _COOKIE.match(line):
            name = match[1].decode("ascii", "replace").lower().replace("_", "-")
            if name not in _PLAIN:
                raise Refused(f"declares the encoding {name[:40]!r}")
            return _PLAIN[name]
        if not _BLANK.match(line):
            break
    return "utf-8"
