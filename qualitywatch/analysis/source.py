"""One version of one file: decoded, held to limits, and parsed when somebody asks.

Text is decoded as the language's own tools would decode it, so that no code can hide
from us that they would run: only encodings in which a comment stays a comment are
accepted, a lone carriage return ends a line, and a NUL is refused. What is refused is
reported as unanalysable by `analyse`, never passed over.

The parser has a budget counted in its own progress reports, not in seconds: the same
file always gets the same answer, on a busy machine too.
"""

from __future__ import annotations

import codecs
import re
from functools import cached_property
from typing import Literal

import tree_sitter

from qualitywatch.analysis.structure import grammar, structure_query
from qualitywatch.languages import Language
from qualitywatch.model import Noun

MAX_BYTES = 2 * 1024 * 1024
MAX_LINE = 1024 * 1024
PARSE_BUDGET = 20_000  # progress reports; ordinary code needs 5,000 a megabyte

Kind = Literal["line", "block", "doc", "jsx", "string", "bare"]
"""`doc` is a docstring; `string` and `bare` are remarks that are no comment at all."""

_CHUNK = 8 * 1024
_COOKIE = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")
_BLANK = re.compile(rb"^[ \t\f]*(#.*)?$")
_ENCODINGS = {
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "utf-8-sig": "utf-8",
    "latin-1": "latin-1",
    "latin1": "latin-1",
    "iso-8859-1": "latin-1",
    "iso8859-1": "latin-1",
    "iso-latin-1": "latin-1",
    "ascii": "ascii",
    "us-ascii": "ascii",
    "cp1252": "cp1252",
    "windows-1252": "cp1252",
}
_TOKEN = re.compile(r"""\w+|[^\w\s()\[\]{},;"'`\\]""")
_WORD = re.compile(r"\w")
_NO_CODE = frozenset({"", "pass"})


