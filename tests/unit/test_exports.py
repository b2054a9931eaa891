"""Names that others could import, and no longer can."""

from __future__ import annotations

import pytest

from qualitywatch.analysis.sources.source import Source
from qualitywatch.analysis.symbols.exports import withdrawn
from qualitywatch.languages import LANGUAGES

PYTHON = LANGUAGES["python"]


@pytest.mark.parametrize(
    ("before", "after", "names"),
    [
        ("a = 1\nb = 2\nc = 3\n", "a = 1\nd = 2\nc = 3\n", {"b"}),
        ("a = 1\nb = 2\nc = 3\n", "c = 3\nb = 4\na = 1\n", set()),
        ("def a(): 1\ndef b(): 2\nx = 3\n", "x = 4\ndef b(): 2\n", {"a"}),
        ("def a(): 1\ndef b(): 2\n", "def b(): 2\nfrom c import a\n", set()),
        ("a = 1\nb = 2\n", "b = 2\n", {"a"}),
        ("é = 1\nb = 2\n", "ü = 1\nb = 2\n", {"é"}),
    ],
)
def test_names_that_are_withdrawn(before: str, after: str, names: set[str]) -> None:
    """What stands in both texts, wherever, is offered by both."""
    old, new = (Source.read("a.py", each.encode(), PYTHON) for each in (before, after))

    assert withdrawn(old, new) == names
