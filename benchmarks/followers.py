"""A thousand agents with real clients, of whom some follow what happens.

    python -m benchmarks.followers URL FOLLOWERS

The first line of standard input is a JSON object of tokens by agent; the second is the
sequence of the last event: when all have heard it, what was heard is counted.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable

from qualitywatch.client import connect
from qualitywatch.hub.server import allow_open_files


async def listen(url: str, agent: str, token: str, heard: list[int]) -> None:
    """Keep the sequence of every event."""
    client = connect(url, agent=agent, token=token, workspace="/", timeout=60)
    async for one in client.events("now"):
        if one.kind != "snapshot":
            heard.append(one.sequence)


async def work(url: str, agent: str, token: str) -> None:
    """Be connected, as an agent is that has nothing to report now."""
    async with connect(url, agent=agent, token=token, workspace="/", timeout=60):
        await asyncio.Event().wait()


async def main(url: str, followers: int) -> None:
    """Stay until the last event has come to all who follow."""
    loop = asyncio.get_running_loop()
    tokens = json.loads(await loop.run_in_executor(None, sys.stdin.readline))
    allow_open_files(len(tokens) + 100)
    heard: dict[str, list[int]] = {agent: [] for agent in [*tokens][:followers]}
    tasks = [
        asyncio.create_task(
            listen(url, agent, token, heard[agent])
            if agent in heard
            else work(url, agent, token)
        )
        for agent, token in tokens.items()
    ]
    last = int(await loop.run_in_executor(None, sys.stdin.readline))
    await until(lambda: all(one and one[-1] >= last for one in heard.values()))
    gaps = sum(one != list(range(one[0], one[-1] + 1)) for one in heard.values())
    events = sum(map(len, heard.values()))
    print(f"{events} events heard by {followers} followers; {gaps} have a gap")
    for task in tasks:
        task.cancel()


async def until(condition: Callable[[], bool]) -> None:
    """Return when *condition* holds."""
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110  -- there is no event to wait for
            await asyncio.sleep(0.05)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
