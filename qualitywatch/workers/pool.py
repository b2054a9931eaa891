"""The pool of worker processes."""

from __future__ import annotations

import asyncio
import hashlib
import multiprocessing
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from concurrent.futures import wait as wait_for
from concurrent.futures.process import BrokenProcessPool
from types import TracebackType
from typing import Self

from pebble import ProcessExpired, ProcessPool

from qualitywatch import config
from qualitywatch.errors import MachineError
from qualitywatch.model import Analysis, Change, When
from qualitywatch.rulebook import Rulebook
from qualitywatch.workers.inside import rest, start, task
from qualitywatch.workers.reasons import death, failure, too_slow, unanalysable

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

    Inside it, `analyse` and `analyse_all` always answer: a crash, a timeout or a
    memory bomb costs the guilty change its analysis, and no other change anything.
    """

    def __init__(self, rulebook: Rulebook, limits: config.Analysis) -> None:
        self._rulebook = rulebook
        self._limits = limits
        self._crashes: Counter[str] = Counter()
        self._slots = asyncio.Semaphore(2 * limits.workers)
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

    async def analyse(
        self,
        change: Change,
        *,
        when: When = When.SETTLED,
        gained_elsewhere: frozenset[str] = frozenset(),
    ) -> Analysis:
        """What is wrong with *change*, or why that could not be found out."""
        async with self._slots:
            for _ in range(_ATTEMPTS):
                if self._gave_up(change):
                    return unanalysable(change, "the parser crashed on it before")
                future = self._submit(change, when, gained_elsewhere)
                await _wait(future, self._patience)
                result = self._outcome(change, future)
                if result is not None:
                    return result
        return unanalysable(change, "no worker process stayed alive to judge it")

    def analyse_all(
        self,
        tasks: Iterable[tuple[Change, frozenset[str]]],
        *,
        when: When = When.SETTLED,
    ) -> Iterator[Analysis]:
        """The analysis of each change with what the others gained, in order."""
        waiting: deque[tuple[Change, frozenset[str], Future[Analysis]]] = deque()
        for change, gained in tasks:
            waiting.append((change, gained, self._submit(change, when, gained)))
            if len(waiting) > 4 * self._limits.workers:
                yield self._finished(*waiting.popleft(), when=when)
        while waiting:
            yield self._finished(*waiting.popleft(), when=when)

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
        gained: frozenset[str],
        future: Future[Analysis],
        *,
        when: When,
    ) -> Analysis:
        for _ in range(_ATTEMPTS):
            wait_for({future}, timeout=self._patience)
            result = self._outcome(change, future)
            if result is not None:
                return result
            future = self._submit(change, when, gained)
        return unanalysable(change, "no worker process stayed alive to judge it")

    def _submit(
        self, change: Change, when: When, gained: frozenset[str]
    ) -> Future[Analysis]:
        arguments = (change, when, gained, self._limits)
        try:
            return self._pool.schedule(task, args=arguments, timeout=self._timeout)
        except RuntimeError:  # a worker that died idle takes the whole pool with it
            self._stop()
            self._pool = self._new_pool()
            return self._pool.schedule(task, args=arguments, timeout=self._timeout)

    def _outcome(self, change: Change, future: Future[Analysis]) -> Analysis | None:
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
            self._count_crash(change)
            reason = death(error.exitcode)
            return unanalysable(change, reason) if self._gave_up(change) else None
        if isinstance(error, FutureTimeout):
            self._count_crash(change)
            return unanalysable(change, too_slow(self._timeout))
        return unanalysable(change, failure(error))

    def _count_crash(self, change: Change) -> None:
        if len(self._crashes) >= _REMEMBERED_CRASHES:
            self._crashes.clear()
        self._crashes[_identity(change)] += 1

    def _gave_up(self, change: Change) -> bool:
        # Hashing costs: nearly always nothing has crashed.
        return bool(self._crashes) and self._crashes[_identity(change)] >= MAX_CRASHES

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


async def _wait(future: Future[Analysis], seconds: float) -> None:
    """Until *future* is done or the time is over; its answer is asked from itself."""
    wrapped = asyncio.wrap_future(future)
    await asyncio.wait({wrapped}, timeout=seconds)
    if wrapped.done() and not wrapped.cancelled():
        wrapped.exception()  # seen: asyncio would complain that nobody asked


def _identity(change: Change) -> str:
    digest = hashlib.sha256(change.path.encode("utf-8", "surrogateescape"))
    for content in (change.before, change.after):
        digest.update(b"\0" if content is None else b"\1" + content)
    return digest.hexdigest()
