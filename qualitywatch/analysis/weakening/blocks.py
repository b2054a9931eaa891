"""Where a test begins and ends: by its annotations and by its indentation.

*lines* are those of a text without its comments; they count from 1.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from qualitywatch.regex import regex

MAX_ABOVE = 60  # lines of annotations above a test

_ANNOTATION = regex(r"\s*(?:@|#\[|\[)")
_CLOSER = regex(r"\s*(?:[)\]}{]|end\b)")
_SKIPPED = ("", "#")  # signs with which such lines begin
_LAST = regex(r"\s*(?:\}|end\b)")


def annotated_from(lines: Sequence[str], line: int) -> int:
    """The first line of the annotations right above *line*."""
    first = line
    for number in range(line - 1, max(0, line - MAX_ABOVE), -1):
        text = lines[number - 1]
        if _ANNOTATION.match(text):
            first = number
        elif _ends_statement(text):
            break
    return first


def is_barrier(text: str) -> bool:
    """True for a line above which no annotation is one of what stands below it."""
    return _ends_statement(text) and not _ANNOTATION.match(text)


def block_end(lines: Sequence[str], line: int) -> int:
    """The last line of the block that begins on *line*."""
    depth, end = indent(lines[line - 1]), len(lines)
    for number in range(line + 1, len(lines) + 1):
        text = lines[number - 1]
        if text[: depth + 1].isspace() or text[:1] in _SKIPPED:
            continue
        if indent(text) < depth or not _CLOSER.match(text):
            end = number - 1
            break
        if _is_last(text):
            return number
    while end > line and _is_skipped(lines[end - 1]):
        end -= 1
    return end


def open_blocks(lines: Sequence[str], first: int) -> list[int]:
    """Where the blocks may begin that none of the *first* lines ends, in order."""
    found: list[int] = []
    deepest = sys.maxsize
    for number in range(first, 0, -1):
        text = lines[number - 1]
        if _is_skipped(text) or (own := indent(text)) > deepest:
            continue
        found.append(number)
        is_end = not _CLOSER.match(text) or _is_last(text)
        deepest = own - is_end  # those that begin above it
        if deepest < 0:
            break
    return found[::-1]


def next_code(lines: Sequence[str], line: int) -> int:
    """The next line after *line* that holds code."""
    while line < len(lines):
        line += 1
        if lines[line - 1].strip():
            return line
    return line + 1


def indent(text: str) -> int:
    """How far *text* is indented."""
    return len(text) - len(text.lstrip())


def _is_skipped(text: str) -> bool:
    """True for a line that neither ends a block nor belongs to one."""
    return text[:1] in _SKIPPED or text.isspace()


def _is_last(text: str) -> bool:
    """True for a line that closes a block and opens no other one."""
    return _LAST.match(text) is not None and not text.rstrip().endswith("{")


def _ends_statement(text: str) -> bool:
    bare = text.strip()
    return not bare or bare[-1] in ";}{:" or bare == "end"
