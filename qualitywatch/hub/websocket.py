"""A WebSocket of the hub: the library's connection, with our wire and our caps.

What goes out to many is written to the transport as one ready-made frame; the library
does the handshake, the reading, the pings and the goodbye.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, cast

from websockets.asyncio.server import Server as Listener
from websockets.asyncio.server import ServerConnection
from websockets.protocol import State
from websockets.server import ServerProtocol

from qualitywatch.hub.frames import Frame
from qualitywatch.hub.sessions import OVERLOADED
from qualitywatch.hub.strangers import Strangers
from qualitywatch.hub.wire import HIGH_WATER, Wire
from qualitywatch.protocol import MAX_HELLO_BYTES

_FULL = (
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain; charset=utf-8\r\n"
    b"Retry-After: 5\r\nConnection: close\r\nContent-Length: 21\r\n\r\n"
    b"too many connections\n"
)
_LINGER_SECONDS = 1.0


class Connection(ServerConnection):
    """One peer, counted from the moment it knocks."""

    def __init__(
        self,
        strangers: Strangers,
        stall_seconds: float,
        protocol: ServerProtocol,
        server: Listener,
        **options: Any,
    ) -> None:
        super().__init__(protocol, server, **{**options, "write_limit": HIGH_WATER})
        self.wire = WebSocketWire(self, stall_seconds)
        self.strangers = strangers
        self._early: bytes | None = b""  # what came before the handshake has ended
        self._last = b""  # bytes of the request, in which its end may begin

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Let it knock, or turn it away before anything is read."""
        if self.strangers.arrived(self):
            super().connection_made(transport)
            self.wire.transport_write = self.transport.write
        else:
            _turn_away(cast(asyncio.Transport, transport))

    def connection_lost(self, error: Exception | None) -> None:
        """Nobody is counted or waited for any more."""
        self.strangers.left(self)
        super().connection_lost(error)
        self.wire.lost()

    def data_received(self, data: bytes) -> None:
        """Read on; what comes before the handshake has ended waits for its end.

        The library would read it as frames at once, and stumble over its own answer
        where they are malformed and the handshake is refused.
        """
        if self._early is None:
            super().data_received(data)
            if self.protocol.state is not State.OPEN:
                self.wire.over()  # what follows a goodbye would be a fault
            return
        if self.request is None:
            end = _end_of_request(self._last, data)
            self._last = (self._last + data)[-3:]
            super().data_received(data[:end])
            data = data[end:]
        self._early += data
        if len(self._early) > MAX_HELLO_BYTES:
            self.transport.abort()

    def begin(self) -> None:
        """The handshake has ended well: read what waits."""
        early, self._early = self._early, None
        if early:
            self.data_received(early)

    def pause_writing(self) -> None:
        """The transport's buffer is full."""
        super().pause_writing()
        self.wire.paused()

    def resume_writing(self) -> None:
        """The transport has room again."""
        super().resume_writing()
        self.wire.resumed()

    def put_out(self) -> None:
        """Make room for somebody else; a bare handshake is not owed an answer."""
        if self.protocol.state is State.OPEN:
            self.wire.close_within(_LINGER_SECONDS)
            self.wire.say_goodbye(OVERLOADED, "too many strangers: say hello at once")
        else:
            self.transport.abort()


class WebSocketWire(Wire):
    """The way to the peer of a WebSocket."""

    def __init__(self, connection: Connection, stall_seconds: float) -> None:
        super().__init__(stall_seconds=stall_seconds)
        self._connection = connection
        self._goodbye: asyncio.Task[None] | None = None
        self.transport_write: Callable[[bytes], None]  # at hand, for a crowd

    def write(self, frame: Frame) -> None:
        """Hand *frame* to the transport; it is never called where the peer has left."""
        self.transport_write(frame.websocket)

    def say_goodbye(self, code: int, reason: str) -> None:
        """Begin the closing handshake."""
        self.over()
        if self._connection.protocol.state is State.OPEN:
            closing = self._connection.close(code, reason)
            self._goodbye = asyncio.get_running_loop().create_task(closing)

    def abort(self) -> None:
        """Cut the peer off at once."""
        self._connection.transport.abort()


def _end_of_request(last: bytes, data: bytes) -> int:
    """Where in *data* the request ends, of which *last* came before."""
    at = (last + data).find(b"\r\n\r\n")
    return len(data) if at < 0 else at + 4 - len(last)


def _turn_away(transport: asyncio.Transport) -> None:
    """Say that there is no room, without so much as reading who asks."""
    transport.set_protocol(_Deaf(transport))
    transport.write(_FULL)
    transport.write_eof() if transport.can_write_eof() else transport.close()


class _Deaf(asyncio.Protocol):
    """Lets the answer arrive: closing with unread bytes would take it back."""

    def __init__(self, transport: asyncio.Transport) -> None:
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(_LINGER_SECONDS, transport.abort)

    def connection_lost(self, error: Exception | None) -> None:
        self._timer.cancel()
