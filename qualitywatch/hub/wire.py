"""A transport as the outbox sees it: it takes what it can, and says when it can not.

Nothing waits here. The transport says that its buffer is full and, later, that it has
room again; between the two a timer runs, and a peer that has read nothing by then is
cut off. Pings can not find such a peer: they wait in the same full buffer.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable

from qualitywatch.hub.frames import Frame

HIGH_WATER = 32 * 1024  # bytes in the transport's own buffer before it is full


def _nothing() -> None:
    """Nobody wants to know."""


class Wire(ABC):
    """The way to one peer."""

    def __init__(self, *, stall_seconds: float) -> None:
        self.ready = True  # False while the peer leaves too much unread, and at the end
        self.on_ready: Callable[[], None] = _nothing
        self.on_lost: Callable[[], None] = _nothing
        self._stall_seconds = stall_seconds
        self._closing = False
        self._is_over = False
        self._is_lost = False
        self._timer: asyncio.TimerHandle | None = None

    @abstractmethod
    def write(self, frame: Frame) -> None:
        """Hand *frame* to the transport; nothing happens where the peer has left."""

    @abstractmethod
    def say_goodbye(self, code: int, reason: str) -> None:
        """Begin to close; what was written before still goes out."""

    @abstractmethod
    def abort(self) -> None:
        """Cut the peer off at once."""

    def close_within(self, seconds: float) -> None:
        """Cut the peer off after so long, however much it reads until then."""
        self._closing = True
        if not self._is_lost:
            self._cut_off_in(seconds)

    def over(self) -> None:
        """The peer wants to hear nothing more; it is not gone yet."""
        self.ready, self._is_over = False, True

    def paused(self) -> None:
        """The transport's buffer is full."""
        self.ready = False
        if self._timer is None:
            self._cut_off_in(self._stall_seconds)

    def resumed(self) -> None:
        """The transport has room again."""
        self.ready = not self._is_over
        if not self._closing:
            self._forget_timer()
        self.on_ready()

    def lost(self) -> None:
        """The peer has left, or was cut off."""
        self.ready, self._is_lost = False, True
        self._forget_timer()
        self.on_lost()

    def _cut_off_in(self, seconds: float) -> None:
        self._forget_timer()
        self._timer = asyncio.get_running_loop().call_later(seconds, self.abort)

    def _forget_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
