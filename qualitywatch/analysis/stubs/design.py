"""Units that are empty by design: what nobody should be blamed for.

Read from the head of a function or class: its modifiers, annotations, bases and name.
For Python `facts` asks the same of the real names, through imports and aliases.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import PurePosixPath

from qualitywatch.analysis.outlines.units import Unit
from qualitywatch.regex import regex

MAX_HEAD = 1500  # bytes of a signature that are read
_PATHS = 2048  # whose answers are kept: each is asked by many checks

_DECLARATIONS = regex(r"\.pyi$|\.d\.[cm]?ts$")
_DOUBLE_FOLDER = regex(
    r"^_*(tests?|testing|specs?|mocks?|fakes?|stubs?|fixtures?|testdata|test_data"
    r"|e2e|cypress|examples?|samples?|demos?|stories|benchmarks?|benches)_*$"
    r"|^(androidTest|commonTest|jvmTest|\w+Tests)$|\.(?:Shared)?(?:Tests?|Specs?)$",
    re.IGNORECASE,
)
_TEST_DATA = regex(r"^_*(fixtures?|test_?data|snapshots?)_*$", re.IGNORECASE)
_DOUBLE_FILE = regex(
    r"^(test_|conftest)|_test\.|_spec\.|[._-](test|spec|mock|fake|stub|stories)s?\."
    r"|^(mock|fake|stub|dummy)|\.bats$",
    re.IGNORECASE,
)
_DOUBLE_CLASS_FILE = regex(r"[a-z](?:Tests?|Specs?|Mock|Fake|Stub)\.\w+$")
_DOUBLE_NAME = regex(
    r"mock|fake|stub|dummy|(?:^|[._])noop|null(?:$|[A-Z_])|No-?Op|Noop|(?:^|[._])nop_",
    re.IGNORECASE,
)
_OPEN_CLASS = regex(
    r"abstract|interface|protocol|mixin|^_?base|base$|adapter$|listener$|visitor$"
    r"|callback|delegate$|default|template",
    re.IGNORECASE,
)
_ABSTRACT = regex(
    r"\babstract\w*|\boverload\b|\bhookspec\b|\bsingledispatch\w*|\bimplements\b"
)
_ABSTRACT_BASE = regex(
    r"(?:[\w.]+\.)?(?:Protocol|ABC|ABCMeta|Interface)(?:\[.*\])?", re.DOTALL
)
_ERROR_CLASS = regex(r"(?:Error|Exception|Warning|Fault|Throwable|Failure)\b")
_ROUTED = regex(
    r"\b(?:group|command|callback|fixture|receiver|register|route|hookimpl)\b"
)
_CONSTRUCTORS = frozenset(
    {"__init__", "constructor", "__init_subclass__", "__del__", "__construct"}
    | {"initialize", "__destruct", "init", "deinit", "new"}
)
_CONSTRUCTOR_NODES = frozenset(
    {
        "compact_constructor_declaration",
        "constructor_declaration",
        "deinit_declaration",
        "destructor_declaration",
        "init_declaration",
        "secondary_constructor",
    }
)
_CONTRACTS = frozenset(
    {
        "annotation_type_declaration",
        "interface_declaration",
        "protocol_declaration",
        "trait_item",
    }
)
_CONTRACT_HEAD = regex(r"(?:^|\s)(?:fun\s+)?(?:interface|protocol)\s")
_OPEN_HEAD = regex(r"\b(?:abstract|sealed|open|trait)\b")
_MEANT = regex(
    r"\boverride\b|@Override\b|#\[Override\]|\bvirtual\b|\bopen\b|\bstatic\s+inline\b"
    r"|\bconsteval\b|@objc\b|@Deprecated\b|#\[deprecated|\[Obsolete|#\[cfg|@available"
)
_PREPARED = regex(
    r"^(?:main|on[A-Z_]\w*|before\w*|after\w*|pre_?\w*|post_?\w*|did[A-Z]\w*|will[A-Z]\w*"
    r"|set_?[uU]p|tear_?[dD]own|close|dispose|finali[sz]e|flush|destroy|drop|init|Main"
    r"|shutdown|start|stop|cleanup|accept|visit\w*|enter\w*|exit\w*|configure\w*|On[A-Z]\w*"
    r"|inherited|included|extended|method_added|notify|nop|ignore|~\w+|Dispose\w*|Init\w*"
    r"|Close|handle_event|register|boot|up|down|usage|help)$"
)


def is_declaration_file(path: str) -> bool:
    """True for files that hold types and no code."""
    return _DECLARATIONS.search(path) is not None


@lru_cache(maxsize=_PATHS)
def is_test_data(path: str) -> bool:
    """True for inputs of tests, which may be wrong on purpose."""
    return any(_TEST_DATA.match(part) for part in PurePosixPath(path).parts[:-1])


@lru_cache(maxsize=_PATHS)
def is_test_double_file(path: str) -> bool:
    """True where stubs are the purpose: tests, mocks, fixtures, examples."""
    place = PurePosixPath(path)
    return (
        _DOUBLE_FILE.search(place.name) is not None
        or _DOUBLE_CLASS_FILE.search(place.name) is not None
        or any(_DOUBLE_FOLDER.search(part) for part in place.parts[:-1])
    )


def is_test_double(unit: Unit) -> bool:
    """True for a function or class that its name calls a mock, fake or null object."""
    return _DOUBLE_NAME.search(unit.name) is not None


def is_callback(unit: Unit) -> bool:
    """True for a function that only the call it is given to names."""
    return unit.short.endswith(")") and not unit.short.startswith("operator")


def is_constructor(unit: Unit) -> bool:
    """True for what often has nothing to do but be there."""
    if unit.short in _CONSTRUCTORS or unit.node.type in _CONSTRUCTOR_NODES:
        return True
    owner = unit.owner
    is_member = owner is not None and owner.kind == "class"
    return is_member and owner is not None and unit.short in (owner.short, owner.name)


def is_abstract(unit: Unit) -> bool:
    """True for a function that its decorators or its class leave to others."""
    return is_marked_abstract(unit) or has_abstract_class(unit)


def is_marked_abstract(unit: Unit) -> bool:
    """True for a function whose decorators say that the body is elsewhere."""
    return "abstract" in unit.modifiers or any(
        _ABSTRACT.search(text) for text in unit.decorators
    )


def has_abstract_class(unit: Unit) -> bool:
    """True for a member of a protocol, an interface or an abstract base class."""
    owner = unit.owner
    if owner is None or owner.kind != "class":
        return False
    return (
        owner.node.type in _CONTRACTS
        or _CONTRACT_HEAD.search(head(owner)) is not None
        or any(_ABSTRACT_BASE.fullmatch(name) for name in owner.bases)
    )


def is_open_by_design(unit: Unit) -> bool:
    """True where a bare stub says nothing: hooks, base classes, routed commands."""
    if is_abstract(unit) or is_constructor(unit) or is_meant_to_be_empty(unit):
        return True
    if any(_ROUTED.search(text) for text in unit.decorators):
        return True
    owner = unit.owner
    return (
        owner is not None
        and owner.kind == "class"
        and (
            _OPEN_HEAD.search(head(owner)) is not None
            or _OPEN_CLASS.search(owner.short) is not None
        )
    )


def is_meant_to_be_empty(unit: Unit) -> bool:
    """True for overrides, virtual methods, hooks by name, inline no-ops of headers."""
    return (
        _PREPARED.match(unit.short.rpartition(".")[2]) is not None
        or _MEANT.search(head(unit)) is not None
        or (unit.node.type == "method_declaration" and _has_receiver(unit))
    )


def may_override(unit: Unit) -> bool:
    """True for a member of a class that inherits: its base may ask for it."""
    owner = unit.owner
    return owner is not None and owner.kind == "class" and bool(owner.bases)


def is_error_class(unit: Unit) -> bool:
    """True for an exception class: most have nothing in them."""
    return any(_ERROR_CLASS.search(t) for t in (unit.short, *unit.bases, head(unit)))


def head(unit: Unit) -> str:
    """The text of *unit* up to its body: decorators, modifiers, name, parameters."""
    outer = unit.outer
    start = outer.start_byte
    body = unit.body if unit.body is not None and unit.kind != "module" else None
    end = body.start_byte if body is not None else outer.end_byte
    size = max(0, min(end - start, MAX_HEAD))
    return (outer.text or b"")[:size].decode("utf-8", "replace")


def _has_receiver(unit: Unit) -> bool:
    return unit.node.child_by_field_name("receiver") is not None
