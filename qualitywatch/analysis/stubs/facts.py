"""What the names around one Python function stand for: whose it is by its real name.

Text knows `@abstractmethod`; only imports tell that `@todo` is the same, or that `Base`
is a protocol. The standard library's parser is asked, and it never sees the file: it
gets a skeleton, made of the imports and of the heads of classes and of this one
function. A skeleton that is too large or too deep is refused, and the caller goes by
the text. libcst would tell the same, by its scopes, but takes half a second to load,
which every worker of a scan had to pay.
"""

from __future__ import annotations

import ast
import warnings
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

import tree_sitter

from qualitywatch.analysis.outlines.outline import Outline
from qualitywatch.analysis.outlines.units import Unit
from qualitywatch.analysis.sources.cost import affordable
from qualitywatch.analysis.stubs.design import is_abstract
from qualitywatch.model import Noun

MAX_SKELETON = 16 * 1024  # characters
MAX_COST = 4_000  # of brackets: the sum of the squared depth of each group
MAX_LINE_ITEMS = 400  # dots, operators and the like of one head: chains cost by square
MAX_CLASSES = 200

_IMPORTS = frozenset(
    {"import_statement", "import_from_statement", "future_import_statement"}
)
_WRAPPERS = frozenset(
    {
        "block",
        "else_clause",
        "except_clause",
        "finally_clause",
        "if_statement",
        "module",
        "try_statement",
        "with_statement",
    }
)
_ABSTRACT_DECORATORS = frozenset(
    {
        "abc.abstractclassmethod",
        "abc.abstractmethod",
        "abc.abstractproperty",
        "abc.abstractstaticmethod",
        "functools.singledispatch",
        "functools.singledispatchmethod",
        "typing.overload",
        "typing_extensions.overload",
    }
)
_ABSTRACT_BASES = frozenset(
    {
        "abc.ABC",
        "abc.ABCMeta",
        "typing.Protocol",
        "typing_extensions.Protocol",
        "zope.interface.Interface",
    }
)


class Facts(Noun):
    """What a Python function is by the names that its module gives to things."""

    decorators: frozenset[str] = frozenset()  # qualified: `abc.abstractmethod`
    bases: frozenset[str] = frozenset()  # of its class, through classes of the module
    has_subclasses: bool = False  # in the same module

    @property
    def is_abstract(self) -> bool:
        """True where the body is left to others."""
        return bool(
            self.decorators & _ABSTRACT_DECORATORS or self.bases & _ABSTRACT_BASES
        )


def facts_of(outline: Outline, unit: Unit) -> Facts | None:
    """The facts of *unit*; `None` where the parser can not be asked about it."""
    if outline.source.language.name != "python":
        return None
    classes = [each for each in outline.units if each.kind == "class"]
    own = unit.owner.short if unit.owner and unit.owner.kind == "class" else ""
    if not unit.decorators and not _has_relatives(own, classes):
        return Facts()
    text = _skeleton(outline, unit, classes)
    return _facts(text, own) if _is_cheap(text) else None


def is_left_to_others(outline: Outline, unit: Unit) -> bool:
    """True for an abstract function, by its text or by what its names stand for."""
    if is_abstract(unit):
        return True
    facts = facts_of(outline, unit)
    return facts is not None and facts.is_abstract


def _has_relatives(own: str, classes: list[Unit]) -> bool:
    return bool(own) and any(
        (each.short == own and _inheritance(each)) or own in _inheritance(each)
        for each in classes
    )


# The skeleton


def _skeleton(outline: Outline, unit: Unit, classes: list[Unit]) -> str:
    """The imports, the heads of the classes, and the decorators of *unit*."""
    lines = [_one_line(node) for node in _imports(outline.source.tree.root_node)]
    for each in classes[:MAX_CLASSES]:
        lines.append(f"class {each.short}{_inheritance(each) or '()'}: pass")
    lines += [f"@{_joined(text)}" for text in unit.decorators]
    lines.append("def _(): pass")
    return "\n".join(lines) + "\n"


