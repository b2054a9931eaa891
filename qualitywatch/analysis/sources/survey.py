"""One walk over a tree for all that is asked of it: each walk costs a third of a parse.

A survey finds the units and comments of a text, the nodes that checks look at, and what
the rules' patterns match. It belongs to a text that is judged; of a base the units are
enough.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from operator import attrgetter

import msgspec
import tree_sitter

from qualitywatch.analysis.outlines.structure import (
    grammar,
    nodes_text,
    structure_text,
)
from qualitywatch.languages import Language

MATCH_LIMIT = 256
"""Matches in progress at once: ordinary rules need a few, a bomb needs thousands."""

Captures = dict[str, list[tree_sitter.Node]]
Matches = list[tuple[int, Captures]]

_COUNTED = "counted."  # begins the names of captures that are no structure

Types = frozenset[str]


class Seen(msgspec.Struct, frozen=True):
    """What one walk found."""

    survey: Survey
    structure: Captures
    counted: dict[Types, list[tree_sitter.Node]]
    matches: Matches  # of the rules' patterns


class Survey:
    """The structure of a language, nodes by type, and patterns of rules: one query."""

    def __init__(
        self, language: Language, counted: Sequence[Types], patterns: str
    ) -> None:
        self._counted = {f"{_COUNTED}{at}": each for at, each in enumerate(counted)}
        lead = [structure_text(language)]
        for name, types in self._counted.items():
            if text := nodes_text(language, types):
                lead.append(f"{text} @{name}")
        self.lead = "\n".join([*lead, ""])
        self.query = tree_sitter.Query(grammar(language), self.lead + patterns)
        size = len(self.lead.encode())
        starts = map(self.query.start_byte_for_pattern, range(self.query.pattern_count))
        self.first = sum(start < size for start in starts)  # pattern that is a rule's

    def of(self, root: tree_sitter.Node) -> Seen | None:
        """What stands below *root*; `None` where too much is matched at once."""
        cursor = tree_sitter.QueryCursor(self.query, match_limit=MATCH_LIMIT)
        found: defaultdict[str, list[tree_sitter.Node]] = defaultdict(list)
        matches: Matches = []
        for index, captures in cursor.matches(root):
            if index >= self.first:
                matches.append((index - self.first, captures))
                continue
            for name, nodes in captures.items():
                found[name] += nodes
        if cursor.did_exceed_match_limit:
            return None
        counted = {
            types: in_order(found.pop(name, []))
            for name, types in self._counted.items()
        }
        structure = {name: in_order(nodes) for name, nodes in found.items()}
        return Seen(self, structure, counted, matches)


def in_order(nodes: list[tree_sitter.Node]) -> list[tree_sitter.Node]:
    """*nodes* in the order of the text, the outer before the inner."""
    found = sorted(nodes, key=attrgetter("end_byte"), reverse=True)
    found.sort(key=attrgetter("start_byte"))
    return found
