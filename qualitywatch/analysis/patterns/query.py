"""Rules written as tree-sitter queries or as expressions on comments.

All queries of one language become one query: fifteen separate ones cost nine times as
much. Which rule a match belongs to is told by the index of its pattern. A query that
needs certain words (`#eq?`, `#any-of?`) stays apart: it is compiled for the first text
that holds them, and what its expressions (`#match?`) ask for, and looks only at the
places where the rarest of them stand. What a match shows is `@hit`; a `@candidate` has
to be confirmed by the rule's libcst matcher; what stands inside a `@leave` is left
alone.
"""

from __future__ import annotations

import sys
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from typing import Any

import msgspec
import tree_sitter

from qualitywatch.analysis.hit import Hit
from qualitywatch.analysis.patterns.doubts import (
    Row,
    doubt_of,
    doubts_in,
    is_confirmed,
)
from qualitywatch.analysis.patterns.predicates import Answer, text_of
from qualitywatch.analysis.patterns.sightings import WHOLE, Places, Sightings, Span
from qualitywatch.analysis.sources.source import Comment, Refused, Source
from qualitywatch.analysis.sources.survey import MATCH_LIMIT, Captures, Survey
from qualitywatch.languages import Language
from qualitywatch.regex import linear
from qualitywatch.rulebook import BUILT_IN, Rule, Section
from qualitywatch.rulebook.queries import (
    CANDIDATE,
    HIT,
    LEAVE,
    PREDICATES,
    compile_read_query,
    refuse_odd_predicates,
)
from qualitywatch.rulebook.regexes import BrokenPattern, compile_later, compile_regex
from qualitywatch.rulebook.rule import Asked, Needs, Pattern

MAX_NAME = 60  # signs of a captured text that a message may show


class _Owner(msgspec.Struct, frozen=True):
    """The rule that a pattern belongs to, and its matcher where it has one."""

    rule_id: str
    matcher: str | None


class _Part(msgspec.Struct, frozen=True):
    """A compiled query, and for each of its patterns the owner and what it asks."""

    query: tree_sitter.Query | None
    owners: Sequence[_Owner]
    asked: Sequence[tuple[Asked, ...]]  # by each of its patterns


class _Surveyed(msgspec.Struct, frozen=True):
    """A survey, and the part of it that the rules asked for."""

    survey: Survey
    part: _Part


class _Served(msgspec.Struct, frozen=True):
    """Patterns of one rule's section, or all of them."""

    rule: Rule
    section: Section
    patterns: tuple[Pattern, ...]

    @property
    def text(self) -> str:
        """What tree-sitter reads."""
        return "".join(f"{pattern.text}\n" for pattern in self.patterns)


class _Gated:
    """Patterns that need certain words; compiled when a text holds them."""

    def __init__(self, language: Language, served: _Served, needs: Needs) -> None:
        self._language = language
        self._served = served
        self._found = tuple(linear(each.encode()) for each in needs.found)
        self._places = Places(min(needs.words, key=len))
        self.words = needs.words

    def spans(self, data: bytes) -> Iterable[Span | None]:
        """Where to look; nowhere where an expression fits nowhere that has to."""
        may_match = all(expression.search(data) for expression in self._found)
        return self._places.of(data) if may_match else ()

    @cached_property
    def part(self) -> _Part:
        """The query of this rule alone; raises `RuleError` for a broken one."""
        return _alone(self._language, self._served)


