"""What stands in one text: its functions, which of them are stubs, its violations.

A text is judged as if a change had brought all of it. What is a function, a stub, and
empty by design is decided where changes are judged, by the same functions; only the
counting is done here. Where stubs are the purpose, or can not be told, nothing counts:
tests and mocks would make every tree look better than it is.
"""

from __future__ import annotations

from collections.abc import Iterator

from qualitywatch.analysis import examine
from qualitywatch.analysis.checks.new_stub import (
    MAX_OWN_LINES,
    confessed_stub,
    new_stub,
)
from qualitywatch.analysis.checks.remark_for_body import remark_for_body
from qualitywatch.analysis.checks.simulated_result import MAX_LINES, simulated_result
from qualitywatch.analysis.comparing.compare import Comparison
from qualitywatch.analysis.outlines.units import Unit
from qualitywatch.analysis.sources.source import MAX_BYTES
from qualitywatch.analysis.stubs.bodies import Stub, body_node
from qualitywatch.analysis.stubs.design import (
    has_abstract_class,
    is_declaration_file,
    is_marked_abstract,
    is_test_double_file,
)
from qualitywatch.analysis.stubs.idioms import BODILESS
from qualitywatch.model import Change, Inventory, StubFunction
from qualitywatch.rulebook import Rulebook

DECLARATIONS = "declarations"
DOUBLES = "tests, mocks and examples"
NO_FUNCTIONS = "no functions known in the language"
ODD_SYNTAX = "syntax that the grammar does not know"
UNJUDGED = "not judged"

SIMULATED = "simulated"
"""The kind of a stub that says so beside code: it only pretends."""

_STUBS = (new_stub, confessed_stub, remark_for_body)
_UNWRITTEN = frozenset({Stub.EMPTY, Stub.NOT_IMPLEMENTED, Stub.REFUSED})


def inventory(
    path: str, content: bytes, rulebook: Rulebook, *, max_bytes: int = MAX_BYTES
) -> Inventory:
    """What stands in the text at *path*."""
    counts = _Counts(path)
    change = Change(path=path, before=None, after=content)
    found = examine(change, rulebook, max_bytes=max_bytes, seen=counts.add)
    if found.analysis.unanalysable or found.analysis.skipped:
        return Inventory(apart=UNJUDGED, analysis=found.analysis)
    return Inventory(
        functions=counts.functions,
        stubs=tuple(counts.stubs),
        apart=counts.apart,
        analysis=found.analysis,
    )


class _Counts:
    """Adds up the parts of one file: a page holds code of several languages."""

    def __init__(self, path: str) -> None:
        self.functions = 0
        self.stubs: list[StubFunction] = []
        self.apart: str | None = NO_FUNCTIONS
        self._purpose = _purpose(path)

    def add(self, part: Comparison) -> None:
        """Count the functions of *part*."""
        if self._purpose is not None:
            self.apart = self._purpose
        elif not part.after.language.functions:
            return
        elif part.after.has_errors:
            self.apart = ODD_SYNTAX if self.apart else None
        else:
            self.apart = None
            self.functions += sum(1 for _ in _written(part))
            self.stubs += _stubs(part)


def _purpose(path: str) -> str | None:
    """What the file is for, where that explains its stubs."""
    if is_declaration_file(path):
        return DECLARATIONS
    return DOUBLES if is_test_double_file(path) else None


def _written(part: Comparison) -> Iterator[Unit]:
    """The functions that have a body, or should: the rest is declared for others."""
    is_bodiless = part.after.language.name in BODILESS
    for unit in part.outline.units:
        if unit.kind != "function":
            continue
        if not is_bodiless and (unit.body or body_node(unit.node)) is None:
            continue
        if not _is_unwritten(part, unit) or not _is_open(unit):
            yield unit


def _is_unwritten(part: Comparison, unit: Unit) -> bool:
    """True for a function with nothing in it."""
    return (
        part.is_stub(unit)
        and part.outline.is_short(unit, MAX_OWN_LINES)
        and part.body(unit).stub in _UNWRITTEN
    )


def _is_open(unit: Unit) -> bool:
    """True for a function that others write.

    By its text alone: to ask what its names stand for makes no stub of any other one.
    """
    return has_abstract_class(unit) or is_marked_abstract(unit)


def _stubs(part: Comparison) -> list[StubFunction]:
    """The stubs of *part* by the checks that judge changes, each of them once."""
    found: dict[int, StubFunction] = {}
    for unit in (*_bare(part), *_simulated(part)):
        kind = str(part.body(unit).stub or SIMULATED)
        found.setdefault(
            unit.index,
            StubFunction(path=part.path, line=unit.line, symbol=unit.name, kind=kind),
        )
    return [found[index] for index in sorted(found)]


def _bare(part: Comparison) -> Iterator[Unit]:
    """Functions with a body that does nothing; a hit of no unit is about a branch."""
    for check in _STUBS:
        for hit in check(part):
            if hit.unit is not None:
                yield _function_at(part, hit.line, hit.unit)


def _simulated(part: Comparison) -> Iterator[Unit]:
    """Functions that say that they pretend, and do."""
    for hit in simulated_result(part):
        unit = part.unit_at(hit.line)
        if unit.kind == "function" and unit.end_line - unit.start_line < MAX_LINES:
            yield unit


def _function_at(part: Comparison, line: int, name: str) -> Unit:
    """The function called *name* around *line*, or the one nearest to it."""
    unit = part.unit_at(line)
    if unit.name == name:
        return unit
    twins = (each for each in part.outline.units if each.name == name)
    return min(twins, key=lambda each: abs(each.line - line), default=unit)
