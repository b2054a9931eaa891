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

from collections import Counter
from collections.abc import (
    Callable,
    Collection,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
    Set,
)
from functools import cached_property, lru_cache, partial
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
from qualitywatch.analysis.patterns.predicates import Answer
from qualitywatch.analysis.patterns.reworded import is_plain, may_reach, reaches
from qualitywatch.analysis.patterns.shown import Left, hit_of, remark_hit, shown
from qualitywatch.analysis.patterns.sightings import WHOLE, Places, Sightings, Span
from qualitywatch.analysis.sources.source import Refused, Source
from qualitywatch.analysis.sources.survey import MATCH_LIMIT, Captures, Matches, Survey
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

FEW = 3  # rules, each of which looks for its own words sooner than for those of all


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
        found = (linear(each.encode(), groups=False) for each in needs.found)
        self._found = tuple(found)
        self._places = Places(min(needs.words, key=len))
        self.words = needs.words
        self.rule_id = served.rule.id

    def may_match(self, data: bytes) -> bool:
        """False where an expression fits nowhere that has to."""
        return all(expression.search(data) for expression in self._found)

    def spans(self, data: bytes) -> Iterable[Span | None]:
        """Where to look, which may be nowhere."""
        return self._places.of(data) if self.may_match(data) else ()

    @cached_property
    def is_plain(self) -> bool:
        """True where tree-sitter finds its matches by any row that they reach."""
        return is_plain(self._served.text)

    @cached_property
    def part(self) -> _Part:
        """The query of this rule alone; raises `RuleError` for a broken one."""
        return _alone(self._language, self._served)


