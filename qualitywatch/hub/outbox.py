"""What waits to be written to one connection: bounded, so that nobody else pays.

Events are offered and never waited for: where the peer is too far behind, the queue is
thrown away and the peer is closed, to come back and take a snapshot. Answers wait for
room instead, so a peer that asks without reading stops only itself.
"""

from __future__ import annotations

import asyncio
from collections import deque

from qualitywatch.hub.sessions import OVERLOADED

MAX_FRAMES = 256
MAX_BYTES = 1024 * 1024


class Gone(Exception):
    """The connection has ended; nothing can be sent to it any more."""


class Outbox:
    """The queue of one connection, read by its one writer."""

    def __init__(
        self, *, max_frames: int = MAX_FRAMES, max_bytes: int = MAX_BYTES
    ) -> None:
        self._max_frames = max_frames
        self._max_bytes = max_bytes
        self._frames: deque[bytes] = deque()
        self._bytes = 0
        self._changed = asyncio.Event()  # set: the writer has something to do
        self._room = asyncio.Event()  # set: `send` may look again
        self.code: int | None = None  # how to close; None while open
        self.reason = ""

    def offer(self, frame: bytes) -> None:
        """Queue *frame*; a peer that is too far behind is closed with 1013."""
        if self.code is not None:
            return
        if not self._fits(frame):
            self._frames.clear()
            self._bytes = 0
            self.close(OVERLOADED, "too slow: reconnect and take a snapshot")
            return
        self._append(frame)

    async def send(self, frame: bytes) -> None:
        """Queue *frame* when there is room; raises `Gone` when the peer is closed."""
        while self.code is None and not self._fits(frame):
            self._room.clear()
            await self._room.wait()
        if self.code is not None:
            raise Gone
        self._append(frame)

    def close(self, code: int, reason: str) -> None:
        """End the queue: what is in it is still written, nothing more is taken."""
        if self.code is None:
            self.code, self.reason = code, reason
        self._changed.set()
        self._room.set()

    async def next(self) -> bytes | None:
        """The oldest frame; `None` when the queue is closed and empty."""
        while not self._frames:
            if self.code is not None:
                return None
            self._changed.clear()
            await self._changed.wait()
        frame = self._frames.popleft()
        self._bytes -= len(frame)
        self._room.set()
        return frame

    def _fits(self, frame: bytes) -> bool:
        """True when it is within the bounds, or alone: a large answer must go out."""
        if not self._frames:
            return True
        full = len(self._frames) >= self._max_frames
        return not full and self._bytes + len(frame) <= self._max_bytes

    def _append(self, frame: bytes) -> None:
        self._frames.append(frame)
        self._bytes += len(frame)
        self._changed.set()
