"""A daemon to be attacked: an agent in quarantine, one free, and raw ways to it."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple, TypeAlias

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from qualitywatch import local_socket
from tests.robust.ground import SOURCES, Daemon, Ground, lazy, records

CAUGHT, FREE = "agent-1", "agent-2"
PATHS = ("app.py", "other.py", "theirs.py")
SETTINGS = """
[watch]
settle_ms = 300

[hub]
messages_per_second = 100000
message_burst = 100000
bytes_per_second = 1000000000
"""
WAYS = ("websocket", "socket")

Reply: TypeAlias = Mapping[str, Any]
CLOSED: Reply = MappingProxyType({"closed": True})
"""What is "answered" where the hub closes the connection."""


class Wire:
    """One raw connection: frames go out as they are, whole answers come back."""

    def __init__(self, way: _Way) -> None:
        self._way = way

    async def ask(self, method: str, /, **params: object) -> Reply:
        """The answer to a call as it should look."""
        call = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        return await self.send(json.dumps(call))

    async def send(self, frame: str | bytes) -> Reply:
        """The answer to *frame*, be it what it may; `CLOSED` where there is none."""
        try:
            await self._way.put(frame)
            async with asyncio.timeout(15):
                while True:
                    answer: Reply = json.loads(await self._way.take())
                    if "method" not in answer:
                        return answer
        except (ConnectionError, ConnectionClosed, asyncio.IncompleteReadError):
            return CLOSED

    async def event(self) -> Reply:
        """The next event."""
        async with asyncio.timeout(15):
            while True:
                message: Reply = json.loads(await self._way.take())
                if message.get("method") == "event":
                    return message

    async def close(self) -> None:
        """Leave."""
        await self._way.close()


class _Way:
    """How bytes go to the hub and come from it."""

    async def put(self, frame: str | bytes) -> None:
        raise NotImplementedError

    async def take(self) -> str | bytes:
        raise NotImplementedError

    async def close(self) -> None:
        raise NotImplementedError


class _WebSocket(_Way):
    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket

    async def put(self, frame: str | bytes) -> None:
        await self._socket.send(frame, text=True)

    async def take(self) -> str | bytes:
        return await self._socket.recv()

    async def close(self) -> None:
        await self._socket.close()


class _Lines(_Way):
    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._reader, self._writer = reader, writer

    async def put(self, frame: str | bytes) -> None:
        self._writer.write(frame if isinstance(frame, bytes) else frame.encode())
        self._writer.write(b"\n")
        await self._writer.drain()

    async def take(self) -> str | bytes:
        return await self._reader.readuntil(b"\n")

    async def close(self) -> None:
        self._writer.close()


class Audited(NamedTuple):
    """A record of the audit."""

    action: str
    who: str
    object: str
    result: str
    reason: str
    count: int


class Stand:
    """A daemon that runs, and what an attacker on this machine has."""

    def __init__(self, ground: Ground, daemon: Daemon, url: str, socket: Path) -> None:
        self.ground = ground
        self.daemon = daemon
        self.url = url
        self.socket = socket

    @asynccontextmanager
    async def wire(self, way: str = "websocket") -> AsyncIterator[Wire]:
        """A raw connection that has said nothing."""
        wire = Wire(await self._open(way))
        try:
            yield wire
        finally:
            await wire.close()

    @asynccontextmanager
    async def known(self, who: str, way: str = "websocket") -> AsyncIterator[Wire]:
        """A raw connection of *who*: an owner of a token, "local" or "nobody"."""
        async with self.wire(way) as wire:
            if who == "local":
                await wire.ask("session.hello")
            elif who != "nobody":
                answer = await wire.ask("session.hello", **self.hello(who))
                assert "result" in answer, answer
            yield wire

    def hello(self, who: str) -> dict[str, str]:
        """What *who* says first."""
        token = {"token": self.ground.tokens[who]}
        if who.startswith("agent"):
            return {**token, "workspace": str(self.ground.root)}
        return token

    def run(self, *words: str, agent: str = "") -> subprocess.CompletedProcess[str]:
        """A command, as somebody without a terminal would run it."""
        environment = {**os.environ, "PYTHONPATH": SOURCES}
        if agent:
            environment["QUALITYWATCH_AGENT"] = agent
        return subprocess.run(
            [sys.executable, "-m", "qualitywatch", *words],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            env=environment,
            cwd=self.ground.root,
            start_new_session=True,
            timeout=50,
        )

    def state(self) -> dict[str, list[tuple[Any, ...]]]:
        """All that only an operator may change."""
        questions = {
            "open": "SELECT subject, id FROM quarantines WHERE released_at IS NULL",
            "released": "SELECT id, released_by FROM quarantines"
            " WHERE released_at IS NOT NULL",
            "tokens": "SELECT id, role, agent, revoked_at FROM tokens",
            "dismissed": "SELECT fingerprint FROM dismissed",
            "meta": "SELECT key, value FROM meta WHERE key IN"
            " ('passphrase', 'approved settings')",
        }
        with records(self.ground.database) as database:
            return {
                name: sorted(database.execute(question).fetchall())
                for name, question in questions.items()
            }

    def audit(self) -> list[Audited]:
        """Every record of the audit."""
        with records(self.ground.database) as database:
            rows = database.execute(
                "SELECT action, who, object, result, reason, count FROM audit"
                " ORDER BY number"
            )
            return [Audited(*row) for row in rows.fetchall()]

    async def stop(self) -> None:
        """End the daemon as an operator would."""
        code = await self.daemon.end(signal.SIGTERM)
        assert code == 0, self.daemon.log.read_text()

    async def restart(self) -> None:
        """Another daemon on the same records and the same port."""
        port = int(self.url.rpartition(":")[2].partition("/")[0])
        await self.stop()
        self.daemon = Daemon(self.ground, port=port)
        assert await self.daemon.ready() is not None

    async def _open(self, way: str) -> _Way:
        if way == "websocket":
            return _WebSocket(await connect(self.url, max_size=None, proxy=None))
        raw = local_socket.connect(self.socket, timeout=10)
        raw.setblocking(False)
        return _Lines(*await asyncio.open_unix_connection(sock=raw, limit=2**24))


@asynccontextmanager
async def standing(folder: Path, *, settings: str = SETTINGS) -> AsyncIterator[Stand]:
    """A daemon under which `CAUGHT` has dropped code and is in quarantine for it."""
    ground = Ground.make(folder, PATHS, settings=settings)
    await ground.add_tokens(CAUGHT, FREE)
    daemon = Daemon(ground, port=0)
    try:
        running = await daemon.ready()
        assert running is not None, daemon.log.read_text()
        url = running.url.replace("http", "ws", 1) + "/ws"
        stand = Stand(ground, daemon, url, Path(running.socket))
        await _catch(stand)
        yield stand
    finally:
        await stand.daemon.end(signal.SIGKILL)


async def _catch(stand: Stand) -> None:
    async with stand.known(FREE), stand.known(CAUGHT) as wire:
        (stand.ground.root / PATHS[0]).write_text(lazy(1))
        answer = await wire.ask("change.report", event_id="caught", path=PATHS[0])
        assert "deny" == answer["result"]["verdict"]["decision"], answer


def code_of(reply: Reply) -> str:
    """The code of a refusal; "" for an answer, "CLOSED" where none came."""
    if reply is CLOSED:
        return "CLOSED"
    return str(reply["error"]["data"]["code"]) if "error" in reply else ""
