"""What a file offers to others by name: Python modules, ES modules, CommonJS.

`offer` errs on the side of more: a name counts as offered when anything at the level
of the module may bind it, and an offer that nobody can list (`from x import *`,
`export *`, `__getattr__`, a computed `module.exports`) is open: it may hold any name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import tree_sitter

from qualitywatch.analysis.comparing.touched import Texts
from qualitywatch.analysis.sources.source import Source
from qualitywatch.model import Noun
from qualitywatch.regex import regex

SCRIPTS = frozenset({"javascript", "jsx", "typescript", "tsx"})
IMPORTABLE = SCRIPTS | {"python"}

Node = tree_sitter.Node


class Offer(Noun):
    """The names that others can import from a file."""

    own: frozenset[str] = frozenset()  # code that stands here, and no mere type
    all: frozenset[str] = frozenset()
    is_open: bool = False


_OPEN_PYTHON = regex(
    r"^[^\S\n]*from\s+\S+\s+import\s+\*|__getattr__|\bglobals\(\)|\bsys\.modules\b"
    r"|(?<![.\w])(?:exec|vars|locals)\(",
    re.MULTILINE,
)
_OPEN_SCRIPT = regex(
    r"^[^\S\n]*export\s*(?:type\s*)?\*\s*from|\bexport\s+(?:=|import\b)|__exportStar"
    r"|\bexports\s*\[|(?:assign|defineProperty|defineProperties)\(\s*(?:module\.)?exports"
    r"|\bdefine\(|\bexport\s+\*\s*;|\.\.\.\s*require\(",
    re.MULTILINE,
)
_DEFINITIONS = frozenset({"function_definition", "class_definition"})
_NAMED = frozenset({"identifier", "shorthand_property_identifier_pattern"})
_TYPES = frozenset({"interface_declaration", "type_alias_declaration"})
_EXPORTS = regex(r"(?:module\.)?exports(?:\.(\w+))?")


def offer(source: Source) -> Offer:
    """What *source* offers; open where its language has no such names."""
    if source.language.name == "python":
        return _offer(source, _OPEN_PYTHON, _python)
    if source.language.name in SCRIPTS:
        return _offer(source, _OPEN_SCRIPT, _script)
    return Offer(is_open=True)


def withdrawn(before: Source, after: Source) -> frozenset[str]:
    """The names that *before* defined for others and *after* no longer offers."""
    if {before.language.name, after.language.name} - IMPORTABLE:
        return frozenset()
    if before.data == after.data or after.has_errors:
        return frozenset()
    if not before.has_errors and not _gone(before, after):
        return frozenset()
    now = offer(after)
    return frozenset() if now.is_open else offer(before).own - now.all


def _gone(before: Source, after: Source) -> set[str]:
    """Names that edited statements of the module defined and no longer bind.

    What stands in the others is offered by both texts.
    """
    read = _python if before.language.name == "python" else _script
    old, new = before.tree.root_node.children, after.tree.root_node.children
    first, last = _shared_ends(before, old, after, new)
    edited, left = new[first : len(new) - last], old[first : len(old) - last]
    kept = {after.data[node.start_byte : node.end_byte] for node in edited}
    changed = [n for n in left if before.data[n.start_byte : n.end_byte] not in kept]
    gone = {name for name, is_own in read(changed, Texts(before)) if is_own}
    return gone and gone.difference(name for name, _ in read(edited, Texts(after)))


def _shared_ends(
    before: Source, old: list[Node], after: Source, new: list[Node]
) -> tuple[int, int]:
    """How many statements both texts begin with, and how many both end with."""

    def is_same(one: Node, other: Node) -> bool:
        mine = before.data[one.start_byte : one.end_byte]
        return mine == after.data[other.start_byte : other.end_byte]

    limit = min(len(old), len(new))
    first = last = 0
    while first < limit and is_same(old[first], new[first]):
        first += 1
    while last < limit - first and is_same(old[-1 - last], new[-1 - last]):
        last += 1
    return first, last


Found = Iterator[tuple[str, bool]]  # a name, and whether it is defined here


def _offer(
    source: Source, wild: re.Pattern[str], read: Callable[[list[Node], Texts], Found]
) -> Offer:
    found = list(read(source.tree.root_node.children, Texts(source)))
    is_computed = any(name == "*" for name, _ in found)
    return Offer(
        own=frozenset(name for name, is_own in found if is_own),
        all=frozenset(name for name, _ in found),
        # what could not be read may offer anything
        is_open=is_computed or source.has_errors or bool(wild.search(source.text)),
    )


# Python


def _python(statements: list[Node], text: Texts) -> Found:
    waiting = list(statements)
    while waiting:
        node = waiting.pop()
        if node.type in _DEFINITIONS:
            yield _said(node.child_by_field_name("name"), text), True
        elif node.type in ("import_statement", "import_from_statement"):
            yield from ((name, False) for name in _imported(node, text))
        elif node.type in ("assignment", "augmented_assignment", "named_expression"):
            left = node.child_by_field_name("left") or node.child_by_field_name("name")
            yield from ((name, True) for name in _identifiers(left, text))
            waiting += [c for c in node.children_by_field_name("right")]
        elif node.type in (
            "for_statement",
            "as_pattern_target",
            "type_alias_statement",
        ):
            left = node.child_by_field_name("left") or node
            yield from ((name, False) for name in _identifiers(left, text))
            waiting += node.children
        elif node.type not in ("lambda", "call", "string", "dictionary", "list"):
            waiting += node.children


def _imported(statement: Node, text: Texts) -> Iterator[str]:
    """The names that an import binds."""
    for child in statement.children_by_field_name("name"):
        if child.type == "aliased_import":
            yield _said(child.child_by_field_name("alias"), text)
        else:
            yield _said(child, text).partition(".")[0]


# JavaScript and TypeScript


def _script(statements: list[Node], text: Texts) -> Found:
    for node in statements:
        if node.type == "export_statement":
            yield from _exported(node, text)
        elif node.type == "expression_statement":
            yield from _assigned(node.children[0] if node.children else node, text)


def _exported(statement: Node, text: Texts) -> Found:
    is_own = statement.child_by_field_name("source") is None
    for child in statement.children:
        if child.type == "export_clause":
            for name in child.named_children:
                shown = name.child_by_field_name("alias") or name
                shown = shown.child_by_field_name("name") or shown
                yield _said(shown, text), is_own
        elif child.type == "namespace_export":
            yield _said(child.named_children[0], text), False
    declared = statement.child_by_field_name("declaration")
    if declared is not None:
        is_code = declared.type not in _TYPES
        yield from ((name, is_code) for name in _declared(declared, text))


def _declared(declaration: Node, text: Texts) -> Iterator[str]:
    if declaration.type == "ambient_declaration":
        for child in declaration.named_children:
            yield from _declared(child, text)
        return
    name = declaration.child_by_field_name("name")
    if name is not None:
        yield _said(name, text).partition(".")[0].strip("\"'")
    for child in declaration.named_children:
        if child.type == "variable_declarator":
            yield from _identifiers(child.child_by_field_name("name"), text)


def _assigned(expression: Node, text: Texts) -> Found:
    """What `module.exports = {...}`, `exports.name = ...` and their chains offer."""
    names: list[str] = []
    while expression.type == "assignment_expression":
        left = _EXPORTS.fullmatch(_said(expression.child_by_field_name("left"), text))
        right = expression.child_by_field_name("right")
        if right is None:
            return
        if left is not None and left[1]:
            names.append(left[1])
        elif left is not None:
            names += _members(right, text)
        expression = right
    yield from ((name, True) for name in names)


def _members(value: Node, text: Texts) -> Iterator[str]:
    if value.type == "assignment_expression":
        return
    if value.type != "object":
        yield "*"
        return
    for child in value.named_children:
        if child.type == "shorthand_property_identifier":
            yield _said(child, text)
        elif child.type in ("pair", "method_definition"):
            key = child.child_by_field_name("key") or child.child_by_field_name("name")
            yield _said(key, text).strip("\"'")
        elif child.type != "comment":
            yield "*"


def _identifiers(node: Node | None, text: Texts) -> Iterator[str]:
    waiting = [] if node is None else [node]
    while waiting:
        node = waiting.pop()
        if node.type in _NAMED:
            yield _said(node, text)
        elif node.type not in ("attribute", "subscript", "member_expression"):
            waiting += node.children


def _said(node: Node | None, text: Texts) -> str:
    return "" if node is None else text(node)
