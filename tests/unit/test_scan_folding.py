"""Rows of files become numbers, folders and lists."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qualitywatch.model import (
    Analysis,
    Confidence,
    Inventory,
    Severity,
    Skipped,
    StubFunction,
    Unanalysable,
)
from qualitywatch.scan.folding import Found, Scan, completeness, folded
from qualitywatch.scan.rows import Row, Stamp, State, row_of, told, unread
from qualitywatch.scan.writing import percent
from tests import factories

STAMP = Stamp(1, 2, 3, 4)


def found(path: str, inventory: Inventory | Row) -> Found:
    """*inventory* as it comes back from a worker."""
    row = inventory
    if isinstance(row, Inventory):
        row = row_of(row, digest=b"digest", stamp=STAMP)
    return Found(path, row, told(row))


def stub(path: str, line: int = 1) -> StubFunction:
    return StubFunction(path=path, line=line, symbol="go", kind="empty")


def tree() -> Scan:
    """Two good files, a bad one, a test, a picture and one that nobody could read."""
    picture = Analysis(skipped=(Skipped(path="d/x.png", reason="binary"),))
    return folded(
        [
            found("a/good.py", Inventory(functions=9)),
            found("b/bad.py", Inventory(functions=4, stubs=(stub("b/bad.py", 7),))),
            found("b/better.py", Inventory(functions=4)),
            found("tests/t.py", Inventory(apart="tests")),
            found("d/x.png", Inventory(apart="not judged", analysis=picture)),
            found("c/odd.py", unread("nests too deep")),
        ],
        skipped=[Skipped(path="link", reason="symbolic link")],
        unread=[Unanalysable(path="c/hidden", reason="can not be read")],
    )


def test_numbers() -> None:
    scan = tree()

    assert (4, 3, {"tests": 1}) == (scan.files, scan.files_counted, scan.apart)
    assert (17, 1, 0.9411) == (scan.functions, scan.stubs, scan.completeness)
    assert {"symbolic link": 1, "binary": 1} == scan.skipped_by_reason


def test_folders_stand_worst_first() -> None:
    """Those without functions have no share, and come last."""
    rows = [(each.path, each.completeness) for each in tree().by_folder]

    assert [("b", 0.875), ("a", 1.0), ("c", None), ("tests", None)] == rows


def test_unread_files_are_counted_in_their_folder() -> None:
    scan = tree()
    (folder,) = [each for each in scan.by_folder if each.path == "c"]

    assert (0, 2) == (folder.files, folder.unanalysable)
    assert ["c/hidden", "c/odd.py"] == [each.path for each in scan.unanalysable]


def test_strongest_violations_stand_first() -> None:
    low, high, likely = (
        factories.violation(path=f"{at}.py", severity=severity, confidence=confidence)
        for at, severity, confidence in (
            (1, Severity.LOW, Confidence.CERTAIN),
            (2, Severity.HIGH, Confidence.POSSIBLE),
            (3, Severity.HIGH, Confidence.LIKELY),
        )
    )
    files = [Inventory(analysis=Analysis(violations=(v,))) for v in (low, high, likely)]

    scan = folded(found(f"{at}.py", each) for at, each in enumerate(files))

    assert (likely, high, low) == scan.violations


@pytest.mark.parametrize(
    ("functions", "stubs", "share", "shown"),
    [
        (0, 0, None, None),
        (10, 0, 1.0, "100.0 %"),
        (100_000, 1, 0.9999, "99.9 %"),  # a stub is a stub in any number of functions
        (3, 1, 0.6666, "66.6 %"),
        (1000, 29, 0.971, "97.1 %"),
        (4, 4, 0.0, "0.0 %"),
    ],
)
def test_share_is_rounded_down(
    functions: int, stubs: int, share: float | None, shown: str | None
) -> None:
    found = completeness(functions, stubs)

    assert share == found
    assert shown == (None if found is None else percent(found))


@given(st.integers(1, 10**6), st.data())
def test_only_a_whole_tree_is_complete(functions: int, data: st.DataObject) -> None:
    stubs = data.draw(st.integers(0, functions))

    assert (stubs == 0) == (completeness(functions, stubs) == 1.0)


@pytest.mark.parametrize(
    ("functions", "stubs", "share", "enough"),
    [
        (100, 5, 0.95, True),
        (100, 6, 0.95, False),
        (0, 0, 0.95, True),  # there is nothing to write
        (30_000, 1, 1.0, False),
    ],
)
def test_bar(functions: int, stubs: int, share: float, enough: bool) -> None:
    scan = Scan(files=1, functions=functions, stubs=stubs, completeness=None)

    assert enough == scan.is_as_complete_as(share)


@pytest.mark.parametrize(
    ("inventory", "state", "tells"),
    [
        (Inventory(functions=3), State.COUNTED, False),
        (Inventory(apart="tests"), State.APART, False),
        (Inventory(functions=1, stubs=(stub("a.py"),)), State.COUNTED, True),
        (
            Inventory(
                apart="tests", analysis=Analysis(violations=(factories.violation(),))
            ),
            State.APART,
            True,
        ),
    ],
)
def test_row_is_small_where_nothing_is_to_tell(
    inventory: Inventory, state: State, tells: bool
) -> None:
    row = row_of(inventory, digest=b"d", stamp=STAMP)

    assert (state, tells) == (row.state, bool(row.told))
    assert not tells or inventory == told(row)
