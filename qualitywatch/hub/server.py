"""The transports of the hub: WebSocket and page over TCP, JSON lines on a socket.

Each connection has one reader, which hands frames to the service, and no writer: what
goes out is written at once, and waits in the outbox only behind a full transport.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import resource
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from ssl import SSLContext
from typing import cast
from weakref import WeakKeyDictionary

from websockets.asyncio.server import Server as Listener
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.protocol import State

from qualitywatch.errors import InTheWay, MachineError, PeerError
from qualitywatch.hub import occupant, tls
from qualitywatch.hub.lines import serve_lines
from qualitywatch.hub.origins import Address
from qualitywatch.hub.outbox import CLOSE_SECONDS, Gone, Outbox
from qualitywatch.hub.service import Service
from qualitywatch.hub.sessions import RESTARTING, UNAUTHENTICATED, Identity, Session
from qualitywatch.hub.strangers import GRACE_SECONDS, Strangers
from qualitywatch.hub.web import WEBSOCKET_PATH, Web, answer, bearer, is_websocket
from qualitywatch.hub.websocket import Connection
from qualitywatch.protocol import MAX_FRAME_BYTES, MAX_HELLO_BYTES, Role

HELLO_SECONDS = 5.0
STALL_SECONDS = 10.0  # a peer that reads nothing for so long is cut off
SLOW_SECONDS = 1.0  # before a peer that fails again and again is answered
TIDY_SECONDS = 0.5  # between two looks for those who may not stay
BUG = 1011  # close code
SPARE_FILES = 512  # that the daemon opens beside its connections

_LOG = logging.getLogger("qualitywatch.hub")


class Server:
    """The hub as it listens; leave the block of `open` and it is closed."""

    def __init__(
        self,
        service: Service,
        *,
        stall_seconds: float,
        hello_seconds: float,
        grace_seconds: float,
    ) -> None:
        self._service = service
        self._stall_seconds = stall_seconds
        self._hello_seconds = hello_seconds
        self._open: set[Connection] = set()
        self._proven: WeakKeyDictionary[ServerConnection, Identity] = (
            WeakKeyDictionary()
        )
        self._web = Web(0, service.desk)
        self.strangers = Strangers(
            lambda: service.limits.max_connections, time.monotonic, grace=grace_seconds
        )
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
        grace_seconds: float = GRACE_SECONDS,
    ) -> AsyncIterator[Server]:
        """A server that answers; `InTheWay` where the port is taken.

        Raises `ConfigError` where *host* can be reached by others and there is no
        certificate, and `MachineError` where the socket can not be made. Port 0 takes a
        free one; see `url`.
        """
        server = cls(
            service,
            stall_seconds=stall_seconds,
            hello_seconds=hello_seconds,
            grace_seconds=grace_seconds,
        )
        address, context = tls.listening(host, service.limits)
        allow_open_files(service.limits.max_connections + SPARE_FILES)
        async with AsyncExitStack() as stack:
            listening = server._listening(address, port, context)
            await stack.enter_async_context(listening)
            if socket_path is not None:
                lines = serve_lines(
                    service,
                    socket_path,
                    server.strangers,
                    stall_seconds=stall_seconds,
                    hello_seconds=hello_seconds,
                )
                await stack.enter_async_context(lines)
            await stack.enter_async_context(_repeated(server._tidy))
            yield server

    @property
    def websocket_url(self) -> str:
        """Where agents connect."""
        return self.url.replace("http", "ws", 1) + WEBSOCKET_PATH

    def _tidy(self) -> None:
        """Put out who may not stay any longer."""
        self._service.put_out_expired()
        self.strangers.sweep()

    @asynccontextmanager
    async def _listening(
        self, host: str, port: int, context: SSLContext | None
    ) -> AsyncIterator[None]:
        listener = await self._bind(host, port, context)
        self.port = listener.sockets[0].getsockname()[1]
        scheme = "http" if context is None else "https"
        self.url = f"{scheme}://{f'[{host}]' if ':' in host else host}:{self.port}"
        names = self._service.limits.names
        self._web = Web(self.port, self._service.desk, scheme, names)
        await listener.start_serving()
        try:
            yield
        finally:
            await self._stop(listener)

    async def _bind(self, host: str, port: int, context: SSLContext | None) -> Listener:
        try:
            return await serve(
                self._converse,
                host,
                port,
                start_serving=False,
                create_connection=partial(  # type: ignore[arg-type]
                    Connection, self.strangers, self._stall_seconds
                ),
                process_request=self._admit,
                compression=None,
                max_size=MAX_HELLO_BYTES,  # raised when it is known who speaks
                open_timeout=self._hello_seconds,
                close_timeout=CLOSE_SECONDS,
                server_header=None,
                logger=_LOG,
                ssl=context,
            )
        except OSError as error:
            raise _not_bound(error, host, port) from error

    async def _stop(self, listener: Listener) -> None:
        """Say goodbye to everybody; who does not answer is cut off."""
        for connection in self._open:
            connection.wire.over()  # nothing may follow the goodbye
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
            return refused or await self._web.get(request, _caller(connection))
        token = bearer(request)
        if token is None:
            return None
        try:
            identity = await self._service.identify(token, _caller(connection))
        except PeerError as error:
            return await self._refused(error)
        self._proven[connection] = identity
        looks_only = identity.role is Role.OBSERVER
        self.strangers.known(cast(Connection, connection), looks_only=looks_only)
        return None

    async def _refused(self, error: PeerError) -> Response:
        if error.code == "UNAUTHENTICATED":
            return answer(401, f"{error}\n", {"WWW-Authenticate": "Bearer"})
        await asyncio.sleep(SLOW_SECONDS)  # who comes back at once gains nothing
        status = 503 if error.code == "TOO_MANY" else 429
        return answer(status, f"{error}\n", {"Retry-After": "5"})

    async def _converse(self, connection: ServerConnection) -> None:
        assert isinstance(connection, Connection)
        connection.begin()
        outbox = Outbox(connection.wire)
        proven = self._proven.pop(connection, None)
        self._open.add(connection)
        try:
            async with self._service.session(
                outbox, proven=proven, caller=_caller(connection)
            ) as session:
                await self._read(connection, session, outbox)
        except Exception:
            outbox.close(BUG, "a bug in the hub: see its log")
            raise
        finally:
            outbox.close(1000, "")
            await connection.wait_closed()
            self._open.discard(connection)

    async def _read(
        self, connection: Connection, session: Session, outbox: Outbox
    ) -> None:
        try:
            patience = None if session.proven else self._hello_seconds
            async with asyncio.timeout(patience):
                frame = await connection.recv()
            while outbox.code is None:  # what comes after the goodbye is not served
                await self._service.serve(session, frame)
                if session.identity is not None:
                    connection.protocol.max_message_size = MAX_FRAME_BYTES
                    self.strangers.known(connection, looks_only=session.looks_only)
                frame = await connection.recv()
        except TimeoutError:
            outbox.close(UNAUTHENTICATED, "no session.hello in time")
        except (ConnectionClosed, Gone):
            pass  # the peer has left, or was closed


@asynccontextmanager
async def _repeated(work: Callable[[], None]) -> AsyncIterator[None]:
    """*work* is done again and again while the block runs."""

    async def repeat() -> None:
        while True:
            work()
            await asyncio.sleep(TIDY_SECONDS)

    task = asyncio.create_task(repeat())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def _caller(connection: ServerConnection) -> Address:
    peer = connection.remote_address
    return Address(str(peer[0]), int(peer[1])) if peer else Address("", 0)


def allow_open_files(wanted: int) -> None:
    """Let this process open *wanted* files, or as many as the system lets it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def _not_bound(error: OSError, host: str, port: int) -> MachineError:
    place = f"{host}:{port}"
    if error.errno == errno.EADDRINUSE:
        return InTheWay(
            f"port {port} is taken by {occupant.of_port(port) or 'another program'}",
            place=place,
            hint="choose another with --port, or let --port 0 take a free one",
        )
    return MachineError(
        f"can not listen: {error.strerror or error}",
        place=place,
        hint="choose another port above 1023 with --port",
    )
