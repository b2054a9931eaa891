"""A task that worker processes were given: it ends, or it is known to be lost."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from concurrent.futures import Future
from concurrent.futures import wait as wait_for
from concurrent.futures.process import BrokenProcessPool
from typing import Generic, NamedTuple, TypeVar

from pebble import ProcessPool

T = TypeVar("T")

_LOOK_SECONDS = 0.5


class Given(NamedTuple, Generic[T]):
    """A task, which *future* will tell of, and the *pool* that was given it.

    A pool that breaks ends every task that it knows of. One that was still on its way
    to it never ends: who waits for a task has to look after the pool, too.
    """

    future: Future[T]
    pool: ProcessPool

    @property
    def is_lost(self) -> bool:
        """True where the pool has broken before the task was done: try another one."""
        if self.future.done():
            return isinstance(self.future.exception(), BrokenProcessPool)
        return not self.pool.active

    async def end(self, seconds: float) -> None:
        """Wait until it is done or lost, for *seconds* at most."""
        wrapped = asyncio.wrap_future(self.future)
        wrapped.add_done_callback(_see)
        for pause in self._looks(seconds):
            await asyncio.wait({wrapped}, timeout=pause)
            if wrapped.done():
                return

    def end_in_thread(self, seconds: float) -> None:
        """The same, for who may block."""
        for pause in self._looks(seconds):
            if wait_for({self.future}, timeout=pause).done:
                return

    def _looks(self, seconds: float) -> Iterator[float]:
        """How long to wait before each look after the pool."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0 and not self.is_lost:
            yield min(_LOOK_SECONDS, left)


def _see(done: asyncio.Future[T]) -> None:
    """The error is asked from the task itself: asyncio need not complain."""
    if not done.cancelled():
        done.exception()
