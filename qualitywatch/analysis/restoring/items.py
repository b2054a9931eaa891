"""The items of a unit: its lines that hold something, and whole units inside it.

A unit inside is the same item before and after whatever was edited in it: so an honest
edit of one method does not stand in the way of putting back its neighbour.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple, TypeAlias

from qualitywatch.analysis.comparing.compare import Comparison
from qualitywatch.analysis.outlines.outline import Outline
from qualitywatch.analysis.outlines.units import Unit
from qualitywatch.analysis.restoring.texts import Text

Key: TypeAlias = bytes | tuple[str, int]


class Item(NamedTuple):
    """One line, one docstring, or one unit with the comment right above it."""

    key: Key  # the bytes of a line; for a unit its number in the base
    first: int
    last: int
    is_code: bool  # no blank bracket or comment sign, which stand anywhere
    unit: Unit | None = None

    @property
    def is_unit(self) -> bool:
        """True for a unit as a whole."""
        return self.unit is not None


class Side(NamedTuple):
    """One version: its bytes and its units."""

    text: Text
    outline: Outline
    numbers: dict[int, int] | None  # of the base, for units of the new text

    def keys(self) -> frozenset[Key]:
        """Every line of this version, and every unit."""
        lines = (line.rstrip() for line in self.text.lines)
        return frozenset([*lines, *(_key(self, unit) for unit in self.outline.units)])


class Sides(NamedTuple):
    """Both versions, and how they hang together."""

    comparison: Comparison
    base: Side
    now: Side
    first: int  # lines of the text now that belong to the compared part
    last: int
    base_first: int
    base_last: int

    def span(self, old: Unit, new: Unit) -> tuple[range, range]:
        """The lines of a matched unit, before and after."""
        if new.kind == "module":
            return (
                range(self.base_first, self.base_last + 1),
                range(self.first, self.last + 1),
            )
        return (
            range(old.start_line, old.end_line + 1),
            range(new.start_line, new.end_line + 1),
        )


def items(
    side: Side,
    unit: Unit,
    lines: range,
    *,
    loose: Collection[int] = (),
    is_flat: bool = False,
) -> list[Item]:
    """The items of *unit* on its *lines*; *loose* lines are never part of a unit.

    With *is_flat* no line is: for a text whose units are not to be trusted.
    """
    found: list[Item] = []
    parts = () if is_flat else _wholes(side, unit, lines, loose)
    wholes = {whole.first: whole for whole in parts}
    if not is_flat:
        wholes |= {item.first: item for item in _documentation(side, unit)}
    line = lines.start
    while line < lines.stop:
        whole = wholes.get(line)
        if whole is not None:
            found.append(whole)
        elif not side.text.is_blank(line):
            found.append(_line(side, line))
        line = (line if whole is None else whole.last) + 1
    return found


def _documentation(side: Side, unit: Unit) -> Iterator[Item]:
    """The docstring of *unit*, which is the same one however it was worded anew."""
    if side.outline.source.language.name != "python":
        return
    for comment in side.outline.comments_of(unit):
        if comment.kind == "doc" and comment.alone:
            yield Item(("documentation", 0), comment.line, comment.end_line, True)
            return


def _line(side: Side, line: int) -> Item:
    text = side.text.bare(line)
    is_code = any(sign.isalnum() or sign == "_" for sign in text.decode("latin-1"))
    return Item(text.rstrip(), line, line, is_code)


def _wholes(
    side: Side, unit: Unit, lines: range, loose: Collection[int]
) -> Iterator[Item]:
    """The units right inside *unit* that share no line with anything else."""
    comments = _comment_lines(side.outline)
    free = lines.start if unit.kind == "module" else max(lines.start, unit.line + 1)
    for child, following in _with_next(_in_order(unit.children)):
        last = child.end_line
        while last >= child.start_line and (last in loose or side.text.is_blank(last)):
            last -= 1
        is_torn = any(line in loose for line in range(child.start_line, last + 1))
        is_apart = following is None or following.start_line > child.end_line
        if child.start_line < free or last >= lines.stop or is_torn or not is_apart:
            free = max(free, child.end_line + 1)
            continue
        first = child.start_line
        while first - 1 >= free and first - 1 in comments and first - 1 not in loose:
            first -= 1
        yield Item(_key(side, child), first, last, True, child)
        free = last + 1


def _in_order(units: Sequence[Unit]) -> list[Unit]:
    return sorted(units, key=lambda unit: (unit.start_line, unit.index))


def _with_next(units: Sequence[Unit]) -> Iterator[tuple[Unit, Unit | None]]:
    yield from zip(units, [*units[1:], None], strict=False)


def _key(side: Side, unit: Unit) -> Key:
    if side.numbers is None:
        return ("unit", unit.index)
    number = side.numbers.get(unit.index)
    return ("new", unit.index) if number is None else ("unit", number)


def _comment_lines(outline: Outline) -> set[int]:
    is_python = outline.source.language.name == "python"
    return {
        line
        for comment in outline.source.comments()
        if comment.alone and not (is_python and comment.kind == "doc")
        for line in range(comment.line, comment.end_line + 1)
    }
