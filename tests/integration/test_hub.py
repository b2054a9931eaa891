"""The hub on real sockets: who may knock, what malformed frames do, slow readers."""

from __future__ import annotations

import asyncio
import json
import logging
import random
import socket
import stat
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from http import HTTPStatus
from pathlib import Path
from typing import Any

import msgspec
import psutil
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed, InvalidStatus

from qualitywatch.errors import ConfigError, InTheWay, MachineError
from qualitywatch.hub.server import Server
from qualitywatch.model import Event
from qualitywatch.protocol import (
    MAX_CONTENT_BYTES,
    MAX_FRAME_BYTES,
    MAX_HELLO_BYTES,
    Role,
    asyncapi,
)
from tests import hubs
from tests.hubs import House


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with hubs.house(tmp_path) as house:
        yield house


@pytest.fixture
async def server(house: House) -> AsyncIterator[Server]:
    async with Server.open(house.service) as server:
        yield server


# Speaking to it


@asynccontextmanager
async def opened(
    server: Server, token: str | None = None, **options: Any
) -> AsyncIterator[ClientConnection]:
    """A connection; with a token, one that is known from the handshake on."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    async with connect(
        server.websocket_url,
        proxy=None,
        additional_headers=[
            *headers.items(),
            *Headers(options.pop("additional_headers", {})).raw_items(),
        ],
        **options,
    ) as socket:
        yield socket


async def ask(
    connection: ClientConnection, method: str, **params: Any
) -> dict[str, Any]:
    """The whole answer; events before it are left out."""
    await connection.send(
        json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
    )
    while "method" in (answer := json.loads(await connection.recv())):
        pass
    return dict(answer)


async def close_code(connection: ClientConnection) -> int | None:
    """With what the hub closes; what it says before is left out."""
    with suppress(ConnectionClosed):
        async with asyncio.timeout(15):
            while True:
                await connection.recv()
    return connection.close_code


async def get(server: Server, path: str, **headers: str) -> tuple[int, str, str]:
    """Status, head and body of a plain request."""
    lines = {"Host": f"127.0.0.1:{server.port}", **headers}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items() if value)
    return await raw(server, f"GET {path} HTTP/1.1\r\n{head}\r\n")


async def _end(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with suppress(ConnectionError):
        await writer.wait_closed()


async def raw(server: Server, request: str) -> tuple[int, str, str]:
    """Status, head and body of the answer to exactly these bytes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(request.encode())
    answer = (await asyncio.wait_for(reader.read(), 10)).decode()
    await _end(writer)
    head, _, body = answer.partition("\r\n\r\n")
    return int(head.split()[1]), head, body


# Coming in


async def test_agent_comes_in_with_the_handshake(house: House, server: Server) -> None:
    """A token in the handshake is enough; hello is a courtesy then."""
    async with opened(server, await house.token()) as agent:
        answer = await ask(agent, "agent.status")

    assert answer["result"]["agent"] == "cursor-1"


async def test_agent_comes_in_with_hello(house: House, server: Server) -> None:
    async with opened(server) as agent:
        answer = await ask(agent, "session.hello", token=await house.token())

    assert answer["result"]["role"] == "agent"


async def test_wrong_token_is_refused_before_the_upgrade(server: Server) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with opened(server, "qwa_forged"):
            pass

    assert refused.value.response.status_code == HTTPStatus.UNAUTHORIZED


async def test_stranger_is_answered_and_closed(server: Server) -> None:
    async with opened(server) as stranger:
        answer = await ask(stranger, "stats")

        assert answer["error"]["data"]["code"] == "UNAUTHENTICATED"
        assert await close_code(stranger) == 4401


async def test_silent_stranger_is_closed(house: House) -> None:
    async with (
        Server.open(house.service, hello_seconds=0.1) as server,
        opened(server) as stranger,
    ):
        assert await close_code(stranger) == 4401


async def test_slow_handshake_is_cut(house: House) -> None:
    async with Server.open(house.service, hello_seconds=0.1) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(b"GET /ws HTTP/1.1\r\nHost: ")

        assert await asyncio.wait_for(reader.read(), 5) == b""
        await _end(writer)


async def test_revoked_token_closes_its_socket(house: House, server: Server) -> None:
    async with opened(server, await house.token()) as agent:
        await ask(agent, "agent.status")
        [row] = await house.store.tokens()
        async with hubs.operator(house) as operator:
            await operator.operate("tokens.revoke", id=row.id)

        assert await close_code(agent) == 4401


