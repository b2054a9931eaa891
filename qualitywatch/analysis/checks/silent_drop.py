"""A function or class is gone, and the file that had it still calls it.

Needs a function: the name must be bound nowhere in the new text, and a call through
`self` or `this` counts only for a method of that very class. That the body lives on
under another name excuses nothing: the call is broken all the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from qualitywatch.analysis.compare import Comparison
from qualitywatch.analysis.faults import faults
from qualitywatch.analysis.hit import Hit
from qualitywatch.analysis.references import Role, Use
from qualitywatch.analysis.units import Unit
from qualitywatch.model import Confidence, Evidence

MIN_LINES = 3  # of code; a shorter unit proves little
SURE_LINES = 5
MIN_NAME = 4  # characters; shorter names mean too many things

# Base classes that give no methods which code would call by name.
_PLAIN_BASE = re.compile(
    r"(?:[\w.]+\.)?(?:object|ABC|Generic|Protocol|NamedTuple|TypedDict|\w*Enum|Exception"
    r"|\w+Error)(?:\[.*\])?",
    re.DOTALL,
)
_MODULE = re.compile(r"^\s*(import|export)\b", re.MULTILINE)


def silent_drop(comparison: Comparison) -> Iterator[Hit]:
    """One hit for each unit that is gone and still called, at the first call."""
    candidates = list(_candidates(comparison))
    if not candidates or faults(comparison.after):
        return
    for old in candidates:
        uses = comparison.uses_of(old)
        if uses and (confidence := _confidence(comparison, old, uses)):
            yield _hit(comparison, old, uses, confidence)


def _candidates(comparison: Comparison) -> Iterator[Unit]:
    """Units that are gone, and those that went on under another name or class."""
    base = comparison.base
    if base is None:
        return
    renamed = [
        old
        for old, new in comparison.moved
        if old.short != new.short
        or (old.owner and comparison.successor(old.owner) is not new.owner)
    ]
    for old in (*comparison.removed, *renamed):
        if len(old.short) >= MIN_NAME and len(base.code_of(old)) >= MIN_LINES:
            yield old


def _confidence(
    comparison: Comparison, old: Unit, uses: list[Use]
) -> Confidence | None:
    """How sure it is that the call is broken; `None` where it may well be whole."""
    assert comparison.base is not None
    if old.reach == "method" and _may_inherit(comparison, old):
        is_private = old.short.startswith(("_", "#")) and not old.short.endswith("__")
        return Confidence.LIKELY if is_private else Confidence.POSSIBLE
    if _is_defined_elsewhere(comparison, old):
        is_script = comparison.after.language.name != "python" and not _MODULE.search(
            comparison.after.text
        )
        return None if is_script else Confidence.LIKELY
    is_sure = len(comparison.base.code_of(old)) >= SURE_LINES and any(
        use.role in (Role.CALLS, Role.LISTS) for use in uses
    )
    return Confidence.CERTAIN if is_sure else Confidence.LIKELY


def _may_inherit(comparison: Comparison, old: Unit) -> bool:
    """True where a base class that this file does not show may have the method."""
    owner = comparison.successor(old.owner) if old.owner is not None else None
    seen: set[int] = set()
    while owner is not None and owner.index not in seen:
        seen.add(owner.index)
        names = [name for name in owner.bases if not _PLAIN_BASE.fullmatch(name)]
        if not names:
            return False
        classes = {u.short: u for u in comparison.outline.units if u.kind == "class"}
        if len(names) > 1 or names[0] not in classes:
            return True
        owner = classes[names[0]]
        if any(child.short == old.short for child in owner.children):
            return True
    return False


def _is_defined_elsewhere(comparison: Comparison, old: Unit) -> bool:
    """True where another file of the same change gains a definition of that name."""
    name = re.escape(old.short)
    definition = re.compile(
        rf"\b(?:def|class|function|const|let|var|async)\s+(?:\*\s+)?{name}\b"
    )
    return any(definition.search(line) for line in comparison.gained_elsewhere)


def _hit(
    comparison: Comparison, old: Unit, uses: list[Use], confidence: Confidence
) -> Hit:
    node = uses[0].node
    (row, column), (end_row, end_column) = node.start_point, node.end_point
    source = comparison.after
    return Hit(
        line=row + 1,
        column=source.column(row + 1, column),
        end_line=end_row + 1,
        end_column=max(1, source.column(end_row + 1, end_column) - 1),
        symbol=old.name,
        evidence=_evidence(comparison, old),
        names={"name": old.short},
        confidence=confidence,
        unit=f"{old.name} (gone)",
    )


def _evidence(comparison: Comparison, old: Unit) -> Evidence:
    loss = comparison.loss_of(old)
    return Evidence(
        lost_lines=0 if loss is None else loss.lost_lines,
        lost_symbols=(old.name,),
        base_ranges=((old.start_line, old.end_line),),
        still_referenced=(old.name,),
    )
