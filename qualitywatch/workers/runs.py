"""What one call of `Batches.run` has still to do, and what waits for its turn.

It knows no processes: tasks go out, answers come in, finished batches leave in order.
"""

from __future__ import annotations

import pickle
import typing
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Generic, NamedTuple, TypeVar

import msgspec

from qualitywatch.workers.forked import Failed, Work
from qualitywatch.workers.inside import LIGHT_BYTES
from qualitywatch.workers.reasons import failure

T = TypeVar("T")
R = TypeVar("R")

BATCH_BYTES = 512 * 1024
"""Of content in one batch: what is read ahead stays small."""

LONGEST = 2
"""Times as much may be in one batch, where what is in it belongs together."""

HEAVY_BYTES = 2 * LIGHT_BYTES
"""Of one item: a base and what became of it."""


def weightless(_item: object) -> int:
    """The weight of what makes a worker read next to nothing."""
    return 0


class Batch(Generic[T, R]):
    """Items that have a place in the order, and what became of them."""

    def __init__(self, items: Sequence[T], *, is_heavy: bool = False) -> None:
        self.items = items
        self.is_heavy = is_heavy
        self._answers: dict[int, R] = {}

    @property
    def is_finished(self) -> bool:
        """True when every item has its answer."""
        return len(self._answers) == len(self.items)

    @property
    def answers(self) -> list[R]:
        """What became of each item, in their order."""
        return [self._answers[at] for at in range(len(self.items))]

    def put(self, start: int, answers: Iterable[R]) -> None:
        """The *answers* to the items from *start* on."""
        self._answers.update(enumerate(answers, start))


class Task(NamedTuple, Generic[T, R]):
    """What one worker does at a time: a batch, or after a failure one item of it."""

    batch: Batch[T, R]
    start: int
    stop: int
    is_heavy: bool

    @property
    def length(self) -> int:
        """How many answers it asks for."""
        return self.stop - self.start


class Run(Generic[T, R]):
    """One call of `Batches.run`."""

    def __init__(
        self,
        function: Callable[[Sequence[T]], Sequence[R]],
        items: Iterable[T],
        *,
        failed: Callable[[T, str], R],
        size: int,
        weight: Callable[[T], int] = weightless,
        group: Callable[[T], object] | None = None,
    ) -> None:
        self._function = function
        self._decoder = _decoder(function)
        self._failed = failed
        self._unread: Iterator[Batch[T, R]] | None = cut(items, size, weight, group)
        self._window: deque[Batch[T, R]] = deque()  # read, and not yet left
        self._ready: deque[Task[T, R]] = deque()

    @property
    def is_over(self) -> bool:
        """True when everything was read and has left."""
        return self._unread is None and not self._window

    def has_room(self, *, ready: int, ahead: int) -> bool:
        """True where fewer than *ready* batches wait for a worker, *ahead* in all.

        Of heavy ones, which wait for each other, one counts.
        """
        if self._unread is None or len(self._window) >= ahead:
            return False
        light = sum(not task.is_heavy for task in self._ready)
        return light + (len(self._ready) > light) < ready

    def read_on(self) -> None:
        """Read one more batch, if there is one."""
        batch = next(self._unread, None) if self._unread is not None else None
        if batch is None:
            self._unread = None
            return
        self._window.append(batch)
        self._ready.append(Task(batch, 0, len(batch.items), batch.is_heavy))

    def next_finished(self) -> Batch[T, R] | None:
        """The next batch in the order, if it is finished."""
        is_there = bool(self._window) and self._window[0].is_finished
        return self._window.popleft() if is_there else None

    def next_task(self, *, may_be_heavy: bool) -> Task[T, R] | None:
        """The next thing to do, if there is any."""
        for task in self._ready:
            if may_be_heavy or not task.is_heavy:
                self._ready.remove(task)
                return task
        return None

    def work(self, task: Task[T, R]) -> Work:
        """*task* as a worker understands it."""
        asked = (self._function, task.batch.items[task.start : task.stop])
        # In one pickle: what two items share travels once.
        data = pickle.dumps(asked, protocol=pickle.HIGHEST_PROTOCOL)
        return Work(data, is_heavy=task.is_heavy)

    def finished(self, task: Task[T, R], answer: bytes) -> None:
        """A worker has answered *task*; raises `Failed` where that is no answer."""
        try:
            answers = self._decoder.decode(answer)
        except (msgspec.DecodeError, RecursionError) as error:
            raise Failed(failure(error)) from None
        if len(answers) != task.length:
            raise Failed("the analysis failed: an answer too many or too few")
        task.batch.put(task.start, answers)

    def failed(self, task: Task[T, R], reason: str, *, again: bool = True) -> None:
        """Nobody answers *task*: each of its items for itself, before all others.

        One alone may have all the memory there is, so it counts as heavy. It is not
        tried *again* where that would only cost the same time once more.
        """
        if task.length == 1 and (task.is_heavy or not again):
            item = task.batch.items[task.start]
            task.batch.put(task.start, [self._failed(item, reason)])
            return
        for at in reversed(range(task.start, task.stop)):
            self._ready.appendleft(Task(task.batch, at, at + 1, is_heavy=True))


def cut(
    items: Iterable[T],
    size: int,
    weight: Callable[[T], int],
    group: Callable[[T], object] | None = None,
) -> Iterator[Batch[T, R]]:
    """*items* in batches of *size* or of `BATCH_BYTES`; heavy ones for themselves.

    What is of one *group* stays together, in a batch that may be `LONGEST` as long.
    """
    some: list[T] = []
    total, is_heavy = 0, False
    for item in items:
        bytes_ = weight(item)
        if some:
            is_alike = group is not None and group(item) == group(some[-1])
            most = LONGEST if is_alike else 1
            is_full = len(some) >= size * most or total + bytes_ > BATCH_BYTES * most
            if is_full or is_heavy is not (bytes_ > HEAVY_BYTES):
                yield Batch(some, is_heavy=is_heavy)
                some, total = [], 0
        some.append(item)
        total, is_heavy = total + bytes_, bytes_ > HEAVY_BYTES
    if some:
        yield Batch(some, is_heavy=is_heavy)


def _decoder(
    function: Callable[[Sequence[T]], Sequence[R]],
) -> msgspec.msgpack.Decoder[list[R]]:
    """Reads a list of what *function* declares to return, and nothing else."""
    (made,) = typing.get_args(typing.get_type_hints(function)["return"])[:1]
    decoder: msgspec.msgpack.Decoder[list[R]] = msgspec.msgpack.Decoder(list[made])  # type: ignore[valid-type]
    return decoder
