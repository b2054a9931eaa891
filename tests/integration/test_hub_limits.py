"""Crowds, floods and peers that do not read, on real sockets: all of it bounded."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from qualitywatch import credentials
from qualitywatch.hub.server import Server
from qualitywatch.hub.strangers import MAX_STRANGERS, Strangers
from qualitywatch.protocol import Role
from tests import hubs
from tests.hubs import House
from tests.integration.test_hub import (
    ask,
    close_code,
    follow,
    hear,
    line,
    noise,
    opened,
    until,
)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with hubs.house(tmp_path) as house:
        yield house


@pytest.fixture
async def server(house: House) -> AsyncIterator[Server]:
    async with Server.open(house.service) as server:
        yield server


class Raw:
    """A bare TCP connection."""

    def __init__(self, server: Server) -> None:
        self.socket = socket.create_connection(("127.0.0.1", server.port))
        self.socket.setblocking(False)

    async def ends(self) -> bytes:
        """What is sent until the other side closes."""
        loop, found = asyncio.get_running_loop(), b""
        with suppress(ConnectionError):
            async with asyncio.timeout(10):
                while part := await loop.sock_recv(self.socket, 4096):
                    found += part
        return found


@asynccontextmanager
async def crowd(server: Server, count: int) -> AsyncIterator[list[Raw]]:
    """Connections that say nothing."""
    peers = []
    for _ in range(count):
        peers.append(Raw(server))
        await asyncio.sleep(0)
    try:
        yield peers
    finally:
        for peer in peers:
            peer.socket.close()


# Caps


async def test_strangers_make_room_for_each_other(house: House) -> None:
    """The oldest go; who has a token comes in through any crowd of them."""
    async with (
        Server.open(house.service, grace_seconds=0.2) as server,
        crowd(server, 3 * MAX_STRANGERS) as peers,
    ):
        async with opened(server, await house.token()) as agent:
            assert "result" in await ask(agent, "agent.status")
        await until(lambda: server.strangers.put_out >= 2 * MAX_STRANGERS)

        assert b"" == await peers[0].ends()
        assert MAX_STRANGERS >= server.strangers.waiting


async def test_strangers_over_websocket_are_told_why(house: House) -> None:
    async with (
        Server.open(house.service, grace_seconds=0.2) as server,
        opened(server) as first,
    ):
        await until(lambda: server.strangers.waiting == 1)
        async with crowd(server, MAX_STRANGERS):
            assert 1013 == await close_code(first)


def test_nobody_is_put_out_who_has_only_just_come() -> None:
    """A thousand that come back at once are not taken for a crowd of strangers."""
    clock = hubs.Clock()
    strangers = Strangers(lambda: 1000, clock.monotonic, grace=1.0)
    peers = [Guest() for _ in range(1001)]

    arrived = [strangers.arrived(peer) for peer in peers]
    strangers.sweep()

    assert [True] * 1000 + [False] == arrived
    assert (1000, 0, 1) == (len(strangers), strangers.put_out, strangers.refused)
    clock.forward(1.5)
    assert strangers.arrived(peers[1000])
    strangers.sweep()
    assert [True, True, False] == [peers[n].is_out for n in (0, 935, 1000)]
    assert MAX_STRANGERS == strangers.waiting


def test_who_is_known_is_not_put_out() -> None:
    clock = hubs.Clock()
    strangers = Strangers(lambda: 2, clock.monotonic, grace=1.0)
    one, two, three = Guest(), Guest(), Guest()
    for peer in (one, two):
        strangers.arrived(peer)
        strangers.known(peer)
    clock.forward(10)

    assert not strangers.arrived(three)
    strangers.left(one)
    assert strangers.arrived(three)
    assert [False, False] == [one.is_out, two.is_out]


def test_a_crowd_that_only_looks_makes_room() -> None:
    """The socket asks no token of who looks: that must not keep an operator out."""
    clock = hubs.Clock()
    strangers = Strangers(lambda: 3, clock.monotonic, grace=1.0)
    agent, *crowd = [Guest() for _ in range(6)]
    strangers.arrived(agent)
    strangers.known(agent)
    for peer in crowd:
        assert strangers.arrived(peer)
        strangers.known(peer, looks_only=True)

    operator = Guest()
    assert strangers.arrived(operator)
    strangers.known(operator, looks_only=True)
    strangers.known(operator)  # it has said the passphrase by now
    assert strangers.arrived(Guest())
    assert not strangers.arrived(Guest())
    assert [False, False] == [agent.is_out, operator.is_out]
    assert 3 == len(strangers)


class Guest:
    """Somebody at the strangers."""

    is_out = False

    def put_out(self) -> None:
        self.is_out = True


async def test_half_open_handshakes_end(house: House) -> None:
    """And leave no file open behind them."""
    async with Server.open(house.service, hello_seconds=0.3) as server:
        before = psutil.Process().num_fds()
        async with crowd(server, 40) as peers:
            for peer in peers:
                await asyncio.get_running_loop().sock_sendall(
                    peer.socket, b"GET /ws HTTP/1.1\r\nHost: "
                )
            assert [b""] * 40 == [await peer.ends() for peer in peers]
            await until(lambda: len(server.strangers) == 0)
        await until(lambda: psutil.Process().num_fds() <= before)


async def test_more_than_all_are_turned_away_unread(tmp_path: Path) -> None:
    """503 before a byte of the request; the place is free when somebody leaves."""
    limits = hubs.Hub(max_connections=20)
    async with (
        hubs.house(tmp_path, limits=limits) as house,
        Server.open(house.service) as server,
    ):
        token = await house.token()
        async with crowd(server, 20):
            await until(lambda: len(server.strangers) == 20)
            over = Raw(server)
            assert (await over.ends()).startswith(b"HTTP/1.1 503")
            over.socket.close()
            with pytest.raises(InvalidStatus, match="503"):
                async with opened(server, token):
                    pass
        await until(lambda: len(server.strangers) == 0)
        async with opened(server, token) as agent:
            assert "result" in await ask(agent, "agent.status")


async def test_who_says_nothing_on_the_socket_is_let_go(
    house: House, tmp_path: Path
) -> None:
    path = tmp_path / "hub.sock"
    async with Server.open(house.service, socket_path=path, hello_seconds=0.2):
        reader, writer = await asyncio.open_unix_connection(path)

        assert b"" == await asyncio.wait_for(reader.read(), 5)
        writer.close()


async def test_connections_at_once_are_counted_too(tmp_path: Path) -> None:
    """Twenty that begin together get no more than the eight that one agent may have."""
    async with (
        hubs.house(tmp_path) as house,
        Server.open(house.service) as server,
    ):
        token = await house.token()
        loop, done = asyncio.get_running_loop(), asyncio.Event()

        async def one() -> bool:
            with suppress(ConnectionClosed):
                async with opened(server) as agent:
                    answer = await ask(agent, "session.hello", token=token)
                    if "result" in answer:
                        loop.call_later(1, done.set)
                        await done.wait()
                        return True
            return False

        assert 8 == sum(await asyncio.gather(*(one() for _ in range(20))))


async def test_one_connection_too_many_is_in_the_audit(tmp_path: Path) -> None:
    """The agent that is in stays in; that another came is on record."""
    limits = hubs.Hub(max_connections_per_agent=1)
    async with (
        hubs.house(tmp_path, limits=limits) as house,
        Server.open(house.service) as server,
        opened(server, await house.token()) as first,
    ):
        await ask(first, "agent.status")
        assert 503 == await _status(server, await house.token())
        assert "result" in await ask(first, "agent.status")
        await house.warden.finish_notes()

        records = [(r.action, r.who, r.reason) for r in await house.store.audit()]
        assert "TOO_MANY" in next(r for a, w, r in records if (a, w) == _LOGIN)


_LOGIN = ("login", "cursor-1")


# Wrong tokens


async def test_wrong_tokens_are_soon_refused_without_a_look(
    house: House, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ten are answered 401, the rest slowly 429; the right one is let in meanwhile."""
    monkeypatch.setattr("qualitywatch.hub.server.SLOW_SECONDS", 0.01)
    good = await house.token()
    looked = []
    live_token = house.store.live_token

    async def counted(sha256: str) -> Any:
        looked.append(sha256)
        return await live_token(sha256)

    monkeypatch.setattr(house.store, "live_token", counted)
    wrong = [credentials.new_token(Role.AGENT)[0] for _ in range(30)]

    codes = [await _status(server, token) for token in wrong]

    assert [401] * 9 + [429] * 21 == codes
    assert 10 == len(looked)
    assert 101 == await _status(server, good)
    await house.warden.finish_notes()
    noted = [r for r in await house.store.audit() if r.action == "login"]
    assert 30 == sum(record.count for record in noted)
    assert {"127.0.0.1"} == {record.who for record in noted}
    assert len(noted) < 5


