"""One snapshot for all who ask while it is being made.

A thousand clients that come back without a place in the history each need all that is
open. A snapshot says of which sequence it is, and what happened since follows it; so
those who ask at the same time can share one, and the store is read once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeAlias

from qualitywatch.protocol import Snapshot

Taken: TypeAlias = tuple[int, Snapshot]


class Snapshots:
    """Makes them, one at a time."""

    def __init__(self, make: Callable[[], Awaitable[Taken]]) -> None:
        self._make = make
        self._making: asyncio.Task[Taken] | None = None

    async def take(self) -> Taken:
        """The snapshot that is being made, or a new one."""
        if self._making is None:
            self._making = asyncio.create_task(self._made())
            self._making.add_done_callback(self._done)
        return await asyncio.shield(self._making)

    async def _made(self) -> Taken:
        return await self._make()

    def _done(self, making: asyncio.Task[Taken]) -> None:
        self._making = None
        if not making.cancelled():
            making.exception()  # whoever waits gets it; perhaps nobody does any more
