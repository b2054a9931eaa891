"""What a query can not match without, and what it saves to know that."""

from __future__ import annotations

from itertools import pairwise

import msgspec
import pytest
import re2
from hypothesis import given
from hypothesis import strategies as st

from qualitywatch.analysis.patterns.sightings import (
    MAX_PLACES,
    MAX_SPANS,
    MAX_WORDS,
    WHOLE,
    Places,
    Sightings,
    spans,
)
from qualitywatch.rulebook.rule import Asked, Needs, Pattern
from qualitywatch.rulebook.words import packed, patterns_of, unanchored


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('(call (identifier) @n (#eq? @n "eval")) @hit', [{"eval"}]),
        ('(call (identifier) @n (#any-of? @n "a1" "b1")) @hit', [{"a1", "b1"}]),
        ('(a [(b) @n (c (d) @n)] (#eq? @n "eval")) @hit', [{"eval"}]),
        ('((a (b) @n) @hit (#eq? @n "x") (#eq? @n "longer"))', [{"x"}, {"longer"}]),
        ('(a (b) @n (#eq? @n "http.sslVerify")) @hit', [{"sslVerify"}]),
        ('(a (b) @n (c)? @m (#eq? @n "x") (#eq? @m "y")) @hit', [{"x"}]),
        ('(a [(b) @n (c) @m] (#eq? @n "x")) @hit', []),  # `@n` is not in all
        ('(a (b)? @n (#eq? @n "x")) @hit', []),
        ('(a (b (c) @n)* (#eq? @n "x")) @hit', []),
        ('(a [_ @n (b)] (#eq? @n "x")) @hit', []),
        ('(a (b) @n (#not-eq? @n "x")) @hit', []),
        ('(a (b) @n (#match? @n "x")) @hit', []),
        ("(a (b) @n (c) @m (#eq? @n @m)) @hit", []),
        ('(a ["==" "!="] @n (#eq? @n "==")) @hit', []),  # no word in it
        ("(comment) @hit", []),
        ("", []),
    ],
)
def test_words(text: str, words: list[set[str]]) -> None:
    """Only what every match of a pattern must hold is believed."""
    [pattern] = patterns_of(text)

    assert words == list(pattern.needs.words)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('(a (b) @n (#match? @n "^x$")) @hit', ["x"]),
        ('(a (b) @n (#any-match? @n "^x$")) @hit', ["x"]),
        ('(a (b) @n (c) @m (#match? @n "x") (#match? @m "y")) @hit', ["x", "y"]),
        ('(a (b) @n (#not-match? @n "x")) @hit', []),
        ('(a (b)? @n (#match? @n "x")) @hit', []),
    ],
)
def test_expressions(text: str, found: list[str]) -> None:
    """What an expression asks of a capture that every match has, the text must hold."""
    [pattern] = patterns_of(text)

    assert found == list(pattern.needs.found)


@pytest.mark.parametrize(
    ("expression", "wider"),
    [
        ("^a$", "a"),
        (r"\Aa\z", "a"),
        (r"\bnot\B", "not"),
        ("[^a]b", "[^a]b"),
        ("[]^$]", "[]^$]"),
        (r"[\]^]\^", r"[\]^]\^"),
        ("[[:^alpha:]$]x$", "[[:^alpha:]$]x"),
        (r"\\^a", r"\\a"),
        ("(^|x)Exception($|y)", "(|x)Exception(|y)"),
        ("x^{2}", ""),
        ("(^*)a", ""),
        (r"\Q^a\E", ""),
    ],
)
def test_unanchored(expression: str, wider: str) -> None:
    """Where a text begins and ends is not asked; where in doubt nothing is said."""
    assert unanchored(expression) == wider


@given(
    expression=st.text(alphabet="ab^$[]()|*?.\\b", max_size=8),
    inside=st.text(alphabet="ab^$ ]", max_size=6),
    around=st.tuples(*[st.text(alphabet="ab ", max_size=3)] * 2),
)
def test_what_fits_a_part_is_found_in_the_whole(
    expression: str, inside: str, around: tuple[str, str]
) -> None:
    """No text is passed over in which a capture could be what is asked for."""
    try:
        fits = re2.search(expression, inside)
    except re2.error:
        return
    if fits and (wider := unanchored(expression)):
        assert re2.search(wider, inside.join(around))