async def _status(server: Server, token: str) -> int:
    try:
        async with opened(server, token):
            return 101
    except InvalidStatus as refused:
        return refused.response.status_code


async def test_expired_token_is_put_out_within_a_second(
    house: House, server: Server
) -> None:
    """Also where nothing happens and it asks nothing."""
    token = await house.token()
    async with opened(server, token) as agent:
        await ask(agent, "agent.status")
        house.clock.forward(31 * 86_400)
        began = time.monotonic()

        assert 4401 == await close_code(agent)
        assert time.monotonic() - began < 2
    assert 401 == await _status(server, token)


async def test_rotated_token_is_replaced(house: House, server: Server) -> None:
    """The old one is closed and refused, the new one stands for the same agent."""
    old = await house.token()
    async with opened(server, old) as agent, hubs.operator(house) as operator:
        await ask(agent, "agent.status")
        [row] = await house.store.tokens()

        made = await operator.operate("tokens.rotate", id=row.id)

        assert 4401 == await close_code(agent)
    assert 401 == await _status(server, old)
    async with opened(server, made["token"]) as agent:
        assert "cursor-1" == (await ask(agent, "agent.status"))["result"]["agent"]


async def test_revoked_peer_that_does_not_read_is_cut_off(
    house: House, server: Server
) -> None:
    """The goodbye waits behind what it has not read, but not for long."""
    async with opened(server, await house.token()) as agent:
        await follow(agent)
        agent.transport.pause_reading()
        for sequence in range(1000, 1400):
            house.stream.publish(noise(sequence, size=40_000))
        [row] = await house.store.tokens()
        async with hubs.operator(house) as operator:
            await operator.operate("tokens.revoke", id=row.id)
            began = time.monotonic()
        await until(lambda: not house.stream.sessions)

        took = time.monotonic() - began
        agent.transport.abort()
        assert took < 4  # others have five seconds


