"""Units that are empty by design: what nobody should be blamed for."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from qualitywatch.analysis.units import Unit

_DECLARATIONS = re.compile(r"\.pyi$|\.d\.[cm]?ts$")
_DOUBLE_FOLDER = re.compile(
    r"^_*(tests?|testing|specs?|mocks?|fakes?|stubs?|fixtures?|testdata|test_data"
    r"|e2e|cypress|examples?|stories)_*$",
    re.IGNORECASE,
)
_TEST_DATA = re.compile(r"^_*(fixtures?|test_?data|snapshots?)_*$", re.IGNORECASE)
_DOUBLE_FILE = re.compile(
    r"^(test_|conftest)|_test\.|[._-](test|spec|mock|fake|stub|stories)s?\."
    r"|^(mock|fake|stub|dummy)",
    re.IGNORECASE,
)
_DOUBLE_NAME = re.compile(
    r"mock|fake|stub|dummy|(?:^|[._])noop|null(?:$|[A-Z_])|No-?Op|Noop", re.IGNORECASE
)
_OPEN_CLASS = re.compile(r"abstract|interface|protocol|mixin|^_?base|base$", re.I)
_ABSTRACT = re.compile(
    r"\babstract\w*|\boverload\b|\bhookspec\b|\bsingledispatch\w*|\bimplements\b"
)
_ABSTRACT_BASE = re.compile(
    r"(?:[\w.]+\.)?(?:Protocol|ABC|ABCMeta|Interface)(?:\[.*\])?", re.DOTALL
)
_ROUTED = re.compile(r"\b(?:group|command|callback|fixture|receiver|register)\b")
_CONSTRUCTORS = frozenset({"__init__", "constructor", "__init_subclass__", "__del__"})


def is_declaration_file(path: str) -> bool:
    """True for files that hold types and no code."""
    return _DECLARATIONS.search(path) is not None


def is_test_data(path: str) -> bool:
    """True for inputs of tests, which may be wrong on purpose."""
    return any(_TEST_DATA.match(part) for part in PurePosixPath(path).parts[:-1])


def is_test_double_file(path: str) -> bool:
    """True where stubs are the purpose: tests, mocks, fixtures, examples."""
    place = PurePosixPath(path)
    return _DOUBLE_FILE.search(place.name) is not None or any(
        _DOUBLE_FOLDER.match(part) for part in place.parts[:-1]
    )


def is_test_double(unit: Unit) -> bool:
    """True for a function or class that its name calls a mock, fake or null object."""
    return _DOUBLE_NAME.search(unit.name) is not None


def is_constructor(unit: Unit) -> bool:
    """True for what often has nothing to do but be there."""
    return unit.short in _CONSTRUCTORS


def is_abstract(unit: Unit) -> bool:
    """True for a function that its decorators or its class leave to others."""
    return is_marked_abstract(unit) or has_abstract_class(unit)


def is_marked_abstract(unit: Unit) -> bool:
    """True for a function whose decorators say that the body is elsewhere."""
    return any(_ABSTRACT.search(text) for text in unit.decorators)


def has_abstract_class(unit: Unit) -> bool:
    """True for a member of a protocol, an interface or an abstract base class."""
    owner = unit.owner
    if owner is None or owner.kind != "class":
        return False
    return owner.node.type == "interface_declaration" or any(
        _ABSTRACT_BASE.fullmatch(name) for name in owner.bases
    )


def is_open_by_design(unit: Unit) -> bool:
    """True where a bare stub says nothing: hooks, base classes, routed commands."""
    if is_abstract(unit) or is_constructor(unit):
        return True
    if any(_ROUTED.search(text) for text in unit.decorators):
        return True
    owner = unit.owner
    return (
        owner is not None
        and owner.kind == "class"
        and (
            owner.node.type == "abstract_class_declaration"
            or _OPEN_CLASS.search(owner.short) is not None
        )
    )
