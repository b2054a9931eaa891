"""The change broke the syntax of a file that parsed before.

Needs a function: Python is judged by Python's own parser, and the other languages by
error nodes that the base did not have, without those that are the grammar's fault.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator
from types import MappingProxyType

import msgspec

from qualitywatch.analysis.compare import Comparison
from qualitywatch.analysis.design import is_test_data
from qualitywatch.analysis.faults import faults, has_types, is_flow, is_template
from qualitywatch.analysis.hit import Hit
from qualitywatch.analysis.source import Source
from qualitywatch.analysis.units import Unit
from qualitywatch.model import Confidence

_CONFIDENCE = MappingProxyType(
    {
        "python": Confidence.CERTAIN,
        "javascript": Confidence.CERTAIN,
        "jsx": Confidence.CERTAIN,
    }
)
"""What the grammar of each language is worth; `likely` where it is not named."""


def broken_syntax(comparison: Comparison) -> Iterator[Hit]:
    """At most one hit: the first place that no longer parses."""
    if is_test_data(comparison.path):
        return
    is_python = comparison.after.language.name == "python"
    if hit := (_python_hit if is_python else _grammar_hit)(comparison):
        yield hit


# Python


def python_error(source: Source) -> tuple[int, int] | None:
    """Line and column where Python's parser gives up; `None` where it does not."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(source.text)
    except SyntaxError as error:
        line = min(max(error.lineno or 1, 1), len(source.lines))
        return line, max(error.offset or 1, 1)
    except (RecursionError, MemoryError, ValueError):
        return 1, 1
    return None


def _python_hit(comparison: Comparison) -> Hit | None:
    """Both parsers must refuse it: Python alone refuses newer and older dialects.

    The exception is a body that holds only a remark, which the grammar accepts.
    """
    source, before = comparison.after, comparison.before
    empty = _first_empty_body(comparison)
    if not source.has_errors and empty is None:
        return None
    place = python_error(source)
    if place is None or _is_foreign(comparison, place[0]):
        return None
    is_doubtful = before is not None and (before.has_errors or not source.has_errors)
    if before is not None and is_doubtful and python_error(before) is not None:
        return None  # it never parsed, or is an older Python
    if empty is not None and not source.has_errors:
        return _hit(comparison, (empty.line, 1), unit=empty.name)
    return _hit(comparison, place)


def _first_empty_body(comparison: Comparison) -> Unit | None:
    for unit in comparison.outline.units[1:]:
        if unit.body is None or not unit.body.named_child_count:
            return unit
    return None


# Other languages


def _grammar_hit(comparison: Comparison) -> Hit | None:
    found = faults(comparison.after)
    if not found or (comparison.before is not None and faults(comparison.before)):
        return None
    first, last = found[0].start_point[0] + 1, found[0].end_point[0] + 1
    # An error often begins far above its cause: the first new line in it is nearer.
    fresh = (n for n in range(first, last + 1) if comparison.is_new_line(n))
    line = next(fresh, first)
    if _is_foreign(comparison, line):
        return None
    column = found[0].start_point[1] if line == first else 0
    hit = _hit(comparison, (line, comparison.after.column(line, column)))
    is_script = comparison.after.language.name in ("javascript", "jsx")
    if is_script and has_types(comparison.after):
        return msgspec.structs.replace(hit, confidence=Confidence.POSSIBLE)
    return hit


def _is_foreign(comparison: Comparison, line: int) -> bool:
    """True for another dialect, and for a new file that is made into code later."""
    source = comparison.after
    is_new = comparison.before is None
    return is_flow(source) or (is_new and is_template(source, line))


def _hit(
    comparison: Comparison, place: tuple[int, int], *, unit: str | None = None
) -> Hit:
    line, column = place
    source = comparison.after
    return Hit(
        line=line,
        column=column,
        end_line=line,
        end_column=max(column, len(source.lines[line - 1])),
        confidence=_CONFIDENCE.get(source.language.name, Confidence.LIKELY),
        unit=unit,
    )
