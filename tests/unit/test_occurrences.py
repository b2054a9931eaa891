"""Counting lines in a text: the way for many lines finds what the plain way finds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qualitywatch.analysis.comparing import occurrences as module
from qualitywatch.analysis.comparing.occurrences import occurrences

WORDS = st.lists(st.sampled_from(["a", "b", "c", "="]), min_size=1, max_size=6)


def joined(tokens: list[str]) -> str:
    return f" {'  '.join(tokens)} "


@pytest.mark.parametrize(
    ("text", "key", "count"),
    [
        ("a = b c", "a = b", 1),
        ("a = b c", "= b", 1),
        ("aa = b", "a = b", 0),
        ("a a a", "a a", 1),
        ("a a a a", "a a", 2),
    ],
)
def test_counts(text, key, count):
    assert [count] == occurrences(joined(text.split()), [key])


@given(text=WORDS, keys=st.lists(WORDS, min_size=1, max_size=5))
def test_both_ways_agree(text, keys):
    wanted = [" ".join(key) for key in keys]
    plain = occurrences(joined(text), wanted)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "MAX_SCANNED", 0)

        assert plain == occurrences(joined(text), wanted)