class Combined:
    """Every query and remark rule that serves one language, ready to run."""

    def __init__(
        self,
        always: Callable[[], _Part],
        gated: Sequence[_Gated],
        regexes: Mapping[str, Any],
        remarks: Mapping[str, Any],  # rule id -> expression
        surveyed: _Surveyed | None = None,
    ) -> None:
        self._always_part = always
        self._surveyed = surveyed
        self._gated = gated
        self._sightings = Sightings([one.words for one in gated]) if gated else None
        self._regexes = regexes
        self._remarks = remarks

    @property
    def survey(self) -> Survey | None:
        """What answers the patterns along with all else that is asked of a text."""
        return None if self._surveyed is None else self._surveyed.survey

    @cached_property
    def _always(self) -> _Part:
        return self._always_part()

    def hits(self, source: Source, base: Source | None = None) -> dict[str, list[Hit]]:
        """Rule id -> where it fires in *source* as it stands, in order.

        A rule that finds only doubtful places, and those are in the *base* as well, may
        be left out: libcst, which takes half a second to load, is not asked.
        Raises `Refused` where a rule can not be answered: an unanswered rule must not
        look like a clean file.
        """
        found: dict[str, dict[tuple[int, int, int, int], Hit]] = {}
        rows = list(self._queried(source))
        known = self._known(rows, base)
        rows += ((rule_id, hit, None) for rule_id, hit in self._remarked(source))
        for rule_id, hit, doubt in rows:
            if doubt is not None and (rule_id in known or not is_confirmed(doubt)):
                continue
            place = (hit.line, hit.column, hit.end_line, hit.end_column)
            found.setdefault(rule_id, {}).setdefault(place, hit)
        return {
            rule_id: [hits[place] for place in sorted(hits)]
            for rule_id, hits in found.items()
        }

    def _known(self, rows: Sequence[Row], base: Source | None) -> frozenset[str]:
        """The rules that can find nothing but what they find in the *base*."""
        doubts = doubts_in(rows)
        if not doubts or base is None:
            return frozenset()
        try:
            old = doubts_in(list(self._queried(base)))
        except Refused:  # told when it is asked in earnest
            return frozenset()
        return frozenset(
            rule_id
            for rule_id, own in doubts.items()
            if Counter(own) <= Counter(old.get(rule_id, ()))
        )

    def _queried(self, source: Source) -> Iterator[Row]:
        told, seen = self._surveyed, source.seen
        if told is not None and seen is not None and seen.survey is told.survey:
            yield from self._told(told.part, seen.matches, source)
        else:
            yield from self._matched(self._always, source, WHOLE)
        if self._sightings is not None:
            for index in self._sightings.of(source.data):
                gated = self._gated[index]
                if spans := gated.spans(source.data):
                    yield from self._matched(gated.part, source, spans)

    def _matched(
        self, part: _Part, source: Source, spans: Iterable[Span | None]
    ) -> Iterator[Row]:
        if part.query is not None:
            yield from self._told(part, _found(part.query, source, spans), source)

    def _told(
        self, part: _Part, found: Iterable[tuple[int, Captures]], source: Source
    ) -> Iterator[Row]:
        answer = Answer(source, self._regexes)
        matches = [
            (index, captures)
            for index, captures in found
            if all(answer(asked, captures) for asked in part.asked[index])
        ]
        left = _Left(
            (part.owners[index].rule_id, node)
            for index, captures in matches
            for node in captures.get(LEAVE, ())
        )
        for index, captures in matches:
            owner = part.owners[index]
            node = _shown(captures, owner)
            if node is not None and not left.holds(owner.rule_id, node):
                doubt = (
                    None
                    if captures.get(HIT)
                    else doubt_of(node, owner.matcher or "", source)
                )
                yield owner.rule_id, _hit(node, captures, source), doubt

    def _remarked(self, source: Source) -> Iterator[tuple[str, Hit]]:
        if not self._remarks:
            return
        for comment in source.comments():
            for rule_id, expression in self._remarks.items():
                if match := expression.search(comment.text):
                    yield rule_id, _remark_hit(comment, match)


def _found(
    query: tree_sitter.Query, source: Source, spans: Iterable[Span | None]
) -> Iterator[tuple[int, Captures]]:
    for span in spans:
        cursor = tree_sitter.QueryCursor(query, match_limit=MATCH_LIMIT)
        if span is not None:
            cursor.set_byte_range(*span)
        yield from cursor.matches(source.tree.root_node)
        if cursor.did_exceed_match_limit:
            raise Refused("the rules' queries can be matched in too many ways")


