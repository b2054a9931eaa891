"""Where a test may begin: RE2 names the lines in one look, `re` decides on each."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from qualitywatch.analysis.sources.sieve import lines_with
from qualitywatch.regex import linear, regex

# A pattern that says less fits wherever the whole one does.
_LEFT_OUT = regex(r"\(\?[!=][^()]*\)|\(\?P=\w+\)")  # conditions and repetitions
_FOCUSING = ("(?P<word>", "(?P<mods>")  # what may keep other tests from running
_NAMED = regex(r"\(\?P<\w+>")
_SIGN = regex(r"\\.|\[(?:\\.|[^\]\\])*\]|\s+")
_OTHER = r"\x{80}-\x{10FFFF}"  # what only `re` may take for a letter or a blank
_WIDER = {r"\w": rf"[\w{_OTHER}]", r"\s": rf"[\s\v\x1c-\x1f{_OTHER}]"}


class Header:
    """The line on which a test begins, or a group: a pattern that begins with a line.

    Written with blanks, as `re.VERBOSE` has it.
    """

    def __init__(self, pattern: str) -> None:
        self.tells_focus = any(group in pattern for group in _FOCUSING)
        self._exact = regex(pattern, re.MULTILINE | re.VERBOSE)
        self._quick = linear(wider(pattern).encode())

    def is_in(self, data: bytes) -> bool:
        """False where no line is one."""
        return self._quick.search(data) is not None

    def lines(self, data: bytes) -> Iterator[int]:
        """The numbers of the lines that may be one, in order."""
        return lines_with(self._quick, data)

    def places(self, data: bytes) -> Iterator[Any]:
        """The same as matches of RE2; they end where a header ends, or before."""
        return iter(self._quick.finditer(data))

    def match(self, text: str, start: int) -> re.Match[str] | None:
        """The header on the line that begins at *start*."""
        return self._exact.match(text, start)


def wider(pattern: str) -> str:
    """What RE2 may look for instead: it fits wherever *pattern* does, and elsewhere."""
    pattern = _NAMED.sub("(?:", _LEFT_OUT.sub("", pattern))
    return "(?m)" + _SIGN.sub(_wider, pattern)


def _wider(found: re.Match[str]) -> str:
    sign = found[0]
    if sign.isspace():
        return ""
    if sign[0] == "[":
        return sign.replace(r"\w", rf"\w{_OTHER}")
    return _WIDER.get(sign, sign)
