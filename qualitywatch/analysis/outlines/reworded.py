"""The outline of a base, taken over from the new text where only words differ.

After many an edit both texts have the same nodes on the same lines: a name, a number or
a string became another one. Where that happened inside bodies, and to no comment, both
have the same units, and to look for them in the base as well costs as much as to parse
it. Names come from headers and from what holds a function: what changed there is left
to the ordinary way, and so is a base that lacks one of the nodes.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence

import tree_sitter

from qualitywatch.analysis.outlines.outline import Outline
from qualitywatch.analysis.outlines.units import ROLES, Unit
from qualitywatch.analysis.sources.source import Source

_Point = tuple[int, int]
_Find = Callable[[tree_sitter.Node], tree_sitter.Node]


def base_outline(before: Source, after: Source) -> Outline:
    """The outline of *before*, the base of *after*."""
    if not before.knows(Outline) and (rows := after.reworded):
        outline, lines = after.once(Outline), [row + 1 for row in rows]
        if _are_code(lines, after) and _are_inside(lines, outline):
            _take_over(before, outline, lines)
    return before.once(Outline)


def _are_code(lines: Sequence[int], source: Source) -> bool:
    """True where *lines* hold code, and no part of a comment, blank ones neither."""
    texts = ((source.lines[line - 1], source.bare_lines[line - 1]) for line in lines)
    return all(text.strip() and text == bare for text, bare in texts)


def _are_inside(lines: Sequence[int], outline: Outline) -> bool:
    """True where *lines* lie below the headers of the units around them.

    Nothing else may reach over them that can be a unit or give its name to one: a word
    on them may be what it lacks.
    """
    around = {line: outline.unit_at(line) for line in lines}
    return all(_is_below_header(line, unit) for line, unit in around.items()) and all(
        _holds(node, around[line])
        for role in ROLES
        for node in outline.source.captures.get(role, ())
        for line in _between(lines, node.start_point[0] + 1, node.end_point[0] + 1)
    )


def _is_below_header(line: int, unit: Unit) -> bool:
    if unit.kind == "module":
        return True
    return unit.kind != "block" and line > unit.body_line


def _holds(node: tree_sitter.Node, unit: Unit) -> bool:
    """True where *node* is *unit* or around it: it named that, or what is around it."""
    start, end = unit.node.start_byte, unit.node.end_byte
    return unit.kind != "module" and node.start_byte <= start and end <= node.end_byte


def _between(lines: Sequence[int], first: int, last: int) -> Sequence[int]:
    """Those of the *lines*, in order, from *first* to *last*."""
    begin = bisect_left(lines, first)
    return lines[begin : bisect_right(lines, last, begin)]


def _take_over(before: Source, outline: Outline, lines: Sequence[int]) -> None:
    """Tell *before* its units and comments, if its tree has all nodes of *outline*."""
    find = _finding(before, outline.source, frozenset(lines))
    units: list[Unit] = []
    try:
        for unit in outline.units:
            owner = None if unit.owner is None else units[unit.owner.index]
            units.append(unit.over(owner, find))
    except LookupError:
        return
    before.remarks_as_in(outline.source, lines)
    before.is_told(Outline, Outline(before, tuple(units)))


def _finding(before: Source, after: Source, lines: frozenset[int]) -> _Find:
    """What finds the node of *before* that stands where one of *after* does.

    That raises `LookupError` where none of the same type does.
    """
    root, whole = before.tree.root_node, after.tree.root_node

    def find(node: tree_sitter.Node) -> tree_sitter.Node:
        if node == whole:
            return root
        row, column = node.end_point
        if row + 1 in lines:
            column = _old_column(column, _length(before, row) - _length(after, row))
        return _at(root, node.type, node.start_point, (row, column))

    return find


def _old_column(column: int, longer: int) -> int:
    """Where what ends behind the words ended when its line was so much *longer*.

    Raises `LookupError` where one of both ends with the line above.
    """
    if column == 0 or column + longer <= 0:
        raise LookupError(column)
    return column + longer


def _length(source: Source, row: int) -> int:
    return len(source.lines[row].encode())


def _at(
    root: tree_sitter.Node, type: str, start: _Point, end: _Point
) -> tree_sitter.Node:
    """The node from *start* to *end*, if it is of *type*; else `LookupError`."""
    node = root.descendant_for_point_range(start, end)
    if node is None or (node.start_point, node.end_point) != (start, end):
        raise LookupError(start)
    if node.type != type:
        raise LookupError(type)
    return node
