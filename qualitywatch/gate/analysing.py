"""Analysis for the gate: in worker processes, of which nothing is left behind."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Self

from qualitywatch import config
from qualitywatch.gate.references import File
from qualitywatch.gate.surroundings import Task
from qualitywatch.rulebook import Rulebook
from qualitywatch.traces import Examined, Import
from qualitywatch.workers import inside
from qualitywatch.workers.batches import Batches
from qualitywatch.workers.reasons import unanalysable

_LARGEST = 16  # tasks in one batch
_SHARES = 4  # batches for each worker, so that all end at about the same time


class Analyser:
    """The `analyse` of `judge`, as a context manager.

    A change set is judged in up to three rounds: alone, what others import, and again
    with what the others say. The same workers serve all of them.
    """

    def __init__(self, rules: Rulebook, limits: config.Analysis) -> None:
        self._batches = Batches(rules, limits)
        self._shares = _SHARES * limits.workers

    def __enter__(self) -> Self:
        self._batches.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._batches.__exit__(kind, error, trace)

    def __call__(self, tasks: Sequence[Task]) -> Iterator[Examined]:
        """What is wrong with each change, or why that could not be found out."""
        size = self._size(len(tasks))
        return self._batches.run(
            examined, tasks, failed=unread, size=size, weight=bytes_of
        )

    def imports(self, files: Sequence[File]) -> Iterator[tuple[Import, ...]]:
        """What each of *files* imports; nothing where that can not be read."""
        size = self._size(len(files))
        return self._batches.run(
            imported, files, failed=_unknown, size=size, weight=_length
        )

    def _size(self, number: int) -> int:
        """How many of *number* go into a batch: two workers serve even a few."""
        return max(1, min(_LARGEST, -(-number // self._shares)))


def examined(tasks: Sequence[Task]) -> list[Examined]:
    """Each change, judged with what the others say of it; runs in a worker."""
    rules, limits = inside.rulebook(), inside.limits()
    return [
        inside.examine(change, rules, limits=limits, around=around, keep=False)
        for change, around in tasks
    ]


def imported(files: Sequence[File]) -> list[tuple[Import, ...]]:
    """What each file imports; runs in a worker."""
    return [inside.imports(path, content) for path, content in files]


def bytes_of(task: Task) -> int:
    """What a worker must read to judge *task*."""
    return sum(len(side or b"") for side in (task[0].before, task[0].after))


def _length(file: File) -> int:
    return len(file[1])


def unread(task: Task, reason: str) -> Examined:
    """What is said of a change that no worker could judge."""
    return Examined(analysis=unanalysable(task[0], reason))


def _unknown(_file: File, _reason: str) -> tuple[Import, ...]:
    return ()
