"""How much is gone from the very place of a remark."""

from __future__ import annotations

import pytest

from qualitywatch.analysis.comparing.compare import Comparison
from qualitywatch.analysis.comparing.holes import hole
from qualitywatch.analysis.sources.source import Source
from qualitywatch.languages import LANGUAGES

BASE = "a = 1\nb = 2\nc = 3\nd = 4\ne = 5\n"


def at(line: int, before: str | None, after: str) -> int:
    def read(text: str) -> Source:
        return Source.read("app.py", text.encode(), LANGUAGES["python"])

    return hole(
        Comparison(None if before is None else read(before), read(after)), line, line
    )


@pytest.mark.parametrize(
    ("line", "after", "lost"),
    [
        (2, "a = 1\n# here\ne = 5\n", 3),
        (1, "# here\nd = 4\ne = 5\n", 3),
        (4, "a = 1\nb = 2\n\n# here\n", 3),
        (1, "# here\n", 5),
        (2, "a = 1\n# here\nb = 2\nc = 3\nd = 4\ne = 5\n", 0),
        (2, "a = 1\n# here\nx = 9\ne = 5\n", 0),
        (3, "a = 1\ne = 5\n# here\n", 0),
        (2, "a = 1\n# here\ne = 5\nb = 2\nc = 3\nd = 4\n", 0),
    ],
    ids=[
        "between",
        "at the start",
        "at the end",
        "of all",
        "code stays",
        "code replaced",
        "elsewhere",
        "code moved",
    ],
)
def test_holes(line: int, after: str, lost: int) -> None:
    assert lost == at(line, BASE, after)


def test_a_new_file_has_none() -> None:
    assert at(1, None, "# here\n") == 0


def test_lines_that_are_alike_do_not_hide_a_hole() -> None:
    before = "x()\n" * 30 + "a = 1\nb = 2\nx()\nd = 4\ne = 5\nf = 6\n"
    after = "x()\n" * 30 + "a = 1\n# here\nf = 6\n"

    assert at(32, before, after) >= 3
