"""A flood of refusals leaves few records, and no refusal without one."""

from __future__ import annotations

from qualitywatch.audit import Decision, Merging
from qualitywatch.audit.merging import CROWD, MOST_KINDS


def refused(who: str = "10.0.0.1", reason: str = "unknown token") -> Decision:
    return Decision(
        action="login", who=who, object="hub", result="refused", reason=reason
    )


def test_the_first_is_recorded_at_once() -> None:
    """Nobody waits for a second to see the first attempt."""
    assert refused() == Merging().offer(refused(), 0.0)


def test_equal_ones_of_a_second_become_one_with_a_count() -> None:
    """Nothing is said before the second is over, then all of them at once."""
    merging = Merging()
    merging.offer(refused(), 0.0)
    for _ in range(500):
        assert merging.offer(refused(), 0.5) is None

    assert [] == merging.due(0.9)
    assert [500] == [one.count for one in merging.due(1.0)]


def test_what_is_allowed_is_never_merged() -> None:
    """Two releases are two records, however quickly they follow."""
    merging = Merging()
    release = Decision(
        action="release", who="operator", object="cursor-1", result="allowed"
    )

    assert [release] * 3 == [merging.offer(release, 0.0) for _ in range(3)]


def test_no_refusal_is_lost_in_the_counts() -> None:
    """An hour of one a tenth of a second: the counts add up, the records are few."""
    merging = Merging()
    records = []
    for tick in range(36_000):
        now = tick / 10
        records += [one for one in [merging.offer(refused(), now)] if one]
        records += merging.due(now)
    records += merging.due(float("inf"))

    assert 36_000 == sum(one.count for one in records)
    assert len(records) < 80


def test_ever_new_names_are_not_kept() -> None:
    """Who changes its name at each attempt can not fill the disk."""
    merging = Merging()
    records = []
    for tick in range(10_000):
        offered = merging.offer(refused(who=f"peer-{tick}"), tick / 1000)
        records += [offered] if offered else []
        records += merging.due(tick / 1000)
    records += merging.due(float("inf"))

    assert 10_000 == sum(one.count for one in records)
    assert len(records) < MOST_KINDS + 20
    assert CROWD in {one.who for one in records}


def test_what_could_not_be_recorded_comes_later() -> None:
    """A full disk takes no refusal away."""
    merging = Merging()
    first = merging.offer(refused(), 0.0)
    assert first is not None
    merging.give_back([first], 0.0)

    assert [first] == merging.due(1.0)