def _inheritance(unit: Unit) -> str:
    """What stands behind the name of a class, brackets included."""
    listed = unit.node.child_by_field_name("superclasses")
    return "" if listed is None else _one_line(listed)


def _imports(root: tree_sitter.Node) -> Iterator[tree_sitter.Node]:
    """Imports at the top and inside `if`, `try` and `with` there."""
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if node.type in _IMPORTS:
            yield node
        elif node.type in _WRAPPERS:
            waiting.extend(reversed(node.named_children))


def _one_line(node: tree_sitter.Node) -> str:
    return _joined((node.text or b"").decode("utf-8", "replace"))


def _joined(text: str) -> str:
    kept = (line.partition("#")[0].rstrip(" \\") for line in text.split("\n"))
    return " ".join(" ".join(kept).split())


def _is_cheap(text: str) -> bool:
    """False for what could cost the parser more than a few milliseconds."""
    if len(text) > MAX_SKELETON or not affordable(text):
        return False
    cost = 0
    for line in text.split("\n"):
        depth = peak = 0
        for sign in line:
            depth += (sign in "([{") - (sign in ")]}")
            peak = max(peak, depth)
        cost += peak * peak
        if sum(map(line.count, ".+-*/|&~")) > MAX_LINE_ITEMS:
            return False
    return cost <= MAX_COST


# What the skeleton says


@lru_cache(maxsize=256)
def _facts(text: str, own: str) -> Facts | None:
    """The facts of the one function in *text*, a member of the class called *own*."""
    try:
        with warnings.catch_warnings(action="ignore"):  # of odd signs in its strings
            body = ast.parse(text).body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return None
    real: defaultdict[str, set[str]] = defaultdict(set)  # what names stand for so far

    def names(values: Iterable[ast.expr]) -> frozenset[str]:
        return frozenset(name for value in values for name in _resolved(value, real))

    classes: dict[str, frozenset[str]] = {}
    decorators: frozenset[str] = frozenset()
    for statement in body:
        if isinstance(statement, ast.ClassDef):
            given = (keyword.value for keyword in statement.keywords)
            classes[statement.name] = names([*statement.bases, *given])
        elif isinstance(statement, ast.FunctionDef):
            decorators = names(statement.decorator_list)
        for name, stands_for in _bound(statement):
            real[name].add(stands_for)
    return Facts(
        decorators=decorators,
        bases=_inherited(own, classes),
        has_subclasses=bool(own) and any(own in bases for bases in classes.values()),
    )


def _bound(statement: ast.stmt) -> Iterator[tuple[str, str]]:
    """The names that *statement* binds, each with what it stands for."""
    if isinstance(statement, ast.ClassDef):
        yield statement.name, statement.name
    elif isinstance(statement, ast.Import):
        for alias in statement.names:
            top = alias.name.partition(".")[0]
            yield alias.asname or top, alias.name if alias.asname else top
    elif isinstance(statement, ast.ImportFrom):
        module = "." * statement.level + (statement.module or "")
        for alias in statement.names:
            yield alias.asname or alias.name, f"{module}.{alias.name}"


def _resolved(value: ast.expr, real: Mapping[str, set[str]]) -> Iterator[str]:
    """The real names of *value*, as far as the imports tell."""
    first, dot, rest = _dotted(value).partition(".")
    for name in real.get(first, ()):
        yield f"{name}{dot}{rest}"


def _dotted(node: ast.expr) -> str:
    """The name in `name`, `a.name`, `name[...]` and `name(...)`; empty in others."""
    match node:
        case ast.Name():
            return node.id
        case ast.Attribute():
            return f"{_dotted(node.value)}.{node.attr}"
        case ast.Subscript():
            return _dotted(node.value)
        case ast.Call():
            return _dotted(node.func)
    return ""


def _inherited(name: str, classes: Mapping[str, frozenset[str]]) -> frozenset[str]:
    """The bases of the class of that name, and theirs, as far as the module knows."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        for base in classes.get(waiting.pop(), ()):
            if base not in found:
                found.add(base)
                waiting.append(base)
    return frozenset(found)
