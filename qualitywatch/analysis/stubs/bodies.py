"""What the body of a function is: real code, or what stands in its place.

Only the statements at the top of the body are read; comments and the docstring are
set apart, because they say what the author thought of it. How a language says nothing,
talks or gives up stands in `idioms`, what counts as a constant in `answers`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import tree_sitter

from qualitywatch.analysis.outlines.outline import Outline
from qualitywatch.analysis.outlines.units import Unit
from qualitywatch.analysis.sources.source import Comment
from qualitywatch.analysis.stubs.answers import Stub, answer_of
from qualitywatch.analysis.stubs.idioms import BODILESS, IMPLICIT, Idioms, idioms
from qualitywatch.model import Noun
from qualitywatch.regex import regex

__all__ = ["Body", "Stub", "body_node", "body_of", "reads_as", "statements_of"]

MAX_STATEMENT = 2000  # bytes of a statement that may be a stub
MAX_STATEMENTS = 3  # of a stub
MAX_NESTED = 6  # blocks that wrap a body

_BLOCKS = frozenset(
    {
        "arrow_expression_clause",
        "block",
        "block_body",
        "body_statement",
        "compound_statement",
        "constructor_body",
        "function_body",
        "indented_block",
        "statement_block",
        "statement_list",
        "statements",
        "subshell",
    }
)
_EXPRESSION_BLOCKS = frozenset({"arrow_expression_clause"})
_COMMENTS = frozenset(
    {"block_comment", "comment", "html_comment", "line_comment", "multiline_comment"}
)
_BEFORE = regex(r"(?:(?:await|try[!?]?|co_await|unsafe|yield from)\s+)+")
_SAID_BEFORE = ("await", "try", "unsafe", "yield from")  # one of them is in each
_RETURN = regex(r"(?:co_)?return\b\s*")
_NOT_IMPLEMENTED = regex(
    r"\bNot_?Implemented|\bunimplemented\b|\bnot\s+(?:yet\s+|currently\s+)?implemented\b"
    r"|\bnot\s+(?:yet\s+(?:supported|available)|supported\s+yet)\b|\bTODO\b"
    r"|\bimplement\s+(?:me|this)\b",
    re.IGNORECASE,
)
_REFUSES = regex(
    r"(?:status\w*|head|error|abort|code)\W.{0,60}\b501\b|Not_?Implemented"
    r"|:not_implemented",
    re.IGNORECASE,
)
_SAY_REFUSED = ("501", "mplemented")  # in small letters: one of them is in each
_STRING = regex(r""""([^"\n]*)"|'([^'\n]*)'|`([^`]*)`""")
_CALL = regex(r"([\w.:>-]+)!?\s*\(")
_WORD = regex(r"\w+")
_MARKUP_CODE = regex(r"\{(?!\s*/\*)|<[A-Z]")  # code in it, or another component
_TALKERS = regex(  # what may be called in a line of log
    r"(?:.*\W)?(?:str|String|repr|len|format\w*|to_?[sS]tring|to_s|inspect|[sf]?printf"
    r"|Sprintf|stringify|random\w*|randint|uniform|resolve|setTimeout|Promise|floor|round"
    r"|Duration|from_secs|from_millis|Date|now|json_encode|strerror|getClass|getName|join"
    r"|type|name|print_r|var_export|log\w*|echo|stdout|stderr|Log|Println|Printf|add"
    r"|makeText|show|gettext|_)"
)


_LOOKED_AT = 6  # nodes at the beginning of a body
_WITH_ELEMENTS = frozenset({"javascript", "jsx", "tsx"})  # that code may return
_ENDS = frozenset({None, Stub.NOT_IMPLEMENTED, Stub.REFUSED, Stub.THROW})


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


def is_stub(outline: Outline, unit: Unit) -> bool:
    """True where the body of *unit*, a function, is one; cheaper than the body."""
    language = outline.source.language.name
    reader = _Reader(idioms(language), language, unit, outline.source.data)
    if reader.begins_with_code():
        return False
    return reader.stub(reader.statements()) is not None


def body_of(outline: Outline, unit: Unit) -> Body:
    """The body of *unit*, a function."""
    language = outline.source.language.name
    reader = _Reader(idioms(language), language, unit, outline.source.data)
    statements = reader.statements()
    comments = _comments(outline, unit)
    stub = reader.stub(statements)
    said = reader.said(statements) if stub else []
    place = _place(outline, unit, statements, comments)
    return Body(
        stub=stub,
        comments=tuple(c for c in comments if not _is_docstring(c, unit)),
        remarks=tuple(comments),
        messages=tuple(said),
        line=place[0],
        column=place[1],
        end_line=place[2],
        end_column=place[3],
    )


