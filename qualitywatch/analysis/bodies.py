"""What the body of a function is: real code, or what stands in its place.

Only the statements at the top of the body are read; comments and the docstring are
set apart, because they say what the author thought of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import StrEnum

import tree_sitter

from qualitywatch.analysis.outline import Outline
from qualitywatch.analysis.source import Comment
from qualitywatch.analysis.units import Unit
from qualitywatch.model import Noun

MAX_CONSTANT = 24  # nodes in a constant answer; a longer one is data


class Stub(StrEnum):
    """What stands where code should be."""

    EMPTY = "empty"  # nothing, `pass` or `...`
    CONSTANT = "constant"  # returns the same whatever it is asked
    ECHO = "echo"  # returns what it was given
    LOG = "log"  # only says or waits, and may return a constant
    NOT_IMPLEMENTED = "not implemented"  # raises an error that says so
    THROW = "throw"  # raises another error


class Body(Noun):
    """A body as a reader sees it; `stub` is `None` for real code."""

    stub: Stub | None
    comments: tuple[Comment, ...]
    remarks: tuple[Comment, ...]  # its comments and its docstring
    messages: tuple[str, ...]  # what it logs or raises
    line: int  # where its content begins
    column: int
    end_line: int
    end_column: int


_NOTHING = frozenset({"pass_statement", "empty_statement"})
_RAISES = frozenset({"raise_statement", "throw_statement"})
_TRANSPARENT = frozenset(
    {
        "as_expression",
        "await",
        "await_expression",
        "expression_list",
        "non_null_expression",
        "parenthesized_expression",
        "satisfies_expression",
    }
)
_ATOMS = frozenset(
    {
        "array",
        "concatenated_string",
        "dictionary",
        "escape_sequence",
        "false",
        "float",
        "integer",
        "jsx_attribute",
        "jsx_closing_element",
        "jsx_element",
        "jsx_opening_element",
        "jsx_self_closing_element",
        "jsx_text",
        "list",
        "none",
        "null",
        "number",
        "object",
        "pair",
        "property_identifier",
        "set",
        "string",
        "string_content",
        "string_end",
        "string_fragment",
        "string_start",
        "template_string",
        "true",
        "tuple",
        "unary_expression",
        "unary_operator",
        "undefined",
        *_TRANSPARENT,
    }
)
_EMPTY_MAKERS = re.compile(
    rb"(?:new\s+)?(?:dict|list|set|tuple|frozenset|Map|Set|Array|Object|Promise\.resolve)"
    rb"\s*\(\s*(?:null|undefined|true|false|\[\]|\{\}|'[^']*'|\"[^\"]*\"|\d+)?\s*\)"
)
_TALK = re.compile(
    rb"(?:(?:self|this|cls)\.)?_?(?:print|pprint|log(?:ger|ging)?|console|warnings?|alert"
    rb"|sleep|delay|click\.echo|typer\.echo|asyncio\.sleep|time\.sleep|toast)"
    rb"(?:\.\w+)*\s*\(",
    re.IGNORECASE,
)
_WAIT = re.compile(rb"new\s+Promise\s*\([^{};]{0,80}\bsetTimeout\s*\(")
_NOT_IMPLEMENTED = re.compile(
    rb"\bNot_?Implemented|\bunimplemented\b|\bnot\s+(?:yet\s+|currently\s+)?implemented\b"
    rb"|\bnot\s+yet\s+(?:supported|available)\b|\bTODO\b|\bimplement\s+(?:me|this)\b",
    re.IGNORECASE,
)
_STRING = re.compile(r""""([^"\n]*)"|'([^'\n]*)'|`([^`]*)`""")


def body_of(outline: Outline, unit: Unit) -> Body:
    """The body of *unit*, a function."""
    statements = list(_statements(unit))
    comments = _comments(outline, unit)
    stub = _stub(statements, unit)
    talk = [n for n in statements if _is_talk(n) or n.type in _RAISES] if stub else []
    place = _place(outline, unit, statements, comments)
    return Body(
        stub=stub,
        comments=tuple(c for c in comments if not _is_docstring(c, unit)),
        remarks=tuple(comments),
        messages=tuple(text for node in talk for text in _messages(node)),
        line=place[0],
        column=place[1],
        end_line=place[2],
        end_column=place[3],
    )


def _statements(unit: Unit) -> Iterator[tree_sitter.Node]:
    """The statements of the body, without comments and strings nobody reads."""
    if unit.body is None:
        return
    if _is_expression(unit):
        yield unit.body
        return
    for node in unit.body.named_children:
        if node.type in ("comment", "html_comment"):
            continue
        if node.type == "expression_statement" and _is_lone_string(node):
            continue
        yield node


