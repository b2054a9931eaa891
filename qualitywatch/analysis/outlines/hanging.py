"""Where a Python body really ends: comments belong where they are indented."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from qualitywatch.analysis.sources.source import Comment

if TYPE_CHECKING:
    from qualitywatch.analysis.outlines.units import Unit


def attach_hanging(
    all_units: list[Unit], comments: tuple[Comment, ...], lines: list[str]
) -> None:
    """Lengthen Python units by the comments that their indentation puts inside.

    The grammar ends a body with its last statement, so a body that is only a comment
    is empty for it, and the comment hangs outside the function.
    """
    hanging = [c for c in comments if c.column > 1 and c.alone and c.kind == "line"]
    if len(all_units) == 1 or not hanging:
        return
    above = dict(_code_above(hanging, comments, lines))
    ends = sorted({unit.end_line for unit in all_units[1:]})
    hanging = [c for c in hanging if _ends_between(ends, above[c.line], c.line)]
    open_above = _ends(all_units, ((c.line, above[c.line]) for c in hanging))
    for comment in hanging:
        for unit in open_above[comment.line]:
            if unit.node.start_point[1] + 1 >= comment.column:
                break
            unit.end_line = max(unit.end_line, comment.line)


def _ends_between(ends: list[int], first: int, last: int) -> bool:
    """True where a unit ends on a line from *first* on and before *last*."""
    return bisect_left(ends, first) < bisect_left(ends, last)


def _code_above(
    hanging: list[Comment], comments: tuple[Comment, ...], lines: list[str]
) -> Iterator[tuple[int, int]]:
    """For each line that *hanging* begins on, the last line of code above it, or 0."""
    commented = {
        line
        for comment in comments
        if comment.alone
        for line in range(comment.line, comment.end_line + 1)
    }
    above = seen = 0
    for comment in hanging:
        for line in range(comment.line - 1, seen, -1):
            if line not in commented and lines[line - 1].strip():
                above = line
                break
        seen = comment.line
        yield comment.line, above


def _ends(
    all_units: list[Unit], places: Iterable[tuple[int, int]]
) -> dict[int, list[Unit]]:
    """For each commented line the units, outermost first, around the code above it."""
    found: dict[int, list[Unit]] = {}
    waiting = iter(all_units[1:])
    following = next(waiting, None)
    around: list[Unit] = []
    for line, number in places:
        while following is not None and following.start_line <= number:
            around = [*_still_open(around, following.start_line), following]
            following = next(waiting, None)
        found[line] = around = _still_open(around, number)
    return found


def _still_open(around: list[Unit], line: int) -> list[Unit]:
    return [unit for unit in around if unit.end_line >= line]
