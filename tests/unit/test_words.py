"""Which words a query can not match without, and what it saves to know them."""

from __future__ import annotations

import pytest

from qualitywatch.analysis.patterns.sightings import (
    BYTES_A_PLACE,
    MAX_PLACES,
    WHOLE,
    Sightings,
)
from qualitywatch.rulebook.words import patterns_of


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('(call (identifier) @n (#eq? @n "eval")) @hit', {"eval"}),
        ('(call (identifier) @n (#any-of? @n "a1" "b1")) @hit', {"a1", "b1"}),
        ('(a [(b) @n (c (d) @n)] (#eq? @n "eval")) @hit', {"eval"}),
        ('((a (b) @n) @hit (#eq? @n "x") (#eq? @n "longer"))', {"longer"}),
        ('(a (b) @n (#eq? @n "http.sslVerify")) @hit', {"sslVerify"}),
        ('(a [(b) @n (c) @m] (#eq? @n "x")) @hit', None),  # `@n` is not in all
        ('(a (b)? @n (#eq? @n "x")) @hit', None),
        ('(a (b (c) @n)* (#eq? @n "x")) @hit', None),
        ('(a [_ @n (b)] (#eq? @n "x")) @hit', None),
        ('(a (b) @n (#not-eq? @n "x")) @hit', None),
        ('(a (b) @n (#match? @n "x")) @hit', None),
        ("(a (b) @n (c) @m (#eq? @n @m)) @hit", None),
        ('(a ["==" "!="] @n (#eq? @n "==")) @hit', None),  # no word in it
        ("(comment) @hit", None),
        ("", None),
    ],
)
def test_words(text: str, words: set[str] | None) -> None:
    """Only what every match of a pattern must hold is believed."""
    [pattern] = patterns_of(text)

    assert (None if words is None else frozenset(words)) == pattern.words


def test_each_pattern_is_told_apart() -> None:
    """With its own words, its own text, and whether it only leaves places alone."""
    first = '(a (b) @n (#eq? @n "x")) @hit ; (c)\n'
    second = "[(c) (d)] @hit\n"
    third = "(e) @leave"

    assert [
        (first, frozenset({"x"}), False),
        (second, None, False),
        (third, None, True),
    ] == [tuple(each) for each in patterns_of(first + second + third)]


@pytest.mark.parametrize("text", ["(a (b) @hit", "; nothing", "a @hit", ")"])
def test_broken_query_stays_whole(text: str) -> None:
    """Its fault is named by who compiles it."""
    assert [text] == [pattern.text for pattern in patterns_of(text)]


def test_deep_query_is_read() -> None:
    """No nesting is too deep to be looked through."""
    text = "(a " * 5000 + '(b) @n (#eq? @n "x")' + ")" * 5000

    assert [frozenset({"x"})] == [pattern.words for pattern in patterns_of(text)]


def test_sightings() -> None:
    """Words stand alone: no part of a longer one counts."""
    sightings = Sightings([frozenset({"eval"}), frozenset({"eval", "exec"})])

    text = b"eval(evaluate, re_eval); exec(x)".ljust(BYTES_A_PLACE)

    assert {0: [(0, 4)], 1: [(0, 4), (25, 29)]} == sightings.of(text)


def test_many_sightings_are_one_walk() -> None:
    """From some number on every place is looked at."""
    text = b"eval " * (MAX_PLACES + 1)

    assert {0: WHOLE} == Sightings([frozenset({"eval"})]).of(text)