# Floods


async def test_a_flood_is_contained(tmp_path: Path) -> None:
    """It is closed with 4429, and its agent refused at the door for a while."""
    limits = hubs.Hub(message_burst=20, messages_per_second=20)
    async with (
        hubs.house(tmp_path, limits=limits) as house,
        Server.open(house.service) as server,
    ):
        token, clock = await house.token(), house.clock
        async with opened(server, token) as agent:
            call = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "agent.status"})
            flood = asyncio.create_task(_flood(agent, call))
            closing = asyncio.create_task(close_code(agent))
            while not house.service._rates.is_shut("cursor-1"):
                await asyncio.sleep(0.1)
                clock.forward(1.2)
            code = await closing
            await flood

        assert 4429 == code
        assert 429 == await _status(server, token)
        clock.forward(6)
        assert 101 == await _status(server, token)


async def _flood(agent: Any, call: str) -> None:
    with suppress(ConnectionClosed):
        while True:
            await agent.send(call)
            await asyncio.sleep(0)  # it shares our loop, but not with the hub's turn


async def test_others_do_not_feel_a_flood(house: House, server: Server) -> None:
    call = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "stats"})
    async with (
        opened(server, await house.token(agent="flood-1")) as flooding,
        opened(server, await house.token()) as agent,
    ):
        flood = asyncio.create_task(_flood(flooding, call))
        took = []
        for _ in range(30):
            began = time.monotonic()
            assert "result" in await ask(agent, "agent.status")
            took.append(time.monotonic() - began)
            await asyncio.sleep(0.02)
        flooding.transport.abort()
        await flood

    assert sorted(took)[-2] < 2  # the first shares its moment with all the rest


