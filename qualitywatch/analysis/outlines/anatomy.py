"""What the nodes of a unit tell of it, by the tables of its language."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import tree_sitter

from qualitywatch.languages.syntax import Syntax
from qualitywatch.regex import regex

MAX_HEAD = 2_000  # bytes of a unit that may come before its body

_STATEMENT = regex(
    r".*_(statement|declaration|definition)$|jsx_(self_closing_)?element$"
)
_DECLARATION = regex(r".*_(declaration|definition|declaration_statement)$")
_NO_STATEMENTS = frozenset({"empty_statement", "expression_statement_list"})
_DECORATOR_LISTS = frozenset(
    {
        "modifiers",
        "attribute_list",
        "attribute_group",
        "attribute_declaration",
        "attribute_item",
    }
)
_WORD = regex(r"[A-Za-z]+")
_PARENTHESES = regex(r"\([^()]*\)")


def body_of_node(
    node: tree_sitter.Node, bodies: tuple[str, ...]
) -> tree_sitter.Node | None:
    """The body of a function or class, where it has one."""
    found = node.child_by_field_name("body")
    if found is not None or not bodies:
        return found
    return next((c for c in reversed(node.children) if c.type in bodies), None)


def head_of(node: tree_sitter.Node, body: tree_sitter.Node | None) -> str:
    """The text of *node* up to its *body*, blanks apart."""
    end = node.end_byte if body is None else body.start_byte
    size = max(0, min(end - node.start_byte, MAX_HEAD))
    return " ".join(_text(node, size).split())


def modifiers_in(head: str, syntax: Syntax) -> frozenset[str]:
    """The modifiers in the *head* of a unit, those of its parameters left out."""
    words = _WORD.findall(_PARENTHESES.sub(" ", head))
    return frozenset(words).intersection(syntax.modifiers)


def decorators_of(nodes: Sequence[tree_sitter.Node], syntax: Syntax) -> Iterator[str]:
    """The text of each decorator of a unit that consists of these *nodes*."""
    own = {node.id: node for node in nodes}
    waiting = list(reversed(own.values()))
    while waiting:
        node = waiting.pop()
        if node.type in syntax.decorators:
            yield _text(node).removeprefix("@").strip()
            continue
        for child in reversed(node.children):
            is_list = child.type in _DECORATOR_LISTS
            if child.id not in own and (is_list or child.type in syntax.decorators):
                waiting.append(child)


def bases_of(node: tree_sitter.Node, syntax: Syntax) -> Iterator[str]:
    """What the class at *node* inherits from, as written."""
    for field in syntax.base_fields:
        if (found := node.child_by_field_name(field)) is not None:
            yield _text(found)
    waiting = [child for child in reversed(node.children) if child.type in syntax.bases]
    while waiting:
        found = waiting.pop()
        if found.type in syntax.bases:
            waiting += reversed(found.named_children)
        elif not syntax.base_types or found.type in syntax.base_types:
            yield _text(found)


def statements_in(body: tree_sitter.Node, syntax: Syntax) -> int:
    """How many statements and elements stand in *body*, at any depth."""
    blocks = frozenset(syntax.blocks)
    passed = _NO_STATEMENTS.union(syntax.wrappers, syntax.comments)
    total = 0 if body.type in blocks else 1
    waiting = [body]
    while waiting:
        node = waiting.pop()
        is_block = node.type in blocks
        is_part = _DECLARATION.match(node.type) is not None
        for child in node.named_children:
            waiting.append(child)
            if is_block or (not is_part and _STATEMENT.match(child.type)):
                total += child.type not in passed
    return total


def last_row(node: tree_sitter.Node) -> int:
    """The row on which *node* ends; some grammars count the line's end to it."""
    row, column = node.end_point
    return row if column or row == node.start_point[0] else row - 1


def _text(node: tree_sitter.Node, size: int | None = None) -> str:
    return (node.text or b"")[:size].decode("utf-8", "replace")