@pytest.mark.parametrize("limit", ["max_connections", "max_connections_per_agent"])
async def test_connections_are_capped(tmp_path: Path, limit: str) -> None:
    """All together, and those of one agent; who says hello later is closed (1013)."""
    limits = hubs.Hub(**{limit: 1})
    async with (
        hubs.house(tmp_path, limits=limits) as house,
        Server.open(house.service) as server,
        opened(server, await house.token()) as first,
    ):
        await ask(first, "agent.status")
        with pytest.raises(InvalidStatus, match="503"):
            await opened(server, await house.token()).__aenter__()


# Who may knock


HOSTS = {
    "127.0.0.1:{port}": 200,
    "localhost:{port}": 200,
    "LOCALHOST:{port}": 200,
    "[::1]:{port}": 200,
    "evil.example:{port}": 421,
    "localhost.:{port}": 421,
    "localhost.evil.example:{port}": 421,
    "127.0.0.1": 421,
    "127.0.0.1:1": 421,
    "127.0.0.1:{port}.evil.example": 421,
    "": 421,
}


@pytest.mark.parametrize(("host", "status"), HOSTS.items())
async def test_only_our_own_names_are_served(
    server: Server, host: str, status: int
) -> None:
    """A foreign Host is how a page elsewhere rebinds its name to this machine."""
    found, _, _ = await get(server, "/healthz", Host=host.format(port=server.port))

    assert found == status


async def test_two_hosts_are_one_too_many(server: Server) -> None:
    own = f"Host: 127.0.0.1:{server.port}\r\n"

    status, _, _ = await raw(
        server, f"GET / HTTP/1.1\r\n{own}Host: evil.example\r\n\r\n"
    )

    assert status == 421


ORIGINS = {
    "http://127.0.0.1:{port}": 101,
    "http://localhost:{port}": 101,
    None: 101,
    "https://evil.example": 403,
    "null": 403,
    "http://127.0.0.1:{port}.evil.example": 403,
    "http://127.0.0.1": 403,
    "http://127.0.0.1:1": 403,
    "https://127.0.0.1:{port}": 403,
    "http://127.0.0.1:{port}/": 403,
    "http://evil.example@127.0.0.1:{port}": 403,
    "http://127.0.0.1:{port}@evil.example": 403,
    "http://evil.example/http://127.0.0.1:{port}": 403,
    "http://localhost.:{port}": 403,
    "http://2130706433:{port}": 403,
    "file://": 403,
}


@pytest.mark.parametrize(("origin", "status"), ORIGINS.items())
async def test_only_our_own_page_may_connect(
    server: Server, origin: str | None, status: int
) -> None:
    headers = {"Origin": origin.format(port=server.port)} if origin else {}
    try:
        async with opened(server, additional_headers=headers):
            found = 101
    except InvalidStatus as refused:
        found = refused.response.status_code

    assert found == status


async def test_two_origins_are_one_too_many(server: Server) -> None:
    own = f"http://127.0.0.1:{server.port}"
    headers = [("Origin", own), ("Origin", "https://evil.example")]

    with pytest.raises(InvalidStatus, match="403"):
        await opened(server, additional_headers=Headers(headers)).__aenter__()


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.10", "::", "example.org", ""])
async def test_only_loopback_is_bound(house: House, host: str) -> None:
    with pytest.raises(ConfigError, match=r"hub\.host"):
        await Server.open(house.service, host=host).__aenter__()


async def test_taken_port_is_named(house: House, server: Server) -> None:
    with pytest.raises(InTheWay, match=f"port {server.port} is taken") as raised:
        await Server.open(house.service, port=server.port).__aenter__()

    assert "--port" in raised.value.hint


# Plain requests


@pytest.mark.parametrize("path", ["/", "/page.js", "/page.css", "/icon.svg"])
async def test_page_may_run_nothing_but_its_own_files(
    server: Server, path: str
) -> None:
    status, head, body = await get(server, path)

    assert status == 200
    assert body
    assert "default-src 'none'" in head
    assert "script-src 'self';" in head
    assert "unsafe" not in head
    assert "require-trusted-types-for 'script'" in head
    assert "nosniff" in head