def body_node(function: tree_sitter.Node) -> tree_sitter.Node | None:
    """The node that holds the statements of *function*; `None` where it has none."""
    if body := function.child_by_field_name("body"):
        return body
    return next(
        (node for node in function.named_children[::-1] if node.type in _BLOCKS), None
    )


def statements_of(body: tree_sitter.Node) -> list[tree_sitter.Node]:
    """The statements at the top of *body*, comments left out."""
    inner: list[tree_sitter.Node] = [body]
    for _ in range(MAX_NESTED):
        if len(inner) != 1 or inner[0].type not in _BLOCKS:
            break
        inner = [c for c in inner[0].named_children if c.type not in _COMMENTS]
    return inner


def reads_as(
    statements: list[str], language: str, given: frozenset[str]
) -> Stub | None:
    """What a body of these *statements* amounts to; `None` for real code."""
    known = idioms(language)
    rest = [text for text in statements if text and not known.nothing.match(text)]
    return _stub(rest, known, lambda: given, answers=language in IMPLICIT)


class _Reader:
    """Reads one function with the idioms of its language."""

    def __init__(self, known: Idioms, language: str, unit: Unit, data: bytes) -> None:
        self.known = known
        self.data = data  # of the tree: asking its nodes for their text is slow
        self.language = language
        self.unit = unit
        self.body = unit.body or body_node(unit.node)

    def begins_with_code(self) -> bool:
        """True where two statements do something and the first is no mere talk.

        So begin nearly all functions, and no stub: of these no more has to be read.
        """
        if self.body is None or self.body.type not in _BLOCKS:
            return False
        found, children = 0, self.body.named_child_count
        for at in range(min(children, _LOOKED_AT) if children > 1 else 0):
            node = self.body.named_child(at)
            if node.type in _COMMENTS or _is_lone_string(node):
                continue
            text = self._text(node)
            if not text or self.known.nothing.match(text):
                continue
            if found == 0 and _is_talk(text, self.known):
                return False
            found += 1
            if found > 1:
                return True
        return False

    def statements(self) -> list[tree_sitter.Node]:
        """The statements of the body, without strings nobody reads."""
        if self.body is None:
            return []
        found = statements_of(self.body)
        if self.language == "python":
            return [node for node in found if not _is_lone_string(node)]
        return found

    def stub(self, statements: list[tree_sitter.Node]) -> Stub | None:
        if self.body is None:
            return Stub.EMPTY if self.language in BODILESS else None
        if len(statements) == 1 and statements[0].type.startswith("jsx_"):
            return self._fixed(statements[0])
        if any(n.end_byte - n.start_byte > MAX_STATEMENT for n in statements):
            return None
        if self.language in _WITH_ELEMENTS and (found := _returned(statements)):
            return self._fixed(found)
        return _stub(
            self._first(statements),
            self.known,
            self._given,
            answers=self.language in IMPLICIT or self._is_expression(),
        )

    def said(self, statements: list[tree_sitter.Node]) -> list[str]:
        """The strings of what is logged or raised."""
        return [
            text
            for said in map(self._text, statements)
            if not _RETURN.match(said) or _NOT_IMPLEMENTED.search(said)
            for text in _messages(said)
        ]

    def _first(self, statements: list[tree_sitter.Node]) -> list[str]:
        """The statements that do something, as far as a stub may have them.

        With the first one that it can not have: code behind a statement that is no
        mere talk, or one more than there may be.
        """
        found: list[str] = []
        for text in map(self._text, statements):
            if text and not self.known.nothing.match(text):
                found.append(text)
                said = found[-2:-1]  # those before it were asked already
                if len(found) > MAX_STATEMENTS or not _are_talk(said, self.known):
                    break
        return found

    def _fixed(self, element: tree_sitter.Node) -> Stub | None:
        """A constant for markup that shows the same always: no code in it."""
        text = self._text(element)
        is_fixed = len(text) <= MAX_STATEMENT and not _MARKUP_CODE.search(text)
        return Stub.CONSTANT if is_fixed else None

    def _text(self, node: tree_sitter.Node) -> str:
        text = self.data[node.start_byte : node.end_byte].decode("utf-8", "replace")
        return text.strip().rstrip(";").rstrip()

    def _is_expression(self) -> bool:
        return self.body is not None and (
            self.body.type not in _BLOCKS or self.body.type in _EXPRESSION_BLOCKS
        )

    def _given(self) -> frozenset[str]:
        """The words of the signature, among them the names of the parameters."""
        assert self.body is not None
        start, end = self.unit.node.start_byte, self.body.start_byte
        head = self.data[start : min(end, start + MAX_STATEMENT)]
        return frozenset(_WORD.findall(head.decode("utf-8", "replace")))


