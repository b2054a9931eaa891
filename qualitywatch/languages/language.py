"""What a language is to us: how it is recognised, read, parsed and cut into units."""

from __future__ import annotations

import msgspec

from qualitywatch.languages.syntax import Syntax

Pair = tuple[str, str]

SLASHES: Pair = ("/*", "*/")
ANGLES: Pair = ("<!--", "-->")


class Language(msgspec.Struct, frozen=True, kw_only=True):
    """How one language is recognised, parsed and cut into units.

    Without a `grammar` a file is read line by line: its comments are known by their
    marks, and the whole file is one unit.
    """

    name: str
    title: str  # as a heading in rule files
    suffixes: tuple[str, ...] = ()
    file_names: tuple[str, ...] = ()  # whole names, in lower case
    shebangs: tuple[str, ...] = ()
    grammar: Pair | None = None  # module and the function that returns the grammar
    syntax: Syntax = Syntax()
    line_comments: tuple[str, ...] = ()
    block_comments: tuple[Pair, ...] = ()
    doc_marks: tuple[str, ...] = ()  # with which comments for readers of docs begin
    closers: tuple[str, ...] = ()  # words that only end what is open

    @property
    def functions(self) -> frozenset[str]:
        """Node types: a function or a method."""
        return self._types("function")

    @property
    def classes(self) -> frozenset[str]:
        """Node types that hold named members."""
        return self._types("class")

    @property
    def line_comment(self) -> str:
        """The mark that examples and messages use; the opening one of a block, else."""
        return (
            self.line_comments[0] if self.line_comments else self.block_comments[0][0]
        )

    @property
    def example_path(self) -> str:
        """A path that is of this language."""
        if self.suffixes:
            return f"example{self.suffixes[0]}"
        return self.file_names[0] if self.file_names else "example.unknown"

    def _types(self, kind: str) -> frozenset[str]:
        shapes = self.syntax.shapes
        return frozenset(
            t for shape in shapes if shape.kind == kind for t in shape.types
        )
