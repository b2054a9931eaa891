"""The tasks of the daemon: owned by one place, and none fails in silence."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sys
import traceback
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Self

from qualitywatch.errors import MachineError
from qualitywatch.warden import Warden

BUG = "a bug in qualitywatch"  # what is degraded after one
_LOG = logging.getLogger("qualitywatch.daemon")

RETRY_SECONDS = 5.0  # before what failed begins anew


class Tasks:
    """Runs coroutines until it is left; then those that still run are cancelled.

    This is the daemon's boundary: a coroutine that raises ends alone, and *complain*
    hears of it. What is kept begins anew: else one odd file would end a watch for good.
    """

    def __init__(self, complain: Callable[[Exception], Awaitable[object]]) -> None:
        self._complain = complain
        self._running: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exception: object) -> None:
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    def spawn(self, work: Coroutine[Any, Any, object]) -> asyncio.Task[None]:
        """Run *work* beside everything else."""
        task = asyncio.create_task(self._guarded(work))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        task.add_done_callback(lambda _: work.close())  # cancelled before it began
        return task

    def keep(
        self, work: Callable[[], Coroutine[Any, Any, object]]
    ) -> asyncio.Task[None]:
        """Run *work* for as long as we run: where it fails, it begins anew."""
        return self.spawn(self._again_and_again(work))

    async def _again_and_again(
        self, work: Callable[[], Coroutine[Any, Any, object]]
    ) -> None:
        while True:
            try:
                await work()
            except Exception as error:
                with contextlib.suppress(MachineError):
                    await self._complain(error)
                await asyncio.sleep(RETRY_SECONDS)
            else:
                return

    async def _guarded(self, work: Coroutine[Any, Any, object]) -> None:
        try:
            await work
        except Exception as error:
            with contextlib.suppress(MachineError):  # the store may be what fails
                await self._complain(error)


async def complain(warden: Warden, error: Exception) -> None:
    """What one task could not do is told to everybody; a bug with its traceback."""
    if isinstance(error, MachineError):
        return await warden.degraded("machine", error.problem)
    _LOG.error(BUG, exc_info=error)
    reason = f"{type(error).__name__}: {error}"[:500]
    if warden.degraded_now.get(BUG) != reason:
        traceback.print_exception(error, file=sys.stderr)
    return await warden.degraded(BUG, reason)
