"""Tests that a change leaves alone are known without looking where they end."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from qualitywatch.analysis.sources.source import Source
from qualitywatch.analysis.weakening.cases import Case, cases
from qualitywatch.analysis.weakening.pairs import Pairs
from qualitywatch.analysis.weakening.still import Still
from qualitywatch.languages import LANGUAGES

PIECES = st.sampled_from(
    (
        "def test_{n}():\n    assert f({n})\n",
        "@skip\ndef test_{n}():\n    assert f({n})\n    # done\n",
        "class Test{n}:\n    def test_a(self):\n        assert g({n})\n",
        "x = {n}\n",
        '"""\n',
        "    )\n",
        "# {n}\n",
        "\n\n",
    )
)
TEXTS = st.lists(PIECES, max_size=8).map(
    lambda pieces: "".join(each.format(n=n) for n, each in enumerate(pieces))
)


def read(text: str) -> list[Case]:
    path = "test_a.py"
    return cases(Source.read(path, text.encode(), LANGUAGES["python"]))


@given(TEXTS, TEXTS, TEXTS, TEXTS)
def test_what_is_known_to_stand_still_is_the_same(
    above: str, old: str, new: str, below: str
) -> None:
    before, after = read(above + old + below), read(above + new + below)
    still = Still(before, after)

    for one, other in Pairs(before, after).both:
        if still.holds(one, other):
            assert one.raw == other.raw
            assert [text for _, text in one.head] == [text for _, text in other.head]


def test_those_around_an_edit_stand_still() -> None:
    pieces = [f"def test_{n}():\n    assert f({n})\n\n\n" for n in range(5)]
    edited = [*pieces[:2], pieces[2].replace("f(2)", "f(3)\n    assert 1"), *pieces[3:]]
    before, after = read("".join(pieces)), read("".join(edited))
    still = Still(before, after)

    held = [still.holds(*pair) for pair in zip(before, after, strict=True)]

    assert held == [True, True, False, True, True]