def compile_combined(
    language: Language,
    rules: Sequence[Rule],
    *,
    counted: Sequence[frozenset[str]] | None = None,
) -> Combined:
    """What *rules* look for in *language*; raises `RuleError` for a broken one.

    With types of nodes to be *counted*, a survey asks for all of it at once.
    """
    regexes: dict[str, Any] = {}
    always: list[_Served] = []
    gated: list[_Gated] = []
    for rule in rules:
        section = rule.section(language.name)
        if section is None or section.query is None:
            continue
        _refuse_odd(rule, section, section.query)
        told = section.patterns
        regexes.update(_regexes(told))
        if free := _asking_for(told, None):
            always.append(_Served(rule, section, free))
        for needs in dict.fromkeys(each.needs for each in told if each.needs.words):
            if bound := _asking_for(told, needs):
                gated.append(_Gated(language, _Served(rule, section, bound), needs))
    if counted is None or language.grammar is None:
        part = _part(language, always)
        return Combined(lambda: part, gated, regexes, _remarks(rules))
    surveyed = _survey(language, always, counted)
    return Combined(
        lambda: _part(language, always), gated, regexes, _remarks(rules), surveyed
    )


def _regexes(told: Sequence[Pattern]) -> dict[str, Any]:
    """The expressions that the predicates of those patterns ask for."""
    return {
        value: compile_later(value)
        for pattern in told
        for asked in pattern.asked
        if PREDICATES[asked.predicate].kind == "match"
        for value, _ in asked.arguments[1:]
    }


def _asking_for(told: Sequence[Pattern], needs: Needs | None) -> tuple[Pattern, ...]:
    """The patterns that need just that, or no words; all leave the same alone."""
    chosen = [p for p in told if p.leaves or _is_asked(p.needs, needs)]
    return () if all(p.leaves for p in chosen) else tuple(chosen)


def _is_asked(own: Needs, needs: Needs | None) -> bool:
    return not own.words if needs is None else own == needs


def _part(language: Language, served: Sequence[_Served]) -> _Part:
    text = "".join(each.text for each in served)
    return _Part(_compiled(language, text, served), _owners(served), _asked(served))


def _survey(
    language: Language, served: Sequence[_Served], counted: Sequence[frozenset[str]]
) -> _Surveyed:
    try:
        survey = Survey(language, counted, "".join(each.text for each in served))
    except tree_sitter.QueryError:
        _part(language, served)  # says whose fault it is
        raise
    return _Surveyed(survey, _Part(survey.query, _owners(served), _asked(served)))


def _asked(served: Sequence[_Served]) -> list[tuple[Asked, ...]]:
    return [pattern.asked for each in served for pattern in each.patterns]


def _owners(served: Sequence[_Served]) -> list[_Owner]:
    return [
        _Owner(each.rule.id, each.section.matcher)
        for each in served
        for _ in each.patterns
    ]


@lru_cache(maxsize=512)
def _alone(language: Language, served: _Served) -> _Part:
    """The same rule is asked for saves and commits, in tests and product: one query."""
    return _part(language, [served])


def _refuse_odd(rule: Rule, section: Section, text: str) -> None:
    if rule.source.startswith(str(BUILT_IN)):  # our tests have proven those
        return
    try:
        refuse_odd_predicates(text)
    except BrokenPattern:
        _blame(rule, section)
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
            _blame(each.rule, each.section)
        raise


def _remarks(rules: Sequence[Rule]) -> dict[str, Any]:
    remarks = {}
    for rule in rules:
        if rule.remark is not None:
            try:
                remarks[rule.id] = compile_regex(rule.remark)
            except BrokenPattern:
                _blame(rule)
                raise
    return remarks


def _blame(rule: Rule, section: Section | None = None) -> None:
    """Raises `RuleError` where the query of *section*, or the remark, is broken."""
    from qualitywatch.rulebook import validation  # our own rules never need it

    if section is None:
        validation.refuse_broken_remark(rule)
    else:
        validation.refuse_broken_query(rule, section)


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


def _shown(captures: Captures, owner: _Owner) -> tree_sitter.Node | None:
    """The node to report, if the match counts."""
    if hits := captures.get(HIT):
        return hits[0]
    candidates = captures.get(CANDIDATE)
    return candidates[0] if candidates and owner.matcher is not None else None


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
            name: text_of(nodes[0], source).partition("\n")[0][:MAX_NAME]
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
