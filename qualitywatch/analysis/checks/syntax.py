"""The change broke the syntax of a file that parsed before.

Needs a function: the authority differs. Python is judged by its own parser together
with the grammar; JSON, YAML and TOML by the parsers of the formats; the rest by error
nodes that the base did not have, without those that are the grammar's fault.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator
from types import MappingProxyType

import msgspec
import tree_sitter

from qualitywatch.analysis.comparing.compare import Comparison
from qualitywatch.analysis.hit import Hit
from qualitywatch.analysis.outlines.units import Unit
from qualitywatch.analysis.sources.source import Source
from qualitywatch.analysis.stubs.design import is_test_data, is_test_double_file
from qualitywatch.analysis.syntax.brackets import were_broken
from qualitywatch.analysis.syntax.dialects import (
    is_dialect,
    is_old_python,
    is_template,
    uses_new_keyword,
)
from qualitywatch.analysis.syntax.faults import faults, has_types
from qualitywatch.analysis.syntax.formats import format_error, is_format
from qualitywatch.model import Confidence

MAX_CHARACTERS = 512 * 1024  # of a text for Python's parser: 200 bytes of memory each
WHOLE_FILE = ""  # the unit that does not parse, wherever the parser gave up
REWRITTEN = 0.5  # of the lines are new: nobody can say that the file parsed before

_SCRIPTS = frozenset({"javascript", "jsx"})
# One released file in a hundred has an error node; only a base without one says more.
_LIMITED = frozenset({"typescript", "tsx", "php", "ruby", "lua"})
_FAMILIES = (_SCRIPTS | {"typescript", "tsx"}, frozenset({"c", "cpp"}))
_CONFIDENCE = MappingProxyType(
    {
        **dict.fromkeys(("python", *_SCRIPTS), Confidence.CERTAIN),
        **dict.fromkeys(
            ("typescript", "tsx", "go", "java", "php", "ruby", "lua"), Confidence.LIKELY
        ),
    }
)
"""What an error of each grammar proves; `possible` where it is not named.

How often people's commits add the first error node to a file and are right: in none of
2,700 file versions in Go and Java, 2,400 in PHP, 1,200 in Lua and in Ruby; in one of a
thousand in Swift and Bash; every week in C, C++ and Scala.
"""


def broken_syntax(comparison: Comparison) -> Iterator[Hit]:
    """At most one hit: the first place that no longer parses."""
    if comparison.after.language.grammar is None:
        return
    if (hit := _found(comparison)) and not is_test_data(comparison.path):
        yield _weighed(hit, comparison)


def _found(comparison: Comparison) -> Hit | None:
    if comparison.after.language.name == "python":
        return _python_hit(comparison)
    if is_format(comparison.after.language.name):
        return _format_hit(comparison)
    return _grammar_hit(comparison)


def _weighed(hit: Hit, comparison: Comparison) -> Hit:
    """What is new, or new for the most part, may be something else than it is named."""
    assert hit.confidence is not None
    most = Confidence.CERTAIN
    if _may_be_meant(comparison, hit.line):
        most = Confidence.POSSIBLE
    elif comparison.before is None or _new_share(comparison) > REWRITTEN:
        most = Confidence.LIKELY
    if hit.confidence.rank <= most.rank:
        return hit
    return msgspec.structs.replace(hit, confidence=most)


def _may_be_meant(comparison: Comparison, line: int) -> bool:
    """True for older Python, and new files that no parser takes: inputs of tests."""
    source = comparison.after
    is_new, text = comparison.before is None, source.lines[line - 1]
    if source.language.name == "python":
        is_older = uses_new_keyword(text) or (is_new and is_old_python(text))
    else:
        is_older = is_new and source.language.name in _LIMITED
    return is_older or (is_new and is_test_double_file(comparison.path))


def _new_share(comparison: Comparison) -> float:
    numbers = [n for n, text in enumerate(comparison.after.lines, 1) if text.strip()]
    new = sum(1 for number in numbers if comparison.is_new_line(number))
    return new / max(1, len(numbers))


# Python


def python_error(source: Source) -> tuple[int, int] | None:
    """Line and column where Python's parser gives up; `None` where it does not."""
    if len(source.text) > MAX_CHARACTERS:
        return None
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


# Formats


def _format_hit(comparison: Comparison) -> Hit | None:
    before = _same_language(comparison)
    error = format_error(comparison.after)
    if error is None or _is_foreign(comparison, error.line):
        return None
    if before is None and error.confidence is not Confidence.CERTAIN:
        return None  # a reader of its own, perhaps
    if before is not None and format_error(before) is not None:
        return None
    hit = _hit(comparison, (error.line, error.column))
    return msgspec.structs.replace(hit, confidence=error.confidence)


# Other languages


def _grammar_hit(comparison: Comparison) -> Hit | None:
    found = faults(comparison.after)
    if not found:
        return None
    before, source = _same_language(comparison), comparison.after
    is_cut = before is not None and were_broken(
        source.language.name, before.text, source.text
    )
    if not is_cut and _is_no_news(comparison, before):
        return None
    line, column = _place(comparison, found)
    if _is_foreign(comparison, line):
        return None
    hit = _hit(comparison, (line, column))
    if source.language.name in _SCRIPTS and has_types(source):
        return msgspec.structs.replace(hit, confidence=Confidence.POSSIBLE)
    if is_cut:
        return msgspec.structs.replace(hit, confidence=Confidence.LIKELY)
    return hit


def _is_no_news(comparison: Comparison, before: Source | None) -> bool:
    """True where the base did not parse either, or was of another language."""
    if before is None:
        return comparison.before is not None
    return bool(faults(before))


def _same_language(comparison: Comparison) -> Source | None:
    """The base, where it was of the same language or of a near relative."""
    before, name = comparison.before, comparison.after.language.name
    if before is None or before.language.grammar is None:
        return None
    if before.language.name == name:
        return before
    is_near = any({before.language.name, name} <= family for family in _FAMILIES)
    return before if is_near else None


def _place(comparison: Comparison, found: list[tree_sitter.Node]) -> tuple[int, int]:
    """An error often begins far above its cause: its first new line is nearer."""
    start, lines = found[0].start_point, comparison.after.lines
    fresh = (
        number
        for node in found
        for number in range(node.start_point[0] + 1, node.end_point[0] + 2)
        if comparison.is_new_line(number)
    )
    line = next(fresh, start[0] + 1)
    while line > 1 and not lines[line - 1].strip():  # it is missing at the end
        line -= 1
    column = start[1] if line == start[0] + 1 else 0
    return line, comparison.after.column(line, column)


def _is_foreign(comparison: Comparison, line: int) -> bool:
    """True for another dialect, and for a new file that is made into code later."""
    source = comparison.after
    if is_dialect(source):
        return True
    before = comparison.before
    if before is not None and is_template(before, min(line, len(before.lines))):
        return True
    is_new = before is None or is_format(source.language.name)
    return is_new and is_template(source, line)


def _hit(
    comparison: Comparison, place: tuple[int, int], *, unit: str = WHOLE_FILE
) -> Hit:
    line, column = place
    source = comparison.after
    return Hit(
        line=line,
        column=column,
        end_line=line,
        end_column=max(column, len(source.lines[line - 1])),
        confidence=_CONFIDENCE.get(source.language.name, Confidence.POSSIBLE),
        unit=unit,
    )