# Peers that do not read


async def test_raw_sockets_that_never_read_are_cut_off(house: House) -> None:
    """Twenty of them hold little memory, and nobody else waits for them."""
    async with Server.open(house.service, stall_seconds=0.5) as server:
        token = await house.token(Role.OBSERVER)
        peers = [await _deaf(server, token) for _ in range(20)]
        async with opened(server, token) as reader:
            await follow(reader)
            await until(lambda: sum(s.live for s in house.stream.sessions) == 21)
            before = psutil.Process().memory_info().rss
            for start in range(1, 1000, 20):
                for sequence in range(start, start + 20):
                    house.stream.publish(noise(sequence, size=20_000))
                assert list(range(start, start + 20)) == await hear(reader, 20)
            await until(lambda: len(house.stream.sessions) == 1)

            assert psutil.Process().memory_info().rss - before < 30 * 2**20
        for peer in peers:
            peer.socket.close()


async def _deaf(server: Server, token: str) -> Raw:
    """It shakes hands, subscribes, and never reads what comes."""
    peer, loop = Raw(server), asyncio.get_running_loop()
    upgrade = (
        f"GET /ws HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
        f"Sec-WebSocket-Version: 13\r\nAuthorization: Bearer {token}\r\n\r\n"
    )
    content = b'{"jsonrpc":"2.0","id":1,"method":"events.subscribe"}'
    frame = b"\x81" + bytes([128 | len(content)]) + bytes(4) + content
    await loop.sock_sendall(peer.socket, upgrade.encode() + frame)
    return peer


async def test_follower_of_the_socket_that_never_reads_is_cut_off(
    house: House, tmp_path: Path
) -> None:
    path = tmp_path / "hub.sock"
    async with Server.open(house.service, socket_path=path, stall_seconds=0.3):
        _, writer = await asyncio.open_unix_connection(path, limit=1000)
        writer.write(line("session.hello") + line("events.subscribe", since="now"))
        await until(lambda: any(s.live for s in house.stream.sessions))
        for sequence in range(1000, 1200):
            house.stream.publish(noise(sequence, size=20_000))

        await until(lambda: not house.stream.sessions)
        writer.close()


async def test_asking_without_reading_stops_only_itself(
    house: House, server: Server
) -> None:
    """Answers wait for room: the hub does not read on, and keeps little."""
    async with opened(server, await house.token()) as agent:
        await ask(agent, "agent.status")
        agent.transport.pause_reading()
        call = {"jsonrpc": "2.0", "id": 1, "method": "no" * 30_000}
        for _ in range(90):
            await agent.send(json.dumps(call))
        async with opened(server, await house.token(agent="codex-1")) as other:
            assert "result" in await ask(other, "agent.status")
        agent.transport.abort()


async def test_compression_is_not_spoken(server: Server, house: House) -> None:
    """A bomb needs it: the hub refuses the extension, and frames that use it."""
    token = await house.token()
    async with connect(
        server.websocket_url,
        proxy=None,
        compression="deflate",
        additional_headers={"Authorization": f"Bearer {token}"},
    ) as agent:
        assert [] == list(agent.protocol.extensions)
        agent.transport.write(b"\xc1\x80\x00\x00\x00\x00")  # a compressed text frame

        assert 1002 == await close_code(agent)
