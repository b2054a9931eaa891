"""Which rules may see a text in another way than its base, where words alone differ.

Both trees have the same nodes then, so a query matches in both at the same places. Of a
match only the text of what it captures is asked, and the lines where that stands: where
none of them is another one, it finds in the new text what it found in the base.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence

import tree_sitter

from qualitywatch.analysis.patterns.sightings import spans
from qualitywatch.analysis.sources.survey import MATCH_LIMIT, Captures
from qualitywatch.regex import regex

MAX_SPANS = 8  # of rows that a query looks at

_ANY_WITH_CHILDREN = regex(r"[(\[\s]_\s*[^\s)\]@]")
"""A node of any type around others: tree-sitter begins to look at one of these."""


def reaches(captures: Captures, rows: Sequence[int]) -> bool:
    """True where one of the *rows*, which are in order, is one of what was captured."""
    for nodes in captures.values():
        for node in nodes:
            at = bisect_left(rows, node.start_point[0])
            if at < len(rows) and rows[at] <= node.end_point[0]:
                return True
    return False


def may_reach(
    query: tree_sitter.Query | None,
    root: tree_sitter.Node,
    rows: Sequence[int],
    counts: Callable[[int, Captures], bool],
) -> bool:
    """True where a match of *query* counts, of those that reach one of the *rows*."""
    if query is None:
        return False
    if not all(map(query.is_pattern_rooted, range(query.pattern_count))):
        return True  # it may match on both sides of a row
    for first, end in spans([(row, row + 1) for row in rows], MAX_SPANS):
        cursor = tree_sitter.QueryCursor(query, match_limit=MATCH_LIMIT)
        cursor.set_point_range((first, 0), (end, 0))
        found = any(counts(index, captures) for index, captures in cursor.matches(root))
        if found or cursor.did_exceed_match_limit:
            return True
    return False


def is_plain(text: str) -> bool:
    """True where no pattern of a query has a node of any type that holds others."""
    return _ANY_WITH_CHILDREN.search(text) is None
