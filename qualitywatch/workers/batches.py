"""Worker processes for a command that judges much, and is over when it has.

The daemon's pool stands on pebble. A command can not wait for that: importing and
stopping it costs 120 ms, about what judging one file does, its three threads stand in
the way of forking the next worker, and its answers are pickles, by which a worker that
hostile code has taken over could take over its parent. So here the process of the
command forks itself after it has imported the analysis: a worker is ready in 5 ms and
shares those pages. What a worker sends back is read as the type that the function
declares, and as nothing else.

Only for processes without threads.
"""

from __future__ import annotations

import select
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from types import TracebackType
from typing import Any, Self, TypeVar

from qualitywatch import config
from qualitywatch.loading import load
from qualitywatch.rulebook import Rulebook
from qualitywatch.workers.forked import Failed, Forked, Lost
from qualitywatch.workers.reasons import too_slow
from qualitywatch.workers.runs import Run, Task, weightless

T = TypeVar("T")
R = TypeVar("R")

_AHEAD = 4  # batches for each process that may wait for their turn


class Batches:
    """Worker processes for a command that judges much, as a context manager.

    They start when they are needed: who has little to do pays for little.
    """

    def __init__(
        self,
        rulebook: Rulebook,
        limits: config.Analysis,
        *,
        processes: int | None = None,
    ) -> None:
        self._rulebook = rulebook
        self._limits = limits
        self._most = processes or limits.workers
        self._idle: list[Forked] = []
        self._busy: dict[Forked, Task[Any, Any]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for worker in (*self._idle, *self._busy):
            worker.end()
        self._idle.clear()
        self._busy.clear()

    def run(
        self,
        function: Callable[[Sequence[T]], Sequence[R]],
        items: Iterable[T],
        *,
        failed: Callable[[T, str], R],
        size: int = 64,
        weight: Callable[[T], int] = weightless,
        group: Callable[[T], object] | None = None,
    ) -> Iterator[R]:
        """What *function* makes of each of *items*, in their order.

        It is a function of a module and declares what it returns; in the worker it
        finds the rules by `inside.rulebook()` and the settings by `inside.limits()`.
        *items* may be endless: only a few batches of *size* are read ahead. A batch
        that crashes, hangs or eats all memory is run again item by item, and the
        guilty item becomes ``failed(item, reason)``. *weight* tells how many bytes an
        item makes the worker read: of heavy batches only one is in work at a time.
        Neighbours of one *group* go to the same worker, as far as it is not too much.

        One run at a time: the one before has been read to its end, or closed.
        """
        run = Run(function, items, failed=failed, size=size, weight=weight, group=group)
        try:
            while not run.is_over:
                self._hand_out(run)
                if batch := run.next_finished():
                    yield from batch.answers
                elif run.has_room(ready=self._most, ahead=_AHEAD * self._most):
                    run.read_on()
                    self._collect(run, is_patient=False)
                else:
                    self._collect(run, is_patient=True)
        finally:
            for worker in list(self._busy):  # nobody waits for their answers
                self._lose(worker)

    def _hand_out(self, run: Run[T, R]) -> None:
        """Give something to do to every worker that has nothing."""
        while len(self._busy) < self._most:
            is_heavy_taken = any(task.is_heavy for task in self._busy.values())
            task = run.next_task(may_be_heavy=not is_heavy_taken)
            if task is None:
                return
            worker = self._idle.pop() if self._idle else self._new()
            self._busy[worker] = task
            try:
                worker.give(run.work(task))
            except Lost as lost:
                run.failed(self._lose(worker), lost.reason)

    def _new(self) -> Forked:
        load("qualitywatch.analysis")  # pages that all workers share
        return Forked(self._rulebook, self._limits)

    def _collect(self, run: Run[T, R], *, is_patient: bool) -> None:
        """Take what workers have answered, or wait until one has, or its time is up."""
        if not self._busy:
            return
        poll = select.poll()
        by_number = {worker.fileno(): worker for worker in self._busy}
        for number in by_number:
            poll.register(number, select.POLLIN)
        nearest = min(worker.deadline for worker in self._busy)
        patience = max(0.0, nearest - time.monotonic()) if is_patient else 0.0
        answering = poll.poll(patience * 1000)
        for number, _ in answering:
            self._take(by_number[number], run)
        if not answering:
            self._stop_slow(run)

    def _take(self, worker: Forked, run: Run[T, R]) -> None:
        """Read the answer of *worker*."""
        task = self._busy[worker]
        try:
            run.finished(task, worker.answer())
        except Lost as lost:
            run.failed(self._lose(worker), lost.reason)
        except Failed as failed:
            run.failed(self._lose(worker), failed.reason)
        else:
            del self._busy[worker]
            self._keep(worker)

    def _keep(self, worker: Forked) -> None:
        if worker.is_spent:
            worker.end()
        else:
            self._idle.append(worker)

    def _stop_slow(self, run: Run[T, R]) -> None:
        now = time.monotonic()
        for worker in [one for one in self._busy if one.deadline <= now]:
            task = self._lose(worker)
            reason = too_slow(self._limits.timeout_ms / 1000)
            run.failed(task, reason, again=False)

    def _lose(self, worker: Forked) -> Task[Any, Any]:
        """End *worker*; the task that it had."""
        worker.end()
        return self._busy.pop(worker)
