"""Where a test begins and ends: by its annotations and by its indentation.

*lines* are those of a text without its comments; they count from 1.
"""

from __future__ import annotations

from collections.abc import Sequence

from qualitywatch.regex import regex

MAX_ABOVE = 60  # lines of annotations above a test

_ANNOTATION = regex(r"\s*(?:@|#\[|\[)")
_CLOSER = regex(r"\s*(?:[)\]}{]|end\b)")
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


def extent(lines: Sequence[str], line: int) -> tuple[int, int]:
    """The last line of the block that begins on *line*, and the line that tells it."""
    depth, last = indent(lines[line - 1]), line
    for number in range(line + 1, len(lines) + 1):
        text = lines[number - 1]
        bare = text.lstrip()
        if not bare or text[0] == "#":
            continue
        if (own := len(text) - len(bare)) <= depth:
            if own < depth or not _CLOSER.match(text):
                return last, number
            if _LAST.match(text) and not text.rstrip().endswith("{"):
                return number, number
        last = number
    return last, len(lines) + 1


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


def ends_blocks(text: str) -> bool:
    """True for a line behind which no block goes on that is indented as far as it."""
    return text[:1] != "#" and not _CLOSER.match(text)


def _ends_statement(text: str) -> bool:
    bare = text.strip()
    return not bare or bare[-1] in ";}{:" or bare == "end"
