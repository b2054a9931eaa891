"""A function or class is gone, and the file that had it still calls it.

Needs a function: the name must be bound nowhere in the new text, and a call through
`self` or `this` counts only for a method of that very class. That the body lives on
under another name excuses nothing: the call is broken all the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import PurePosixPath

from qualitywatch.analysis.comparing.compare import Comparison
from qualitywatch.analysis.hit import Hit
from qualitywatch.analysis.outlines.outline import Outline
from qualitywatch.analysis.outlines.units import Unit
from qualitywatch.analysis.stubs.design import is_test_double_file
from qualitywatch.analysis.symbols import calls
from qualitywatch.analysis.symbols.dangling import Role, Use
from qualitywatch.analysis.symbols.members import binds_member, heirs
from qualitywatch.analysis.syntax.faults import faults
from qualitywatch.model import Confidence, Evidence
from qualitywatch.regex import regex
from qualitywatch.traces import Importer

MIN_LINES = 3  # a shorter unit proves little
SURE_LINES = 5
_BOUND_HERE = frozenset({"go"})  # a bare name means this package, and nothing else
MIN_NAME = 4  # characters; shorter names mean too many things

# Base classes that give no methods which code would call by name.
_PLAIN_BASE = regex(
    r"(?:[\w.]+\.)?(?:object|ABC|Generic|Protocol|NamedTuple|TypedDict|\w*Enum|Exception"
    r"|\w+Error)(?:\[.*\])?",
    re.DOTALL,
)
# A method that calls its own name upwards, or says that it replaces another.
_UPWARDS = r"\bsuper(?:\([^)]*\))?\.{0}\b|@override\b|\boverride\b[^\n]*\b{0}\b"
_PAGES = frozenset({".html", ".htm", ".xhtml", ".php", ".phtml", ".cshtml", ".erb"})
_DUNDER = regex(r"__\w+__")
_MODULE = regex(r"^[^\S\n]*(import|export)\b", re.MULTILINE)


def silent_drop(comparison: Comparison) -> Iterator[Hit]:
    """One hit for each unit that is gone and still called, or imported elsewhere."""
    if not comparison.is_deleted:
        yield from _called(comparison)
    yield from _imported(comparison)


def _called(comparison: Comparison) -> Iterator[Hit]:
    """The units that the same file still calls, each at the first call."""
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
        if len(old.short) >= MIN_NAME and _size(old) >= MIN_LINES:
            yield old


def _confidence(
    comparison: Comparison, old: Unit, uses: list[Use]
) -> Confidence | None:
    """How sure it is that the call is broken; `None` where it may well be whole."""
    if comparison.after.language.name in calls.LANGUAGES:
        return _unbound_confidence(comparison, old, uses)
    is_elsewhere = old.short in comparison.around.defined
    is_page = PurePosixPath(comparison.path).suffix in _PAGES
    if is_page and old.reach == "bare" and not _is_module(comparison.after.text):
        return Confidence.POSSIBLE  # another script of the page may have it
    inherits = old.reach == "method" and _inherits(comparison, old)
    if inherits is None and _is_override(comparison, old):
        inherits = True
    if inherits is not False:
        is_known = inherits or is_elsewhere or _DUNDER.fullmatch(old.short)
        return Confidence.POSSIBLE if is_known else Confidence.LIKELY
    if is_elsewhere:
        is_script = comparison.after.language.name != "python" and not _is_module(
            comparison.after.text
        )
        return None if is_script else Confidence.LIKELY
    is_sure = _size(old) >= SURE_LINES and any(
        use.role in (Role.CALLS, Role.LISTS) for use in uses
    )
    return Confidence.CERTAIN if is_sure else Confidence.LIKELY


@lru_cache(maxsize=1)  # asked for every unit of the same text
def _is_module(text: str) -> bool:
    return _MODULE.search(text) is not None


def _unbound_confidence(
    comparison: Comparison, old: Unit, uses: list[Use]
) -> Confidence | None:
    """The same where another file may bind the name: hardly ever sure."""
    if old.short in comparison.around.defined:
        return None
    is_bound = comparison.after.language.name in _BOUND_HERE and old.reach == "bare"
    is_called = any(use.role is Role.CALLS for use in uses)
    is_sure = is_bound and is_called and _size(old) >= SURE_LINES
    return Confidence.LIKELY if is_sure else Confidence.POSSIBLE


def _inherits(comparison: Comparison, old: Unit) -> bool | None:
    """Whether a base class has the method too; `None` where this file can not say."""
    owner = comparison.successor(old.owner) if old.owner is not None else None
    seen: set[int] = set()
    while owner is not None and owner.index not in seen:
        seen.add(owner.index)
        names = [name for name in owner.bases if not _PLAIN_BASE.fullmatch(name)]
        if not names:
            return False
        classes = {u.short: u for u in comparison.outline.units if u.kind == "class"}
        if len(names) > 1 or names[0] not in classes:
            return None
        owner = classes[names[0]]
        if any(child.short == old.short for child in owner.children):
            return True
    return False


def _is_override(comparison: Comparison, old: Unit) -> bool:
    """True where a base class has it too, or a class below this one still does."""
    text = (old.outer.text or b"").decode("utf-8", "replace")
    if re.search(_UPWARDS.format(re.escape(old.short)), text):
        return True
    owner = comparison.successor(old.owner) if old.owner is not None else None
    below = [] if owner is None else heirs(owner, comparison.outline.units)
    return any(binds_member(comparison.after, old.short, heir) for heir in below)


def _size(unit: Unit) -> int:
    return unit.end_line - unit.start_line + 1


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
        names={"name": old.short, "where": "this file"},
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


# Imported by other files


def _imported(comparison: Comparison) -> Iterator[Hit]:
    """The names, or the whole file, that other files still import."""
    by_name: dict[str | None, list[Importer]] = {}
    for importer in comparison.around.importers:
        by_name.setdefault(importer.name, []).append(importer)
    for name, importers in by_name.items():
        first = min(importers, key=_doubt)
        yield _import_hit(comparison, name, first, len(importers) - 1)


def _doubt(importer: Importer) -> tuple[bool, bool]:
    """Sorts the best witness first: tests often follow in the next commit."""
    return is_test_double_file(importer.path), not importer.is_used


def _import_hit(
    comparison: Comparison, name: str | None, importer: Importer, more: int
) -> Hit:
    base = comparison.base
    assert base is not None
    old = base.module if name is None else _named(base, name)
    size = 0 if old is None else len(base.code_of(old))
    is_sure = importer.is_used and size >= SURE_LINES
    line = 1 if old is None else _place(comparison, old)
    symbol = PurePosixPath(comparison.path).name if name is None else name
    others = f" and {more} more" if more else ""
    confidence = Confidence.CERTAIN if is_sure else Confidence.LIKELY
    if is_test_double_file(importer.path):
        confidence = Confidence.POSSIBLE
    return Hit(
        line=line,
        column=1,
        end_line=line,
        end_column=1,
        symbol=symbol,
        evidence=_import_evidence(comparison, old, symbol),
        names={"name": symbol, "where": f"{importer.path}{others}"},
        confidence=confidence,
        unit=f"{symbol} (gone)",
        excerpt=f"{importer.path}: {importer.text}",
    )


def _import_evidence(comparison: Comparison, old: Unit | None, symbol: str) -> Evidence:
    loss = None if old is None else comparison.loss_of(old)
    return Evidence(
        lost_lines=0 if loss is None else loss.lost_lines,
        lost_symbols=(symbol,),
        base_ranges=() if old is None else ((old.start_line, old.end_line),),
        still_referenced=(symbol,),
    )


def _named(base: Outline, name: str) -> Unit | None:
    """The unit at the level of the module that others import by *name*."""
    return next((u for u in base.module.children if u.short == name), None)


def _place(comparison: Comparison, old: Unit) -> int:
    """The line of the new text behind which *old* stood."""
    assert comparison.base is not None
    line = 1
    for unit in comparison.base.units[1 : old.index]:
        successor = comparison.successor(unit)
        if successor is not None and unit.end_line < old.start_line:
            line = max(line, successor.end_line)
    return min(line, len(comparison.after.lines))
