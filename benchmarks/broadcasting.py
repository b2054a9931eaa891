"""What the hub costs beside bare sockets: one event to very many clients.

    python -m benchmarks.broadcasting [--clients 1000 5000] [--rounds 40]
    python -m benchmarks.broadcasting --stalled 20
    python -m benchmarks.broadcasting --storm 1000

The first writes the same 400 bytes to as many clients through the hub and through a
server that only calls `transport.write` with a ready-made frame, in turns. The second
does it while some peers never read. The third stops the hub under clients that follow
it, starts it again, and waits until all are back and have missed nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import resource
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

import msgspec
import psutil

from benchmarks.clients import UPGRADE, subscription
from qualitywatch import credentials
from qualitywatch.config import Hub, Policy
from qualitywatch.errors import PeerError
from qualitywatch.hub.frames import Frame
from qualitywatch.hub.server import Server, allow_open_files
from qualitywatch.hub.service import Service
from qualitywatch.hub.stream import Stream
from qualitywatch.model import Agent, Event
from qualitywatch.protocol import Check, Report, Role, write_event
from qualitywatch.store import Store
from qualitywatch.warden import Warden

TARGETS = {1000: 40.0, 5000: 150.0}  # ms until the last client has it, p50
MOST_TIMES_BARE = 1.6
MOST_MEMORY = 150.0  # MB with 1,000 clients
STALL_SECONDS = 10.0
ROOMY = Hub(max_connections=20_000)
FOLLOWERS = 20  # of the agents in the storm


class Nobody:
    """Judges nothing; agents work where they say."""

    async def bind(self, agent: Agent) -> Path:
        return Path(agent.workspace or "/")

    async def reported(self, agent: Agent, report: Report) -> NoReturn:
        raise PeerError("DEGRADED", "nobody judges here")

    async def proposed(self, agent: Agent, check: Check) -> NoReturn:
        raise PeerError("DEGRADED", "nobody judges here")

    async def repair(self, agent: Agent, changes: object) -> NoReturn:
        raise PeerError("DEGRADED", "nobody judges here")


class House:
    """A hub without a daemon."""

    def __init__(self, store: Store, warden: Warden, service: Service) -> None:
        self.store = store
        self.warden = warden
        self.service = service

    async def token(self, role: Role = Role.OBSERVER, agent: str | None = None) -> str:
        """A new one."""
        token, sha256 = credentials.new_token(role)
        await self.store.add_token(sha256, role=role, agent=agent)
        return token


@asynccontextmanager
async def house(folder: Path, limits: Hub = ROOMY) -> AsyncIterator[House]:
    """A hub whose store lies in *folder*."""

    def clock() -> datetime:
        return datetime.now(UTC)

    stream = Stream()
    async with Store.open(folder / "state.db", clock) as store:
        warden = Warden(
            store,
            policy=Policy(),
            publish=stream.publish,
            clock=clock,
            state_dir=folder,
        )
        await warden.restore()
        service = Service(
            warden=warden,
            judge=Nobody(),
            store=store,
            stream=stream,
            root=folder,
            clock=clock,
            monotonic=time.monotonic,
            limits=limits,
        )
        yield House(store, warden, service)


def event(sequence: int) -> Event:
    """About 400 bytes on the wire."""
    return Event(
        sequence=sequence,
        id=f"{sequence:032x}",
        kind="change.analysed",
        time=datetime.now(UTC).isoformat(),
        data=msgspec.Raw(msgspec.json.encode({"path": "x" * 130})),
    )


# The crowd


class Crowd:
    """Clients in another process, and when the last of them had which frame."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def last(self, number: int) -> float:
        """When the last client had its frame *number*."""
        assert self._process.stdout is not None
        async with asyncio.timeout(30):
            line = (await self._process.stdout.readline()).split()
        assert int(line[0]) == number, f"a frame was lost: {line!r}"
        return float(line[1])


