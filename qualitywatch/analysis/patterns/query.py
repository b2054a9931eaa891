"""Rules written as tree-sitter queries or as expressions on comments.

All queries of one language become one query: fifteen separate ones cost nine times as
much. Which rule a match belongs to is told by the index of its pattern. A query that
needs certain words (`#eq?`, `#any-of?`) stays apart: it is compiled for the first text
that holds one, and looks only at the places where they stand. What a match
shows is `@hit`; a `@candidate` has to be confirmed by the rule's libcst matcher; what
stands inside a `@leave` is left alone.
"""

from __future__ import annotations

import sys
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from itertools import accumulate
from typing import Any, NamedTuple

import tree_sitter

from qualitywatch.analysis.hit import Hit
from qualitywatch.analysis.patterns import matcher
from qualitywatch.analysis.patterns.sightings import WHOLE, Sightings, Span
from qualitywatch.analysis.sources.source import Comment, Refused, Source
from qualitywatch.languages import Language
from qualitywatch.rulebook import Rule, Section
from qualitywatch.rulebook.queries import (
    CANDIDATE,
    HIT,
    LEAVE,
    Asked,
    Predicate,
    asked_of,
    compile_read_query,
    read_query,
)
from qualitywatch.rulebook.regexes import BrokenPattern, compile_regex
from qualitywatch.rulebook.validation import (
    refuse_broken_query,
    refuse_broken_remark,
)
from qualitywatch.rulebook.words import Pattern, patterns_of

MATCH_LIMIT = 256
"""Matches in progress at once: ordinary rules need a few, a bomb needs thousands."""

SOUND_DEPTH = 6  # ancestors that must not be an error for a node to be sound

MAX_NAME = 60  # signs of a captured text that a message may show

Captures = dict[str, list[tree_sitter.Node]]


class _Owner(NamedTuple):
    """The rule that a pattern belongs to, and its matcher where it has one."""

    rule_id: str
    matcher: str | None


class _Part(NamedTuple):
    """A compiled query, and for each of its patterns the owner and what it asks."""

    query: tree_sitter.Query | None
    owners: Sequence[_Owner]
    asked: Sequence[tuple[Asked, ...]]  # by each of its patterns


class _Served(NamedTuple):
    """Patterns of one rule's section, or all of them."""

    rule: Rule
    section: Section
    text: str


class _Gated:
    """Patterns that need certain words; compiled when a text holds one."""

    def __init__(
        self, language: Language, served: _Served, words: frozenset[str]
    ) -> None:
        self._language = language
        self._served = served
        self.words = words

    @cached_property
    def part(self) -> _Part:
        """The query of this rule alone; raises `RuleError` for a broken one."""
        return _alone(self._language, self._served)


class Combined:
    """Every query and remark rule that serves one language, ready to run."""

    def __init__(
        self,
        always: _Part,
        gated: Sequence[_Gated],
        regexes: Mapping[str, Any],
        remarks: Mapping[str, Any],  # rule id -> expression
    ) -> None:
        self._always = always
        self._gated = gated
        self._sightings = Sightings([one.words for one in gated]) if gated else None
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
        yield from self._matched(self._always, source, WHOLE)
        if self._sightings is not None:
            for index, places in self._sightings.of(source.data).items():
                yield from self._matched(self._gated[index].part, source, places)

    def _matched(
        self, part: _Part, source: Source, places: Iterable[Span | None]
    ) -> Iterator[tuple[str, Hit]]:
        if part.query is None:
            return
        matches = list(self._matches(part, part.query, source, places))
        left = _Left(
            (part.owners[index].rule_id, node)
            for index, captures in matches
            for node in captures.get(LEAVE, ())
        )
        for index, captures in matches:
            owner = part.owners[index]
            node = _shown(captures, owner, source)
            if node is not None and not left.holds(owner.rule_id, node):
                yield owner.rule_id, _hit(node, captures, source)

    def _matches(
        self,
        part: _Part,
        query: tree_sitter.Query,
        source: Source,
        places: Iterable[Span | None],
    ) -> Iterator[tuple[int, Captures]]:
        answer = _Answer(source, self._regexes)
        for place in places:
            cursor = tree_sitter.QueryCursor(query, match_limit=MATCH_LIMIT)
            if place is not None:
                cursor.set_byte_range(*place)
            for index, captures in cursor.matches(source.tree.root_node):
                if all(answer(asked, captures) for asked in part.asked[index]):
                    yield index, captures
            if cursor.did_exceed_match_limit:
                raise Refused("the rules' queries can be matched in too many ways")

    def _remarked(self, source: Source) -> Iterator[tuple[str, Hit]]:
        if not self._remarks:
            return
        for comment in source.comments():
            for rule_id, expression in self._remarks.items():
                if match := expression.search(comment.text):
                    yield rule_id, _remark_hit(comment, match)


