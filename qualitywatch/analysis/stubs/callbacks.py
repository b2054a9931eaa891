"""The function around a place of the text, named or not.

A callback that nothing names is no unit, but people write whole programs in them.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from types import MappingProxyType

import tree_sitter

from qualitywatch.analysis.sources.source import Comment, Source
from qualitywatch.analysis.stubs.bodies import body_node, statements_of
from qualitywatch.analysis.stubs.idioms import BODILESS

MAX_CLIMB = 60  # nodes from a remark up to its function
MAX_HEAD = 1500  # bytes of a signature that are read

FUNCTIONS = frozenset(
    {
        "anonymous_function",
        "anonymous_method_expression",
        "arrow_function",
        "closure_expression",
        "constructor_declaration",
        "do_block",
        "func_literal",
        "function_declaration",
        "function_definition",
        "function_expression",
        "function_item",
        "generator_function",
        "generator_function_declaration",
        "init_declaration",
        "lambda_expression",
        "lambda_literal",
        "local_function_statement",
        "method",
        "method_declaration",
        "method_definition",
        "secondary_constructor",
        "singleton_method",
    }
)

_OF_LANGUAGE: Mapping[str, frozenset[str]] = MappingProxyType(
    {"ruby": frozenset({"block"}), "scala": frozenset({"block"})}
)
"""Nodes that are callbacks in one language and mere blocks in others."""

_HEADS = frozenset(
    {
        "block_comment",
        "block_parameters",
        "comment",
        "lambda_function_type",
        "lambda_parameters",
        "line_comment",
        "multiline_comment",
        "parameters",
    }
)
"""Children of a function that are no code of its body."""


def function_around(source: Source, comment: Comment) -> tree_sitter.Node | None:
    """The innermost function that *comment* stands in."""
    text = source.lines[comment.line - 1][: comment.column - 1]
    place = (comment.line - 1, len(text.encode()))
    node = source.tree.root_node.descendant_for_point_range(place, place)
    own = _OF_LANGUAGE.get(source.language.name, frozenset())
    for _ in range(MAX_CLIMB):
        if node is None or node.type in FUNCTIONS:
            return node
        if node.type in own and node.parent and node.parent.type.startswith("call"):
            return node
        node = node.parent
    return None


def content_of(
    function: tree_sitter.Node, language: str
) -> list[tree_sitter.Node] | None:
    """The statements of *function*; `None` where it is a mere declaration."""
    if body := body_node(function):
        return statements_of(body)
    if function.type.endswith(("lambda_literal", "block")):
        return [node for node in function.named_children if not _is_head(node)]
    return [] if language in BODILESS else None


def _is_head(node: tree_sitter.Node) -> bool:
    return node.type in _HEADS or (
        node.type == "lambda_expression" and node.child_by_field_name("body") is None
    )


def words_given(node: tree_sitter.Node) -> frozenset[str]:
    """The words of the signature of the function *node*."""
    body = body_node(node)
    end = node.end_byte if body is None else body.start_byte
    size = min(end - node.start_byte, MAX_HEAD)
    head = (node.text or b"")[:size].decode("utf-8", "replace")
    for sign in (
        "(",
        ")",
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "|",
        "=",
        "<",
        ">",
        ".",
        "&",
        "*",
    ):
        head = head.replace(sign, " ")
    return frozenset(word.lstrip("$@") for word in head.split())


def code_of(source: Source, node: tree_sitter.Node) -> str:
    """The text of *node* without its comments."""
    remarks = sorted(
        (each.start_byte, each.end_byte)
        for name in ("comment", "doc", "jsx")
        for each in source.captures.get(name, ())
    )
    pieces, position = [], node.start_byte
    first = bisect_left(remarks, (node.start_byte, 0))
    for start, end in remarks[first:]:
        if start >= node.end_byte:
            break
        if start >= position:
            pieces.append(source.data[position:start])
            position = end
    pieces.append(source.data[position : node.end_byte])
    return b"".join(pieces).decode("utf-8", "replace").strip()