class Refused(Exception):
    """This version of the file can not be analysed; `reason` says why."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Comment(Noun):
    """A comment or docstring with its marks still on."""

    text: str
    line: int
    column: int
    end_line: int
    end_column: int
    kind: Kind
    alone: bool  # no code stands on its lines


class CodeLine(Noun):
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
        if b"\0" in content:
            raise Refused("holds a NUL byte")
        text = _decode(content, language)
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        source = cls(path, language, content, text)
        if any(len(line) > MAX_LINE for line in source.lines):
            raise Refused(f"has a line longer than {MAX_LINE} characters")
        return source

    @cached_property
    def tree(self) -> tree_sitter.Tree:
        """The syntax tree; raises `Refused` where parsing costs too much."""
        parser = tree_sitter.Parser(grammar(self.language))
        spent = 0

        def piece(offset: int, _: object) -> bytes:
            return self.data[offset : offset + _CHUNK]

        def over_budget(*_: object) -> bool:
            nonlocal spent
            spent += 1
            return spent > PARSE_BUDGET

        try:
            return parser.parse(piece, encoding="utf8", progress_callback=over_budget)
        except ValueError:
            raise Refused("is too hard to parse") from None

    @property
    def has_errors(self) -> bool:
        """True when the grammar does not accept the text as it stands."""
        return self.tree.root_node.has_error

    def comments(self) -> tuple[Comment, ...]:
        """Every comment and docstring, in the order of the text."""
        return self._comments

    @cached_property
    def code(self) -> tuple[CodeLine, ...]:
        """The lines that hold code: without comments, blank lines, bare brackets."""
        return tuple(
            CodeLine(line=number, key=key)
            for number, key in enumerate(self._keys, 1)
            if _is_code(key)
        )

    @cached_property
    def tokens(self) -> str:
        """All tokens outside comments, each with a space of its own on both sides."""
        joined = " ".join(key for key in self._keys if key)
        return f" {joined.replace(' ', '  ')} "

    @cached_property
    def captures(self) -> dict[str, list[tree_sitter.Node]]:
        """Units, bindings and comments by capture name, from one query."""
        query = structure_query(self.language)
        cursor = tree_sitter.QueryCursor(query)
        found = cursor.captures(self.tree.root_node)
        return {
            name: sorted(nodes, key=lambda node: (node.start_byte, -node.end_byte))
            for name, nodes in found.items()
        }

    def column(self, line: int, byte_column: int) -> int:
        """The column, counted in characters from 1, of a byte column of the tree."""
        text = self.lines[line - 1]
        if text.isascii():
            return byte_column + 1
        return len(text.encode()[:byte_column].decode("utf-8", "replace")) + 1

    @cached_property
    def _comments(self) -> tuple[Comment, ...]:
        return tuple(self._comment(node, kind) for node, kind in self._comment_nodes)

    @cached_property
    def _comment_nodes(self) -> list[tuple[tree_sitter.Node, Kind]]:
        nodes: dict[int, tuple[tree_sitter.Node, Kind]] = {}
        for node in self.captures.get("comment", ()):
            nodes[node.start_byte] = (node, _kind(self.data, node))
        for node in self.captures.get("jsx", ()):
            nodes[node.start_byte] = (node, "jsx")
        for node in self.captures.get("doc", ()):
            nodes[node.start_byte] = (node, "doc")
        return [nodes[start] for start in sorted(nodes)]

    def _comment(self, node: tree_sitter.Node, kind: Kind) -> Comment:
        (row, column), (end_row, end_column) = node.start_point, node.end_point
        before = self.lines[row].encode()[:column].strip()
        after = self.lines[end_row].encode()[end_column:].strip()
        if kind == "jsx":
            before, after = before.removesuffix(b"{"), after.removeprefix(b"}")
        return Comment(
            text=self.data[node.start_byte : node.end_byte].decode(),
            line=row + 1,
            column=self.column(row + 1, column),
            end_line=end_row + 1,
            end_column=max(1, self.column(end_row + 1, end_column) - 1),
            kind=kind,
            alone=not before.strip() and not after.strip(),
        )

    @cached_property
    def _keys(self) -> list[str]:
        return [
            " ".join(_TOKEN.findall(t)) for t in self._without_comments().split("\n")
        ]

    def _without_comments(self) -> str:
        pieces, position = [], 0
        for node, _ in self._comment_nodes:
            if node.start_byte < position:
                continue  # inside another one
            pieces.append(self.data[position : node.start_byte])
            gap = self.data[node.start_byte : node.end_byte].count(b"\n")
            pieces.append(b"\n" * gap or b" ")
            position = node.end_byte
        pieces.append(self.data[position:])
        return b"".join(pieces).decode()


def line_key(line: str) -> str:
    """The tokens of *line* joined by single spaces; empty where it holds no code.

    Brackets, commas, semicolons and quotes are left out: formatters move them.
    """
    key = " ".join(_TOKEN.findall(line))
    return key if _is_code(key) else ""


def _is_code(key: str) -> bool:
    return _WORD.search(key) is not None and key not in _NO_CODE


def _kind(data: bytes, node: tree_sitter.Node) -> Kind:
    mark = data[node.start_byte : node.start_byte + 3]
    if mark == b"/**" and node.end_byte - node.start_byte > 4:
        return "doc"
    return "block" if mark[:2] == b"/*" or mark[:1] == b"<" else "line"


def _decode(content: bytes, language: Language) -> str:
    encoding = _cookie(content) if language.name == "python" else "utf-8"
    if content.startswith(codecs.BOM_UTF8):
        content = content[len(codecs.BOM_UTF8) :]
        if encoding != "utf-8":
            raise Refused("has a UTF-8 mark and declares another encoding")
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        raise Refused(f"is not {encoding.upper()} text") from None


def _cookie(content: bytes) -> str:
    """The encoding that Python would read the file with."""
    head = content.removeprefix(codecs.BOM_UTF8)
    lines = re.split(rb"\r\n|\r|\n", head, maxsplit=2)
    for line in lines[:2]:
        if match := _COOKIE.match(line):
            name = match[1].decode("ascii", "replace").lower().replace("_", "-")
            if name not in _ENCODINGS:
                raise Refused(f"declares the encoding {name[:40]!r}")
            return _ENCODINGS[name]
        if not _BLANK.match(line):
            break
    return "utf-8"