@asynccontextmanager
async def crowd(count: int, port: int, token: str = "") -> AsyncIterator[Crowd]:
    """*count* clients, all of them connected."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks.clients", str(count), str(port), token),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stdin is not None
    try:
        ready = await process.stdout.readline()
        assert ready.split() == [b"ready", b"%d" % count], ready
        yield Crowd(process)
    finally:
        process.stdin.close()
        await process.wait()


# Through the hub and through bare transports, in turns


class Bare(asyncio.Protocol):
    """A server that does nothing but keep its transports."""

    def __init__(self, transports: set[asyncio.Transport]) -> None:
        self._transports = transports

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._transports.add(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self._transports.discard(self._transport)


async def compare(count: int, rounds: int) -> None:
    """Print what one event to *count* clients takes, beside the bare servers' time."""
    with tempfile.TemporaryDirectory() as folder:
        async with (
            house(Path(folder)) as home,
            Server.open(home.service) as server,
        ):
            before = _memory()
            token = await home.token()
            async with crowd(count, server.port, token) as listeners:
                memory = _memory()
                transports: set[asyncio.Transport] = set()
                bare = await asyncio.get_running_loop().create_server(
                    lambda: Bare(transports), "127.0.0.1", 0, backlog=1000
                )
                port = bare.sockets[0].getsockname()[1]
                async with crowd(count, port) as others:

                    def write(sequence: int) -> None:
                        content = write_event(event(sequence)).encode()
                        frame = Frame(content).websocket
                        for transport in transports:
                            transport.write(frame)

                    def publish(sequence: int) -> None:
                        home.service.publish(event(sequence))

                    hub, plain, work = await _in_turns(
                        (publish, listeners), (write, others), rounds
                    )
                bare.close()
    _print(count, hub, plain, before, memory)
    _print_work(*work)


async def _in_turns(
    one: tuple[Callable[[int], None], Crowd],
    other: tuple[Callable[[int], None], Crowd],
    rounds: int,
) -> tuple[list[float], list[float], tuple[float, float]]:
    """The ms of each round, and the median of the work that sending was."""
    times: tuple[list[float], list[float]] = ([], [])
    work: tuple[list[float], list[float]] = ([], [])
    for number in range(1, rounds + 1):
        for index, (send, listeners) in enumerate((one, other)):
            await asyncio.sleep(0.02)
            began, busy = time.monotonic(), time.process_time()
            send(number)
            work[index].append((time.process_time() - busy) * 1000)
            took = await listeners.last(number) - began
            times[index].append(took * 1000)
    return *times, (statistics.median(work[0]), statistics.median(work[1]))


def _print_work(hub: float, plain: float) -> None:
    print(
        f"  work of the sending process, p50: hub {hub:.1f} ms, bare {plain:.1f} ms,"
        f" times {hub / plain:.2f} (does not depend on what else runs here)"
    )


def _print(
    count: int, hub: list[float], plain: list[float], before: float, memory: float
) -> None:
    ratio = statistics.median(hub) / statistics.median(plain)
    print(f"{count} clients, {len(hub)} events, last client, ms (none lost)")
    for name, times in (("hub", hub), ("bare transports", plain)):
        print(
            f"  {name:16} p50 {statistics.median(times):6.1f}   worst {max(times):6.1f}"
        )
    print(f"  times bare {ratio:.2f} (target {MOST_TIMES_BARE})")
    if target := TARGETS.get(count):
        print(f"  target of p50: {target:.0f} ms")
    print(
        f"  memory {before:.0f} MB before, {memory:.0f} MB with them,"
        f" {(memory - before) * 1024 / count:.1f} KiB each"
    )


# Peers that never read


async def stalled(count: int, seconds: float = 25.0) -> None:
    """Print what *count* peers that never read cost the others, and when they go."""
    with tempfile.TemporaryDirectory() as folder:
        async with (
            house(Path(folder)) as home,
            Server.open(home.service, stall_seconds=STALL_SECONDS) as server,
        ):
            token = await home.token()
            deaf = [await _deaf(server.port, token) for _ in range(count)]
            async with crowd(50, server.port, token) as listeners:
                await _loud(home, listeners, seconds, count)
            for one in deaf:
                one.close()


