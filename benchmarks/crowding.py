"""What crowds and floods do to the hub and to those who behave.

    python -m benchmarks.crowding opens | wrong | flood

`opens`: 5,000 connections at once with the default cap, then 200 half-open handshakes.
`wrong`: wrong tokens as fast as they are answered, from 100 connections at a time.
`flood`: an agent that sends as fast as it can and comes back whenever it is closed,
beside 50 that ask five times a second. The hub is this process, the others are not.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import psutil
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException

from benchmarks.broadcasting import House, house
from benchmarks.clients import UPGRADE
from qualitywatch import credentials
from qualitywatch.config import Hub
from qualitywatch.hub.server import Server, allow_open_files
from qualitywatch.protocol import Role

SECONDS = 20.0
BEHAVING = 50


# In processes of their own


async def many_opens(url: str, token: str) -> None:
    """Open 5,000, keep them, and say how each was answered."""
    port = int(url.rpartition(":")[2])
    answers: Counter[str] = Counter()
    gate, kept = asyncio.Semaphore(200), []

    async def one() -> None:
        async with gate:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            kept.append(writer)
            with suppress(ConnectionError):
                writer.write(UPGRADE.format(port=port, token=token).encode())
                head = await asyncio.wait_for(reader.readline(), 30)
                answers[head.decode()[9:12] or "closed"] += 1

    await asyncio.gather(*(one() for _ in range(5000)))
    half = [await asyncio.open_connection("127.0.0.1", port) for _ in range(200)]
    print(f"  answers: {dict(answers)}; then {len(half)} half-open", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)


async def many_wrong(url: str, token: str) -> None:
    """Show wrong tokens for a while, and the right one now and then."""
    answers: Counter[int] = Counter()
    took: list[float] = []
    refused: list[bool] = []
    end = time.monotonic() + SECONDS

    async def wrong() -> None:
        while time.monotonic() < end:
            made, _ = credentials.new_token(Role.AGENT)
            answers[await _status(url, made)] += 1

    async def right() -> None:
        while time.monotonic() < end:
            began = time.monotonic()
            refused.append(await _status(url, token) != 101)
            took.append(time.monotonic() - began)
            await asyncio.sleep(0.2)

    await asyncio.gather(right(), *(wrong() for _ in range(100)))
    print(f"  answers: {dict(answers)}")
    print(
        f"  the right token: {len(took)} times, refused {sum(refused)} times,"
        f" slowest {max(took) * 1000:.0f} ms"
    )


async def _status(url: str, token: str) -> int:
    try:
        headers = {"Authorization": f"Bearer {token}"}
        async with connect(_ws(url), additional_headers=headers, proxy=None):
            return 101
    except InvalidStatus as refused:
        return refused.response.status_code
    except (OSError, WebSocketException):
        return 0


async def flooding(url: str, token: str) -> None:
    """Send as fast as possible; come back whenever it is closed."""
    call = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "agent.status"})
    end, sent = time.monotonic() + SECONDS, 0
    closed: Counter[object] = Counter()
    headers = {"Authorization": f"Bearer {token}"}
    while time.monotonic() < end:
        try:
            async with connect(
                _ws(url), additional_headers=headers, proxy=None, close_timeout=0.1
            ) as agent:
                with suppress(ConnectionClosed):
                    while time.monotonic() < end:
                        async with asyncio.timeout(0.5):
                            await agent.send(call)
                            sent += 1
                closed[agent.close_code] += 1
        except InvalidStatus as refused:
            closed[f"HTTP {refused.response.status_code}"] += 1
        except TimeoutError:
            closed["not read"] += 1
    print(
        f"  the flood: {sent / SECONDS:.0f} messages a second; ended by {dict(closed)}"
    )


async def behaving(url: str, tokens: str) -> None:
    """Ask five times a second, each of them, and say how long it took."""
    took: list[float] = []
    end = time.monotonic() + SECONDS
    call = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "agent.status"})

    async def one(token: str) -> None:
        headers = {"Authorization": f"Bearer {token}"}
        async with connect(_ws(url), additional_headers=headers, proxy=None) as agent:
            while time.monotonic() < end:
                began = time.monotonic()
                await agent.send(call)
                assert "result" in json.loads(await agent.recv())
                took.append(time.monotonic() - began)
                await asyncio.sleep(0.2)

    await asyncio.gather(*map(one, tokens.split(",")))
    took.sort()
    p99 = took[len(took) * 99 // 100] * 1000
    print(
        f"  the others: {len(took)} answers, p50 {took[len(took) // 2] * 1000:.0f} ms,"
        f" p99 {p99:.0f} ms, worst {took[-1] * 1000:.0f} ms"
    )


# The hub


async def opens(home: House, server: Server) -> None:
    """Print what is left of 5,000 connections."""
    before = psutil.Process().num_fds()
    process = await _other("many_opens", server.url, await home.token())
    assert process.stdout is not None
    print((await process.stdout.readline()).decode(), end="")
    await asyncio.sleep(1)
    print(
        f"  open: {len(server.strangers)}, of them strangers {server.strangers.waiting}"
    )
    await process.communicate(b"\n")
    began = time.monotonic()
    for _ in range(300):
        if psutil.Process().num_fds() <= before + 5:
            break
        await asyncio.sleep(0.1)
    after = psutil.Process().num_fds()
    print(
        f"  files: {before} before, {after} after {time.monotonic() - began:.1f} s"
        " (target 15 s)"
    )


async def wrong(home: House, server: Server) -> None:
    """Print what wrong tokens cost."""
    await _busy([await _other("many_wrong", server.url, await home.token())])


async def flood(home: House, server: Server) -> None:
    """Print what a flood costs, and whom."""
    tokens = [await home.token(Role.AGENT, f"agent-{n}") for n in range(BEHAVING)]
    flooder = await home.token(Role.AGENT, "flood-1")
    before = psutil.Process().memory_info().rss
    await _busy(
        [
            await _other("behaving", server.url, ",".join(tokens)),
            await _other("flooding", server.url, flooder),
        ]
    )
    grown = (psutil.Process().memory_info().rss - before) / 2**20
    found = home.warden.quarantine_of("flood-1")
    print(f"  memory grew by {grown:.1f} MB (target 20)")
    print(f"  quarantine: {found.reason if found else 'none'}")


async def _busy(processes: list[asyncio.subprocess.Process]) -> None:
    began, cpu = time.monotonic(), time.process_time()
    for process in processes:
        told, _ = await process.communicate(b"\n")
        print(told.decode(), end="")
    share = (time.process_time() - cpu) / (time.monotonic() - began)
    print(f"  the hub was busy for {share * 100:.0f} % of a core (target 50)")


async def _other(work: str, url: str, token: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks.crowding", work, url, token),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )


def _ws(url: str) -> str:
    return url.replace("http", "ws", 1) + "/ws"


async def _hub(work: Callable[[House, Server], Awaitable[None]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with (
            house(Path(folder), Hub()) as home,
            Server.open(home.service) as server,
        ):
            await work(home, server)


HERE = {"opens": opens, "wrong": wrong, "flood": flood}
OTHERS = {one.__name__: one for one in (many_opens, many_wrong, flooding, behaving)}


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", choices=[*HERE, *OTHERS])
    parser.add_argument("rest", nargs="*")
    given = parser.parse_args()
    logging.disable(logging.CRITICAL)
    allow_open_files(20_000)
    if given.work in HERE:
        print(given.work)
        asyncio.run(_hub(HERE[given.work]))
    else:
        asyncio.run(OTHERS[given.work](*given.rest))


if __name__ == "__main__":
    main()
