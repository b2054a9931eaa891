"""Where a Python body really ends: comments belong where they are indented."""

from __future__ import annotations

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
    open_above = _ends(all_units, comments, lines)
    for comment in comments:
        if not comment.alone or comment.kind != "line":
            continue
        for unit in open_above[comment.line]:
            if unit.node.start_point[1] + 1 >= comment.column:
                break
            unit.end_line = max(unit.end_line, comment.line)


def _ends(
    all_units: list[Unit], comments: tuple[Comment, ...], lines: list[str]
) -> dict[int, list[Unit]]:
    """For each commented line the units, outermost first, around the code above it."""
    commented = {
        line
        for comment in comments
        if comment.alone
        for line in range(comment.line, comment.end_line + 1)
    }
    found: dict[int, list[Unit]] = {}
    waiting = iter(all_units[1:])
    following = next(waiting, None)
    around: list[Unit] = []
    for number, text in enumerate(lines, 1):
        if number in commented:
            found[number] = around
        elif text.strip():
            while following is not None and following.start_line <= number:
                around = [*_still_open(around, following.start_line), following]
                following = next(waiting, None)
            around = _still_open(around, number)
    return found


def _still_open(around: list[Unit], line: int) -> list[Unit]:
    return [unit for unit in around if unit.end_line >= line]
