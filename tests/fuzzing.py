"""Hostile frames without end, the same for each seed: JSON, bytes, lying headers."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from qualitywatch.hub.server import Server
from qualitywatch.protocol import ERROR_NUMBERS, MAX_FRAME_BYTES, METHODS
from tests.hubs import House, Hub

FREELY = Hub(
    message_burst=100_000,
    messages_per_second=100_000,
    bytes_per_second=1024**3,
    max_connections_per_agent=1000,
)
HELLO = b'{"jsonrpc":"2.0","id":1,"method":"session.hello"}'
PATIENCE = 0.5  # for a hub that waits for the rest of a frame
CLOSED_FOR = {1002, 1003, 1007, 1009}  # with what a malformed frame may be closed

_VALUES = (
    *("null", "true", "-0", "1e400", "-1e400", "NaN", "Infinity", "1.5", "[]", "{}"),
    *("9" * 400, "-" + "9" * 25, str(2**63), str(2**64), "0x10", "01", "1.", "''"),
    *('""', '"\\u0000"', '"\\ud800"', '"\\udfff\\ud800"', '"\\uD83D\\uDE00"', '"a'),
    *('"../../etc/passwd"', '"/dev/zero"', '"C:\\\\x"', '"\\n\\r\\u001b[2J"'),
    *('"cursor-1"', '"now"', '"app.py"', '"delete"', '"operator"', '"<script>"'),
    json.dumps("x" * 5000),
    json.dumps("é" * 3000),
    "[" * 2000,
    "[" * 400 + "]" * 400,
    '{"a":' * 300 + "1" + "}" * 300,
    '[{"path":"a.py","new_content":"x"}]',
    '[{"path":"a.py","new_content":"x","path":"b.py"}]',
)
_KEYS = (
    *("path", "old_path", "new_content", "change_type", "event_id", "task_id"),
    *("since", "epoch", "token", "passphrase", "agent", "name", "workspace"),
    *("changes", "limit", "open", "violation", "subject", "reason", "nonce", "id"),
    *("role", "days", "digest", "version", "unknown", "", "\\u0000", "__proto__"),
)


class Fuzz:
    """Throws the dice for one kind of rubbish after another."""

    def __init__(self, seed: int) -> None:
        self._dice = random.Random(seed)

    def content(self) -> bytes:
        """What one text frame or line might hold."""
        kinds: tuple[Callable[[], bytes], ...] = (
            self._bytes,
            self._call,
            self._call,
            self._call,
            self._torn,
            self._torn,
            self._nothing_like_it,
        )
        return self._dice.choice(kinds)()

    def line(self) -> bytes:
        """One line: content without an end of line in it."""
        return self.content().replace(b"\n", b" ").strip() or b"x"

    def frames(self) -> bytes:
        """Bytes below the level of messages: headers that lie, and what follows."""
        dice = self._dice
        return b"".join(self._frame() for _ in range(dice.randint(1, 6)))

    def handshake(self, port: int) -> bytes:
        """Something like the beginning of a connection."""
        whole = (
            f"GET /ws HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
            "Sec-WebSocket-Version: 13\r\n\r\n"
        ).encode()
        return self._mutated(whole)

    def _bytes(self) -> bytes:
        return self._dice.randbytes(self._dice.randint(0, 300))

    def _call(self) -> bytes:
        dice = self._dice
        fields = [
            ("jsonrpc", dice.choice(('"2.0"', '"2.0"', '"2.0"', "2.0"))),
            ("id", dice.choice(("1", '"a"', *_VALUES))),
            ("method", json.dumps(dice.choice(sorted(METHODS)))),
            ("params", self._params()),
        ]
        if dice.random() < 0.2:
            fields.append(dice.choice(fields))
        return _object(fields)

    def _params(self) -> str:
        dice = self._dice
        if dice.random() < 0.1:
            return dice.choice(_VALUES)
        keys = dice.choices(_KEYS, k=dice.randint(0, 5))
        return _object([(key, dice.choice(_VALUES)) for key in keys]).decode()

    def _torn(self) -> bytes:
        return self._mutated(self._call())

    def _mutated(self, whole: bytes) -> bytes:
        dice, torn = self._dice, bytearray(whole)
        for _ in range(dice.randint(1, 6)):
            at = dice.randrange(len(torn) + 1)
            end = min(len(torn), at + dice.randint(0, 12))
            torn[at:end] = dice.choice(
                (b"", dice.randbytes(1), torn[at:end] * 2, b'"', b"\\", b"}")
            )
        return bytes(torn)

    def _nothing_like_it(self) -> bytes:
        return self._dice.choice(_VALUES).encode()

    def _frame(self) -> bytes:
        dice = self._dice
        first = dice.choice((0x81, 0x81, 0x01, 0x80, 0x82, 0x88, 0x89, 0x8A, -1))
        head = bytes([dice.randrange(256) if first == -1 else first])
        content = dice.choice((self._bytes, self._call))()[:60_000]
        size = len(content)
        mask = dice.choice((128, 128, 128, 0))
        form = dice.random()
        if form < 0.15:  # a length that lies
            return head + bytes([mask | 127]) + dice.randbytes(8) + content
        if form < 0.25:
            return head + bytes([mask | dice.randrange(128)]) + content
        length = bytes([mask | 126]) + size.to_bytes(2, "big")
        key = bytes(4) if mask else b""
        return head + length + key + content


def _object(fields: list[tuple[str, str]]) -> bytes:
    return ("{" + ",".join(f'"{key}":{value}' for key, value in fields) + "}").encode()


# Sending it


async def over_websocket(house: House, server: Server, fuzz: Fuzz, count: int) -> int:
    """Send *count* messages as an agent; how many were answered, each as it should."""
    token, answered = await house.token(), 0
    left = [fuzz.content() for _ in range(count)]
    while left:
        async with connect(
            server.websocket_url,
            proxy=None,
            max_size=None,
            additional_headers={"Authorization": f"Bearer {token}"},
        ) as agent:
            answered += await _converse(agent, left, house)
    return answered


async def _converse(agent: ClientConnection, left: list[bytes], house: House) -> int:
    """Send what is *left* until it is all gone, or one is worth a close."""
    answered, content = 0, HELLO
    try:
        while True:
            house.clock.forward(0.01)  # in no time any message is one too many
            await agent.send(content, text=True)
            while "method" in (answer := json.loads(await agent.recv())):
                pass
            check(answer)
            answered += content is not HELLO
            if not left:
                return answered
            content = left.pop()
    except ConnectionClosed:
        assert agent.close_code in CLOSED_FOR, (agent.close_code, content)
    return answered


async def over_lines(path: Path, fuzz: Fuzz, count: int) -> int:
    """Send *count* lines; how many were answered."""
    answered = sent = 0
    while sent < count:
        batch = [HELLO, *(fuzz.line() for _ in range(min(100, count - sent)))]
        sent += len(batch) - 1
        reader, writer = await asyncio.open_unix_connection(path, limit=MAX_FRAME_BYTES)
        writer.write(b"".join(one + b"\n" for one in batch))
        writer.write_eof()
        told = (await asyncio.wait_for(reader.read(), 60)).splitlines()
        for one in told:
            answer = json.loads(one)
            if "method" not in answer:
                check(answer)
                answered += 1
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()
    return answered


async def below_websocket(
    house: House, server: Server, fuzz: Fuzz, count: int
) -> dict[int, int]:
    """Send *count* bursts of raw frames; how often each close code came."""
    codes: dict[int, int] = {}
    upgrade = (
        f"GET /ws HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
        "Sec-WebSocket-Version: 13\r\n"
        f"Authorization: Bearer {await house.token()}\r\n\r\n"
    ).encode()
    gate = asyncio.Semaphore(20)

    async def one(burst: bytes) -> None:
        async with gate:
            told = await _burst(server.port, burst)
        if (code := close_code(told)) is not None:
            codes[code] = codes.get(code, 0) + 1

    bursts = [
        (upgrade if number % 10 else fuzz.handshake(server.port)) + fuzz.frames()
        for number in range(count)
    ]
    await asyncio.gather(*map(one, bursts))
    return codes


async def _burst(port: int, burst: bytes) -> bytes:
    """What the hub says to it, until it closes or waits for more."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    told = b""
    with suppress(ConnectionError, TimeoutError):
        writer.write(burst)
        while part := await asyncio.wait_for(reader.read(65_536), PATIENCE):
            told += part
    writer.close()
    with suppress(ConnectionError):
        await writer.wait_closed()
    return told


def close_code(told: bytes) -> int | None:
    """The code of the close frame in what a hub has sent, if there is one."""
    _, _, frames = told.partition(b"\r\n\r\n")
    for opcode, content in _frames(frames):
        if opcode == 8 and len(content) >= 2:
            return int.from_bytes(content[:2], "big")
    return None


def _frames(told: bytes) -> Iterator[tuple[int, bytes]]:
    while len(told) >= 2:
        size, head = told[1] & 127, 2
        if size == 126:
            size, head = int.from_bytes(told[2:4], "big"), 4
        elif size == 127:
            size, head = int.from_bytes(told[2:10], "big"), 10
        yield told[0] & 15, told[head : head + size]
        told = told[head + size :]


def check(answer: dict[str, object]) -> None:
    """A result, or a refusal with one of our codes that is not a bug of ours."""
    assert answer["jsonrpc"] == "2.0"
    if "result" in answer:
        return
    error = answer["error"]
    assert isinstance(error, dict)
    code = error["data"]["code"]
    assert code in ERROR_NUMBERS, answer
    assert code not in {"INTERNAL", "RATE_LIMITED"}, answer
    assert error["code"] == ERROR_NUMBERS[code]
