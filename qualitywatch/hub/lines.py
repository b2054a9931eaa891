"""The hub on a Unix socket: one JSON object a line, for hooks and the command line.

The socket is readable by its owner only, and that is a credential: whoever can open it
may look without a token.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from qualitywatch import local_socket
from qualitywatch.errors import MachineError
from qualitywatch.hub.frames import Frame
from qualitywatch.hub.origins import Process
from qualitywatch.hub.outbox import Gone, Outbox
from qualitywatch.hub.service import Service
from qualitywatch.hub.sessions import RESTARTING, Session
from qualitywatch.hub.strangers import Strangers
from qualitywatch.hub.wire import HIGH_WATER, Wire
from qualitywatch.protocol import (
    MAX_FRAME_BYTES,
    MAX_HELLO_BYTES,
    CallError,
    write_error,
)

CHUNK = 64 * 1024
STOP_SECONDS = 5.0
_OWNER_ONLY = 0o600

_LOG = logging.getLogger("qualitywatch.hub")


@asynccontextmanager
async def serve_lines(
    service: Service,
    path: Path,
    strangers: Strangers,
    *,
    stall_seconds: float,
    hello_seconds: float,
) -> AsyncIterator[None]:
    """The hub answers on *path* while the block runs."""
    lines = _Lines(service, strangers, stall_seconds, hello_seconds)
    loop = asyncio.get_running_loop()
    try:
        server = await loop.create_unix_server(
            lines.new_peer, sock=local_socket.bind(path), start_serving=False
        )
        _make_private(path)  # nobody can connect before it listens
        await server.start_serving()
    except OSError as error:
        raise MachineError(
            f"can not make the socket: {error.strerror or error}",
            place=str(path),
            hint="is the state folder writable, on a disk that knows sockets?",
        ) from error
    try:
        yield
    finally:
        server.close()
        await lines.stop()
        _remove(path)


class _Lines:
    """The open conversations on the socket."""

    def __init__(
        self,
        service: Service,
        strangers: Strangers,
        stall_seconds: float,
        hello_seconds: float,
    ) -> None:
        self._service = service
        self._strangers = strangers
        self._stall_seconds = stall_seconds
        self._hello_seconds = hello_seconds
        self._open: dict[asyncio.Task[None], tuple[_Peer, Outbox]] = {}

    def new_peer(self) -> _Peer:
        """The protocol of one connection."""
        return _Peer(self._strangers, self._begin, self._stall_seconds)

    def _begin(self, peer: _Peer) -> None:
        outbox = Outbox(peer.wire)
        task = asyncio.get_running_loop().create_task(self._converse(peer, outbox))
        self._open[task] = (peer, outbox)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        del self._open[task]
        if not task.cancelled() and (error := task.exception()) is not None:
            _LOG.error("a conversation failed", exc_info=error)

    async def stop(self) -> None:
        """Let everybody go; who does not read what is left is cut off."""
        for peer, outbox in self._open.values():
            outbox.close(RESTARTING, "the daemon is stopping")
            peer.reader.feed_eof()
        if self._open:
            await asyncio.wait(tuple(self._open), timeout=STOP_SECONDS)
        for peer, _ in self._open.values():
            peer.wire.abort()
        if self._open:
            await asyncio.wait(tuple(self._open))

    async def _converse(self, peer: _Peer, outbox: Outbox) -> None:
        """Answer one peer until it leaves."""
        try:
            if not peer.is_welcome:
                await outbox.send(_refused("TOO_MANY", "too many connections"))
                return
            async with self._service.session(
                outbox, local=True, caller=peer.process
            ) as session:
                await self._read(peer, outbox, session)
        except (ConnectionError, Gone):
            pass  # the peer has left
        finally:
            outbox.close(1000, "")
            await peer.ended

    async def _read(self, peer: _Peer, outbox: Outbox, session: Session) -> None:
        line = _Line()
        patience: float | None = self._hello_seconds
        while chunk := await _within(patience, peer.reader.read(CHUNK)):
            for frame in line.feed(chunk):
                if outbox.code is not None:
                    return  # what comes after the goodbye is not served
                await self._service.serve(session, frame)
            if session.identity is not None:
                patience = None
                self._strangers.known(peer, looks_only=session.looks_only)
            limit = MAX_FRAME_BYTES if session.identity else MAX_HELLO_BYTES
            if line.waiting > limit:
                problem = f"a line is longer than {limit} bytes"
                await outbox.send(_refused("TOO_LARGE", problem))
                return


async def _within(seconds: float | None, reading: Coroutine[Any, Any, bytes]) -> bytes:
    """What was read; nothing where it took too long."""
    try:
        async with asyncio.timeout(seconds):
            return await reading
    except TimeoutError:
        return b""


class _Peer(asyncio.Protocol):
    """One connection to the socket."""

    def __init__(
        self,
        strangers: Strangers,
        begin: Callable[[_Peer], None],
        stall_seconds: float,
    ) -> None:
        self.reader = asyncio.StreamReader(limit=CHUNK)
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.is_welcome = False
        self.process = Process(0)
        self.wire: _Wire
        self._strangers = strangers
        self._begin = begin
        self._stall_seconds = stall_seconds

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.set_write_buffer_limits(HIGH_WATER)
        self.reader.set_transport(transport)
        self.process = Process(local_socket.peer(transport.get_extra_info("socket")))
        self.wire = _Wire(transport, self._stall_seconds)
        self.is_welcome = self._strangers.arrived(self)
        self._begin(self)

    def connection_lost(self, error: Exception | None) -> None:
        self._strangers.left(self)
        self.reader.feed_eof()
        self.wire.lost()
        self.ended.set_result(None)

    def data_received(self, data: bytes) -> None:
        self.reader.feed_data(data)

    def eof_received(self) -> bool:
        self.reader.feed_eof()
        return True  # it may still read our answers

    def pause_writing(self) -> None:
        self.wire.paused()

    def resume_writing(self) -> None:
        self.wire.resumed()

    def put_out(self) -> None:
        """Make room for somebody else."""
        self.wire.abort()


class _Wire(Wire):
    """The way to a peer of the socket."""

    def __init__(self, transport: asyncio.Transport, stall_seconds: float) -> None:
        super().__init__(stall_seconds=stall_seconds)
        self._transport = transport

    def write(self, frame: Frame) -> None:
        """Hand *frame* to the transport; nothing happens where the peer has left."""
        if not self._transport.is_closing():
            self._transport.write(frame.line)

    def say_goodbye(self, code: int, reason: str) -> None:
        """Close when everything is written: a socket knows no codes."""
        self._transport.close()

    def abort(self) -> None:
        """Cut the peer off at once."""
        self._transport.abort()


class _Line:
    """Cuts what arrives into lines."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self.waiting = 0  # bytes of a line that has not ended

    def feed(self, chunk: bytes) -> list[bytes]:
        """The lines that *chunk* ends, without empty ones."""
        *ended, rest = chunk.split(b"\n")
        if ended:
            ended[0] = b"".join(self._parts) + ended[0]
            self._parts, self.waiting = [], 0
        self._parts.append(rest)
        self.waiting += len(rest)
        return [line for line in ended if line.strip()]


def _refused(code: str, problem: str) -> Frame:
    return Frame(write_error(None, CallError(code, problem, id=None)).encode())


def _make_private(path: Path) -> None:
    path.chmod(_OWNER_ONLY)


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)
