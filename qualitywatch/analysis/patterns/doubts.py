"""Places that a query finds and a libcst matcher has to confirm."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import tree_sitter

from qualitywatch.analysis.hit import Hit
from qualitywatch.analysis.patterns.predicates import text_of
from qualitywatch.analysis.sources.source import Refused, Source


class Doubt(msgspec.Struct, frozen=True):
    """What the matcher of a rule is asked, and the line by which the base knows it."""

    matcher: str
    snippet: str
    node_type: str
    indent: str
    line: str


Row = tuple[str, Hit, Doubt | None]  # with the id of the rule


def doubt_of(node: tree_sitter.Node, expression: str, source: Source) -> Doubt:
    """What is asked about *node*."""
    before = source.data[: node.start_byte].rpartition(b"\n")[2].decode()
    return Doubt(
        matcher=expression,
        snippet=text_of(node, source),
        node_type=node.type,
        indent=before if not before.strip() else "",
        line=source.stripped[node.start_point[0]],
    )


def doubts_in(rows: Sequence[Row]) -> dict[str, list[Doubt]]:
    """The doubtful places of each rule that has no others, and none too dear."""
    if all(doubt is None for _, _, doubt in rows):
        return {}
    from qualitywatch.analysis.patterns import matcher  # few files have any

    sure = {
        rule_id
        for rule_id, _, doubt in rows
        if doubt is None or matcher.is_costly(doubt.snippet)
    }
    found: dict[str, list[Doubt]] = {}
    for rule_id, _, doubt in rows:
        if doubt is not None and rule_id not in sure:
            found.setdefault(rule_id, []).append(doubt)
    return found


def is_confirmed(doubt: Doubt) -> bool:
    """True where the matcher accepts it; raises `Refused` where it can not be asked."""
    from qualitywatch.analysis.patterns import matcher  # as above

    try:
        return matcher.confirms(
            matcher.compile(doubt.matcher),
            doubt.snippet,
            node_type=doubt.node_type,
            indent=doubt.indent,
        )
    except matcher.TooCostly:
        raise Refused("holds code that is too large or too deep to match") from None
