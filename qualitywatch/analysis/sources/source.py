"""One version of one file: decoded, held to limits, and parsed when somebody asks.

Text is decoded as the language's own tools would decode it (`decoding`). What is
refused is reported as unanalysable by `analyse`, never passed over.

The parser has a budget counted in its own progress reports, not in seconds: the same
file always gets the same answer, on a busy machine too.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from itertools import accumulate
from typing import Any, Literal, TypeVar, cast
from weakref import ref

import tree_sitter

from qualitywatch.analysis.outlines.structure import (
    grammar,
    nodes_query,
    structure_query,
)
from qualitywatch.analysis.sources.cost import is_deep
from qualitywatch.analysis.sources.decoding import Refused as Refused
from qualitywatch.analysis.sources.decoding import decode
from qualitywatch.analysis.sources.edited import Edited, edited
from qualitywatch.analysis.sources.keys import WORD, key_of, keys_near, keys_of
from qualitywatch.analysis.sources.plain import Span, comment_spans, empty_tree, without
from qualitywatch.analysis.sources.survey import Seen, Survey, in_order
from qualitywatch.languages import Language
from qualitywatch.model import Noun
from qualitywatch.regex import regex

MAX_BYTES = 2 * 1024 * 1024
MAX_LINE = 1024 * 1024
MAX_REMARK = 600  # characters of one remark that are read for what it says
PARSE_BUDGET = 20_000  # progress reports; ordinary code needs 5,000 a megabyte

Kind = Literal["line", "block", "doc", "jsx", "string", "bare"]
"""`doc` is a docstring; `string` and `bare` are remarks that are no comment at all."""

Shebang = Literal["shebang"]

Answer = TypeVar("Answer")

_CHUNK = 512
_CLOSERS = frozenset({"pass"})
_IN_WORD = regex(rb"[\w\x80-\xff]")
_LONG_BRACKET = regex(r"--\[=*\[")


class Comment(Noun, gc=False):
    """A comment or docstring with its marks still on."""

    text: str
    line: int
    column: int
    end_line: int
    end_column: int
    kind: Kind
    alone: bool  # no code stands on its lines


class CodeLine(Noun, gc=False):
    """A line that holds code: its number and its tokens, joined by single spaces."""

    line: int
    key: str


class Source:
    """One version of one file; make it with `Source.read`."""

    def __init__(
        self, path: str, language: Language, content: bytes, text: str
    ) -> None:
        self.path = path
        self.language = language
        self.content = content
        self.text = text
        self.data = text.encode()
        self.lines = text.split("\n")
        self._answers: dict[Callable[[Source], object], object] = {}
        self._before: ref[Source] | None = None
        self._reworded: tuple[int, ...] | None = None
        self.survey: Survey | None = None  # given by who asks more than the structure

    @classmethod
    def read(
        cls,
        path: str,
        content: bytes,
        language: Language,
        *,
        max_bytes: int = MAX_BYTES,
    ) -> Source:
        """The file, decoded; raises `Refused` where it can not be analysed."""
        if len(content) > max_bytes:
            raise Refused(f"is larger than {max_bytes} bytes")
        source = cls(path, language, content, decode(content, language))
        if len(source.text) > MAX_LINE < max(map(len, source.lines)):
            raise Refused(f"has a line longer than {MAX_LINE} characters")
        return source

    @cached_property
    def tree(self) -> tree_sitter.Tree:
        """The syntax tree; raises `Refused` where parsing costs too much.

        Without a grammar it is the tree of an empty text: nothing is found in it.
        """
        if self.language.grammar is None:
            return empty_tree()
        near = self._near()
        tree = self._parsed(None if near is None else near.tree)
        if near is not None and tree.root_node.has_error:
            near, tree = None, self._parsed(None)
        self._reworded = None if near is None else near.reworded(tree)
        if is_deep(tree):
            raise Refused("nests deeper than any person writes")
        return tree

    def follows(self, before: Source) -> None:
        """This text is *before*, edited: what both share need not be parsed again."""
        self._reworded = None  # where it has a tree, another text stood before it
        is_other = before is not self  # one is kept for both where they are the same
        if is_other and before.language is self.language and self.language.grammar:
            self._before = ref(before)

    @property
    def reworded(self) -> tuple[int, ...] | None:
        """The rows that differ from the text before, where that has the same nodes.

        Rows count from 0, as those of nodes do. `None` where more changed than words,
        or nobody compared; raises `Refused` as the tree does.
        """
        _ = self.tree  # to parse it is to compare it
        return self._reworded

    def _near(self) -> Edited | None:
        """The tree of the text before, where that helps to parse this one."""
        before = None if self._before is None else self._before()
        if before is None:
            return None
        try:
            return edited(before.tree, before.data, self.data)
        except Refused:  # said where the base is asked for
            return None

    def _parsed(self, near: tree_sitter.Tree | None) -> tree_sitter.Tree:
        parse: Any = tree_sitter.Parser(grammar(self.language)).parse
        old = () if near is None else (near,)  # the binding takes no `None`
        data = self.data  # the tree keeps `piece`: were `self` in it, none were freed
        spent = 0

        def piece(offset: int, _: object) -> bytes:
            # The binding never frees a piece: the parser gets the text itself, and who
            # asks a node for its text gets little at a time.
            return data if offset == 0 else data[offset : offset + _CHUNK]

        def over_budget(*_: object) -> bool:
            nonlocal spent
            spent += 1
            return spent > PARSE_BUDGET

        try:
            tree: tree_sitter.Tree = parse(
                piece, *old, encoding="utf8", progress_callback=over_budget
            )
        except ValueError:
            raise Refused("is too hard to parse") from None
        return tree

    def once(self, ask: Callable[[Source], Answer]) -> Answer:
        """What *ask* says of this text: several ask, one pays."""
        if ask not in self._answers:
            self._answers[ask] = ask(self)
        return cast("Answer", self._answers[ask])

    def knows(self, ask: Callable[[Source], object]) -> bool:
        """True where somebody paid for that already."""
        return ask in self._answers

    def is_told(self, ask: Callable[[Source], Answer], answer: Answer) -> None:
        """Take *answer* for what *ask* says: somebody had it for less."""
        self._answers[ask] = answer

    def forget(self) -> None:
        """Give back what was found out about it, when nobody asks any more.

        Its units know each other and it; left to themselves they would keep its tree
        until somebody looks for garbage, and each tree would get memory of its own.
        """
        for answer in self._answers.values():
            if part := getattr(answer, "forget", None):  # an outline has units to part
                part()
        self._answers.clear()

    @cached_property
    def has_errors(self) -> bool:
        """True when the grammar does not accept the text as it stands."""
        return self.tree.root_node.has_error

    def begins_with(self, starts: Iterable[str]) -> bool:
        """True where a line begins with one of *starts*."""
        return any(
            self.text.startswith(start) or f"\n{start}" in self.text
            for start in starts
            if start[0] in self._first_signs
        )

    @cached_property
    def _first_signs(self) -> frozenset[str]:
        """The signs with which lines begin."""
        return frozenset(line[:1] for line in self.lines)

    def comments(self) -> tuple[Comment, ...]:
        """Every comment and docstring, in the order of the text."""
        return self._comments

    def remarks_as_in(self, other: Source, lines: Iterable[int]) -> None:
        """Take over the comments of *other*, which has other code on *lines* alone."""
        self._comments = other.comments()
        bare = list(other.bare_lines)
        for line in lines:
            bare[line - 1] = self.lines[line - 1]
        self.bare_lines = bare
        self.bare = "\n".join(bare)

    @cached_property
    def spoken(self) -> str:
        """What all comments say, blanks apart: one look tells what none of them has."""
        texts = (comment.text[:MAX_REMARK] for comment in self.comments())
        return "\n".join(" ".join(text.split()) for text in texts)

    @cached_property
    def stripped(self) -> list[str]:
        """The lines without the blanks around them."""
        return list(map(str.strip, self.lines))

    @cached_property
    def code(self) -> tuple[CodeLine, ...]:
        """The lines that hold code: without comments, blank lines, bare brackets."""
        return tuple(self._code_lines(self._keys, 1))

    @cached_property
    def code_keys(self) -> list[str]:
        """The keys of the lines of `code`."""
        return [code.key for code in self.code]

    def code_in(self, first: int, last: int) -> Sequence[CodeLine]:
        """Those from line *first* to *last*; of the others nothing need be known."""
        if "code" in self.__dict__:
            begin = bisect_left(self.code, first, key=_number)
            return self.code[begin : bisect_right(self.code, last, begin, key=_number)]
        keys = keys_of("\n".join(self.bare_lines[first - 1 : last]))
        return self._code_lines(keys, first)

    def _code_lines(self, keys: Sequence[str], first: int) -> list[CodeLine]:
        """Those of the lines from *first* on, with these *keys*, that hold code."""
        closers = frozenset(self.language.closers)
        return [
            CodeLine(line=number, key=key)
            for number, key in enumerate(keys, first)
            if key and _has_word(key) and key not in closers
        ]

    @cached_property
    def code_tokens(self) -> list[tuple[str, ...]]:
        """The tokens of each line of `code`."""
        return [tuple(code.key.split(" ")) for code in self.code]

    @cached_property
    def tokens(self) -> str:
        """All tokens outside comments, each with a space of its own on both sides."""
        joined = " ".join(filter(None, self._keys))
        return f" {joined.replace(' ', '  ')} "

    @cached_property
    def captures(self) -> dict[str, list[tree_sitter.Node]]:
        """Units, bindings and comments by capture name, from one query."""
        if self.language.grammar is None:
            return {}
        if self.seen is not None:
            return self.seen.structure
        query = structure_query(self.language)
        cursor = tree_sitter.QueryCursor(query)
        found = cursor.captures(self.tree.root_node)
        return {name: in_order(nodes) for name, nodes in found.items()}

    @cached_property
    def seen(self) -> Seen | None:
        """What its survey found, if it has one that could be carried out."""
        return None if self.survey is None else self.survey.of(self.tree.root_node)

    def column(self, line: int, byte_column: int) -> int:
        """The column, counted in characters from 1, of a byte column of the tree."""
        text = self.lines[line - 1]
        if text.isascii():
            return byte_column + 1
        return len(text.encode()[:byte_column].decode("utf-8", "replace")) + 1

    @cached_property
    def _comments(self) -> tuple[Comment, ...]:
        if self.language.grammar is None:
            return tuple(self._plain_comment(span) for span in self._spans)
        return tuple(
            self._comment(node, kind)
            for node, kind in self._comment_nodes
            if kind != "shebang"
        )

    @cached_property
    def _comment_nodes(self) -> list[tuple[tree_sitter.Node, Kind | Shebang]]:
        nodes: dict[int, tuple[tree_sitter.Node, Kind | Shebang]] = {}
        for node in self.captures.get("comment", ()):
            nodes[node.start_byte] = (node, self._kind(node))
        for node in self.captures.get("quoted", ()):
            nodes.pop(node.start_byte, None)
        for node in self.captures.get("shebang", ()):
            if node.start_byte == 0:  # in broken code a grammar sees others
                nodes[0] = (node, "shebang")
        for node in self.captures.get("jsx", ()):
            nodes[node.start_byte] = (node, "jsx")
        for node in self.captures.get("doc", ()):
            nodes[node.start_byte] = (node, "doc")
        return [nodes[start] for start in sorted(nodes)]

    def _kind(self, node: tree_sitter.Node) -> Kind | Shebang:
        mark = self.data[node.start_byte : node.start_byte + 12].decode(
            "utf-8", "replace"
        )
        if node.start_byte == 0 and mark.startswith("#!"):
            return "shebang"
        return _kind_of(mark, node.end_byte - node.start_byte, self.language)

    def _comment(self, node: tree_sitter.Node, kind: Kind) -> Comment:
        (row, column), (end_row, end_column) = node.start_point, node.end_point
        start, end = node.start_byte, node.end_byte
        before = self.data[start - column : start].strip()
        if end_column == 0 and end_row > row:  # the grammar counts the line's end to it
            end_row -= 1
            end_column = len(self.lines[end_row].encode())
            after = b""
        else:
            line_end = self.data.find(b"\n", end)
            after = self.data[end : None if line_end < 0 else line_end].strip()
        if kind == "jsx":
            before, after = before.removesuffix(b"{"), after.removeprefix(b"}")
        return Comment(
            text=self.data[start:end].decode().removesuffix("\n"),
            line=row + 1,
            column=self.column(row + 1, column),
            end_line=end_row + 1,
            end_column=max(1, self.column(end_row + 1, end_column) - 1),
            kind=kind,
            alone=not before.strip() and not after.strip(),
        )

    @cached_property
    def _spans(self) -> list[Span]:
        return comment_spans(self.text, self.language)

    @cached_property
    def _starts(self) -> list[int]:
        lengths = (len(line) + 1 for line in self.lines)
        return list(accumulate(lengths, initial=0))

    def _plain_comment(self, span: Span) -> Comment:
        row = bisect_right(self._starts, span.start) - 1
        end_row = bisect_left(self._starts, span.end) - 1
        column = span.start - self._starts[row]
        end_column = span.end - self._starts[end_row]
        text = self.text[span.start : span.end]
        before = self.lines[row][:column].strip()
        after = self.lines[end_row][end_column:].strip()
        return Comment(
            text=text,
            line=row + 1,
            column=column + 1,
            end_line=end_row + 1,
            end_column=max(1, end_column),
            kind=_kind_of(text[:12], len(text), self.language),
            alone=not before and not after,
        )

    @cached_property
    def _keys(self) -> list[str]:
        """The tokens of each line, joined by single spaces."""
        before = None if self._before is None else self._before()
        if before is None or "_keys" not in before.__dict__:
            return keys_of(self.bare)
        return keys_near(self.bare_lines, before.bare_lines, before._keys)

    @cached_property
    def bare_lines(self) -> list[str]:
        """The lines of `bare`: as many as the text has."""
        return self.bare.split("\n")

    @cached_property
    def bare(self) -> str:
        """The text without its comments, their line breaks apart."""
        if self.language.grammar is None:
            return without(self.text, self._spans)
        pieces, position, last = [], 0, b""
        for node, _ in self._comment_nodes:
            if node.start_byte < position:
                continue  # inside another one
            piece = self.data[position : node.start_byte]
            position, last = node.end_byte, piece[-1:] or last
            gap = self.data[node.start_byte : position].count(b"\n")
            parts_words = _IN_WORD.match(last) and _IN_WORD.match(self.data, position)
            # Nothing else takes its place: `it/**/.only` is `it.only`.
            pieces += [piece, b"\n" * gap or (b" " if parts_words else b"")]
        pieces.append(self.data[position:])
        return b"".join(pieces).decode()


def nodes_of(
    source: Source, types: frozenset[str], lines: tuple[int, int] | None = None
) -> list[tree_sitter.Node]:
    """The nodes of *types*, or those that reach into *lines*, in order."""
    if source.seen is not None and types in source.seen.counted:
        found = source.seen.counted[types]
        return found if lines is None else [n for n in found if _reaches(n, lines)]
    query = nodes_query(source.language, types)
    if query is None:
        return []
    cursor = tree_sitter.QueryCursor(query)
    if lines is not None:
        cursor.set_point_range((lines[0] - 1, 0), (lines[1], 0))
    return in_order(cursor.captures(source.tree.root_node).get("node", []))


def _reaches(node: tree_sitter.Node, lines: tuple[int, int]) -> bool:
    """True where a query of these *lines* alone would find *node*."""
    return node.end_point > (lines[0] - 1, 0) and node.start_point < (lines[1], 0)


def line_key(line: str, language: Language | None = None) -> str:
    """The tokens of *line* joined by single spaces; empty where it holds no code.

    Brackets, commas, semicolons and quotes are left out: formatters move them. With
    its *language* the comments on the line are left out, as far as one line tells.
    """
    if language is not None:
        line = without(line, comment_spans(line, language))
    key = key_of(line)
    closers = _CLOSERS if language is None else frozenset(language.closers)
    return key if _has_word(key) and key not in closers else ""


def _number(code: CodeLine) -> int:
    return code.line


def _has_word(key: str) -> bool:
    """True for every second one by its first sign."""
    return key[:1].isalnum() or WORD.search(key) is not None


def _kind_of(text: str, length: int, language: Language) -> Kind:
    """The kind of a comment by how it begins; a row of slashes is no documentation."""
    for mark in language.doc_marks:
        follows = text[len(mark) : len(mark) + 1]
        is_row = mark[-1] != "*" and follows == mark[-1]
        if text.startswith(mark) and length > len(mark) + 1 and not is_row:
            return "doc"
    is_block = text.startswith(tuple(mark for mark, _ in language.block_comments))
    return "block" if is_block or _LONG_BRACKET.match(text) else "line"