def _stub(
    statements: list[str],
    known: Idioms,
    given: Callable[[], frozenset[str]],
    *,
    answers: bool,
) -> Stub | None:
    """What *statements* amount to, each of which does something."""
    if not statements:
        return Stub.EMPTY
    *said, last = statements
    if len(statements) > MAX_STATEMENTS or not _are_talk(said, known):
        return None
    kind = _last(last, known, given, answers=answers)
    if not said:
        return kind
    if kind is Stub.THROW and any(map(_NOT_IMPLEMENTED.search, said)):
        return Stub.NOT_IMPLEMENTED
    return kind if kind in _ENDS else Stub.LOG


def _last(
    text: str, known: Idioms, given: Callable[[], frozenset[str]], *, answers: bool
) -> Stub | None:
    """What the statement amounts to that a body ends with."""
    answer = _RETURN.sub("", text, count=1) if "return" in text else text
    if (gives_up := _giving_up(answer, known)) is not None:
        return gives_up
    if answer == text:
        if _is_talk(text, known):
            return Stub.LOG
        if not answers:
            return None
    return answer_of(_bared(answer), given, known)


def _giving_up(text: str, known: Idioms) -> Stub | None:
    parts = text.split(", ")[:4]  # Go returns its error beside the answer
    if any(map(known.unfinished.match, parts)):
        return Stub.NOT_IMPLEMENTED
    if any(map(known.gives_up.match, parts)):
        if _NOT_IMPLEMENTED.search(text):
            return Stub.NOT_IMPLEMENTED
        return Stub.REFUSED if known.refuses.match(text) else Stub.THROW
    if text.endswith((")", ");")) and len(text) < 200 and _refuses(text):
        return Stub.NOT_IMPLEMENTED
    return None


def _refuses(text: str) -> bool:
    lower = text.lower()
    may_refuse = any(map(lower.__contains__, _SAY_REFUSED))
    return may_refuse and _REFUSES.search(text) is not None


def _are_talk(said: list[str], known: Idioms) -> bool:
    return all(_is_talk(text, known) for text in said)


def _is_talk(text: str, known: Idioms) -> bool:
    """True for a statement that only says something or waits."""
    text = _bared(text)
    talk = known.talk.match(text)
    if talk is None:
        return False
    called = _CALL.findall(_STRING.sub('""', text[talk.end() :]))
    return all(_TALKERS.fullmatch(name) for name in called)


def _bared(text: str) -> str:
    """*text* without the words that only tell how it is carried out."""
    has_some = any(map(text.__contains__, _SAID_BEFORE))
    return _BEFORE.sub("", text, count=1) if has_some else text


def _is_lone_string(statement: tree_sitter.Node) -> bool:
    if statement.type != "expression_statement" or statement.named_child_count != 1:
        return False
    return statement.named_children[0].type in ("string", "concatenated_string")


def _returned(statements: list[tree_sitter.Node]) -> tree_sitter.Node | None:
    """The JSX that a body of one statement returns."""
    if len(statements) != 1:
        return None
    node = statements[0]
    for _ in range(MAX_NESTED):
        if node.type.startswith("jsx_"):
            return node
        children = [c for c in node.named_children if c.type not in _COMMENTS]
        if len(children) != 1 or node.type not in (
            "return_statement",
            "parenthesized_expression",
        ):
            break
        node = children[0]
    return None


def _comments(outline: Outline, unit: Unit) -> list[Comment]:
    """The comments in the body of *unit*, without those of units inside it."""
    row, column = _head_end(unit)
    return [
        comment
        for comment in outline.comments_of(unit)
        if (comment.line, comment.column) > (row, column)
    ]


def _head_end(unit: Unit) -> tuple[int, int]:
    """Where the signature ends: the line, and the column in bytes."""
    body = unit.body or body_node(unit.node)
    if body is not None and body.type in _BLOCKS and _opens_with_bracket(body):
        return body.start_point[0] + 1, body.start_point[1]
    before = [
        child
        for child in unit.node.named_children
        if child.type not in _COMMENTS
        and (body is None or child.end_byte <= body.start_byte)
    ]
    end = before[-1].end_point if before else unit.node.start_point
    return end[0] + 1, end[1]


def _opens_with_bracket(body: tree_sitter.Node) -> bool:
    return body.child_count > 0 and body.children[0].type in ("{", "(")


def _is_docstring(comment: Comment, unit: Unit) -> bool:
    return comment.kind == "doc" and not comment.text.startswith("/*")


def _messages(text: str) -> Iterator[str]:
    for found in _STRING.findall(text):
        if message := next(filter(None, found), ""):
            yield message


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
