"""Items become batches, and answers find their way back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from qualitywatch.workers.forked import Failed
from qualitywatch.workers.runs import (
    BATCH_BYTES,
    HEAVY_BYTES,
    LONGEST,
    Batch,
    Run,
    Task,
    cut,
)


def doubled(items: Sequence[int]) -> list[int]:
    return [2 * item for item in items]


def run_of(items: Iterable[int], size: int = 3) -> Run[int, int]:
    return Run(doubled, items, failed=lambda item, _: -item, size=size)


def batches(
    weights: list[int], size: int, group: Callable[[int], object] | None = None
) -> list[Batch[int, int]]:
    return list(cut(range(len(weights)), size, lambda at: weights[at], group))


WEIGHTS = st.lists(st.sampled_from((1, 1000, BATCH_BYTES // 5, HEAVY_BYTES + 1)))


@given(WEIGHTS, st.integers(1, 5))
def test_every_item_is_in_one_batch_in_order(weights: list[int], size: int) -> None:
    cut_ = batches(weights, size)

    assert list(range(len(weights))) == [item for one in cut_ for item in one.items]
    assert all(1 <= len(one.items) <= size for one in cut_)


@given(WEIGHTS)
def test_no_batch_holds_much_more_than_it_may(weights: list[int]) -> None:
    for batch in batches(weights, 64):
        heavy = [at for at in batch.items if weights[at] > HEAVY_BYTES]
        assert heavy == (list(batch.items) if batch.is_heavy else [])
        assert len(batch.items) == 1 or sum(weights[at] for at in batch.items) <= (
            BATCH_BYTES
        )


@given(WEIGHTS)
@example([BATCH_BYTES // 5] * 12)
def test_what_belongs_together_is_parted_late(weights: list[int]) -> None:
    for batch in batches(weights, 64, group=lambda _: "all alike"):
        size = sum(weights[at] for at in batch.items)
        assert len(batch.items) == 1 or size <= LONGEST * BATCH_BYTES


def test_neighbours_of_one_group_stay_together() -> None:
    by_three = batches([1] * 9, 2, group=lambda at: at // 3)

    assert [[0, 1, 2], [3, 4, 5], [6, 7, 8]] == [list(one.items) for one in by_three]


def test_heavy_batches_do_not_keep_light_ones_from_being_read() -> None:
    """One heavy batch waits for the other; a second worker has the light ones."""
    heavy = HEAVY_BYTES + 1
    run = Run(doubled, range(9), failed=lambda *_: 0, size=1, weight=lambda _: heavy)
    for _ in range(3):
        run.read_on()

    assert run.has_room(ready=2, ahead=9)


@given(st.lists(st.integers(-99, 99)), st.integers(1, 4), st.data())
def test_batches_leave_in_order_whoever_is_first(
    items: list[int], size: int, data: st.DataObject
) -> None:
    """Answers, failures and single retries come in any order."""
    run = run_of(items, size)
    bad = set(data.draw(st.lists(st.sampled_from(items)))) if items else set()
    found: list[int] = []
    given_out: list[Task[int, int]] = []
    while not run.is_over:
        run.read_on()
        while task := run.next_task(may_be_heavy=True):
            given_out.append(task)
        if given_out:
            at = data.draw(st.integers(0, len(given_out) - 1))
            answer(run, given_out.pop(at), bad)
        while batch := run.next_finished():
            found += batch.answers

    assert [-item if item in bad else 2 * item for item in items] == found


def answer(run: Run[int, int], task: Task[int, int], bad: set[int]) -> None:
    items = task.batch.items[task.start : task.stop]
    if bad.intersection(items):
        run.failed(task, "crashed")
    else:
        run.finished(task, msgspec.msgpack.encode(doubled(items)))


def test_of_heavy_tasks_one_waits_for_the_other() -> None:
    run: Run[int, int] = Run(
        doubled, range(2), failed=lambda *_: 0, size=1, weight=lambda _: 10**9
    )
    run.read_on()
    run.read_on()

    assert run.next_task(may_be_heavy=True) is not None
    assert run.next_task(may_be_heavy=False) is None
    assert run.next_task(may_be_heavy=True) is not None


@pytest.mark.parametrize("said", [[1], [1, 2, 3], ["a", "b"], {"a": 1}, None], ids=repr)
def test_an_answer_of_another_form_is_refused(said: object) -> None:
    run = run_of([1, 2])
    run.read_on()
    task = run.next_task(may_be_heavy=True)
    assert task is not None

    with pytest.raises(Failed):
        run.finished(task, msgspec.msgpack.encode(said))


def test_what_is_read_ahead_is_bounded() -> None:
    run = run_of(iter(int, 1))
    while run.has_room(ready=2, ahead=5):
        run.read_on()
        run.next_task(may_be_heavy=True)

    assert not run.has_room(ready=2, ahead=5)
    assert not run.is_over
