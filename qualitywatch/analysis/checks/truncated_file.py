"""The text ends in the middle, and what the base had behind that place is gone.

Needs a function: the end of the new text is found again in the base, and everything
behind it must be missing. That alone is also what a person does who deletes the last
functions of a file; so the text must end inside something, a bracket, a string, a tag,
a function, which the base closed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from qualitywatch.analysis.comparing.compare import MAX_LISTED, Comparison
from qualitywatch.analysis.hit import Hit
from qualitywatch.analysis.outlines.outline import Outline
from qualitywatch.analysis.outlines.units import Unit
from qualitywatch.analysis.sources.source import CodeLine, Source
from qualitywatch.analysis.syntax.balance import ends_inside
from qualitywatch.analysis.syntax.faults import faults
from qualitywatch.languages import TEXT
from qualitywatch.model import Confidence, Evidence

MIN_EMPTIED = 10  # lines of code of a file, that nothing may be left of it
MIN_TAIL = 3  # lines of code that are gone behind the end
GONE = 0.8  # of them
WINDOW = 3  # lines by which the end is found again
MAX_COMMENTS = 3  # lines of them behind the end; more is code commented out
MAX_BEHIND = 2  # lines behind it that the base does not have: one may be cut itself


def truncated_file(comparison: Comparison) -> Iterator[Hit]:
    """At most one hit, at the last line of code."""
    before, after = comparison.before, comparison.after
    if before is None:
        return
    if _is_emptied(comparison, before):
        yield _hit(comparison, 0, Confidence.LIKELY)
    if not _may_be_cut(before, after):
        return
    cut = _cut(before.code, after.code)
    if cut is None or not _is_gone(comparison, before.code[cut:]):
        return
    confidence = _confidence(comparison, cut)
    if confidence is not None:
        yield _hit(comparison, cut, confidence)


def _is_emptied(comparison: Comparison, before: Source) -> bool:
    """True for a file of functions that is still there and holds nothing at all."""
    if comparison.after.text.strip() or len(before.code) < MIN_EMPTIED:
        return False
    assert comparison.base is not None
    has_functions = any(unit.kind == "function" for unit in comparison.base.units)
    return has_functions and _is_gone(comparison, before.code)


def _may_be_cut(before: Source, after: Source) -> bool:
    """The cheap question: the end is another one, and nearer."""
    if before.language != after.language or after.language is TEXT:
        return False
    if not after.code or len(after.code) >= len(before.code):
        return False
    if after.code[-1].key == before.code[-1].key:
        return False
    last = after.code[-1].line
    behind = (c.end_line - c.line + 1 for c in after.comments() if c.line > last)
    return sum(behind) <= MAX_COMMENTS


def _cut(before: Sequence[CodeLine], after: Sequence[CodeLine]) -> int | None:
    """The index of the first line of the base behind the end of the new text."""
    old, new = [c.key for c in before], [c.key for c in after]
    for behind in range(min(MAX_BEHIND, len(new) - 1) + 1):
        stop = len(new) - behind
        window = new[max(0, stop - WINDOW) : stop]
        ends = [
            at + len(window)
            for at in range(len(old) - len(window))
            if old[at : at + len(window)] == window
        ]
        if ends:
            return min(ends, key=lambda end: abs(end - stop))
    return None


def _is_gone(comparison: Comparison, tail: Sequence[CodeLine]) -> bool:
    assert comparison.before is not None
    left = Counter(code.key for code in comparison.before.code)
    left.subtract(code.key for code in comparison.after.code)
    gone = 0
    for code in tail:
        gone += left[code.key] > 0 and code.key not in comparison.around.lines
        left[code.key] -= 1
    return gone >= max(MIN_TAIL, GONE * len(tail))


def _confidence(comparison: Comparison, cut: int) -> Confidence | None:
    """How sure it is that the text ends inside something; `None`: it does not."""
    if _ends_open(comparison):
        return Confidence.CERTAIN
    if comparison.after.language.name != "python":
        return None  # who closes what he cut has edited it
    before, base = comparison.before, comparison.base
    assert before is not None
    assert base is not None
    tail = before.code[cut:]
    inside = base.unit_at(tail[0].line)
    is_inside = inside.kind == "function" and inside.start_line != tail[0].line
    behind = sum(code.line > inside.end_line for code in tail)
    if is_inside and behind >= MIN_TAIL and not _has_gained(comparison):
        return Confidence.LIKELY
    return None


def _ends_open(comparison: Comparison) -> bool:
    before, after = comparison.before, comparison.after
    assert before is not None
    if ends_inside(after.language, before.text, after.text):
        return True
    if after.language.grammar is None:
        return False
    return bool(faults(after)) and not faults(before)


def _has_gained(comparison: Comparison) -> bool:
    assert comparison.before is not None
    old = {code.key for code in comparison.before.code}
    return any(code.key not in old for code in comparison.after.code)


def _hit(comparison: Comparison, cut: int, confidence: Confidence) -> Hit:
    before, base, after = comparison.before, comparison.base, comparison.after
    assert before is not None
    assert base is not None
    tail = before.code[cut:]
    last = after.code[-1].line if after.code else 1
    inside = base.unit_at(tail[0].line)
    return Hit(
        line=last,
        column=1,
        end_line=last,
        end_column=max(1, len(after.lines[last - 1]) if after.lines else 1),
        symbol=inside.name or None,
        evidence=Evidence(
            lost_lines=len(tail),
            lost_symbols=tuple(_lost(comparison, base, tail[0].line)),
            base_ranges=((tail[0].line, tail[-1].line),),
        ),
        names={"count": str(len(tail))},
        confidence=confidence,
    )


def _lost(comparison: Comparison, base: Outline, line: int) -> Iterator[str]:
    behind: list[Unit] = [unit for unit in base.units[1:] if unit.start_line >= line]
    for unit in behind[:MAX_LISTED]:
        if comparison.successor(unit) is None:
            yield unit.name
