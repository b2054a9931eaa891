"""A remark that stands for code is all that a function, a branch or a list holds.

Needs a check: the same words beside code are a leftover, and in a function that was
real they are dropped code; only as the sole content of something new do they count.
"""

from __future__ import annotations

from collections.abc import Iterator

import tree_sitter

from qualitywatch.analysis.checks.new_stub import hit_of, new_stubs, standing_remark
from qualitywatch.analysis.checks.once import once, said_anew
from qualitywatch.analysis.comparing.compare import Comparison
from qualitywatch.analysis.elision.reading import elidable, elision
from qualitywatch.analysis.hit import Hit
from qualitywatch.analysis.sources.source import Comment, Source
from qualitywatch.analysis.stubs.design import (
    is_declaration_file,
    is_test_double,
    is_test_double_file,
)

_HOLDERS = frozenset(
    {
        "array",
        "array_expression",
        "array_creation_expression",
        "array_literal",
        "block",
        "class_body",
        "collection_expression",
        "collection_literal",
        "compound_statement",
        "declaration_list",
        "default_case",
        "dictionary",
        "do_group",
        "else_clause",
        "enum_body",
        "expression_case",
        "hash",
        "if_statement",
        "initializer_expression",
        "initializer_list",
        "interface_body",
        "jsx_element",
        "jsx_fragment",
        "list",
        "literal_value",
        "match_block",
        "object",
        "statement_block",
        "switch_body",
        "switch_case",
        "switch_default",
        "table_constructor",
        "template_body",
        "then",
        "while_statement",
        "for_statement",
    }
)
_CASES = frozenset(
    {"default_case", "expression_case", "switch_case", "switch_default", "type_case"}
)
_LOOP_OR_BRANCH = frozenset(
    {"else_clause", "for_statement", "if_statement", "while_statement"}
)
_COMMENTS = frozenset(
    {"block_comment", "comment", "line_comment", "multiline_comment", "html_comment"}
)
_NO_CONTENT = frozenset(
    {
        *_COMMENTS,
        "break_statement",
        "ellipsis",
        "empty_statement",
        "jsx_closing_element",
        "jsx_opening_element",
        "pass_statement",
    }
)
_MAY_BE_BLANK = frozenset({"jsx_text", "jsx_expression", "expression_statement"})


@once
def remark_for_body(comparison: Comparison) -> Iterator[Hit]:
    """New bodies, branches, lists and elements whose only content is such a remark."""
    for unit, body in new_stubs(comparison):
        if remark := standing_remark(comparison, body):
            yield hit_of(unit, body, None, remark=remark)
    if not is_declaration_file(comparison.path):
        yield from _other_holders(comparison)


def _other_holders(comparison: Comparison) -> Iterator[Hit]:
    if is_test_double_file(comparison.path):
        return
    source = comparison.after
    if not comparison.once(said_anew):
        return
    finder = _Finder(source)
    for comment in source.once(elidable):
        if comment.kind == "doc" or not comparison.is_said_anew(comment):
            continue
        if elision(comment.text, file_name=comparison.path) is None:
            continue
        if not finder.is_all(comment):
            continue
        if not is_test_double(comparison.unit_at(comment.line)):
            yield _hit(comparison, comment)


class _Finder:
    """What holds each remark of a source.

    Asking a node for its parent or its neighbours costs as much as it has siblings, so
    that a remark which follows another one is reached from there.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self._bare: dict[int, bool] = {}  # by the id of a node: many remarks share one
        self._parent: tree_sitter.Node | None = None
        self._cursor: tree_sitter.TreeCursor | None = None  # at the last remark

    def is_all(self, comment: Comment) -> bool:
        """True where *comment* is the only content of a list, branch or element."""
        text = self._source.lines[comment.line - 1][: comment.column - 1]
        place = (comment.line - 1, len(text.encode()))
        node = self._next(place)
        follows = node is not None
        if node is None:
            root = self._source.tree.root_node
            node = root.named_descendant_for_point_range(place, place)
            if node is None or node.type not in _COMMENTS or node.parent is None:
                return False
            self._stand_at(node, node.parent)
        holder = self._parent
        assert holder is not None
        if holder.type == "jsx_expression" and holder.parent is not None:
            holder = holder.parent
        if holder.type in _HOLDERS and self._holds_only(holder, node):
            return True
        if follows:
            return False  # another remark stands before it
        case = node.prev_named_sibling  # some grammars hang the remark behind its case
        return case is not None and case.type in _CASES and self._is_bare(case)

    def _next(self, place: tuple[int, int]) -> tree_sitter.Node | None:
        """The remark at *place*, where it stands right behind the last one."""
        cursor = self._cursor
        if cursor is None or cursor.node is None or cursor.node.end_point >= place:
            return None
        if cursor.goto_next_sibling():
            node = cursor.node
            if node.type in _COMMENTS and node.start_point == place:
                return node
        self._cursor = None
        return None

    def _stand_at(self, node: tree_sitter.Node, parent: tree_sitter.Node) -> None:
        self._parent, self._cursor = parent, parent.walk()
        self._cursor.goto_first_child_for_byte(node.start_byte)
        if self._cursor.node != node:
            self._cursor = None

    def _holds_only(self, holder: tree_sitter.Node, comment: tree_sitter.Node) -> bool:
        if holder.type in _LOOP_OR_BRANCH:  # Python hangs the remark before the block
            after = comment.next_named_sibling
            return after is not None and after.type == "block" and self._is_bare(after)
        return self._is_bare(holder)

    def _is_bare(self, holder: tree_sitter.Node) -> bool:
        if holder.id not in self._bare:
            self._bare[holder.id] = _has_no_content(holder)
        return self._bare[holder.id]


def _has_no_content(holder: tree_sitter.Node) -> bool:
    for index, child in enumerate(holder.children):
        if not child.is_named or child.type in _NO_CONTENT:
            continue
        if holder.field_name_for_child(index) in ("value", "type", "condition"):
            continue
        if child.type not in _MAY_BE_BLANK or not _is_blank(child):
            return False
    return True


def _is_blank(child: tree_sitter.Node) -> bool:
    text = (child.text or b"").strip(b"{} \n\t;")
    return not text or text in (b"...",) or text.startswith((b"/*", b"//"))


def _hit(comparison: Comparison, comment: Comment) -> Hit:
    unit = comparison.unit_at(comment.line)
    return Hit(
        line=comment.line,
        column=comment.column,
        end_line=comment.end_line,
        end_column=comment.end_column,
        symbol=unit.name or None,
        names={"name": unit.short or "this file"},
    )
