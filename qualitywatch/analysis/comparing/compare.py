"""Before and after of one file: what was matched, moved, hollowed and lost."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from functools import cached_property
from typing import TypeVar, cast

from qualitywatch.analysis.comparing.loss import UnitLoss, losses
from qualitywatch.analysis.comparing.news import NewLines, shared_ends
from qualitywatch.analysis.outlines.matching import are_namesakes, match
from qualitywatch.analysis.outlines.outline import Outline, inside
from qualitywatch.analysis.outlines.reworded import base_outline
from qualitywatch.analysis.outlines.units import Unit
from qualitywatch.analysis.sources.source import CodeLine, Comment, Source
from qualitywatch.analysis.stubs.bodies import Body, body_of, is_stub
from qualitywatch.analysis.suppression.standing import Standing, Suppressions
from qualitywatch.analysis.symbols import calls
from qualitywatch.analysis.symbols.dangling import Use, dangling
from qualitywatch.analysis.symbols.members import dangling_member, heirs
from qualitywatch.model import Evidence
from qualitywatch.traces import ALONE, Around

MAX_LISTED = 50  # symbols, ranges and references that one evidence names
MIN_STATEMENTS = 3  # of a body that is worth losing
MIN_LINES = 6  # of a function with fewer statements, its head included
MIN_DISTANT_LOSS = 3  # lines lost outside the unit of a remark, to count at all

Answer = TypeVar("Answer")


class Comparison:
    """One file before and after its change; every answer is computed when asked."""

    def __init__(
        self,
        before: Source | None,
        after: Source,
        *,
        around: Around = ALONE,
        is_deleted: bool = False,
        suppressions: Suppressions | None = None,
    ) -> None:
        self.before = before
        self.after = after
        self.path = after.path
        self.around = around
        self.is_deleted = is_deleted  # the file is gone: `after` holds nothing
        self.suppressions = suppressions or Suppressions()
        self._answers: dict[Callable[[Comparison], object], object] = {}
        self._bodies: dict[int, Body] = {}
        self._stubs: dict[int, bool] = {}
        self._uses: dict[int, list[Use]] = {}

    def once(self, ask: Callable[[Comparison], Answer]) -> Answer:
        """What *ask* says of this comparison: several checks ask, one pays."""
        if ask not in self._answers:
            self._answers[ask] = ask(self)
        return cast("Answer", self._answers[ask])

    # Units

    @cached_property
    def outline(self) -> Outline:
        """The units of the new text."""
        return self.after.once(Outline)

    @cached_property
    def base(self) -> Outline | None:
        """The units of the base; `None` where the file is new."""
        return None if self.before is None else base_outline(self.before, self.after)

    @cached_property
    def pairs(self) -> dict[int, int]:
        """The index of the unit after for the index of each matched unit before."""
        if self.base is None:
            return {}
        if self._are_namesakes:
            return {unit.index: unit.index for unit in self.base.units}
        return match(self.base, self.outline)

    @cached_property
    def _are_namesakes(self) -> bool:
        return self.base is not None and are_namesakes(self.base, self.outline)

    @cached_property
    def origins(self) -> dict[int, int]:
        """The same the other way round."""
        return {new: old for old, new in self.pairs.items()}

    @property
    def removed(self) -> list[Unit]:
        """Units of the base that the new text no longer has under any name."""
        if self.base is None or self._are_namesakes:
            return []
        return [unit for unit in self.base.units if unit.index not in self.pairs]

    @property
    def added(self) -> list[Unit]:
        """Units of the new text that the base did not have."""
        return [u for u in self.outline.units if u.index not in self.origins]

    @property
    def moved(self) -> list[tuple[Unit, Unit]]:
        """Units whose qualified name changed, before and after."""
        if self._are_namesakes:
            return []
        return [(old, new) for old, new in self.matched if old.name != new.name]

    @property
    def matched(self) -> list[tuple[Unit, Unit]]:
        """Units that are on both sides, before and after; the modules come first."""
        if self.base is None:
            return []
        old, new = self.base.units, self.outline.units
        return [(old[b], new[a]) for b, a in sorted(self.pairs.items())]

    @property
    def hollowed(self) -> list[tuple[Unit, Unit]]:
        """Matched functions whose body was real, may have lost half and is a stub."""
        return [
            (old, new)
            for old, new in self.matched
            if new.kind == "function"
            and self._most_lost_of(old)
            and self.is_stub(new)
            and self._may_have_lost_half(old)
            and self.outline.keys(new) != self._keys(old)
            and self.was_real(old)
        ]

    def origin(self, unit: Unit) -> Unit | None:
        """The unit of the base that *unit* of the new text was."""
        index = self.origins.get(unit.index)
        return None if index is None or self.base is None else self.base.units[index]

    def successor(self, old: Unit) -> Unit | None:
        """The unit of the new text that *old* of the base became."""
        index = self.pairs.get(old.index)
        return None if index is None else self.outline.units[index]

    def is_sure(self, old: Unit, new: Unit) -> bool:
        """True when only *new* can be what *old* became, by its name or its head.

        Among overloads and conditional twins nobody knows, unless the heads tell.
        """
        if self.base is None:
            return False
        if self.base.is_only(old) and self.outline.is_only(new):
            return True
        return (
            old.signature == new.signature
            and self.base.is_told_apart(old)
            and self.outline.is_told_apart(new)
        )

    def unit_at(self, line: int) -> Unit:
        """The innermost unit of the new text that encloses *line*."""
        return self.outline.unit_at(line)

    def body(self, unit: Unit) -> Body:
        """The body of a function of the new text."""
        if unit.index not in self._bodies:
            self._bodies[unit.index] = body_of(self.outline, unit)
        return self._bodies[unit.index]

    def is_stub(self, unit: Unit) -> bool:
        """True when *unit*, a function of the new text, is a stub."""
        if unit.index not in self._stubs:
            self._stubs[unit.index] = is_stub(self.outline, unit)
        return self._stubs[unit.index]

    def was_stub(self, old: Unit) -> bool:
        """True when *old*, a function of the base, was a stub already."""
        return self.base is not None and is_stub(self.base, old)

    def was_real(self, old: Unit) -> bool:
        """True when *old*, a function of the base, did something worth losing."""
        is_long = len(self._own(old)) >= MIN_LINES or old.statements >= MIN_STATEMENTS
        return is_long and not self.was_stub(old)

    def uses_of(self, old: Unit) -> list[Use]:
        """Where the new text uses *old*, a unit of the base, that it no longer has."""
        if old.index not in self._uses:
            self._uses[old.index] = self._find_uses(old)
        return self._uses[old.index]

    def _find_uses(self, old: Unit) -> list[Use]:
        if self.after.language.name in calls.LANGUAGES:
            is_called = old.kind == "function" and old.reach != "other"
            return calls.dangling_calls(self.outline, old) if is_called else []
        if old.reach == "bare":
            return dangling(self.after, old.short)
        owner = self.successor(old.owner) if old.owner is not None else None
        if old.reach != "method" or owner is None:
            return []
        classes = (owner, *heirs(owner, self.outline.units))
        return [
            use
            for each in classes
            for use in dangling_member(self.after, old.short, each)
        ]

    # Suppressions

    @cached_property
    def standing(self) -> Standing:
        """Which of the suppressions of the new text count."""
        return Standing(self)

    # Lines

    def is_new_line(self, line: int) -> bool:
        """True when the text of *line* was not in the base as often as up to here."""
        if self.before is None:
            return self.has_new_line(line, line)
        return line in self._lines.new

    def has_new_line(self, first: int, last: int) -> bool:
        """True when one of the lines from *first* to *last* is new."""
        if self.before is None:  # then all are that are not blank
            return any(map(str.strip, self.after.lines[first - 1 : last]))
        numbers = self._lines.numbers
        at = bisect_left(numbers, first)
        return at < len(numbers) and numbers[at] <= last

    def is_said_anew(self, comment: Comment) -> bool:
        """True when the new text holds the first line of *comment* more often."""
        if self.before is None:
            return True
        return self._lines.has_more(comment.line)

    @cached_property
    def new_lines(self) -> Sequence[int]:
        """The numbers of the new lines, in order."""
        return self._lines.numbers

    @cached_property
    def new_data(self) -> bytes:
        """The new lines below each other: one look tells what none of them holds."""
        if self.before is None:
            return self.after.data
        lines = self.after.lines
        return "\n".join(lines[number - 1] for number in self.new_lines).encode()

    @cached_property
    def lost_line_numbers(self) -> Sequence[int]:
        """The numbers of the lines of the base that the new text has not, in order."""
        if self.before is None:
            return []
        return NewLines(self.after.stripped, self.before.stripped).numbers

    @property
    def new_line_numbers(self) -> Collection[int]:
        """The same to look one up; in a text without a base its blank lines too."""
        if self.before is None:
            return range(1, len(self.after.lines) + 1)
        return self._lines.new

    @cached_property
    def _lines(self) -> NewLines:
        old = [] if self.before is None else self.before.stripped
        return NewLines(old, self.after.stripped)

    def may_have_lost(self, lines: int) -> bool:
        """False where fewer than so many lines of code can be gone from the base."""
        return self._most_lost >= lines

    def _most_lost_of(self, old: Unit) -> int:
        """How many of the lines of *old* can be gone at most."""
        first = bisect_left(self._rarer_lines, old.start_line)
        return bisect_right(self._rarer_lines, old.end_line, first) - first

    def _may_have_lost_half(self, old: Unit) -> bool:
        """False where most lines of the body of *old* can not be gone."""
        return 2 * self._most_lost_of(old) >= self.body_lines(old)

    def body_lines(self, old: Unit) -> int:
        """How many lines of code the body of *old* has; of one line, all of them."""
        assert self.base is not None
        code = self.base.code_of(old)
        return sum(line.line > old.body_line for line in code) or len(code)

    @cached_property
    def _rarer_lines(self) -> list[int]:
        """The numbers of the lines of the base that may be gone."""
        code = () if self.before is None else self.before.code
        return [line.line for line in code if line.key in self._rarer]

    @cached_property
    def _most_lost(self) -> int:
        return sum(self._rarer.values())

    @cached_property
    def _rarer(self) -> dict[str, int]:
        """The lines of code that the base holds more often, and how much more often."""
        if self.base is None:
            return {}
        old, new = self.base.source.code_keys, self.after.code_keys
        first, last = shared_ends(old, new)
        left = Counter(new[first : len(new) - last])
        gone = Counter(old[first : len(old) - last])
        return {
            key: more
            for key, count in gone.items()
            if (more := count - left.get(key, 0)) > 0
        }

    @cached_property
    def losses(self) -> list[UnitLoss]:
        """What each unit of the base lost of its own lines."""
        if self.base is None:
            return []
        return losses(
            self.base,
            self.outline,
            self.pairs,
            around=self.around,
        )

    @cached_property
    def loss(self) -> Evidence | None:
        """What the whole file lost; `None` where it lost nothing."""
        return None if self.base is None else self._evidence(inside(self.base.module))

    def loss_of(self, old: Unit) -> Evidence | None:
        """What *old*, a unit of the base, and the units inside it lost."""
        return self._evidence(inside(old))

    def gone_from(self, old: Unit) -> Evidence | None:
        """What of *old* is gone, whatever took its place; `None` where nothing is."""
        lines = sorted(n for u in inside(old) for n in self.losses[u.index].gone)
        if not lines:
            return None
        return Evidence(
            lost_lines=len(lines), base_ranges=self._ranges(lines)[:MAX_LISTED]
        )

    def loss_in(self, line: int) -> Evidence | None:
        """What the base had in the unit around *line*, and the new text has nowhere.

        A function answers for everything inside it; a class or module for its own
        lines and the members that are gone, since a remark beside a method speaks of
        other methods. Where that unit lost nothing, the units around it answer, if
        they shrank as a whole: a remark may stand inside the one method that is left.
        """
        if self.base is None:
            return None
        unit: Unit | None = self.unit_at(line)
        old = self.origin(unit) if unit is not None else None
        if old is not None and (near := self._evidence(self._answering(old))):
            return near
        while unit is not None:
            if (old := self.origin(unit)) and (far := self._shrinkage(old)):
                return far
            unit = unit.owner
        return None

    def _answering(self, old: Unit) -> Iterable[Unit]:
        if old.kind == "function":
            return inside(old)
        return (
            unit
            for unit in inside(old)
            if unit is old or unit.kind != "function" or unit.index not in self.pairs
        )

    def _shrinkage(self, old: Unit) -> Evidence | None:
        members = [self.losses[unit.index] for unit in inside(old)]
        lost = sum(len(member.lines) for member in members)
        if lost <= self._gained_in(old) or lost < MIN_DISTANT_LOSS:
            return None
        return self._evidence(inside(old))

    def _gained_in(self, old: Unit) -> int:
        matched = sum(self.losses[unit.index].gained for unit in inside(old))
        new = self.outline.units[self.pairs[old.index]]
        added = (u for u in inside(new) if u.index not in self.origins)
        return matched + sum(len(self.outline.own_code(unit)) for unit in added)

    def _evidence(self, members: Iterable[Unit]) -> Evidence | None:
        gone = [unit for unit in members if self.losses[unit.index].net]
        if not gone:
            return None
        lines = sorted(n for unit in gone for n in self.losses[unit.index].lines)
        lost = [unit for unit in gone if self._is_lost(unit)][:MAX_LISTED]
        return Evidence(
            lost_lines=sum(self.losses[unit.index].net for unit in gone),
            lost_symbols=tuple(dict.fromkeys(unit.name for unit in lost)),
            base_ranges=self._ranges(lines)[:MAX_LISTED],
            still_referenced=tuple(u.name for u in lost if self.uses_of(u)),
        )

    def _is_lost(self, old: Unit) -> bool:
        """True for a named unit that is gone with half of its own lines or more."""
        if old.index in self.pairs:
            return False
        return 2 * self.losses[old.index].net >= len(self._own(old))

    def _ranges(self, lines: list[int]) -> tuple[tuple[int, int], ...]:
        """*lines* of the base as ranges; what holds no code does not part them."""
        place = self._code_places
        ranges: list[tuple[int, int]] = []
        for line in lines:
            if ranges and place[line] - place[ranges[-1][1]] <= 1:
                ranges[-1] = (ranges[-1][0], line)
            else:
                ranges.append((line, line))
        return tuple(ranges)

    @cached_property
    def _code_places(self) -> dict[int, int]:
        """The place of each line of the base among those that hold code."""
        code = () if self.before is None else self.before.code
        return {line.line: at for at, line in enumerate(code)}

    def _keys(self, old: Unit) -> tuple[str, ...]:
        assert self.base is not None
        return self.base.keys(old)

    def _own(self, old: Unit) -> list[CodeLine]:
        assert self.base is not None
        return self.base.own_code(old)