class Combined:
    """Every query and remark rule that serves one language, ready to run."""

    def __init__(
        self,
        always: Sequence[_Served],
        part: Callable[[], _Part],
        gated: Sequence[_Gated],
        regexes: Mapping[str, Any],
        remarks: Mapping[str, Any],  # rule id -> expression
        surveyed: _Surveyed | None = None,
    ) -> None:
        self._always_ids = frozenset(each.rule.id for each in always)
        self._always_part = part
        self._surveyed = surveyed
        self._gated = gated
        gated_ids = (each.rule_id for each in gated)
        self._ids = frozenset({*self._always_ids, *gated_ids, *remarks})
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

    def hits(
        self,
        source: Source,
        base: Source | None = None,
        *,
        only: Collection[str] | None = None,
    ) -> dict[str, list[Hit]]:
        """Rule id -> where it fires in *source* as it stands, in order.

        With *only* no rule is asked but those. One that finds only doubtful places, and
        those are in the *base* as well, may be left out: libcst, which takes half a
        second to load, is not asked.
        Raises `Refused` where a rule can not be answered: an unanswered rule must not
        look like a clean file.
        """
        found: dict[str, dict[tuple[int, int, int, int], Hit]] = {}
        asked = self._ids if only is None else self._ids.intersection(only)
        rows = list(self._queried(source, asked))
        known = self._known(rows, base)
        rows += ((rule_id, hit, None) for rule_id, hit in self._remarked(source, asked))
        for rule_id, hit, doubt in rows:
            if doubt is not None and (rule_id in known or not is_confirmed(doubt)):
                continue
            place = (hit.line, hit.column, hit.end_line, hit.end_column)
            found.setdefault(rule_id, {}).setdefault(place, hit)
        return {
            rule_id: [hits[place] for place in sorted(hits)]
            for rule_id, hits in found.items()
        }

    def reached(self, source: Source) -> Set[str]:
        """The rules that may see *source* in another way than the text it follows.

        A place that no rule can answer is none of them where no reworded row reaches
        it: whatever a rule would say there, it would say of both texts.
        """
        told, rows = self._answered(source), source.reworded
        if told is None or rows is None:
            return self._ids
        part, matches = told
        counts = partial(_counts, Answer(source, self._regexes), rows)
        found = set(self._remarks)
        for index, captures in matches:
            if counts(part, index, captures):
                found.add(part.owners[index].rule_id)
        for gated in self._sighted(source, self._ids):
            if gated.rule_id in found or not gated.may_match(source.data):
                continue
            query, root = gated.part.query, source.tree.root_node
            matters = partial(counts, gated.part)
            if not gated.is_plain or may_reach(query, root, rows, matters):
                found.add(gated.rule_id)
        return found

    def _known(self, rows: Sequence[Row], base: Source | None) -> frozenset[str]:
        """The rules that can find nothing but what they find in the *base*."""
        doubts = doubts_in(rows)
        if not doubts or base is None:
            return frozenset()
        try:
            old = doubts_in(list(self._queried(base, doubts.keys())))
        except Refused:  # told when it is asked in earnest
            return frozenset()
        return frozenset(
            rule_id
            for rule_id, own in doubts.items()
            if Counter(own) <= Counter(old.get(rule_id, ()))
        )

    def _queried(self, source: Source, asked: Set[str]) -> Iterator[Row]:
        if not self._always_ids.isdisjoint(asked):
            yield from self._always_rows(source, asked)
        for gated in self._sighted(source, asked):
            if spans := gated.spans(source.data):
                yield from self._matched(gated.part, source, spans, asked)

    def _sighted(self, source: Source, asked: Set[str]) -> Iterable[_Gated]:
        """The queries whose words the text may hold; few rules are asked themselves."""
        found: Iterable[_Gated] = self._gated
        if len(asked) > FEW and self._sightings is not None:
            seen = self._sightings.of(source.data)
            found = (self._gated[index] for index in seen)
        return [each for each in found if each.rule_id in asked]

    def _always_rows(self, source: Source, asked: Set[str]) -> Iterator[Row]:
        if (told := self._answered(source)) is not None:
            return self._told(*told, source, asked)
        return self._matched(self._always, source, WHOLE, asked)

    def _answered(self, source: Source) -> tuple[_Part, Matches] | None:
        """What a survey of *source* matched of the queries that need no words."""
        told, seen = self._surveyed, source.seen
        if told is None or seen is None or seen.survey is not told.survey:
            return None
        return told.part, seen.matches

    def _matched(
        self,
        part: _Part,
        source: Source,
        spans: Iterable[Span | None],
        asked: Set[str],
    ) -> Iterator[Row]:
        if part.query is not None:
            found = _found(part.query, source, spans)
            yield from self._told(part, found, source, asked)

    def _told(
        self,
        part: _Part,
        found: Iterable[tuple[int, Captures]],
        source: Source,
        asked: Set[str],
    ) -> Iterator[Row]:
        answer = Answer(source, self._regexes)
        matches = [
            (index, captures)
            for index, captures in found
            if part.owners[index].rule_id in asked
            and all(answer(each, captures) for each in part.asked[index])
        ]
        left = Left(
            (part.owners[index].rule_id, node)
            for index, captures in matches
            for node in captures.get(LEAVE, ())
        )
        for index, captures in matches:
            owner = part.owners[index]
            node = shown(captures, owner.matcher)
            if node is not None and not left.holds(owner.rule_id, node):
                doubt = (
                    None
                    if captures.get(HIT)
                    else doubt_of(node, owner.matcher or "", source)
                )
                yield owner.rule_id, hit_of(node, captures, source), doubt

    def _remarked(self, source: Source, asked: Set[str]) -> Iterator[tuple[str, Hit]]:
        expressions = {i: each for i, each in self._remarks.items() if i in asked}
        for comment in source.comments() if expressions else ():
            for rule_id, expression in expressions.items():
                if match := expression.search(comment.text):
                    yield rule_id, remark_hit(comment, match)


def _counts(
    answer: Answer, rows: Sequence[int], part: _Part, index: int, captures: Captures
) -> bool:
    """True where a match may say another thing than before *rows* became others.

    One that leaves places alone does so where what it asks for stands on one of them.
    """
    asked = part.asked[index]
    if LEAVE in captures:
        names = {name for each in asked for name, is_one in each.arguments if is_one}
        kept = names.union((HIT, CANDIDATE)).intersection(captures)
        return reaches({name: captures[name] for name in kept}, rows)
    return reaches(captures, rows) and all(answer(each, captures) for each in asked)


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
    remarks = _remarks(rules)
    if counted is None or language.grammar is None:
        part = _part(language, always)
        return Combined(always, lambda: part, gated, regexes, remarks)
    surveyed = _survey(language, always, counted)
    return Combined(
        always, lambda: _part(language, always), gated, regexes, remarks, surveyed
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
