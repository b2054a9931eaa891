"""The proof that a restored text is whole: it parses, and the units are back."""

from __future__ import annotations

import ast
import warnings

from qualitywatch.analysis.outlines.outline import Outline
from qualitywatch.analysis.restoring.items import Sides
from qualitywatch.analysis.restoring.words import CanNot, Piece, Restored
from qualitywatch.analysis.sources.source import Source
from qualitywatch.analysis.syntax.faults import faults


def prove(sides: Sides, restored: Restored, after: Source) -> None:
    """Raise `CanNot` unless *after*, the restored text, is as sound as the base.

    What was broken elsewhere before may stay so: it is another violation.
    """
    before, now = sides.comparison.before, sides.comparison.after
    assert before is not None
    if before.language.name == "python":
        _prove_python(before, now, after, restored)
    elif _is_parsed(after) and len(faults(after)) > len(faults(before)):
        raise CanNot("with the block in its place the text does not parse")
    if _is_parsed(after):
        _prove_units(sides.base.outline, Outline(after), restored)


def _is_parsed(source: Source) -> bool:
    return source.language.grammar is not None


def _prove_python(
    before: Source, now: Source, after: Source, restored: Restored
) -> None:
    line = _fault(after.text)
    if line is None or _fault(before.text) is not None:
        return
    places = _places(restored)
    if _fault(now.text) is None or any(a - 1 <= line <= b + 1 for a, b in places):
        raise CanNot("with the block in its place the text does not parse")


def _fault(text: str) -> int | None:
    """The line on which Python gives up; `None` where it parses."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of odd escapes, which are the base's
            ast.parse(text)
    except SyntaxError as error:
        return error.lineno or 1
    except (ValueError, RecursionError, MemoryError):
        return 1
    return None


def _prove_units(base: Outline, after: Outline, restored: Restored) -> None:
    """Every unit that came back whole is one, on the lines where it must be."""
    known = {(unit.short, unit.kind, unit.start_line) for unit in after.units}
    shift = 0
    for piece in restored.pieces:
        shift += piece.first - piece.base_first
        for unit in base.units[1:]:
            if unit.start_line < piece.base_first or unit.end_line > piece.base_last:
                continue
            if (unit.short, unit.kind, unit.start_line + shift) not in known:
                raise CanNot(f"{unit.name} would not be the same in this place")
        shift -= piece.first - piece.base_first
        shift += _growth(piece)


def _places(restored: Restored) -> list[tuple[int, int]]:
    """The lines of the restored text that came back."""
    found, shift = [], 0
    for piece in restored.pieces:
        first = piece.first + shift
        found.append((first, first + piece.base_last - piece.base_first))
        shift += _growth(piece)
    return found


def _growth(piece: Piece) -> int:
    return (piece.base_last - piece.base_first) - (piece.last - piece.first)
