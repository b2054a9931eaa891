"""Where two lines of a history parted."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qualitywatch.git import Commit, Person
from qualitywatch.history.ancestry import Ancestry, OutOfSight

ADA = Person(name="Ada", email="ada@x")


def commit(id: str, *parents: str) -> Commit:
    """A commit, as far as ancestry needs it."""
    return Commit(id=id, author=ADA, committer=ADA, parents=parents)


#   a - b - c - f        x
#        \     /
#         d - e
HISTORY = [
    commit("a"),
    commit("b", "a"),
    commit("c", "b"),
    commit("d", "b"),
    commit("e", "d"),
    commit("f", "c", "e"),
    commit("x"),
]


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("c", "e", "b"),
        ("e", "c", "b"),
        ("b", "e", "b"),
        ("c", "c", "c"),
        ("f", "d", "d"),
        ("a", "f", "a"),
        ("f", "x", None),
    ],
)
def test_where_they_parted(first: str, second: str, expected: str | None) -> None:
    """The newest commit that both stand on, or none."""
    assert Ancestry(HISTORY).parted(first, second) == expected


@pytest.mark.parametrize("known", [HISTORY[2:], [], HISTORY[4:]])
def test_what_is_out_of_sight(known: list[Commit]) -> None:
    """Nothing is guessed where a parent is not known."""
    with pytest.raises(OutOfSight):
        Ancestry(known).parted("c", "e")


@given(st.data())
def test_any_history(data: st.DataObject) -> None:
    """No commit below the answer's children is shared, and the answer is."""
    number = data.draw(st.integers(1, 12))
    parents = {
        at: data.draw(st.sets(st.integers(0, at - 1), max_size=3)) if at else set()
        for at in range(number)
    }
    history = [commit(str(at), *map(str, parents[at])) for at in range(number)]
    first, second = (data.draw(st.integers(0, number - 1)) for _ in range(2))

    found = Ancestry(history).parted(str(first), str(second))

    shared = _below(parents, first) & _below(parents, second)
    if found is None:
        assert shared == set()
    else:
        others = shared - {int(found)}
        assert int(found) in shared
        assert all(int(found) not in _below(parents, other) for other in others)


def _below(parents: Mapping[int, set[int]], at: int) -> set[int]:
    """The commit and all it stands on."""
    return {at}.union(*(_below(parents, parent) for parent in parents[at]))
