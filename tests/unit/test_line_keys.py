"""The keys of lines: the quick way says what the plain one says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qualitywatch.analysis.sources.keys import key_of, keys_near, keys_of

ASCII = st.text(st.characters(max_codepoint=0x7F), max_size=30)


@given(st.one_of(ASCII, st.text(max_size=30)))
def test_each_line_has_the_key_that_it_has_alone(text: str) -> None:
    assert keys_of(text) == [key_of(line) for line in text.split("\n")]


LINES = st.lists(st.sampled_from(["", "a", "b = [1]", "c();", "é"]), max_size=8)


@given(LINES, LINES)
def test_the_keys_of_a_base_are_those_of_its_lines(old: list[str], new: list[str]):
    keys = list(map(key_of, old))

    assert list(map(key_of, new)) == keys_near(new, old, keys)


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ("    return [a, b]", "return a b"),
        ("x.y += f('z')", "x . y + = f z"),
        ("a\x00b", "a \x00 b"),
        ("naïve=1", "naïve = 1"),
        ("});", ""),
    ],
)
def test_brackets_and_quotes_are_left_out(line: str, key: str) -> None:
    assert keys_of(f"{line}\n") == [key, ""]
