"""The pool of worker processes."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import multiprocessing
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from concurrent.futures import wait as wait_for
from concurrent.futures.process import BrokenProcessPool
from copy import copy
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

from pebble import ProcessExpired, ProcessPool

from qualitywatch import config
from qualitywatch.errors import MachineError
from qualitywatch.model import Change, Violation, When
from qualitywatch.rulebook import Rulebook
from qualitywatch.traces import ALONE, Around, Examined, Import
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

    Inside it, `examine` and `examine_all` always answer: a crash, a timeout or a
    memory bomb costs the guilty change its analysis, and no other change anything.
    """

    def __init__(self, rulebook: Rulebook, limits: config.Analysis) -> None:
        self._rulebook = rulebook
        self._limits = limits
        self.restarts = 0  # of workers that died
        self.on_examined: Callable[[float], None] = _nobody_counts  # seconds
        self._crashes: Counter[str] = Counter()
        self._slots = asyncio.Semaphore(2 * limits.workers)
        self._heavy_slot = asyncio.Semaphore(1)
        self._heavy: Future[Examined] | None = None
        self._pool = self._new_pool()

    async def __aenter__(self) -> Self:
        try:
            await asyncio.to_thread(self.warm)
        except MachineError:
            await asyncio.to_thread(self._stop)
            raise
        return self

    async def __aexit__(self, *exception: object) -> None:
        await asyncio.to_thread(self._stop)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop()

    async def examine(
        self, change: Change, *, when: When = When.SETTLED, around: Around = ALONE
    ) -> Examined:
        """What is wrong with *change*, or why that could not be found out."""
        async with self._heavy_slot if self._is_heavy(change) else self._slots:
            started = time.monotonic()
            for _ in range(_ATTEMPTS):
                if self._gave_up(change):
                    return _unread(change, "the parser crashed on it before")
                future = self._submit(change, when, around)
                await _wait(future, self._patience)
                result = self._outcome(change, future)
                if result is not None:
                    self.on_examined(time.monotonic() - started)
                    return result
                if time.monotonic() - started > self._timeout / 2:
                    self._count_crash(change)  # a second one would end too late
        return _unread(change, "no worker process stayed alive to judge it")

    async def mend(self, change: Change, only: Violation) -> Mended | None:
        """*change* with the code of *only* put back; `None` where nobody could tell."""
        async with self._heavy_slot if self._is_heavy(change) else self._slots:
            future = self._schedule(mend_task, (change, only, self._limits))
            await _wait(future, self._patience)
        is_lost = not future.done() or future.exception() is not None
        return None if is_lost else future.result()

    def examine_all(
        self, tasks: Iterable[tuple[Change, Around]], *, when: When = When.SETTLED
    ) -> Iterator[Examined]:
        """Each change as judged with what the others say of it, in order."""
        waiting: deque[tuple[Change, Around, Future[Examined]]] = deque()
        for change, around in tasks:
            future = self._submit_in_turn(change, when, around)
            waiting.append((change, around, future))
            if len(waiting) > 4 * self._limits.workers:
                yield self._finished(*waiting.popleft(), when=when)
        while waiting:
            yield self._finished(*waiting.popleft(), when=when)

    def imports_all(
        self, files: Iterable[tuple[str, bytes]]
    ) -> Iterator[tuple[Import, ...]]:
        """What each file imports, in order; nothing where that can not be read."""
        waiting: deque[Future[tuple[Import, ...]]] = deque()
        for path, content in files:
            arguments = (path, content, self._limits)
            waiting.append(self._schedule(imports_task, arguments))
            if len(waiting) > 4 * self._limits.workers:
                yield self._imports(waiting.popleft())
        while waiting:
            yield self._imports(waiting.popleft())

    def warm(self) -> None:
        """Wait until the workers have started, imported and compiled everything.

        Raises `MachineError` where they can not start at all.
        """
        futures = [
            self._pool.schedule(rest, args=(0.05,)) for _ in range(self._limits.workers)
        ]
        done = wait_for(futures, timeout=self._patience).done
        if len(done) < len(futures) or any(future.exception() for future in done):
            raise MachineError(
                "the processes that analyse files do not start",
                hint="is there memory left, and are more processes allowed?",
            )

    def become(self, other: Workers) -> Callable[[], None]:
        """Judge by the rules and limits of *other*, which has been entered.

        Returns what stops the processes up to now, once what they judge has ended.
        """
        old = copy(self)
        self._rulebook, self._limits = other._rulebook, other._limits
        self._slots, self._pool, self._heavy = other._slots, other._pool, None
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

    def _finished(
        self,
        change: Change,
        around: Around,
        future: Future[Examined],
        *,
        when: When,
    ) -> Examined:
        for _ in range(_ATTEMPTS):
            wait_for({future}, timeout=self._patience)
            result = self._outcome(change, future)
            if result is not None:
                return result
            future = self._submit(change, when, around)
        return _unread(change, "no worker process stayed alive to judge it")

    def _imports(self, future: Future[tuple[Import, ...]]) -> tuple[Import, ...]:
        wait_for({future}, timeout=self._patience)
        if not future.done():
            future.cancel()
            return ()
        return () if future.exception() is not None else future.result()

    def _is_heavy(self, change: Change) -> bool:
        """True for what may need much memory, or has cost a worker already."""
        return is_heavy(change) or self._crashes_of(change) > 0

    def _submit_in_turn(
        self, change: Change, when: When, around: Around
    ) -> Future[Examined]:
        """The same, but a heavy change waits for the one before it."""
        if not is_heavy(change):
            return self._submit(change, when, around)
        if self._heavy is not None:
            wait_for({self._heavy}, timeout=self._patience)
        self._heavy = self._submit(change, when, around)
        return self._heavy

    def _submit(self, change: Change, when: When, around: Around) -> Future[Examined]:
        return self._schedule(task, (change, when, around, self._limits))

    def _schedule(
        self, function: Callable[..., T], arguments: tuple[object, ...]
    ) -> Future[T]:
        try:
            return self._pool.schedule(function, arguments, timeout=self._timeout)
        except RuntimeError:  # a worker that died idle takes the whole pool with it
            self._stop()
            self._pool = self._new_pool()
            self.restarts += 1
            return self._pool.schedule(function, arguments, timeout=self._timeout)

    def _outcome(self, change: Change, future: Future[Examined]) -> Examined | None:
        """The answer to *change*, or `None` where it may be tried once more."""
        if not future.done():
            future.cancel()
            return None
        error = future.exception()
        if error is None:
            return future.result()
        if isinstance(error, BrokenProcessPool):  # it may be another task's fault
            return None
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

    def _stop(self) -> None:
        self._pool.stop()  # type: ignore[no-untyped-call]
        self._pool.join()


def _nobody_counts(_seconds: float) -> None:
    """Nothing is measured."""


async def _wait(future: Future[Any], seconds: float) -> None:
    """Until *future* is done or the time is over; its answer is asked from itself."""
    wrapped = asyncio.wrap_future(future)
    await asyncio.wait({wrapped}, timeout=seconds)
    if wrapped.done() and not wrapped.cancelled():
        wrapped.exception()  # seen: asyncio would complain that nobody asked


def _unread(change: Change, reason: str) -> Examined:
    return Examined(analysis=unanalysable(change, reason))


def _identity(change: Change) -> str:
    digest = hashlib.sha256(change.path.encode("utf-8", "surrogateescape"))
    for content in (change.before, change.after):
        digest.update(b"\0" if content is None else b"\1" + content)
    return digest.hexdigest()
