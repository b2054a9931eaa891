"""The pool of worker processes."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import multiprocessing
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import TimeoutError as FutureTimeout
from concurrent.futures import wait as wait_for
from copy import copy
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeVar

from pebble import ProcessExpired, ProcessPool

from qualitywatch import config
from qualitywatch.errors import MachineError
from qualitywatch.model import Change, Violation, When
from qualitywatch.rulebook import Rulebook
from qualitywatch.traces import ALONE, Around, Examined, Import
from qualitywatch.workers.given import Given
from qualitywatch.workers.inside import (
    imports_task,
    is_heavy,
    mend_task,
    rest,
    start,
    task,
)
from qualitywatch.workers.reasons import (
    HOPELESS,
    death,
    failure,
    no_process,
    too_slow,
    unanalysable,
)

if TYPE_CHECKING:
    from qualitywatch.analysis.restoring.words import Mended

T = TypeVar("T")

MAX_TASKS = 500  # then a worker is replaced, and with it whatever it has leaked
MAX_CRASHES = 2  # the same content is not tried again after that
_REMEMBERED_CRASHES = 1000
_ATTEMPTS = 3
_PRELOADED = [
    "__main__",
    "pebble.pool.process",
    "qualitywatch.workers.inside",
    "qualitywatch.analysis",
    "tree_sitter_python",
    "tree_sitter_javascript",
    "tree_sitter_typescript",
]


class Workers:
    """A pool of worker processes, as a context manager, asynchronous or not.

    Inside it, `examine` always answers: a crash, a timeout or a memory bomb costs the
    guilty change its analysis, and no other change anything.
    """

    def __init__(self, rulebook: Rulebook, limits: config.Analysis) -> None:
        self._rulebook = rulebook
        self._limits = limits
        self.restarts = 0  # of workers that died
        self.on_examined: Callable[[float], None] = _nobody_counts  # seconds
        self._crashes: Counter[str] = Counter()
        self._slots = asyncio.Semaphore(2 * limits.workers)
        self._heavy_slot = asyncio.Semaphore(1)
        self._replacing = threading.Lock()  # imports are asked for from threads
        self._has_ended = False
        self._pool = self._new_pool()

    async def __aenter__(self) -> Self:
        try:
            await asyncio.to_thread(self.warm)
        except MachineError:
            await asyncio.to_thread(self._end)
            raise
        return self

    async def __aexit__(self, *exception: object) -> None:
        await asyncio.to_thread(self._end)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end()

    async def examine(
        self, change: Change, *, when: When = When.SETTLED, around: Around = ALONE
    ) -> Examined:
        """What is wrong with *change*, or why that could not be found out."""
        async with self._heavy_slot if self._is_heavy(change) else self._slots:
            started = time.monotonic()
            for _ in range(_ATTEMPTS):
                if self._gave_up(change):
                    return _unread(change, "the parser crashed on it before")
                given = self._give(task, (change, when, around, self._limits))
                await given.end(self._patience)
                is_innocent = given.is_lost  # with its pool
                result = self._outcome(change, given)
                if result is not None:
                    self.on_examined(time.monotonic() - started)
                    return result
                if not is_innocent and time.monotonic() - started > self._timeout / 2:
                    self._count_crash(change)  # a second one would end too late
        return _unread(change, "no worker process stayed alive to judge it")

    async def mend(self, change: Change, only: Violation) -> Mended | None:
        """*change* with the code of *only* put back; `None` where nobody could tell."""
        async with self._heavy_slot if self._is_heavy(change) else self._slots:
            for _ in range(_ATTEMPTS):
                given = self._give(mend_task, (change, only, self._limits))
                await given.end(self._patience)
                if not self._retire_if_lost(given):
                    future = given.future
                    return None if future.exception() is not None else future.result()
        return None

    def imports_all(
        self, files: Iterable[tuple[str, bytes]]
    ) -> Iterator[tuple[Import, ...]]:
        """What each file imports, in order; nothing where that can not be read."""
        waiting: deque[tuple[str, bytes, Given[tuple[Import, ...]]]] = deque()
        for path, content in files:
            waiting.append((path, content, self._give_imports(path, content)))
            if len(waiting) > 4 * self._limits.workers:
                yield self._imports(*waiting.popleft())
        while waiting:
            yield self._imports(*waiting.popleft())

    def warm(self) -> None:
        """Wait until the workers have started, imported and compiled everything.

        Raises `MachineError` where they can not start at all.
        """
        count, give = self._limits.workers, self._pool.schedule
        try:
            futures = [give(rest, args=(0.05,)) for _ in range(count)]
        except RuntimeError as error:
            raise no_process() from error
        done = wait_for(futures, timeout=self._patience).done
        if len(done) < len(futures) or any(future.exception() for future in done):
            raise no_process()

    def become(self, other: Workers) -> Callable[[], None]:
        """Judge by the rules and limits of *other*, which has been entered.

        Returns what stops the processes up to now, once what they judge has ended.
        """
        with self._replacing:
            old = copy(self)
            self._rulebook, self._limits = other._rulebook, other._limits
            self._slots, self._pool = other._slots, other._pool
        self._crashes.clear()  # other limits, other chances
        return old._finish

    def _finish(self) -> None:
        self._pool.close()  # type: ignore[no-untyped-call]
        with contextlib.suppress(FutureTimeout):
            self._pool.join(self._patience)
        self._stop()

    @property
    def _timeout(self) -> float:
        return self._limits.timeout_ms / 1000

    @property
    def _patience(self) -> float:
        """How long a task may wait for its turn and then run, before it is lost."""
        return 4 * self._timeout + 10

    def _give_imports(self, path: str, content: bytes) -> Given[tuple[Import, ...]]:
        return self._give(imports_task, (path, content, self._limits))

    def _imports(
        self, path: str, content: bytes, given: Given[tuple[Import, ...]]
    ) -> tuple[Import, ...]:
        for _ in range(_ATTEMPTS):
            given.end_in_thread(self._patience)
            if not self._retire_if_lost(given):
                future = given.future
                return () if future.exception() is not None else future.result()
            given = self._give_imports(path, content)
        return ()

    def _is_heavy(self, change: Change) -> bool:
        """True for what may need much memory, or has cost a worker already."""
        return is_heavy(change) or self._crashes_of(change) > 0

    def _give(
        self, function: Callable[..., T], arguments: tuple[object, ...]
    ) -> Given[T]:
        pool = self._pool
        try:
            future = pool.schedule(function, arguments, timeout=self._timeout)
        except RuntimeError:  # a worker that died idle takes the whole pool with it
            pool = self._replace(pool)
            try:
                future = pool.schedule(function, arguments, timeout=self._timeout)
            except RuntimeError as error:
                raise no_process() from error
        return Given(future, pool)

    def _retire_if_lost(self, given: Given[T]) -> bool:
        """True where a task had no fair chance; another pool may be given it again."""
        if given.future.done():
            return given.is_lost
        given.future.cancel()
        self._replace(given.pool)  # it has broken, or keeps everybody waiting
        return True

    def _replace(self, pool: ProcessPool) -> ProcessPool:
        """Other processes than those of *pool*, which others may have seen to."""
        with self._replacing:
            if self._has_ended:  # a thread has outlived us
                raise no_process()
            if self._pool is pool:
                self._stop()
                self._pool = self._new_pool()
                self.restarts += 1
            return self._pool

    def _outcome(self, change: Change, given: Given[Examined]) -> Examined | None:
        """The answer to *change*, or `None` where it may be tried once more."""
        if self._retire_if_lost(given):  # it may be another task's fault
            return None
        future = given.future
        error = future.exception()
        if error is None:
            return future.result()
        if isinstance(error, ProcessExpired):
            self.restarts += 1
            self._count_crash(change, MAX_CRASHES if error.exitcode in HOPELESS else 1)
            reason = death(error.exitcode)
            return _unread(change, reason) if self._gave_up(change) else None
        if isinstance(error, FutureTimeout):
            self._count_crash(change)
            return _unread(change, too_slow(self._timeout))
        return _unread(change, failure(error))

    def _count_crash(self, change: Change, times: int = 1) -> None:
        if len(self._crashes) >= _REMEMBERED_CRASHES:
            self._crashes.clear()
        self._crashes[_identity(change)] += times

    def _gave_up(self, change: Change) -> bool:
        return self._crashes_of(change) >= MAX_CRASHES

    def _crashes_of(self, change: Change) -> int:
        # Hashing costs: nearly always nothing has crashed.
        return self._crashes[_identity(change)] if self._crashes else 0

    def _new_pool(self) -> ProcessPool:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(_PRELOADED)
        return ProcessPool(
            max_workers=self._limits.workers,
            max_tasks=MAX_TASKS,
            initializer=start,
            initargs=(self._rulebook,),
            context=context,
        )

    def _end(self) -> None:
        with self._replacing:
            self._has_ended = True
            self._stop()

    def _stop(self) -> None:
        self._pool.stop()  # type: ignore[no-untyped-call]
        self._pool.join()


def _nobody_counts(_seconds: float) -> None:
    """Nothing is measured."""


def _unread(change: Change, reason: str) -> Examined:
    return Examined(analysis=unanalysable(change, reason))


def _identity(change: Change) -> str:
    digest = hashlib.sha256(change.path.encode("utf-8", "surrogateescape"))
    for content in (change.before, change.after):
        digest.update(b"\0" if content is None else b"\1" + content)
    return digest.hexdigest()
