"""The transports of the hub: WebSocket and page on loopback, JSON lines on a socket.

Each connection has one reader and one writer. The reader hands frames to the service;
the writer empties the outbox. A peer that stops reading blocks its own writer only, and
is cut off when that has lasted too long: pings can not find such a peer, they wait in
the same full buffer.
"""

from __future__ import annotations

import asyncio
import errno
import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from weakref import WeakKeyDictionary

from websockets.asyncio.server import Server as Listener
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.protocol import State

from qualitywatch.errors import InTheWay, MachineError, PeerError
from qualitywatch.hub.lines import serve_lines
from qualitywatch.hub.outbox import Gone, Outbox
from qualitywatch.hub.service import Service
from qualitywatch.hub.sessions import UNAUTHENTICATED, Identity, Session
from qualitywatch.hub.web import (
    WEBSOCKET_PATH,
    Web,
    answer,
    bearer,
    is_websocket,
    loopback,
)
from qualitywatch.protocol import MAX_FRAME_BYTES, MAX_HELLO_BYTES

HELLO_SECONDS = 5.0
STALL_SECONDS = 10.0  # a peer that reads nothing for so long is cut off
CLOSE_SECONDS = 5.0
MAX_STRANGERS = 64  # connections that have not said who they are
RESTARTING = 1012  # close code

_LOG = logging.getLogger("qualitywatch.hub")


class Server:
    """The hub as it listens; leave the block of `open` and it is closed."""

    def __init__(
        self, service: Service, *, stall_seconds: float, hello_seconds: float
    ) -> None:
        self._service = service
        self._stall_seconds = stall_seconds
        self._hello_seconds = hello_seconds
        self._open: set[ServerConnection] = set()
        self._proven: WeakKeyDictionary[ServerConnection, Identity] = (
            WeakKeyDictionary()
        )
        self._web = Web(0, lambda: service.health)
        self.url = ""  # of the page
        self.port = 0

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        service: Service,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        socket_path: Path | None = None,
        stall_seconds: float = STALL_SECONDS,
        hello_seconds: float = HELLO_SECONDS,
    ) -> AsyncIterator[Server]:
        """A server that answers; `InTheWay` where the port is taken.

        Raises `ConfigError` where *host* is not loopback and `MachineError` where the
        socket can not be made. Port 0 takes a free one; see `url`.
        """
        server = cls(service, stall_seconds=stall_seconds, hello_seconds=hello_seconds)
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(server._listening(loopback(host), port))
            if socket_path is not None:
                lines = serve_lines(service, socket_path, stall_seconds=stall_seconds)
                await stack.enter_async_context(lines)
            yield server

    @property
    def websocket_url(self) -> str:
        """Where agents connect."""
        return self.url.replace("http://", "ws://") + WEBSOCKET_PATH

    @asynccontextmanager
    async def _listening(self, host: str, port: int) -> AsyncIterator[None]:
        listener = await self._bind(host, port)
        self.port = listener.sockets[0].getsockname()[1]
        self.url = f"http://{f'[{host}]' if ':' in host else host}:{self.port}"
        self._web = Web(self.port, lambda: self._service.health)
        await listener.start_serving()
        try:
            yield
        finally:
            await self._stop(listener)

    async def _bind(self, host: str, port: int) -> Listener:
        try:
            return await serve(
                self._converse,
                host,
                port,
                start_serving=False,
                process_request=self._admit,
                compression=None,
                max_size=MAX_HELLO_BYTES,  # raised when it is known who speaks
                open_timeout=self._hello_seconds,
                close_timeout=CLOSE_SECONDS,
                server_header=None,
                logger=_LOG,
            )
        except OSError as error:
            raise _not_bound(error, host, port) from error

    async def _stop(self, listener: Listener) -> None:
        """Say goodbye to everybody; who does not answer is cut off."""
        listener.close(code=RESTARTING, reason="the daemon is stopping")
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await listener.wait_closed()
        except TimeoutError:
            for connection in self._open:
                if connection.state is not State.CLOSED:
                    connection.transport.abort()
            await listener.wait_closed()

    async def _admit(
        self, connection: ServerConnection, request: Request
    ) -> Response | None:
        """The answer to a plain request or a refusal; `None` lets a WebSocket in."""
        refused = self._web.refusal(request)
        if refused is not None or not is_websocket(request):
            return refused or self._web.get(request)
        if len(self._open) >= self._service.limits.max_connections:
            return answer(503, "too many connections\n")
        token = bearer(request)
        if token is None:
            too_many = self._service.strangers >= MAX_STRANGERS
            return answer(503, "too many strangers at the door\n") if too_many else None
        try:
            self._proven[connection] = await self._service.identify(token)
        except PeerError as error:
            return answer(401, f"{error}\n", {"WWW-Authenticate": "Bearer"})
        return None

    async def _converse(self, connection: ServerConnection) -> None:
        outbox = Outbox()
        proven = self._proven.pop(connection, None)
        self._open.add(connection)
        try:
            async with (
                self._service.session(outbox, proven=proven) as session,
                asyncio.TaskGroup() as tasks,
            ):
                tasks.create_task(self._write(connection, outbox))
                await self._read(connection, session)
                outbox.close(1000, "")
        finally:
            self._open.discard(connection)

    async def _read(self, connection: ServerConnection, session: Session) -> None:
        try:
            patience = None if session.proven else self._hello_seconds
            async with asyncio.timeout(patience):
                frame = await connection.recv()
            while True:
                await self._service.serve(session, frame)
                if session.identity is not None:
                    connection.protocol.max_message_size = MAX_FRAME_BYTES
                frame = await connection.recv()
        except TimeoutError:
            session.outlet.close(UNAUTHENTICATED, "no session.hello in time")
        except (ConnectionClosed, Gone):
            pass  # the peer has left, or the writer has given it up

    async def _write(self, connection: ServerConnection, outbox: Outbox) -> None:
        try:
            while (frame := await outbox.next()) is not None:
                async with asyncio.timeout(self._stall_seconds):
                    await connection.send(frame, text=True)
            async with asyncio.timeout(CLOSE_SECONDS):
                await connection.close(outbox.code or 1000, outbox.reason)
        except TimeoutError:
            connection.transport.abort()
        except ConnectionClosed:
            pass  # the peer has left: nothing is owed to it
        finally:
            outbox.close(1000, "")  # a reader that waits for room must not wait on


def _not_bound(error: OSError, host: str, port: int) -> MachineError:
    place = f"{host}:{port}"
    if error.errno == errno.EADDRINUSE:
        return InTheWay(
            f"port {port} is taken by another program",
            place=place,
            hint="choose another with --port, or let --port 0 take a free one",
        )
    return MachineError(
        f"can not listen: {error.strerror or error}",
        place=place,
        hint="choose another port above 1023 with --port",
    )
