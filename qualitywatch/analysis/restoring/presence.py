"""Whether code of the base is gone: what stands elsewhere must not come back twice."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from qualitywatch.analysis.comparing.compare import Comparison
from qualitywatch.analysis.restoring.items import Item
from qualitywatch.analysis.restoring.words import CanNot

MOSTLY = 0.7  # of the code to put back must be gone; a line or two may be alike


def refuse_what_stands(comparison: Comparison, missing: Sequence[Item]) -> None:
    """Raise `CanNot` where the code of the base stands in the text, elsewhere."""
    for item in missing:
        if item.unit is not None:
            there = comparison.successor(item.unit)
            if there is not None:
                raise CanNot(f"{item.unit.name} was moved: it is in line {there.line}")
    lines = {n for item in missing for n in range(item.first, item.last + 1)}
    refuse_lines_that_stand(comparison, lines)


def refuse_lines_that_stand(comparison: Comparison, lines: Collection[int]) -> None:
    """The same for *lines* of the base."""
    gone = {line for loss in comparison.losses for line in loss.gone}
    assert comparison.before is not None
    code = [one.line for one in comparison.before.code if one.line in lines]
    if sum(line in gone for line in code) < MOSTLY * len(code):
        raise CanNot("most of what stood there is in another place of the text now")