async def _loud(home: House, listeners: Crowd, seconds: float, count: int) -> None:
    before, most, gone = _memory(), 0.0, None
    times, number, began = [], 0, time.monotonic()
    while time.monotonic() - began < seconds:
        number += 1
        sent = time.monotonic()
        home.service.publish(_large(number))
        times.append((await listeners.last(number) - sent) * 1000)
        most = max(most, _memory() - before)
        if gone is None and home.service.connections == 50:
            gone = time.monotonic() - began
        await asyncio.sleep(0.005)
    print(f"{count} peers that never read, 50 that do, {number} events of 20 KB")
    print(f"  memory grew by at most {most:.1f} MB (target 30)")
    print(f"  the last of them was cut off after {gone or float('nan'):.1f} s")
    times.sort()
    p99 = times[len(times) * 99 // 100]
    print(f"  the others: p50 {statistics.median(times):.1f} ms, p99 {p99:.1f} ms")


def _large(sequence: int) -> Event:
    data = msgspec.Raw(msgspec.json.encode({"path": "x" * 20_000}))
    return msgspec.structs.replace(event(sequence), data=data)


async def _deaf(port: int, token: str) -> socket.socket:
    """A raw socket that subscribes and reads nothing more."""
    loop = asyncio.get_running_loop()
    one = socket.socket()
    one.setblocking(False)
    await loop.sock_connect(one, ("127.0.0.1", port))
    await loop.sock_sendall(one, UPGRADE.format(port=port, token=token).encode())
    await loop.sock_recv(one, 4096)
    await loop.sock_sendall(one, subscription())
    await asyncio.sleep(0.01)
    return one


# Everybody comes back at once


async def storm(count: int) -> None:
    """Print how long *count* clients take to come back to a hub that was stopped."""
    with tempfile.TemporaryDirectory() as folder:
        async with house(Path(folder)) as home:
            agents = [f"agent-{number}" for number in range(count)]
            tokens = {one: await home.token(Role.AGENT, one) for one in agents}
            await _storm(home, tokens)


async def _storm(home: House, tokens: dict[str, str]) -> None:
    async with Server.open(home.service) as server:
        port, url = server.port, server.url
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "benchmarks.followers", url, f"{FOLLOWERS}"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        assert process.stdin is not None
        process.stdin.write(msgspec.json.encode(tokens) + b"\n")
        await _until(lambda: _known(home) == len(tokens))
        print(f"{len(tokens)} agents are connected; the hub stops now", flush=True)
    began, cpu = time.monotonic(), time.process_time()
    async with Server.open(home.service, port=port):
        lag = asyncio.create_task(_lag())
        await _until(lambda: _known(home) == len(tokens))
        took, busy = time.monotonic() - began, time.process_time() - cpu
        lag.cancel()
        process.stdin.write(b"%d\n" % (home.warden.sequence + 1))
        await home.warden.connected("somebody", "end")
        told, _ = await process.communicate()
    print(
        f"  all back after {took:.1f} s (target 30), {busy:.1f} s of work for the hub"
    )
    print(f"  {told.decode().strip()}")


async def _lag() -> None:
    """Print how long the loop was away at most, and how much of that it worked."""
    worst, busiest, loop = 0.0, 0.0, asyncio.get_running_loop()
    try:
        while True:
            began, busy = loop.time(), time.process_time()
            await asyncio.sleep(0.01)
            worst = max(worst, loop.time() - began - 0.01)
            busiest = max(busiest, time.process_time() - busy)
    finally:
        print(
            f"  longest the hub's loop was away: {worst * 1000:.0f} ms (target 250),"
            f" the most work between two looks {busiest * 1000:.0f} ms"
        )


def _known(home: House) -> int:
    return sum(session.identity is not None for session in home.service.sessions)


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(120):
        while not condition():  # noqa: ASYNC110  -- there is no event to wait for
            await asyncio.sleep(0.05)


def _memory() -> float:
    """MB of this process."""
    return float(psutil.Process().memory_info().rss) / 2**20


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, nargs="*", default=[1000, 5000])
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--stalled", type=int)
    parser.add_argument("--storm", type=int)
    given = parser.parse_args()
    allow_open_files(resource.getrlimit(resource.RLIMIT_NOFILE)[1])
    if given.stalled or given.storm:
        if given.stalled:
            asyncio.run(stalled(given.stalled))
        if given.storm:
            asyncio.run(storm(given.storm))
        return
    for count in given.clients:
        asyncio.run(compare(count, given.rounds))


if __name__ == "__main__":
    main()