@pytest.mark.parametrize(
    ("request_line", "status"),
    [
        ("GET /nothing", 404),
        ("GET /page/../server.py", 404),
        ("GET /%2e%2e/server.py", 404),
        ("GET http://evil.example/", 404),
        ("POST /", 405),
        ("DELETE /healthz", 405),
        ("GET /ws", 426),
    ],
)
async def test_nothing_else_is_served(
    server: Server, request_line: str, status: int
) -> None:
    found, _, _ = await raw(
        server, f"{request_line} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n\r\n"
    )

    assert found == status


async def test_the_wire_is_described(server: Server) -> None:
    status, head, body = await get(server, "/asyncapi.json")

    assert 200 == status
    assert "application/json" in head
    made = json.loads(msgspec.json.encode(asyncapi.document()))
    assert made == json.loads(body)


async def test_health_says_what_is_degraded(
    house: House, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing that can be stored means 503; anything else is told with 200."""
    await house.warden.degraded("watch", "too few watches")
    observer = f"Bearer {await house.token(Role.OBSERVER)}"
    status, _, body = await get(server, "/healthz", Authorization=observer)
    assert (status, json.loads(body)["degraded"]) == (200, {"watch": "too few watches"})

    monkeypatch.setattr(house.store, "write", _disk_full)
    await house.happen()
    status, _, body = await get(server, "/healthz")
    assert (status, json.loads(body)["ok"]) == (503, False)


async def test_full_disk_is_answered_and_not_a_crash(
    house: House, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is acknowledged that could not be stored."""
    async with opened(server, await house.token()) as agent:
        await ask(agent, "agent.status")
        monkeypatch.setattr(house.store, "write", _disk_full)

        answer = await ask(agent, "change.report", event_id="e", path="a.py")

        assert answer["error"]["data"]["code"] == "DEGRADED"
        assert "result" in await ask(agent, "agent.status")


async def test_nobody_may_edit_while_nothing_can_be_recorded(
    house: House, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What an agent does then would leave no trace."""
    async with opened(server, await house.token()) as agent:
        await ask(agent, "agent.status")
        with monkeypatch.context() as disk:
            disk.setattr(house.store, "write", _disk_full)
            await ask(agent, "change.report", event_id="e", path="a.py")

            refused = await ask(agent, "edit.permit", path="a.py")

        await house.warden.try_store()
        allowed = await ask(agent, "edit.permit", path="a.py")

    assert "DEGRADED" == refused["error"]["data"]["code"]
    assert "allow" == allowed["result"]["decision"]


async def _disk_full(work: object) -> None:
    raise MachineError("the disk is full")


# Frames


MALFORMED = [
    b"\xff\xfe",
    b"",
    b"[" * 60_000,
    b'{"a":' * 10_000,
    b"NaN",
    b'{"jsonrpc": "2.0", "id": 1e400, "method": "stats"}',
    b'{"jsonrpc": "2.0", "id": 1, "id": 2, "method": "stats"}',
    b'{"jsonrpc": "1.0", "id": 1, "method": "stats"}',
    b'{"jsonrpc": "2.0", "id": 1, "method": "no.such"}',
    b'{"jsonrpc": "2.0", "id": 1, "method": "stats", "params": [1]}',
    b'{"jsonrpc": "2.0", "id": 1, "method": "stats", "params": {"\\ud800": 1}}',
    b'[{"jsonrpc": "2.0", "id": 1, "method": "stats"}]',
]


async def test_malformed_frames_are_answered(
    house: House, server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    """Each with an error or a close code; the hub lives, and its log has no trace."""
    with caplog.at_level(logging.ERROR):
        for frame in MALFORMED:
            async with opened(server, await house.token()) as agent:
                await agent.send(frame, text=True)
                try:
                    answer = json.loads(await agent.recv())
                except ConnectionClosed:
                    assert agent.close_code == 1007  # not UTF-8
                else:
                    assert "error" in answer or answer["id"] == 2, frame

    assert not caplog.records
    async with opened(server, await house.token()) as agent:
        assert "result" in await ask(agent, "agent.status")


async def test_random_bytes_leave_it_alive(
    house: House, server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    """Below WebSocket too: in the handshake, and as frames."""
    dice = random.Random(7)
    token = await house.token()
    upgrade = (
        f"GET /ws HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
        f"Sec-WebSocket-Version: 13\r\nAuthorization: Bearer {token}\r\n\r\n"
    ).encode()
    with caplog.at_level(logging.ERROR):
        for number in range(200):
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            writer.write((upgrade if number % 2 else b"") + dice.randbytes(300))
            writer.write_eof()
            await asyncio.wait_for(reader.read(), 10)
            await _end(writer)

    assert not caplog.records
    assert (await get(server, "/healthz"))[0] == 200


async def test_stranger_can_not_send_much(server: Server) -> None:
    async with opened(server) as stranger:
        await stranger.send("x" * (MAX_HELLO_BYTES + 1))

        assert await close_code(stranger) == 1009


async def test_frames_are_limited(house: House, server: Server) -> None:
    """A whole file fits, more than a frame may hold does not."""
    async with opened(server, await house.token()) as agent:
        await ask(agent, "session.hello")
        answer = await ask(
            agent,
            "change.report",
            event_id="e",
            path="a.py",
            new_content="x" * MAX_CONTENT_BYTES,
        )
        assert answer["result"]["verdict"]["decision"] == "allow"

        await agent.send("x" * (MAX_FRAME_BYTES + 1))
        assert await close_code(agent) == 1009


# Slow readers


async def test_stalled_reader_is_cut_and_holds_no_memory(house: House) -> None:
    """Who never reads is closed, whoever reads is told everything meanwhile."""
    async with Server.open(house.service, stall_seconds=0.5) as server:
        token = await house.token(Role.OBSERVER)
        stalled = [await _stalled(server, token) for _ in range(5)]
        async with opened(server, token) as reader:
            await follow(reader)
            before = psutil.Process().memory_info().rss

            for start in range(1, 5000, 50):
                for sequence in range(start, start + 50):
                    house.stream.publish(noise(sequence))
                assert await hear(reader, 50) == list(range(start, start + 50))

            await until(lambda: len(house.stream.sessions) == 1)
            assert psutil.Process().memory_info().rss - before < 30 * 2**20
        for connection in stalled:
            connection.transport.abort()
            await connection.wait_closed()


async def test_reader_that_is_too_slow_is_told_to_come_back(
    house: House, server: Server
) -> None:
    async with opened(server, await house.token()) as reader:
        await follow(reader)
        for sequence in range(1000, 6000):  # more than the kernel takes for it
            house.stream.publish(noise(sequence))

        assert await close_code(reader) == 1013


async def _stalled(server: Server, token: str) -> ClientConnection:
    """A peer that subscribes and then never reads again."""
    connection = await connect(
        server.websocket_url,
        proxy=None,
        ping_interval=None,
        additional_headers={"Authorization": f"Bearer {token}"},
    )
    await follow(connection)
    connection.transport.pause_reading()
    return connection


async def follow(connection: ClientConnection) -> None:
    """Subscribe, and wait until it is live: calls are answered in order."""
    await ask(connection, "events.subscribe", since="now")
    await ask(connection, "stats")


def noise(sequence: int, *, size: int = 4000) -> Event:
    """An event that means nothing."""
    return Event(
        sequence=sequence,
        id=str(sequence),
        kind="change.analysed",
        time="2026-01-01T00:00:00+00:00",
        data=msgspec.Raw(msgspec.json.encode({"path": "x" * size})),
    )


async def hear(reader: ClientConnection, count: int) -> list[int]:
    """The sequences of the next events."""
    async with asyncio.timeout(10):
        events = [json.loads(await reader.recv()) for _ in range(count)]
    return [event["params"]["sequence"] for event in events]


async def until(condition: Callable[[], bool], *, seconds: float = 30) -> None:
    """Return when *condition* holds."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110  -- there is no event to wait for
            await asyncio.sleep(0.01)


# The Unix socket


@pytest.fixture
async def lines(house: House, tmp_path: Path) -> AsyncIterator[Path]:
    path = tmp_path / "hub.sock"
    async with Server.open(house.service, socket_path=path):
        yield path


async def talk(path: Path, *frames: bytes) -> list[dict[str, Any]]:
    """One answer for each line."""
    reader, writer = await asyncio.open_unix_connection(path, limit=MAX_FRAME_BYTES)
    writer.write(b"".join(frames))
    writer.write_eof()
    answers = (await asyncio.wait_for(reader.read(), 10)).splitlines()
    await _end(writer)
    return [json.loads(answer) for answer in answers]


def line(method: str, **params: Any) -> bytes:
    """A call as one line."""
    call = {"jsonrpc": "2.0", "id": method, "method": method, "params": params}
    return json.dumps(call).encode() + b"\n"


def test_socket_is_for_its_owner_only(lines: Path) -> None:
    assert stat.S_IMODE(lines.stat().st_mode) == 0o600


async def test_socket_speaks_json_lines(house: House, lines: Path) -> None:
    token = await house.token()

    hello, status = await talk(
        lines, line("session.hello", token=token), b"\n", line("agent.status")
    )

    assert hello["result"]["agent"] == "cursor-1"
    assert status["result"]["state"] == "clear"


async def test_socket_lets_its_owner_look(lines: Path) -> None:
    hello, listed = await talk(lines, line("session.hello"), line("agents.list"))

    assert hello["result"]["role"] == "observer"
    assert listed["result"] == {"agents": []}


async def test_socket_wants_hello_first(lines: Path) -> None:
    [refused] = await talk(lines, line("agents.list"), line("session.hello"))

    assert refused["error"]["data"]["code"] == "UNAUTHENTICATED"


@pytest.mark.parametrize(
    ("frames", "code"),
    [
        ([b"x" * (MAX_HELLO_BYTES + 70_000)], "TOO_LARGE"),
        ([line("session.hello"), b"x" * (MAX_FRAME_BYTES + 70_000)], "TOO_LARGE"),
        ([b"\xff\n"], "PARSE_ERROR"),
    ],
)
async def test_socket_refuses_what_is_no_line(
    lines: Path, frames: list[bytes], code: str
) -> None:
    reader, writer = await asyncio.open_unix_connection(lines)
    writer.write(b"".join(frames))
    answers = (await asyncio.wait_for(reader.read(), 10)).splitlines()
    await _end(writer)

    assert json.loads(answers[-1])["error"]["data"]["code"] == code
    assert len(await talk(lines, line("session.hello"))) == 1


async def test_socket_of_a_dead_daemon_is_replaced(
    house: House, tmp_path: Path
) -> None:
    path = tmp_path / "hub.sock"
    dead = socket.socket(socket.AF_UNIX)
    dead.bind(str(path))
    dead.close()

    async with Server.open(house.service, socket_path=path):
        assert len(await talk(path, line("session.hello"))) == 1
    assert not path.exists()


async def test_socket_that_can_not_be_made_is_named(
    house: House, tmp_path: Path
) -> None:
    path = tmp_path / ("deep" * 40) / "hub.sock"

    with pytest.raises(MachineError, match=r"hub\.sock"):
        await Server.open(house.service, socket_path=path).__aenter__()


async def test_events_reach_the_socket(house: House, lines: Path) -> None:
    reader, writer = await asyncio.open_unix_connection(lines)
    writer.write(line("session.hello") + line("events.subscribe", since="now"))
    await reader.readline()
    await reader.readline()

    await house.happen()

    event = json.loads(await asyncio.wait_for(reader.readline(), 5))
    assert event["params"]["type"] == "agent.connected"
    await _end(writer)


async def test_nothing_follows_a_goodbye(house: House) -> None:
    """Neither the hub's own nor the peer's: data after it would be a fault."""
    async with Server.open(house.service) as server:
        peer = await connect(server.websocket_url, proxy=None)
        await ask(peer, "session.hello", token=await house.token())
        await follow(peer)
        [session] = house.stream.sessions
        peer.protocol.send_close(1000)
        peer.transport.write(b"".join(peer.protocol.data_to_send()))
        await until(lambda: not session.outlet._wire.ready)
        house.stream.publish(noise(1000))

        assert await close_code(peer) == 1000
        own = await connect(server.websocket_url, proxy=None)
        await ask(own, "session.hello", token=await house.token())
        await follow(own)
        [session] = house.stream.sessions
        session.outlet.close(1013, "")
        house.stream.publish(noise(1001))

        assert not session.outlet._wire.ready
        assert await close_code(own) == 1013


async def test_stopping_says_goodbye_to_everybody(house: House, tmp_path: Path) -> None:
    path = tmp_path / "hub.sock"
    async with Server.open(house.service, socket_path=path) as server:
        agent = await connect(server.websocket_url, proxy=None)
        await ask(agent, "session.hello", token=await house.token())
        reader, writer = await asyncio.open_unix_connection(path)
        writer.write(line("session.hello"))
        await reader.readline()

    assert await close_code(agent) == 1012
    assert await asyncio.wait_for(reader.read(), 5) == b""
    assert house.stream.sessions == frozenset()
    await _end(writer)
