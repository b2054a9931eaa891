"""The bytes of both versions, line by line, as the analysis counts lines.

Nothing is decoded and encoded again: what is put back are bytes of the base. Where the
two versions are not written in the same way, bytes of the one do not fit the other.
"""

from __future__ import annotations

import codecs
from functools import cached_property
from itertools import accumulate

from qualitywatch.analysis.restoring.words import CanNot
from qualitywatch.analysis.sources.source import Source
from qualitywatch.regex import regex

_LINE = regex(rb"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_ENDS = {b"\r\n": "CRLF", b"\r": "CR", b"\n": "LF"}


class Text:
    """The bytes of one version of a file; lines count from 1."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.lines: list[bytes] = _LINE.findall(content)

    def __len__(self) -> int:
        return len(self.lines)

    @cached_property
    def _starts(self) -> list[int]:
        return list(accumulate(map(len, self.lines), initial=0))

    def start(self, line: int) -> int:
        """Where *line* begins; the end of the text for the line behind the last."""
        return self._starts[min(line - 1, len(self.lines))]

    def bare(self, line: int) -> bytes:
        """*line* without its end."""
        return self.lines[line - 1].rstrip(b"\r\n")

    def is_blank(self, line: int) -> bool:
        """True where nothing stands on *line*."""
        return not self.lines[line - 1].strip()

    def end_of(self, line: int) -> bytes:
        """How *line* ends; the last one may end with nothing."""
        return self.lines[line - 1][len(self.bare(line)) :]

    def between(self, first: int, last: int) -> bytes:
        """The lines *first* to *last*, as they are."""
        return self.content[self.start(first) : self.start(last + 1)]

    @cached_property
    def ends(self) -> frozenset[bytes]:
        """The kinds of line ends in the text."""
        return frozenset(self.end_of(n) for n in range(1, len(self) + 1)) - {b""}

    def offset(self, source: Source, point: tuple[int, int]) -> int:
        """Where a *point* of the tree of *source* lies in these bytes."""
        row, column = point
        if row >= len(self.lines):
            return len(self.content)
        is_first = row == 0 and self.content.startswith(codecs.BOM_UTF8)
        start = self._starts[row] + len(codecs.BOM_UTF8) * is_first
        if source.lines[row].isascii() or encoding_of(self.content) != "other":
            return start + column
        return start + source.column(row + 1, column) - 1


def encoding_of(content: bytes) -> str:
    """`ascii`, `utf-8`, or `other` for one byte a sign."""
    if content.isascii():
        return "ascii"
    try:
        content.decode()
    except UnicodeDecodeError:
        return "other"
    return "utf-8"


def refuse_unlike(base: Text, now: Text) -> None:
    """Raise `CanNot` where bytes of *base* do not fit into *now*."""
    if base.content[:2] in _UTF_16 or now.content[:2] in _UTF_16:
        raise CanNot("the file is UTF-16: put the block back with an editor")
    marks = [text.content.startswith(codecs.BOM_UTF8) for text in (base, now)]
    if marks[0] != marks[1]:
        raise CanNot("the encoding differs: one version has a UTF-8 mark, one has none")
    known = {encoding_of(text.content) for text in (base, now)} - {"ascii"}
    if len(known) > 1:
        raise CanNot("the encoding differs: one version is UTF-8 and the other is not")
    if base.ends and now.ends and base.ends.isdisjoint(now.ends):
        was, has = (_named(text.ends) for text in (base, now))
        raise CanNot(
            f"the line ends differ: {was} in the base, {has} now;"
            " convert the file back and try again"
        )


def _named(ends: frozenset[bytes]) -> str:
    return " and ".join(sorted(_ENDS[end] for end in ends))