def _is_expression(unit: Unit) -> bool:
    return unit.body is not None and unit.body.type not in ("block", "statement_block")


def _is_lone_string(statement: tree_sitter.Node) -> bool:
    only = statement.named_children
    return len(only) == 1 and only[0].type in ("string", "concatenated_string")


def _stub(statements: list[tree_sitter.Node], unit: Unit) -> Stub | None:
    if _is_expression(unit):
        return _answer(statements[0], unit)
    rest = [node for node in statements if not _is_nothing(node)]
    if not rest:
        return Stub.EMPTY
    if len(rest) > 3:
        return None
    *said, last = rest
    if not all(_is_talk(node) for node in said):
        return None
    return _last(last, unit, has_said=bool(said))


def _last(node: tree_sitter.Node, unit: Unit, *, has_said: bool) -> Stub | None:
    if node.type == "return_statement":
        value = [c for c in node.named_children if c.type != "comment"]
        if not value:
            return Stub.LOG if has_said else Stub.EMPTY
        answer = _answer(value[0], unit)
        return Stub.LOG if has_said and answer else answer
    if node.type in _RAISES:
        is_open = _NOT_IMPLEMENTED.search(_text(node)) is not None
        return Stub.NOT_IMPLEMENTED if is_open else Stub.THROW
    return Stub.LOG if _is_talk(node) else None


def _answer(value: tree_sitter.Node, unit: Unit) -> Stub | None:
    if value.type == "identifier":
        return Stub.ECHO if value.text in _given(unit) else None
    return Stub.CONSTANT if _is_constant(value) else None


def _given(unit: Unit) -> frozenset[bytes]:
    """The words in the parameters, among them their names."""
    listed = unit.node.child_by_field_name("parameters")
    node = listed or unit.node.child_by_field_name("parameter")
    return frozenset(re.findall(rb"\w+", (node and node.text) or b""))


def _is_nothing(node: tree_sitter.Node) -> bool:
    if node.type in _NOTHING:
        return True
    children = node.named_children
    return node.type == "expression_statement" and (
        len(children) == 1 and children[0].type == "ellipsis"
    )


def _is_talk(node: tree_sitter.Node) -> bool:
    if node.type != "expression_statement" or not node.named_children:
        return False
    text = _text(node).removeprefix(b"await ").lstrip()
    return bool(_TALK.match(text) or _WAIT.match(text))


def _is_constant(node: tree_sitter.Node) -> bool:
    if node.type in ("return", "call", "new_expression", "call_expression"):
        return _EMPTY_MAKERS.fullmatch(_text(node)) is not None
    if node.descendant_count > 3 * MAX_CONSTANT:
        return False
    waiting = [node]
    while waiting:
        inner = waiting.pop()
        if inner.type not in _ATOMS and not _is_tag_name(inner):
            return False
        waiting.extend(inner.named_children)
    return True


def _is_tag_name(node: tree_sitter.Node) -> bool:
    return node.type == "identifier" and (
        node.parent is not None and node.parent.type.startswith("jsx_")
    )


def _comments(outline: Outline, unit: Unit) -> list[Comment]:
    """The comments in the body of *unit*, without those of units inside it."""
    return [c for c in outline.comments_of(unit) if c.line >= unit.body_line]


def _is_docstring(comment: Comment, unit: Unit) -> bool:
    return comment.kind == "doc" and not comment.text.startswith("/*")


def _messages(statement: tree_sitter.Node) -> list[str]:
    text = _text(statement)[:2000].decode("utf-8", "replace")
    return [next(filter(None, found), "") for found in _STRING.findall(text)]


def _text(node: tree_sitter.Node) -> bytes:
    return node.text or b""


def _place(
    outline: Outline,
    unit: Unit,
    statements: list[tree_sitter.Node],
    comments: list[Comment],
) -> tuple[int, int, int, int]:
    """From the first comment or statement of the body to its last."""
    source = outline.source
    places = [
        (c.line, c.column, c.end_line, c.end_column)
        for c in comments
        if not _is_docstring(c, unit)
    ]
    for node in statements:
        (row, column), (end_row, end_column) = node.start_point, node.end_point
        places.append(
            (
                row + 1,
                source.column(row + 1, column),
                end_row + 1,
                max(1, source.column(end_row + 1, end_column) - 1),
            )
        )
    if not places:
        return unit.line, 1, unit.line, max(1, len(source.lines[unit.line - 1]))
    first, last = min(places), max(places, key=lambda place: place[2:])
    return first[0], first[1], last[2], last[3]
