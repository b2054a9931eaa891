"""Records decisions that change nothing, such as refusals; a flood stays small."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from qualitywatch.audit import Decision, Merging
from qualitywatch.errors import MachineError

Write = Callable[[Sequence[Decision]], Awaitable[object]]


class Noting:
    """Hands decisions to *write*: at once, or counted when their second is over."""

    def __init__(self, write: Write) -> None:
        self._write = write
        self._merging = Merging()
        self._timer: asyncio.TimerHandle | None = None
        self._writing: set[asyncio.Task[None]] = set()

    async def note(self, decision: Decision) -> None:
        """Record *decision*; where that is impossible it is kept and comes later."""
        first = self._merging.offer(decision, self._now())
        self._wait_for_the_next()
        if first is not None:
            await self._record([first])

    async def finish(self) -> None:
        """Record all that was only counted so far; nothing comes after that."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        await asyncio.gather(*self._writing)
        await self._record(self._merging.due(float("inf")))

    async def _record(self, decisions: Sequence[Decision]) -> None:
        if not decisions:
            return
        try:
            await self._write(decisions)
        except MachineError:  # whoever writes has said that nothing can be recorded
            self._merging.give_back(decisions, self._now())
            self._wait_for_the_next()

    def _wait_for_the_next(self) -> None:
        end = self._merging.next_end()
        if self._timer is None and end is not None:
            self._timer = asyncio.get_running_loop().call_at(end, self._begin)

    def _begin(self) -> None:
        self._timer = None
        task = asyncio.get_running_loop().create_task(self._record_due())
        self._writing.add(task)
        task.add_done_callback(self._writing.discard)

    async def _record_due(self) -> None:
        await self._record(self._merging.due(self._now()))
        self._wait_for_the_next()

    def _now(self) -> float:
        return asyncio.get_running_loop().time()
