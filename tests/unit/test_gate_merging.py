"""What of a merge is an edit: rows in, rows out."""

from __future__ import annotations

import pytest

from qualitywatch.gate.merging import Side, judged_rows
from qualitywatch.git import PathChange
from qualitywatch.model import ChangeType


def row(name: str) -> PathChange:
    """`new<old` is renamed, `-old` deleted, any other one changed."""
    path, _, old = name.partition("<")
    if path.startswith("-"):
        return PathChange(path=path[1:], change_type=ChangeType.DELETE)
    kind = ChangeType.RENAME if old else ChangeType.UPDATE
    return PathChange(path=path, old_path=old or None, change_type=kind)


def side(differing: str = "", ours: str = "", theirs: str = "") -> Side:
    """A side, by the paths that differ, and those that either has touched."""
    return Side(
        differing=tuple(map(row, differing.split())),
        ours=frozenset(ours.split()),
        theirs=frozenset(theirs.split()),
    )


CASES = [
    ("no merge", "a b", [], "a b"),
    ("theirs alone", "a", [side("", theirs="a")], ""),
    ("both, and the result is neither", "a", [side("a", "a", "a")], "a"),
    ("both, and theirs was taken whole", "a", [side("", "a", "a")], "a"),
    ("both, and ours was taken whole", "", [side("a", "a", "a")], "a"),
    ("theirs was thrown away", "", [side("a", "", "a")], "a"),
    ("ours, which theirs never had", "", [side("a", "a", "")], ""),
    ("nobody's, and changed in the merge", "a", [side("a")], "a"),
    ("renamed by theirs", "new<old", [side("", theirs="new old")], ""),
    ("a copy by theirs, the old one dropped", "new<old", [side("-old")], "new<old"),
    ("dropped, and named as something else", "new<old", [side("x<old")], "new<old"),
    ("explained by one of two", "a b", [side("b"), side("a b")], "b"),
    ("thrown away of two", "", [side("a", "", "a"), side("a", "", "a")], "a"),
]


@pytest.mark.parametrize(
    ("rows", "merged", "expected"),
    [case[1:] for case in CASES],
    ids=[case[0] for case in CASES],
)
def test_judged_rows(rows: str, merged: list[Side], expected: str) -> None:
    """What no side explains, and what a side has lost."""
    judged = judged_rows([row(name) for name in rows.split()], merged)

    assert [row(name) for name in expected.split()] == judged
