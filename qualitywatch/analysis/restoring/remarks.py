"""Remarks that stand for code: the lines of the base in the place of each."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from qualitywatch.analysis.elision.reading import elisions
from qualitywatch.analysis.outlines.units import Unit
from qualitywatch.analysis.restoring import bodies
from qualitywatch.analysis.restoring.gaps import Torn, gap
from qualitywatch.analysis.restoring.items import Item, Key, Sides, items
from qualitywatch.analysis.restoring.presence import refuse_what_stands
from qualitywatch.analysis.restoring.splices import Splice, of_gap
from qualitywatch.analysis.restoring.words import CanNot
from qualitywatch.analysis.stubs.idioms import IMPLICIT
from qualitywatch.model import Violation
from qualitywatch.regex import regex

NOTHING = "the base has no code in the very place of the remark"

_EMPTY = regex(rb"(?:pass|\.\.\.|\{|\}|\{\}|;)*\s*")
_FILLER = regex(rb"\s*(?:pass|\.\.\.)\s*;?\s*")


def for_remark(sides: Sides, violation: Violation) -> list[Splice]:
    """The code for the remark of *violation*, and for the others of the same unit."""
    whole = _whole_body(sides, violation)
    if whole is not None:
        return [whole]
    spans = list(_remarks(sides, violation))
    told = [(first, last) for first, last, _ in spans]
    found = [_splice(sides, first, last, told) for first, last, _ in spans[:1]]
    for first, last, _ in spans[1:]:
        try:
            found.append(_splice(sides, first, last, told))
        except Nothing:
            continue  # a remark beside code that is there
    return found


class Nothing(CanNot):
    """The base has no code in the place of a remark."""


def _whole_body(sides: Sides, violation: Violation) -> Splice | None:
    """The whole body, where the remark is all there is in the new one."""
    new = sides.comparison.unit_at(violation.line)
    old = sides.comparison.origin(new)
    if old is None or new.kind == "module" or is_broken(sides):
        return None
    remark = set(range(violation.line, violation.end_line + 1))
    found = bodies.whole(sides, old, new, remark)
    if found is not None:
        refuse_open_end(sides, old, ())
    return found


def _remarks(sides: Sides, violation: Violation) -> Iterator[tuple[int, int, Unit]]:
    """The first and last lines of the remarks: that of *violation*, then the others."""
    comparison = sides.comparison
    unit = comparison.unit_at(violation.line)
    yield violation.line, violation.end_line, unit
    for remark, found in elisions(comparison.after, wanted=comparison.new_line_numbers):
        is_other = remark.line != violation.line and remark.alone
        if not is_other or found.is_doubtful:
            continue
        if comparison.unit_at(remark.line) is unit:
            yield remark.line, remark.end_line, unit


def _splice(
    sides: Sides, first: int, last: int, told: Sequence[tuple[int, int]]
) -> Splice:
    """The lines of the base for the remark on the lines *first* to *last*."""
    _refuse_shared_lines(sides, first, last)
    if is_broken(sides):
        return _in_text(sides, first, last, told)
    unit: Unit | None = sides.comparison.unit_at(first)
    while unit is not None:
        old = sides.comparison.origin(unit)
        if old is None:
            raise CanNot(f"{unit.name} is new: nobody knows what it was in the base")
        try:
            splice = _in_unit(sides, old, unit, first, last, told)
        except Torn:
            return _in_text(sides, first, last, told)
        if splice is not None:
            return splice
        unit = unit.owner
    raise Nothing(NOTHING)


def _in_text(
    sides: Sides, first: int, last: int, told: Sequence[tuple[int, int]]
) -> Splice:
    """The same where no unit can be trusted: among all lines of the text."""
    module = sides.comparison.outline.module
    assert sides.comparison.base is not None
    old = sides.comparison.base.module
    splice = _in_unit(sides, old, module, first, last, told, is_flat=True)
    if splice is None:
        raise Nothing(NOTHING)
    return splice


def _in_unit(
    sides: Sides,
    old: Unit,
    new: Unit,
    first: int,
    last: int,
    told: Sequence[tuple[int, int]],
    *,
    is_flat: bool = False,
) -> Splice | None:
    was, has = sides.span(old, new)
    loose = {line for one, other in told for line in range(one, other + 1)}
    now = items(sides.now, new, has, loose=loose, is_flat=is_flat)
    base = items(sides.base, old, was, is_flat=is_flat)
    filler = _filler(now, base, first, last, loose)
    _refuse_changed_head(old, new, now[: filler.start], {item.key for item in base})
    found = gap(base, now[: filler.start], now[filler.stop :], sides.base.keys())
    missing = base[found.start : found.end]
    if not any(item.is_code for item in missing):
        return None
    refuse_what_stands(sides.comparison, missing)
    _refuse_other_result(sides, now[filler.stop :], found.below)
    if not is_flat:
        refuse_open_end(sides, old, now[filler.stop :])
    return of_gap(sides, found, base, now, filler, (was, has))


def _filler(
    now: Sequence[Item], base: Sequence[Item], first: int, last: int, loose: set[int]
) -> range:
    """The items that give way: the remark, and what only fills the place with it."""
    found = [at for at, item in enumerate(now) if first <= item.first <= last]
    if not found:
        raise CanNot("the remark is not in a place of its own")
    start, end = found[0], found[-1] + 1
    known = {item.key for item in base}
    while start and _fills(now[start - 1], known, loose):
        start -= 1
    while end < len(now) and _fills(now[end], known, loose):
        end += 1
    return range(start, end)


def _fills(item: Item, known: set[Key], loose: set[int]) -> bool:
    if not isinstance(item.key, bytes) or item.key in known:
        return False
    return item.first in loose or _FILLER.fullmatch(item.key) is not None


def is_broken(sides: Sides) -> bool:
    """True where the text now does not parse: units may end anywhere in it."""
    before, after = sides.comparison.before, sides.comparison.after
    assert before is not None
    has_grammar = after.language.grammar is not None
    return has_grammar and after.has_errors and not before.has_errors


def _refuse_shared_lines(sides: Sides, first: int, last: int) -> None:
    """Nothing but the remark may stand on its lines."""
    source = sides.comparison.after
    for comment in source.comments():
        if comment.line != first or comment.alone:
            continue
        text = sides.now.text
        head = source.lines[first - 1][: comment.column - 1].encode()
        tail = source.lines[comment.end_line - 1][comment.end_column :].encode()
        if text.is_blank(first) or _EMPTY.fullmatch(head.strip() + tail.strip()):
            continue
        raise CanNot(f"the remark shares line {first} with code")


def _refuse_changed_head(
    old: Unit, new: Unit, above: Sequence[Item], known: Collection[Key]
) -> None:
    """New lines beside a remark are kept; the head of its function is no such line."""
    inside = [item for item in above if item.last >= new.line and item.is_code]
    if new.kind == "module" or any(item.key in known for item in inside):
        return
    raise CanNot(
        f"the head of {new.short} was changed as well: {old.signature!r} became"
        f" {new.signature!r}"
    )


def _refuse_other_result(sides: Sides, below: Sequence[Item], fresh: int) -> None:
    """Where the last line is the result, a new last line takes the old one's place."""
    is_last = fresh and not any(item.is_code for item in below[fresh:])
    if not is_last or sides.comparison.after.language.name not in IMPLICIT:
        return
    key = next((one.key for one in reversed(below[:fresh]) if one.is_code), b";")
    if isinstance(key, bytes) and not key.endswith(b";"):
        raise CanNot(
            f"line {below[fresh - 1].first} is new and may be the result in place of an"
            " old one: edited and dropped code can not be told apart"
        )


def refuse_open_end(sides: Sides, old: Unit, below: Sequence[Item]) -> None:
    """Raise `CanNot` where the remark may stand for what was behind its unit too."""
    if old.owner is None or any(item.is_code for item in below):
        return
    comparison, base = sides.comparison, sides.base.outline
    code = base.code_of(old.owner)
    line = next((one.line for one in code if one.line > old.end_line), None)
    if line is None:
        return
    unit = base.unit_at(line)
    is_gone = comparison.successor(unit) is None and comparison.losses[unit.index].net
    if is_gone or line in comparison.losses[old.owner.index].lines:
        name = unit.name if is_gone else f"line {line} of the base"
        raise CanNot(
            f"{name}, which stood right behind, is gone as well: the remark may stand"
            " for both"
        )
