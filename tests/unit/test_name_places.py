"""Where a name stands in a text, whichever way it is looked up."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from qualitywatch.analysis.symbols.words import FEW, places

NAMES = (b"a", b"aa", b"ab", b"b_", b"_")


@given(st.text(alphabet="ab_$ .\n", max_size=60).map(str.encode))
def test_the_first_names_and_the_later_ones_are_found_alike(text: bytes):
    first = [list(places(text, name)) for name in NAMES]
    for _ in range(FEW):
        places(text, b"a")

    assert [list(places(text, name)) for name in NAMES] == first


def test_a_name_is_no_part_of_another_one():
    assert list(places(b"run(); rerun(); $run; run2; run$", b"run")) == [0, 28]
