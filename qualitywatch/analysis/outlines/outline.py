"""An outline: the units of a source with the code lines that belong to each."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator
from functools import cached_property
from itertools import chain

from qualitywatch.analysis.outlines.units import Unit, units
from qualitywatch.analysis.sources.source import CodeLine, Comment, Source


class Outline:
    """The units of one source and their code."""

    def __init__(self, source: Source, known: tuple[Unit, ...] = ()) -> None:
        self.source = source
        self.units = known or units(source)

    def forget(self) -> None:
        """Part the units from each other: nobody asks about them any more."""
        for unit in self.units:
            unit.children.clear()

    @property
    def module(self) -> Unit:
        """The unit that holds all others."""
        return self.units[0]

    @cached_property
    def shorts(self) -> frozenset[str]:
        """The last parts of the names of all units."""
        return frozenset(unit.short for unit in self.units)

    def is_only(self, unit: Unit) -> bool:
        """True when no other unit has the same qualified name, overloads apart."""
        return self._names[unit.name] - self._overloads[unit.name] <= 1

    def is_told_apart(self, unit: Unit) -> bool:
        """True when no other unit has both its qualified name and its signature."""
        if self._names[unit.name] == 1:
            return True
        return self._signatures[unit.name, unit.signature] == 1

    def unit_at(self, line: int) -> Unit:
        """The innermost unit that encloses *line*."""
        return self.units[self._owners[min(line, len(self._owners) - 1)]]

    def code_of(self, unit: Unit) -> tuple[CodeLine, ...]:
        """The code lines of *unit*, with those of the units inside it."""
        first, end = self._span(unit)
        return self.source.code[first:end]

    def keys(self, unit: Unit) -> tuple[str, ...]:
        """The code lines of *unit* as bare tokens, comparable with another outline."""
        first, end = self._span(unit)
        return tuple(self.source.code_keys[first:end])

    def tokens_of(self, unit: Unit) -> frozenset[str]:
        """The tokens of the code lines of *unit*."""
        first, end = self._span(unit)
        return frozenset(chain.from_iterable(self.source.code_tokens[first:end]))

    def own_code(self, unit: Unit) -> list[CodeLine]:
        """The code lines of *unit* that belong to no unit inside it."""
        return self._own[unit.index]

    def is_short(self, unit: Unit, most: int) -> bool:
        """True where no more than *most* code lines belong to *unit* alone."""
        first, last = unit.start_line, unit.end_line
        if last - first < most:
            return True
        code = self.source.code_in(first, last)
        return sum(self._owners[each.line] == unit.index for each in code) <= most

    def comments_of(self, unit: Unit) -> list[Comment]:
        """The comments that belong to *unit* and to no unit inside it."""
        return self._comments.get(unit.index, [])

    def comments_above(self, unit: Unit) -> list[Comment]:
        """The comment on the line right above *unit*, if it stands alone there."""
        comment = self._ending.get(unit.start_line - 1)
        return [comment] if comment is not None and comment.alone else []

    def _span(self, unit: Unit) -> tuple[int, int]:
        """Where the code lines of *unit* begin and end among all."""
        first = bisect_left(self._numbers, unit.start_line)
        return first, bisect_right(self._numbers, unit.end_line, first)

    @cached_property
    def _ending(self) -> dict[int, Comment]:
        return {comment.end_line: comment for comment in self.source.comments()}

    @cached_property
    def _comments(self) -> dict[int, list[Comment]]:
        grouped: dict[int, list[Comment]] = {}
        for comment in self.source.comments():
            grouped.setdefault(self._owners[comment.line], []).append(comment)
        return grouped

    @cached_property
    def _names(self) -> Counter[str]:
        return Counter(unit.name for unit in self.units)

    @cached_property
    def _signatures(self) -> Counter[tuple[str, str]]:
        return Counter(
            (unit.name, unit.signature)
            for unit in self.units
            if self._names[unit.name] > 1
        )

    @cached_property
    def _overloads(self) -> Counter[str]:
        return Counter(
            unit.name
            for unit in self.units
            if self._names[unit.name] > 1
            and any(text.endswith("overload") for text in unit.decorators)
        )

    @cached_property
    def _numbers(self) -> list[int]:
        return [code.line for code in self.source.code]

    @cached_property
    def _owners(self) -> list[int]:
        """The index of the innermost unit of each line; line 0 is nobody's."""
        owners = [0] * (len(self.source.lines) + 1)
        for unit in self.units[1:]:
            span = range(unit.start_line, unit.end_line + 1)
            owners[unit.start_line : unit.end_line + 1] = [unit.index] * len(span)
        return owners

    @cached_property
    def _own(self) -> list[list[CodeLine]]:
        own: list[list[CodeLine]] = [[] for _ in self.units]
        for code in self.source.code:
            own[self._owners[code.line]].append(code)
        return own


def inside(unit: Unit) -> Iterator[Unit]:
    """*unit* and every unit inside it."""
    waiting = [unit]
    while waiting:
        unit = waiting.pop()
        yield unit
        waiting.extend(reversed(unit.children))
