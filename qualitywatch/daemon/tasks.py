"""The tasks of the daemon: owned by one place, and none fails in silence."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Self

from qualitywatch.errors import MachineError


class Tasks:
    """Runs coroutines until it is left; then those that still run are cancelled.

    This is the daemon's boundary: a coroutine that raises ends alone, and *complain*
    hears of it.
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

    async def _guarded(self, work: Coroutine[Any, Any, object]) -> None:
        try:
            await work
        except Exception as error:
            with contextlib.suppress(MachineError):  # the store may be what fails
                await self._complain(error)
