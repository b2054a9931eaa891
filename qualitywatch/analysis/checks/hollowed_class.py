"""A class that held real methods and is now a shell.

Needs a check: it compares a class with what it was, and has to know where its members
went. A class that only lost some methods is maintenance; only an empty one counts.
"""

from __future__ import annotations

from collections.abc import Iterator

from qualitywatch.analysis.comparing.compare import Comparison
from qualitywatch.analysis.hit import Hit
from qualitywatch.analysis.outlines.outline import inside
from qualitywatch.analysis.outlines.units import Unit
from qualitywatch.analysis.sources.source import Comment
from qualitywatch.analysis.stubs.confession import (
    gives_reason,
    names_replacement,
    sounds_incomplete,
)
from qualitywatch.analysis.stubs.design import is_declaration_file, is_error_class
from qualitywatch.model import Confidence, Evidence

CERTAIN_MEMBERS = 2  # real methods that are gone
CERTAIN_LINES = 10  # of code that is gone


def hollowed_class(comparison: Comparison) -> Iterator[Hit]:
    """One hit for each class whose members are gone and whose shell is left."""
    if not comparison.may_have_lost(1) or is_declaration_file(comparison.path):
        return
    for old, new in comparison.matched:
        if old.kind in ("function", "module") or new.kind in ("function", "module"):
            continue
        if not old.children or not _is_shell(comparison, new):
            continue
        members = _real_members(comparison, old)
        evidence = comparison.loss_of(old) if members else None
        if evidence is None or not _is_gone(comparison, old, evidence):
            continue
        if confidence := _confidence(comparison, old, new, len(members), evidence):
            yield _hit(comparison, new, evidence, confidence)


def _is_shell(comparison: Comparison, new: Unit) -> bool:
    """True where nothing but the head of the class is left, and remarks."""
    if any(unit.kind == "function" for unit in inside(new)):
        return False
    last = new.node.start_point[0] + 1 if new.body is None else new.body_line
    return all(code.line <= last for code in comparison.outline.code_of(new))


def _real_members(comparison: Comparison, old: Unit) -> list[Unit]:
    """The methods of *old* that did something and that are gone."""
    return [
        unit
        for unit in inside(old)
        if unit.kind == "function"
        and unit.index not in comparison.pairs
        and comparison.was_real(unit)
    ]


def _is_gone(comparison: Comparison, old: Unit, evidence: Evidence) -> bool:
    """True where most of the class is nowhere in the change."""
    assert comparison.base is not None
    return 2 * evidence.lost_lines >= len(comparison.base.code_of(old)) - 1


def _confidence(
    comparison: Comparison, old: Unit, new: Unit, members: int, evidence: Evidence
) -> Confidence | None:
    said = [comment.text for comment in _remarks(comparison, new)]
    if is_error_class(new) or any(map(names_replacement, said)):
        return None
    if any(sounds_incomplete(text) for text in said):
        return Confidence.CERTAIN
    if (old.bases, old.decorators) != (new.bases, new.decorators):
        return None  # what the class did comes from elsewhere now
    if any(map(gives_reason, said)) or members < 2:
        return Confidence.POSSIBLE  # the last method of a class may be unused, too
    is_plain = members >= CERTAIN_MEMBERS and evidence.lost_lines >= CERTAIN_LINES
    return Confidence.CERTAIN if is_plain else Confidence.LIKELY


def _remarks(comparison: Comparison, new: Unit) -> list[Comment]:
    """What the change says in the class, and on the line above it."""
    outline = comparison.outline
    near = [*outline.comments_of(new), *outline.comments_above(new)]
    return [comment for comment in near if comparison.is_said_anew(comment)]


def _hit(
    comparison: Comparison, new: Unit, evidence: Evidence, confidence: Confidence
) -> Hit:
    text = comparison.after.lines[new.line - 1]
    return Hit(
        line=new.line,
        column=len(text) - len(text.lstrip()) + 1,
        end_line=new.end_line,
        end_column=max(1, len(comparison.after.lines[new.end_line - 1])),
        symbol=new.name,
        evidence=evidence,
        names={"name": new.short, "lines": str(evidence.lost_lines)},
        confidence=confidence,
        unit=new.name,
    )
