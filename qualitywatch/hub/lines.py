"""The hub on a Unix socket: one JSON object a line, for hooks and the command line.

The socket is readable by its owner only, and that is a credential: whoever can open it
may look without a token.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from qualitywatch import local_socket
from qualitywatch.errors import MachineError
from qualitywatch.hub.outbox import Gone, Outbox
from qualitywatch.hub.service import Service
from qualitywatch.protocol import (
    MAX_FRAME_BYTES,
    MAX_HELLO_BYTES,
    CallError,
    write_error,
)

CHUNK = 64 * 1024
STOP_SECONDS = 5.0
RESTARTING = 1012
_OWNER_ONLY = 0o600


@asynccontextmanager
async def serve_lines(
    service: Service, path: Path, *, stall_seconds: float
) -> AsyncIterator[None]:
    """The hub answers on *path* while the block runs."""
    lines = _Lines(service, stall_seconds)
    try:
        server = await asyncio.start_unix_server(
            lines.converse,
            sock=local_socket.bind(path),
            limit=CHUNK,
            start_serving=False,
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

    def __init__(self, service: Service, stall_seconds: float) -> None:
        self._service = service
        self._stall_seconds = stall_seconds
        self._open: dict[asyncio.StreamWriter, Outbox] = {}
        self._empty = asyncio.Event()
        self._empty.set()

    async def converse(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Answer one peer until it leaves."""
        outbox = Outbox()
        self._open[writer] = outbox
        self._empty.clear()
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._write(writer, outbox))
                await self._read(reader, outbox)
        finally:
            writer.close()
            del self._open[writer]
            if not self._open:
                self._empty.set()

    async def stop(self) -> None:
        """Let everybody go; who does not read what is left is cut off."""
        for outbox in self._open.values():
            outbox.close(RESTARTING, "the daemon is stopping")
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await self._empty.wait()
        except TimeoutError:
            for writer in self._open:
                writer.transport.abort()
            await self._empty.wait()

    async def _read(self, reader: asyncio.StreamReader, outbox: Outbox) -> None:
        line = _Line()
        try:
            if self._service.connections >= self._service.limits.max_connections:
                await outbox.send(_refused("TOO_MANY", "too many connections"))
                return
            async with self._service.session(outbox, local=True) as session:
                while (chunk := await reader.read(CHUNK)) != b"":
                    for frame in line.feed(chunk):
                        await self._service.serve(session, frame)
                    limit = MAX_FRAME_BYTES if session.identity else MAX_HELLO_BYTES
                    if line.waiting > limit:
                        problem = f"a line is longer than {limit} bytes"
                        await outbox.send(_refused("TOO_LARGE", problem))
                        return
        except (ConnectionError, Gone):
            pass  # the peer has left
        finally:
            outbox.close(1000, "")

    async def _write(self, writer: asyncio.StreamWriter, outbox: Outbox) -> None:
        try:
            while (frame := await outbox.next()) is not None:
                writer.write(frame + b"\n")
                async with asyncio.timeout(self._stall_seconds):
                    await writer.drain()
        except TimeoutError:
            writer.transport.abort()
        except ConnectionError:
            pass  # the peer has left
        finally:
            outbox.close(1000, "")
            writer.close()


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


def _refused(code: str, problem: str) -> bytes:
    return write_error(None, CallError(code, problem, id=None)).encode()


def _make_private(path: Path) -> None:
    path.chmod(_OWNER_ONLY)


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)
