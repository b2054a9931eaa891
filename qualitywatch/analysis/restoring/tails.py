"""The tail of a text that ends in the middle: from the cut on, as in the base."""

from __future__ import annotations

from qualitywatch.analysis.elision.reading import elision
from qualitywatch.analysis.restoring.items import Sides
from qualitywatch.analysis.restoring.splices import Splice, lines_for
from qualitywatch.analysis.restoring.words import CanNot
from qualitywatch.model import Violation

MAX_BEHIND = 3  # lines of code behind the last one that the base has


def cut_off(sides: Sides, violation: Violation) -> list[Splice]:
    """Everything of the base behind the last line that is left of it."""
    base, now = sides.base.text, sides.now.text
    before, after = sides.comparison.before, sides.comparison.after
    assert before is not None
    evidence = violation.evidence
    if evidence is None or not evidence.base_ranges:
        raise CanNot("the violation does not say where the text was cut")
    tail = evidence.base_ranges[0][0]
    known = [code.line for code in before.code if code.line < tail]
    end = range(len(now) + 1, len(now) + 1)
    if not known:
        if after.text.strip():
            raise CanNot("the text holds other code than the base")
        return [lines_for(sides, range(1, end.stop), range(1, len(base) + 1))]
    last = known[-1]
    text = base.bare(last).rstrip()
    for code in after.code[: -MAX_BEHIND - 2 : -1]:
        if now.bare(code.line).rstrip() == text:
            kept = _kept(sides, code.line, last)
            _refuse_other_code(sides, code.line + kept, last + kept)
            lines = range(code.line + kept + 1, end.stop)
            whole = range(last + kept + 1, len(base) + 1)
            return [lines_for(sides, lines, whole)]
    raise CanNot(f"the line before the cut, {last} of the base, was changed as well")


def _kept(sides: Sides, line: int, last: int) -> int:
    """How many lines behind *line* still are those behind *last* in the base."""
    now, base = sides.now.text, sides.base.text
    count, limit = 0, min(len(now) - line, len(base) - last)
    while count < limit and now.bare(line + count + 1) == base.bare(last + count + 1):
        count += 1
    return count


def _refuse_other_code(sides: Sides, line: int, last: int) -> None:
    """Behind the last whole *line* only a torn one may stand, or a remark."""
    now, base = sides.now.text, sides.base.text
    behind = [n for n in range(line + 1, len(now) + 1) if not now.is_blank(n)]
    if not behind:
        return
    said = now.bare(behind[0])
    is_next = behind == [line + 1] and last < len(base)
    if is_next and base.bare(last + 1).startswith(said.rstrip()):
        return
    if len(behind) == 1 and elision(said.decode("utf-8", "replace").strip()):
        return
    raise CanNot(f"line {behind[0]}, behind the cut, is new: the base has no such line")
