"""What a merge or a chat leaves in a file: conflict markers, Markdown fences.

Needs functions: the marks count only at the start of a line, outside strings, and
where the base did not have them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import accumulate

from qualitywatch.analysis.compare import Comparison
from qualitywatch.analysis.hit import Hit
from qualitywatch.analysis.source import Source

MAX_HITS = 50  # in one file

_OURS = re.compile(r"<{7}( |$)")
_MIDDLE = re.compile(r"={7}$")
_THEIRS = re.compile(r">{7}( |$)")
_FENCE = re.compile(r"(```+|~~~+)[ \t]*([\w+#.-]*)[ \t]*$")
_QUOTES = frozenset(
    {"string", "template_string", "comment", "string_content", "string_fragment"}
)


def conflict_marker(comparison: Comparison) -> Iterator[Hit]:
    """One hit for each conflict that was never resolved, at its opening mark."""
    opened = [line for line in _conflicts(comparison) if comparison.is_new_line(line)]
    return _outside_strings(comparison, opened)


def markdown_fence(comparison: Comparison) -> Iterator[Hit]:
    """One hit for each fence line that came with the code of a chat."""
    fences = [
        number
        for number, text in enumerate(comparison.after.lines, 1)
        if text.startswith(("```", "~~~"))
        and _FENCE.match(text)
        and comparison.is_new_line(number)
    ]
    return _outside_strings(comparison, fences)


def _conflicts(comparison: Comparison) -> Iterator[int]:
    """The opening line of each complete set of marks."""
    opened, has_middle = 0, False
    for number, text in enumerate(comparison.after.lines, 1):
        if _OURS.match(text):
            opened, has_middle = number, False
        elif opened and _MIDDLE.match(text):
            has_middle = True
        elif has_middle and _THEIRS.match(text):
            yield opened
            opened, has_middle = 0, False


def _outside_strings(comparison: Comparison, lines: list[int]) -> Iterator[Hit]:
    source = comparison.after
    starts = list(accumulate((len(t.encode()) + 1 for t in source.lines), initial=0))
    for line in lines[:MAX_HITS]:
        if not _is_quoted(source, line, starts[line - 1]):
            end = max(1, len(source.lines[line - 1]))
            yield Hit(line=line, column=1, end_line=line, end_column=end)


def _is_quoted(source: Source, line: int, start: int) -> bool:
    """True where the line begins inside a string or comment that began above it."""
    node = source.tree.root_node.descendant_for_byte_range(start, start)
    while node is not None:
        if node.type in _QUOTES and node.start_point[0] < line - 1:
            return True
        node = node.parent
    return False
