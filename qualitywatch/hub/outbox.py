"""What waits to be written to one connection: bounded, so that nobody else pays.

As long as the peer reads, nothing waits: a frame goes straight to the transport. Behind
a full transport a queue grows. Events are offered and never waited for: where the peer
is too far behind, the queue is thrown away and the peer is closed, to come back and
take a snapshot. Answers wait for room instead, so a peer that asks without reading
stops only itself.
"""

from __future__ import annotations

import asyncio
from collections import deque

from qualitywatch.hub.frames import Frame
from qualitywatch.hub.sessions import FLOODING, OVERLOADED, UNAUTHENTICATED
from qualitywatch.hub.wire import Wire

MAX_FRAMES = 256
MAX_BYTES = 1024 * 1024
CLOSE_SECONDS = 5.0  # for what is queued and for the peer's goodbye
PUT_OUT_SECONDS = 1.0  # the same for a peer that has lost the right to be here
_PUT_OUT = frozenset({UNAUTHENTICATED, FLOODING})


class Gone(Exception):
    """The connection has ended; nothing can be sent to it any more."""


class Outbox:
    """The queue in front of one wire."""

    def __init__(
        self, wire: Wire, *, max_frames: int = MAX_FRAMES, max_bytes: int = MAX_BYTES
    ) -> None:
        self._wire = wire
        self._max_frames = max_frames
        self._max_bytes = max_bytes
        self._frames: deque[Frame] = deque()
        self._bytes = 0
        self._waiting: deque[asyncio.Future[None]] = deque()  # answers without room
        self.code: int | None = None  # how to close; None while open
        self.reason = ""
        wire.on_ready = self._go_on
        wire.on_lost = self._end

    @property
    def depth(self) -> int:
        """Frames that wait."""
        return len(self._frames)

    def offer(self, frame: Frame) -> None:
        """Write or queue *frame*; a peer that is too far behind is closed with 1013."""
        if self._wire.ready and not self._frames and self.code is None:
            self._wire.write(frame)  # nearly always: this line is run very often
        elif self.code is not None:
            return
        elif self._fits(frame):
            self._append(frame)
        else:
            self._frames.clear()
            self._bytes = 0
            self.close(OVERLOADED, "too slow: reconnect and take a snapshot")

    async def send(self, frame: Frame) -> None:
        """Write or queue *frame* when there is room; `Gone` where it is closed."""
        while self.code is None and not self._fits(frame):
            await self._room()
        if self.code is not None:
            raise Gone
        self.offer(frame)

    def close(self, code: int, reason: str) -> None:
        """End the queue: what is in it is still written, nothing more is taken."""
        if code in _PUT_OUT:
            self._wire.close_within(PUT_OUT_SECONDS)
        elif self.code is None:
            self._wire.close_within(CLOSE_SECONDS)
        if self.code is not None:
            return
        self.code, self.reason = code, reason
        self._wake(len(self._waiting))
        if not self._frames:
            self._wire.say_goodbye(code, reason)

    def _go_on(self) -> None:
        """The wire has room again."""
        while self._frames and self._wire.ready:
            frame = self._frames.popleft()
            self._bytes -= len(frame)
            self._wire.write(frame)
            self._wake(1)
        if self.code is not None and not self._frames:
            self._wire.say_goodbye(self.code, self.reason)

    def _end(self) -> None:
        """The peer has left: nothing is owed to it."""
        self._frames.clear()
        self._bytes = 0
        if self.code is None:
            self.code = 1006  # what a lost connection is called
        self._wake(len(self._waiting))

    def _fits(self, frame: Frame) -> bool:
        """True when it is within the bounds, or alone: a large answer must go out."""
        if not self._frames:
            return True
        full = len(self._frames) >= self._max_frames
        return not full and self._bytes + len(frame) <= self._max_bytes

    def _append(self, frame: Frame) -> None:
        self._frames.append(frame)
        self._bytes += len(frame)

    async def _room(self) -> None:
        waiter = asyncio.get_running_loop().create_future()
        self._waiting.append(waiter)
        await waiter

    def _wake(self, count: int) -> None:
        for _ in range(min(count, len(self._waiting))):
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(None)
