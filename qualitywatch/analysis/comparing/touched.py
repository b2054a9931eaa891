"""The nodes of a text that stand where its change is.

A check that looks for one kind of node asks here: tree-sitter walks only the lines from
the first new one to the last, and a change that adds no line costs nothing.
"""

from __future__ import annotations

import tree_sitter

from qualitywatch.analysis.comparing.compare import Comparison
from qualitywatch.analysis.hit import Hit
from qualitywatch.analysis.sources.source import Source, nodes_of

MAX_NODES = 20_000  # of one kind in one text; a longer text is data, not code


def touched(comparison: Comparison, types: frozenset[str]) -> list[tree_sitter.Node]:
    """The nodes of *types* that reach into the changed lines, in order."""
    if comparison.before is None:
        return nodes_of(comparison.after, types)[:MAX_NODES]
    new = comparison.new_lines
    lines = (new[0], new[-1]) if new else None
    return nodes_of(comparison.after, types, lines)[:MAX_NODES] if lines else []


class Texts:
    """The text of nodes of one source; `Node.text` is twenty times slower."""

    def __init__(self, source: Source) -> None:
        self._data = source.data

    def __call__(self, node: tree_sitter.Node) -> str:
        return self._data[node.start_byte : node.end_byte].decode()

    def before(self, node: tree_sitter.Node, size: int) -> str:
        """At most *size* bytes of what stands in front of *node* in its parent."""
        start = node.start_byte if node.parent is None else node.parent.start_byte
        start = max(start, node.start_byte - size)
        return self._data[start : node.start_byte].decode("utf-8", "ignore")


def is_touched(comparison: Comparison, node: tree_sitter.Node) -> bool:
    """True when a line of *node* is new."""
    first, last = node.start_point[0] + 1, node.end_point[0] + 1
    return comparison.has_new_line(first, last)


def hit_at(comparison: Comparison, node: tree_sitter.Node, **names: str) -> Hit:
    """A hit that shows the first line of *node*."""
    source = comparison.after
    (row, column), (end_row, end_column) = node.start_point, node.end_point
    if end_row > row:
        end_column = len(source.lines[row].encode())
    return Hit(
        line=row + 1,
        column=source.column(row + 1, column),
        end_line=row + 1,
        end_column=max(1, source.column(row + 1, end_column) - 1),
        names=names,
    )
