"""Units that are gone without a word: each back between its surviving neighbours."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

from qualitywatch.analysis.outlines.units import Unit
from qualitywatch.analysis.restoring.items import Item, Sides, items
from qualitywatch.analysis.restoring.presence import refuse_what_stands
from qualitywatch.analysis.restoring.splices import Splice, lines_for
from qualitywatch.analysis.restoring.words import CanNot
from qualitywatch.model import Violation

MAX_ITEMS = 5_000  # of one unit that are aligned


class _Place(NamedTuple):
    """The lines between two surviving neighbours, before and after."""

    base: range
    now: range
    before: Item | None  # the survivor above, in the base
    after: Item | None


def dropped(sides: Sides, violation: Violation) -> list[Splice]:
    """The unit of the base that *violation* names, in its old place."""
    old = _unit(sides, violation)
    owner = old.owner
    new = None if owner is None else sides.comparison.successor(owner)
    if owner is None or new is None:
        raise CanNot(f"what {old.name} stood in is gone as well")
    was, has = sides.span(owner, new)
    base, now = items(sides.base, owner, was), items(sides.now, new, has)
    if len(base) + len(now) > MAX_ITEMS:
        raise CanNot("the unit around it is too long to align")
    at = next((n for n, item in enumerate(base) if item.unit is old), None)
    if at is None:
        raise CanNot(f"{old.name} shares its lines with other code in the base")
    refuse_what_stands(sides.comparison, [base[at]])
    return [_put(sides, base, at, _place(base, now, at, (was, has)), now)]


def _unit(sides: Sides, violation: Violation) -> Unit:
    base = sides.comparison.base
    assert base is not None
    ranges = violation.evidence.base_ranges if violation.evidence else ()
    found = [
        unit
        for unit in base.units[1:]
        if unit.name == violation.symbol
        and (not ranges or (unit.start_line, unit.end_line) in ranges)
    ]
    if len(found) != 1:
        raise CanNot(f"the base has {len(found)} units named {violation.symbol}")
    there = sides.comparison.successor(found[0])
    if there is not None:
        raise CanNot(
            f"{found[0].name} goes on as {there.name} in line {there.line}: mend the"
            " calls, or give it back its name"
        )
    return found[0]


def _place(
    base: Sequence[Item], now: Sequence[Item], at: int, spans: tuple[range, range]
) -> _Place:
    """Where the item *at* of the base belongs."""
    matcher = SequenceMatcher(
        None, [i.key for i in base], [i.key for i in now], autojunk=False
    )
    pairs = {
        block.a + n: block.b + n
        for block in matcher.get_matching_blocks()
        for n in range(block.size)
    }
    above = next((n for n in range(at - 1, -1, -1) if n in pairs), None)
    below = next((n for n in range(at + 1, len(base)) if n in pairs), None)
    was, has = spans
    return _Place(
        range(
            was.start if above is None else base[above].last + 1,
            was.stop if below is None else base[below].first,
        ),
        range(
            has.start if above is None else now[pairs[above]].last + 1,
            has.stop if below is None else now[pairs[below]].first,
        ),
        None if above is None else base[above],
        None if below is None else base[below],
    )


def _put(
    sides: Sides, base: Sequence[Item], at: int, place: _Place, now: Sequence[Item]
) -> Splice:
    fresh = [i for i in now if place.now.start <= i.first < place.now.stop]
    missing = [i for i in base if place.base.start <= i.first < place.base.stop]
    item = base[at]
    _refuse_new_code(sides, fresh, item)
    if len(missing) == 1 or fresh:
        if len(missing) > 1:
            raise CanNot(
                "more than this unit is gone from its place, and not all of it"
            )
        return lines_for(sides, place.now, place.base)
    if missing[0] is item or base[at - 1] is place.before:
        here = range(place.now.start, place.now.start)
        return lines_for(sides, here, range(place.base.start, item.last + 1))
    if missing[-1] is item:
        here = range(place.now.stop, place.now.stop)
        return lines_for(sides, here, range(item.first, place.base.stop))
    here = range(place.now.start, place.now.start)
    return lines_for(sides, here, range(base[at - 1].last + 1, item.last + 1))


def _refuse_new_code(sides: Sides, fresh: Sequence[Item], item: Item) -> None:
    """In its place only lines may stand that come back with it: its old comment."""
    own = {
        sides.base.text.bare(line).rstrip() for line in range(item.first, item.last + 1)
    }
    for other in fresh:
        if other.is_unit or other.key not in own:
            raise CanNot(
                f"line {other.first} is new and stands where it was: it may be what"
                " took its place, or go before or behind it"
            )
