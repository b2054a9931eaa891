"""The hole that a remark stands in: code of the base that is gone from its very place.

The lines of code right above and below the remark are looked up in the base. What
stood between the two there, and is gone with nothing new in its place, is the hole.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence

from qualitywatch.analysis.comparing.compare import Comparison
from qualitywatch.analysis.sources.source import CodeLine

MAX_ANCHORS = 20  # places of the base that may be the one above the remark
MAX_ENDS = 3  # and the one below it
_MOSTLY = 0.7  # of the lines between must be gone; others may be alike by chance


def hole(comparison: Comparison, first: int, last: int) -> int:
    """How many lines are gone from where the lines *first* to *last* stand now."""
    if comparison.before is None or comparison.base is None:
        return 0
    new, old = comparison.after.code, comparison.before.code
    above = bisect_left(new, first, key=_line) - 1
    below = bisect_right(new, last, key=_line)
    gone = {line for loss in comparison.losses for line in loss.gone}
    widest = 0
    for start in _places(old, new[above : above + 1] if above >= 0 else (), 0, -1):
        for end in _places(old, new[below : below + 1], start + 1, len(old)):
            lost = sum(one.line in gone for one in old[start + 1 : end])
            if lost >= _MOSTLY * (end - start - 1):
                widest = max(widest, lost)
    return widest


def _places(
    code: Sequence[CodeLine], wanted: Sequence[CodeLine], at: int, edge: int
) -> Iterator[int]:
    """Where in *code* the *wanted* line stands; its *edge* where none is wanted."""
    if not wanted:
        yield edge
        return
    limit = MAX_ANCHORS if edge < 0 else MAX_ENDS
    for place in range(at, len(code)):
        if code[place].key == wanted[0].key:
            yield place
            limit -= 1
            if not limit:
                return


def _line(code: CodeLine) -> int:
    return code.line