def test_what_is_kept_does_not_depend_on_the_process() -> None:
    """Sets have another order in each: what was kept would look like a change."""
    words = [f"word{at}" for at in range(20)]
    quoted = " ".join(f'"{word}"' for word in words)

    [(_, _, (needed, _), _)] = msgspec.msgpack.decode(
        packed(f"((a) @hit (#any-of? @hit {quoted}))")
    )

    assert [sorted(words)] == needed


def test_each_pattern_is_told_apart() -> None:
    """With its own needs, its own text, and whether it only leaves places alone."""
    first = '(a (b) @n (#EQ? @n "x")) @hit ; (c)\n'
    second = "[(c) (d)] @hit\n"
    third = "(e) @leave"
    asked = Asked(predicate="EQ?", arguments=(("n", True), ("x", False)))

    assert [
        Pattern(text=first, asked=(asked,), needs=Needs(words=(frozenset({"x"}),))),
        Pattern(text=second),
        Pattern(text=third, leaves=True),
    ] == list(patterns_of(first + second + third))


@pytest.mark.parametrize("text", ["(a (b) @hit", "; nothing", "a @hit", ")"])
def test_broken_query_stays_whole(text: str) -> None:
    """Its fault is named by who compiles it."""
    assert [text] == [pattern.text for pattern in patterns_of(text)]


def test_a_predicate_without_arguments_is_read() -> None:
    """That it is none is said by who compiles it."""
    (pattern,) = patterns_of("((a) @hit (#match?))")

    assert Needs() == pattern.needs


def test_deep_query_is_read() -> None:
    """No nesting is too deep to be looked through."""
    text = "(a " * 5000 + '(b) @n (#eq? @n "x")' + ")" * 5000

    assert [(frozenset({"x"}),)] == [each.needs.words for each in patterns_of(text)]


EVAL, EXEC = frozenset({"eval"}), frozenset({"eval", "exec"})


@pytest.mark.parametrize(
    ("text", "met"),
    [
        (b"eval(x)", [0, 1]),
        (b"exec(eval(x))", [0, 1, 2]),
        (b"exec(x)", [1]),
        (b"evaluate(re_eval, \xc3\xa9val)", []),  # no part of a longer word counts
        (b"", []),
    ],
)
def test_sightings(text: bytes, met: list[int]) -> None:
    """Of each of its sets of words a query needs one."""
    sightings = Sightings([[EVAL], [EXEC], [EVAL, frozenset({"exec"})]])

    assert met == sightings.of(text)


@pytest.mark.parametrize("number", [1, MAX_WORDS, 12 * MAX_WORDS])
def test_no_number_of_words_hides_one(number: int) -> None:
    """RE2 has bounds, and says nothing where it is asked for more than it can hold."""
    words = [f"word{at}" for at in range(number)]
    sightings = Sightings([[frozenset({word})] for word in words])

    assert list(range(number)) == sightings.of(" ".join(words).encode())


def test_places() -> None:
    """Where one of the words stands alone."""
    text = b"eval(evaluate, re_eval); exec(x)"

    assert [(0, 4), (25, 29)] == Places(EXEC).of(text)


def test_many_places_are_one_walk() -> None:
    """From some number on all of the text is looked at."""
    assert Places(EVAL).of(b"eval " * MAX_PLACES) == WHOLE


@given(st.sets(st.integers(0, 3_000), min_size=1, max_size=100))
def test_spans_hold_all_places(starts: set[int]) -> None:
    """They are few, in order, apart, and begin and end with a place."""
    places = [(5 * start, 5 * start + 4) for start in sorted(starts)]

    found = spans(places)

    assert len(found) == min(len(places), MAX_SPANS)
    assert all(one[1] < other[0] for one, other in pairwise(found))
    assert places == [
        p for p in places if any(a <= p[0] and p[1] <= z for a, z in found)
    ]
    assert {a for a, _ in found} <= {p[0] for p in places}
    assert {z for _, z in found} <= {p[1] for p in places}


def test_spans_part_where_most_lies_between() -> None:
    """A walk over what stands between near places costs little."""
    near = [(at, at + 1) for at in range(0, 4 * MAX_SPANS, 2)]
    far = (10_000, 10_001)

    assert far == spans([*near, far])[-1]
