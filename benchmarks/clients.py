"""A crowd of WebSocket clients in one process, which does as little as it can.

    python -m benchmarks.clients COUNT PORT [TOKEN]

Each client shakes hands, subscribes where it has a token, and counts the frames it
gets. Whenever all have the same number, the time is printed. The clock is the
system-wide monotonic one, so that the process that sends can subtract its own.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time

from qualitywatch.hub.server import allow_open_files

_PING, _PONG = 0x89, 0x8A
AT_ONCE = 50  # connections that are being opened

UPGRADE = (
    "GET /ws HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\n"
    "Connection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
    "Sec-WebSocket-Version: 13\r\nAuthorization: Bearer {token}\r\n\r\n"
)


class Crowd:
    """All clients together."""

    def __init__(self, count: int) -> None:
        self.count = count
        self._left: dict[int, int] = {}  # number of a frame -> clients without it

    def has(self, number: int) -> None:
        """One more client has its frame *number*."""
        left = self._left.get(number, self.count) - 1
        self._left[number] = left
        if left == 0:
            del self._left[number]
            print(number, time.monotonic(), flush=True)


class Client(asyncio.Protocol):
    """One client."""

    def __init__(self, crowd: Crowd, port: int, token: str) -> None:
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._crowd = crowd
        self._port = port
        self._token = token
        self._buffer = b""
        self._events = 0
        self._is_open = False
        self._answers = 1 if token else 0  # that come before the first event

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the WebSocket; the bare server wants no words."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        if self._token:
            asked = UPGRADE.format(port=self._port, token=self._token)
            transport.write(asked.encode())
        else:
            self._is_open = True
            self.ready.set_result(None)

    def data_received(self, data: bytes) -> None:
        """Count what has come whole."""
        self._buffer += data
        if not self._is_open and b"\r\n\r\n" in self._buffer:
            head, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
            assert b" 101 " in head, head
            self._is_open = True
            self._transport.write(subscription())
        while self._is_open and (size := _whole(self._buffer)):
            frame, self._buffer = self._buffer[:size], self._buffer[size:]
            if frame[0] == _PING:
                self._transport.write(_pong(frame[2:]))
            else:
                self._count()

    def _count(self) -> None:
        if self._answers:
            self._answers -= 1
            if not self._answers:
                self.ready.set_result(None)
            return
        self._events += 1
        self._crowd.has(self._events)


def _pong(content: bytes) -> bytes:
    return bytes([_PONG, 128 | len(content)]) + bytes(4) + content


def _whole(buffer: bytes) -> int:
    """The size of the first frame, when all of it is there."""
    if len(buffer) < 2:
        return 0
    size, head = buffer[1] & 127, 2
    if size == 126:
        size, head = int.from_bytes(buffer[2:4], "big"), 4
    elif size == 127:
        size, head = int.from_bytes(buffer[2:10], "big"), 10
    return head + size if len(buffer) >= head + size else 0


def subscription() -> bytes:
    """A masked frame that subscribes; a mask of zeros changes nothing."""
    call = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "events.subscribe",
        "params": {"since": "now"},
    }
    content = json.dumps(call).encode()
    assert len(content) < 126
    return b"\x81" + bytes([128 | len(content)]) + bytes(4) + content


async def main(count: int, port: int, token: str) -> None:
    """Open them all, say so, and stay until standard input ends."""
    allow_open_files(count + 100)
    loop = asyncio.get_running_loop()
    crowd, gate = Crowd(count), asyncio.Semaphore(AT_ONCE)

    async def opened() -> Client:
        async with gate:
            _, client = await loop.create_connection(
                lambda: Client(crowd, port, token), "127.0.0.1", port
            )
            await client.ready
            return client

    clients = await asyncio.gather(*(opened() for _ in range(count)))
    print("ready", len(clients), flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2]), "".join(sys.argv[3:4])))
