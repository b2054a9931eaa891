"""The new lines are those that a count over both whole texts would tell."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from qualitywatch.analysis.comparing.news import NewLines, shared_ends

LINES = st.lists(st.sampled_from(["a", "b", "c", ""]), max_size=8)


def counted(before: list[str], after: list[str]) -> list[int]:
    left, new = Counter(before), []
    for number, text in enumerate(after, 1):
        if left[text] > 0:
            left[text] -= 1
        elif text:
            new.append(number)
    return new


@given(LINES, LINES)
def test_new_lines(before: list[str], after: list[str]) -> None:
    assert NewLines(before, after).numbers == counted(before, after)


@given(LINES, LINES)
def test_has_more(before: list[str], after: list[str]) -> None:
    lines = NewLines(before, after)

    for number, text in enumerate(after, 1):
        assert lines.has_more(number) == (after.count(text) > before.count(text))


@given(LINES, LINES)
def test_shared_ends_do_not_overlap(one: list[str], other: list[str]) -> None:
    first, last = shared_ends(one, other)

    assert first + last <= min(len(one), len(other))
    assert one[:first] == other[:first]
    assert one[len(one) - last :] == other[len(other) - last :]
