"""One query for all rules of a language, on text that is hostile at times."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qualitywatch.analysis.hit import Hit
from qualitywatch.analysis.patterns import query
from qualitywatch.analysis.sources.source import Refused, Source
from qualitywatch.errors import RuleError
from qualitywatch.languages import LANGUAGES
from qualitywatch.model import Confidence, Severity, ViolationType
from qualitywatch.rulebook import Rule, Section
from qualitywatch.rulebook.words import packed

PYTHON = LANGUAGES["python"]


def rule(
    text: str | None = None,
    *,
    id: str = "a-rule",
    matcher: str | None = None,
    remark: str | None = None,
) -> Rule:
    """A rule for Python with that query and matcher, or with that remark."""
    section = Section(
        language="python",
        line=1,
        query=text,
        query_line=10,
        packed=packed(text or ""),
        matcher=matcher,
    )
    return Rule(
        id=id,
        type=ViolationType.LOGIC_ERROR,
        severity=Severity.LOW,
        confidence=Confidence.LIKELY,
        message="",
        remedy="",
        since="0.1.0",
        tags=(),
        remark=remark,
        remark_line=5,
        sections=(section,),
        source="rule.md",
    )


def hits(code: str, *rules: Rule) -> dict[str, list[Hit]]:
    """What *rules* find in *code*."""
    source = Source.read("app.py", code.encode(), PYTHON)
    return query.compile_combined(PYTHON, rules).hits(source)


def lines(code: str, *rules: Rule) -> dict[str, list[int]]:
    """The lines on which *rules* fire in *code*."""
    return {id: [hit.line for hit in found] for id, found in hits(code, *rules).items()}


def test_each_match_belongs_to_its_rule() -> None:
    """Rules share one query, of which each may hold several patterns."""
    code = "def f(x):\n    return g(x)\n\n\nclass A: pass\n"
    calls = rule("(call) @hit ; a remark at the end", id="calls")
    blocks = rule("(class_definition) @hit\n(function_definition) @hit", id="blocks")
    nothing = rule("(lambda) @hit", id="nothing")

    assert {"calls": [2], "blocks": [1, 5]} == lines(code, nothing, calls, blocks)


def test_place_is_counted_in_characters() -> None:
    """Columns count from 1, in characters, and both ends belong to the place."""
    (hit,) = hits('é = "ü"; f(é)\n', rule("(call) @hit"))["a-rule"]

    assert (1, 10, 1, 13) == (hit.line, hit.column, hit.end_line, hit.end_column)


def test_one_place_is_one_hit() -> None:
    """Two patterns of a rule that meet in one node say it once."""
    both = rule("(call) @hit (expression_statement (call) @hit)")

    assert {"a-rule": [1]} == lines("f()\n", both)


def test_captures_are_names_for_the_message() -> None:
    """Every other capture can be used in the braces of the message."""
    (hit,) = hits("f(x)\n", rule("(call function: (_) @name) @hit"))["a-rule"]

    assert {"name": "f"} == hit.names


@pytest.mark.parametrize(
    ("predicate", "found"),
    [
        ('(#eq? @n "a")', [1]),
        ('(#not-eq? @n "a")', [2, 3]),
        ('(#any-of? @n "a" "bb")', [1, 2]),
        ('(#not-any-of? @n "a" "bb")', [3]),
        ('(#match? @n "^b+$")', [2]),
        ('(#not-match? @n "b")', [1, 3]),
        ('(#match? @n "^..$")', [2, 3]),
        ('(#match? @n "^\\\\w+$")', [1, 2]),
        ('(#match? @n "b") (#not-eq? @n "bb")', []),
    ],
)
def test_predicates(predicate: str, found: list[int]) -> None:
    """Text predicates mean what they mean in tree-sitter."""
    ruled = rule(f"((call function: (identifier) @n) @hit {predicate})")

    assert found == lines("a()\nbb()\n界界()\n", ruled).get("a-rule", [])


@pytest.mark.parametrize(
    ("predicate", "found"),
    [
        ("(#eq? @n \"'a'\")", [1]),
        ("(#any-eq? @n \"'a'\")", [1, 2]),
        ("(#any-not-eq? @n \"'a'\")", [2, 3]),
        ('(#match? @n "a|b")', [1, 2]),
        ('(#any-match? @n "a|b")', [1, 2, 3]),
    ],
)
def test_predicates_on_several_nodes(predicate: str, found: list[int]) -> None:
    """All nodes of a capture have to agree, unless the predicate says any."""
    ruled = rule(f"((concatenated_string (string)+ @n) @hit {predicate})")

    assert found == lines("'a' 'a'\n'a' 'b'\n'b' 'c'\n", ruled)["a-rule"]


def test_predicate_compares_two_captures() -> None:
    """`#eq?` with two captures compares their texts."""
    same = "((comparison_operator (_) @a (_) @b) @hit (#eq? @a @b))"

    assert {"a-rule": [1]} == lines("x.y == x.y\nx.y == x.z\n", rule(same))


def test_expressions_do_not_backtrack() -> None:
    """26 letters hold a backtracking engine for seconds, 5,000 for ever."""
    evil = rule('((identifier) @hit (#match? @hit "^(a+)+$"))')

    assert {} == hits("a" * 5000 + "_ = 1\n", evil)


def test_query_that_can_match_in_too_many_ways_is_no_clean_file() -> None:
    """A bomb is stopped, and said."""
    bomb = rule("(module (_) @a (_) @b (_) @c (_) @hit)")

    with pytest.raises(Refused, match="too many ways"):
        hits("f()\n" * 300, bomb)


def test_candidate_is_confirmed_by_the_matcher() -> None:
    """The query picks, the matcher decides; indentation does not matter."""
    matcher = 'Call(func=Name("f"), args=[Arg(value=Integer())])'
    ruled = rule("(call) @candidate", matcher=matcher)
    code = "if a:\n    f(1)\n    f(x)\n    y = [g(\n  f(2))]\n"

    assert {"a-rule": [2, 5]} == lines(code, ruled)


def test_candidate_keeps_its_indentation() -> None:
    """The later lines of a statement stand under its first."""
    ruled = rule("(if_statement) @candidate", matcher="If(orelse=Else())")
    code = "def f(a):\n    if a:\n        g()\n    else:\n        h()\n"

    assert {"a-rule": [2]} == lines(code, ruled)


def test_candidate_that_libcst_can_not_bear_is_no_clean_file() -> None:
    """A guard that can not answer says so."""
    ruled = rule("(call) @candidate", matcher="Call()")

    with pytest.raises(Refused, match="too large or too deep"):
        hits("f(" * 150 + ")" * 150, ruled)


NAMED = "(call function: (identifier) @_n {}) @hit"


@given(
    st.lists(st.sampled_from(["f", "g", "(", ")", "\n", " ", "fg", "f("]), max_size=60)
)
def test_words_first_finds_the_same(parts: list[str]) -> None:
    """A query that is asked only where its word stands misses nothing."""
    code = "".join(parts)
    by_word = rule(NAMED.format('(#eq? @_n "f")'), id="by-word")
    by_walk = rule(NAMED.format('(#match? @_n "^f$")'), id="by-walk")
    found = lines(code, by_word, by_walk)

    assert found.get("by-walk") == found.get("by-word")


def test_broken_rule_that_needs_a_word_is_named() -> None:
    """It is compiled for the first text that holds its word, and blamed then."""
    broken = rule('(cal (identifier) @n (#eq? @n "f")) @hit')

    assert {} == hits("g(x)\n", broken)
    with pytest.raises(RuleError, match="Invalid node type"):
        hits("f(x)\n", broken)


def test_what_stands_inside_a_leave_is_left_alone() -> None:
    """The rule that says so leaves it alone, and only that one."""
    leave = '(if_statement condition: (identifier) @c (#eq? @c "debug")) @leave'
    polite = rule(f"(call) @hit {leave}", id="polite")
    other = rule("(call) @hit", id="other")
    code = "f(1)\nif debug:\n    if x:\n        f(2)\nif other:\n    f(3)\n"

    assert {"polite": [1, 6], "other": [1, 4, 6]} == lines(code, polite, other)


def test_remark_is_looked_for_in_every_comment() -> None:
    """Named groups fill the braces of the message; code is not looked at."""
    code = "x = 1  # ask Ada\n# ask nobody\nask = 'ask Bob'\n"
    found = hits(code, rule(remark=r"ask (?P<who>[A-Z]\w+)"))["a-rule"]

    assert [(1, {"who": "Ada"})] == [(hit.line, hit.names) for hit in found]


def test_language_without_rules() -> None:
    """Nothing to look for is nothing found."""
    assert {} == query.compile_combined(LANGUAGES["tsx"], [rule("(call) @hit")]).hits(
        Source.read("a.tsx", b"f()", LANGUAGES["tsx"])
    )


@pytest.mark.parametrize(
    ("broken", "place", "problem"),
    [
        (rule("(call) @hit\n(cal) @hit"), "rule.md:12", "Invalid node type"),
        (rule('(call) @hit\n(#match? @hit "(")'), "rule.md:12", "not an expression"),
        (rule(remark="("), "rule.md:5", "not an expression"),
    ],
)
def test_broken_rule_is_named(broken: Rule, place: str, problem: str) -> None:
    """Among many rules in one query the one to blame is found."""
    sound = rule("(call) @hit", id="sound")

    with pytest.raises(RuleError, match=problem) as caught:
        query.compile_combined(PYTHON, [sound, broken])

    assert place == caught.value.place
