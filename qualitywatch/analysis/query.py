"""Rules written as tree-sitter queries or as expressions on comments.

All queries of one language become one query: fifteen separate ones cost nine times as
much. Which rule a match belongs to is told by the index of its pattern. What a match
shows is `@hit`; a `@candidate` has to be confirmed by the rule's libcst matcher.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate
from typing import Any, Literal, NamedTuple

import tree_sitter

from qualitywatch.analysis import matcher
from qualitywatch.analysis.hit import Hit
from qualitywatch.analysis.source import Comment, Refused, Source
from qualitywatch.languages import Language
from qualitywatch.rulebook import Rule, Section
from qualitywatch.rulebook.queries import (
    CANDIDATE,
    HIT,
    PREDICATES,
    Predicate,
    compile_read_query,
    read_query,
)
from qualitywatch.rulebook.regexes import BrokenPattern, compile_regex
from qualitywatch.rulebook.validation import (
    refuse_broken_query,
    refuse_broken_remark,
)

MATCH_LIMIT = 256
"""Matches in progress at once: ordinary rules need a few, a bomb needs thousands."""

MAX_NAME = 60  # signs of a captured text that a message may show

Captures = dict[str, list[tree_sitter.Node]]
Argument = tuple[str, Literal["capture", "string"]]


class _Owner(NamedTuple):
    """The rule that a pattern belongs to, and its matcher where it has one."""

    rule_id: str
    matcher: str | None


class Combined:
    """Every query and remark rule that serves one language, ready to run."""

    def __init__(
        self,
        query: tree_sitter.Query | None,
        owners: Sequence[_Owner],  # one for each pattern
        regexes: Mapping[str, Any],
        remarks: Mapping[str, Any],  # rule id -> expression
    ) -> None:
        self._query = query
        self._owners = owners
        self._regexes = regexes
        self._remarks = remarks

    def hits(self, source: Source) -> dict[str, list[Hit]]:
        """Rule id -> where it fires in *source* as it stands, in order.

        Raises `Refused` where a rule can not be answered: an unanswered rule must not
        look like a clean file.
        """
        found: dict[str, dict[tuple[int, int, int, int], Hit]] = {}
        for rule_id, hit in (*self._queried(source), *self._remarked(source)):
            place = (hit.line, hit.column, hit.end_line, hit.end_column)
            found.setdefault(rule_id, {}).setdefault(place, hit)
        return {
            rule_id: [hits[place] for place in sorted(hits)]
            for rule_id, hits in found.items()
        }

    def _queried(self, source: Source) -> Iterator[tuple[str, Hit]]:
        if self._query is None:
            return
        cursor = tree_sitter.QueryCursor(self._query, match_limit=MATCH_LIMIT)
        answer = _Answer(source, self._regexes)
        matches = cursor.matches(source.tree.root_node, answer)
        if cursor.did_exceed_match_limit:
            raise Refused("the rules' queries can be matched in too many ways")
        for index, captures in matches:
            owner = self._owners[index]
            if node := _shown(captures, owner, source):
                yield owner.rule_id, _hit(node, captures, source)

    def _remarked(self, source: Source) -> Iterator[tuple[str, Hit]]:
        if not self._remarks:
            return
        for comment in source.comments():
            for rule_id, expression in self._remarks.items():
                if match := expression.search(comment.text):
                    yield rule_id, _remark_hit(comment, match)


def compile_combined(language: Language, rules: Sequence[Rule]) -> Combined:
    """What *rules* look for in *language*; raises `RuleError` for a broken one."""
    served = [
        (rule, section)
        for rule in rules
        if (section := rule.section(language.name)) and section.query is not None
    ]
    texts: list[str] = []
    regexes: dict[str, Any] = {}
    for rule, section in served:
        text, own = _read(rule, section)
        texts.append(f"{text}\n")
        regexes.update(own)
    query = _compiled(language, "".join(texts), served)
    return Combined(query, _owners(query, texts, served), regexes, _remarks(rules))


def _read(rule: Rule, section: Section) -> tuple[str, Mapping[str, Any]]:
    try:
        return read_query(section.query or "")
    except BrokenPattern:
        refuse_broken_query(rule, section)
        raise


def _compiled(
    language: Language, text: str, served: Sequence[tuple[Rule, Section]]
) -> tree_sitter.Query | None:
    """One query; where it is refused, the rule to blame is found one by one."""
    if not text:
        return None
    try:
        return compile_read_query(language, text)
    except BrokenPattern:
        for rule, section in served:
            refuse_broken_query(rule, section)
        raise


def _owners(
    query: tree_sitter.Query | None,
    texts: Sequence[str],
    served: Sequence[tuple[Rule, Section]],
) -> tuple[_Owner, ...]:
    """For each pattern of *query*, whose text it begins in."""
    if query is None:
        return ()
    starts = list(accumulate((len(text.encode()) for text in texts), initial=0))
    owners = []
    for pattern in range(query.pattern_count):
        begins = query.start_byte_for_pattern(pattern)
        rule, section = served[bisect_right(starts, begins) - 1]
        owners.append(_Owner(rule.id, section.matcher))
    return tuple(owners)


def _remarks(rules: Sequence[Rule]) -> dict[str, Any]:
    remarks = {}
    for rule in rules:
        if rule.remark is not None:
            try:
                remarks[rule.id] = compile_regex(rule.remark)
            except BrokenPattern:
                refuse_broken_remark(rule)
                raise
    return remarks


# Predicates


class _Answer:
    """Answers the text predicates of a query about one source."""

    def __init__(self, source: Source, regexes: Mapping[str, Any]) -> None:
        self._source = source
        self._regexes = regexes

    def __call__(
        self,
        predicate: str,
        args: list[Argument],
        pattern_index: int,
        captures: Captures,
    ) -> bool:
        asked = PREDICATES[predicate]
        texts = self._texts(args[0][0], captures)
        wanted = [
            text
            for value, kind in args[1:]
            for text in (self._texts(value, captures) if kind == "capture" else [value])
        ]
        answers = (self._holds(asked, text, wanted) != asked.negated for text in texts)
        return any(answers) if asked.any else all(answers)

    def _holds(self, asked: Predicate, text: str, wanted: list[str]) -> bool:
        if asked.kind == "match":
            return self._regexes[wanted[0]].search(text) is not None
        return text in wanted

    def _texts(self, capture: str, captures: Captures) -> list[str]:
        return [_text(node, self._source) for node in captures.get(capture, ())]


# From a match to a hit


def _shown(
    captures: Captures, owner: _Owner, source: Source
) -> tree_sitter.Node | None:
    """The node to report, if the match counts."""
    if hits := captures.get(HIT):
        return hits[0]
    candidates = captures.get(CANDIDATE)
    if not candidates or owner.matcher is None:
        return None
    return candidates[0] if _confirmed(candidates[0], owner.matcher, source) else None


def _confirmed(node: tree_sitter.Node, text: str, source: Source) -> bool:
    before = source.data[: node.start_byte].rpartition(b"\n")[2].decode()
    indent = before if not before.strip() else ""
    try:
        return matcher.confirms(
            matcher.compile(text),
            _text(node, source),
            node_type=node.type,
            indent=indent,
        )
    except matcher.TooCostly:
        raise Refused("holds code that is too large or too deep to match") from None


def _hit(node: tree_sitter.Node, captures: Captures, source: Source) -> Hit:
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
            name: _text(nodes[0], source).partition("\n")[0][:MAX_NAME]
            for name, nodes in captures.items()
            if nodes and name not in (HIT, CANDIDATE)
        },
    )


def _remark_hit(comment: Comment, match: Any) -> Hit:
    return Hit(
        line=comment.line,
        column=comment.column,
        end_line=comment.end_line,
        end_column=comment.end_column,
        names={name: text for name, text in match.groupdict().items() if text},
    )


def _text(node: tree_sitter.Node, source: Source) -> str:
    return source.data[node.start_byte : node.end_byte].decode()