def compile_combined(language: Language, rules: Sequence[Rule]) -> Combined:
    """What *rules* look for in *language*; raises `RuleError` for a broken one."""
    regexes: dict[str, Any] = {}
    always: list[_Served] = []
    gated: list[_Gated] = []
    for rule in rules:
        section = rule.section(language.name)
        if section is None or section.query is None:
            continue
        regexes.update(_read(rule, section, section.query)[1])
        told = patterns_of(section.query)
        if free := _joined(told, gated=False):
            always.append(_Served(rule, section, free))
        if bound := _joined(told, gated=True):
            words = frozenset[str]().union(*(each.words or () for each in told))
            gated.append(_Gated(language, _Served(rule, section, bound), words))
    return Combined(_part(language, always), gated, regexes, _remarks(rules))


def _joined(told: Sequence[Pattern], *, gated: bool) -> str:
    """The patterns that need words, or those that do not; all leave the same alone."""
    chosen = [p for p in told if p.leaves or (p.words is not None) is gated]
    return "" if all(p.leaves for p in chosen) else "".join(p.text for p in chosen)


def _part(language: Language, served: Sequence[_Served]) -> _Part:
    texts = [f"{_read(*each)[0]}\n" for each in served]
    query = _compiled(language, "".join(texts), served)
    asked = () if query is None else _asked(query, "".join(texts).encode())
    return _Part(query, _owners(query, texts, served), asked)


def _asked(query: tree_sitter.Query, text: bytes) -> tuple[tuple[Asked, ...], ...]:
    """For each pattern of *query*, whose *text* is given, what its predicates ask."""
    spans = (
        (query.start_byte_for_pattern(index), query.end_byte_for_pattern(index))
        for index in range(query.pattern_count)
    )
    return tuple(asked_of(text[start:end].decode()) for start, end in spans)


@lru_cache(maxsize=512)
def _alone(language: Language, served: _Served) -> _Part:
    """The same rule is asked for saves and commits, in tests and product: one query."""
    return _part(language, [served])


def _read(rule: Rule, section: Section, text: str) -> tuple[str, Mapping[str, Any]]:
    try:
        return read_query(text)
    except BrokenPattern:
        refuse_broken_query(rule, section)
        raise


def _compiled(
    language: Language, text: str, served: Sequence[_Served]
) -> tree_sitter.Query | None:
    """One query; where it is refused, the rule to blame is found one by one."""
    if not text:
        return None
    try:
        return compile_read_query(language, text)
    except BrokenPattern:
        for each in served:
            refuse_broken_query(each.rule, each.section)
        raise


def _owners(
    query: tree_sitter.Query | None,
    texts: Sequence[str],
    served: Sequence[_Served],
) -> tuple[_Owner, ...]:
    """For each pattern of *query*, whose text it begins in."""
    if query is None:
        return ()
    starts = list(accumulate((len(text.encode()) for text in texts), initial=0))
    owners = []
    for pattern in range(query.pattern_count):
        begins = query.start_byte_for_pattern(pattern)
        each = served[bisect_right(starts, begins) - 1]
        owners.append(_Owner(each.rule.id, each.section.matcher))
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

    def __call__(self, asked: Asked, captures: Captures) -> bool:
        predicate = asked.predicate
        (first, _), *rest = asked.arguments
        nodes = captures.get(first, [])
        if predicate.kind == "sound":
            return all(map(_is_sound, nodes))
        wanted = [
            text
            for value, is_capture in rest
            for text in (
                self._texts(captures.get(value, [])) if is_capture else [value]
            )
        ]
        answers = (
            self._holds(predicate, text, wanted) != predicate.negated
            for text in self._texts(nodes)
        )
        return any(answers) if predicate.any else all(answers)

    def _holds(self, asked: Predicate, text: str, wanted: list[str]) -> bool:
        if asked.kind == "match":
            return self._regexes[wanted[0]].search(text) is not None
        return text in wanted

    def _texts(self, nodes: Iterable[tree_sitter.Node]) -> list[str]:
        return [_text(node, self._source) for node in nodes]


def _is_sound(node: tree_sitter.Node) -> bool:
    around: tree_sitter.Node | None = node
    for _ in range(SOUND_DEPTH):
        around = None if around is None else around.parent
        if around is not None and around.is_error:
            return False
    return not (node.parent or node).has_error


# From a match to a hit


class _Left:
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
