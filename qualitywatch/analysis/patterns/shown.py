"""From a match of a query to the hit that it shows."""

from __future__ import annotations

import sys
from bisect import bisect_right
from collections.abc import Iterable
from typing import Any

import tree_sitter

from qualitywatch.analysis.hit import Hit
from qualitywatch.analysis.patterns.predicates import text_of
from qualitywatch.analysis.patterns.sightings import Span
from qualitywatch.analysis.sources.source import Comment, Source
from qualitywatch.analysis.sources.survey import Captures
from qualitywatch.rulebook.queries import CANDIDATE, HIT

MAX_NAME = 60  # signs of a captured text that a message may show


class Left:
    """The places that a rule leaves alone: each end by its start, disjoint, sorted."""

    def __init__(self, found: Iterable[tuple[str, tree_sitter.Node]]) -> None:
        self._spans: dict[str, list[Span]] = {}
        for rule_id, node in sorted(
            found, key=lambda each: (each[1].start_byte, -each[1].end_byte)
        ):
            spans = self._spans.setdefault(rule_id, [])
            if not spans or spans[-1][1] <= node.start_byte:
                spans.append((node.start_byte, node.end_byte))

    def holds(self, rule_id: str, node: tree_sitter.Node) -> bool:
        """True where *node* stands inside such a place."""
        spans = self._spans.get(rule_id, [])
        at = bisect_right(spans, (node.start_byte, sys.maxsize)) - 1
        return at >= 0 and node.end_byte <= spans[at][1]


def shown(captures: Captures, matcher: str | None) -> tree_sitter.Node | None:
    """The node to report, if the match counts."""
    if hits := captures.get(HIT):
        return hits[0]
    candidates = captures.get(CANDIDATE)
    return candidates[0] if candidates and matcher is not None else None


def hit_of(node: tree_sitter.Node, captures: Captures, source: Source) -> Hit:
    (row, column), (end_row, end_column) = node.start_point, node.end_point
    if end_column == 0 and end_row > row:  # the node ends with a line's end
        end_row -= 1
        end_column = len(source.lines[end_row].encode())
    return Hit(
        line=row + 1,
        column=source.column(row + 1, column),
        end_line=end_row + 1,
        end_column=max(1, source.column(end_row + 1, end_column) - 1),
        names={
            name: text_of(nodes[0], source).partition("\n")[0][:MAX_NAME]
            for name, nodes in captures.items()
            if nodes and name not in (HIT, CANDIDATE)
        },
    )


def remark_hit(comment: Comment, match: Any) -> Hit:
    return Hit(
        line=comment.line,
        column=comment.column,
        end_line=comment.end_line,
        end_column=comment.end_column,
        names={name: text for name, text in match.groupdict().items() if text},
    )
