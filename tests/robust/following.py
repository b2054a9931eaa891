"""Followers who lose their connection again and again, and must not notice."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

from tests.robust import quiet
from tests.robust.actors import Agent, Follower, Operator, Stage, files_of
from tests.robust.ground import Daemon, Ground
from tests.robust.peers import Peer
from tests.robust.stand import SETTINGS
from tests.robust.trace import Heard, Recorder, Trace, every

AGENTS = ("agent-1", "agent-2", "agent-3")
_MOST_BEFORE_LEAVING = 40


class Restless(Follower):
    """Leaves after some events, comes back at once, and goes on after the last one."""

    def __init__(self, name: str, stage: Stage, seed: int) -> None:
        super().__init__(name, stage)
        self._random = random.Random(seed)
        self.departures = 0

    async def _follow(self, peer: Peer) -> None:
        peer.who = self._name
        answer = await peer.follow(self.last)
        self.last = answer.seq if self.last is None else self.last
        for _ in range(self._random.randint(0, _MOST_BEFORE_LEAVING)):
            self.last = await peer.hear()
        self.departures += 1
        await peer.close()


async def follow(
    folder: Path, *, followers: int, events: int, departures: int, seed: int
) -> Trace:
    """The trace of so many followers while so many events happen.

    Each of them leaves *departures* times at least.
    """
    ground = Ground.make(
        folder, [p for name in AGENTS for p in files_of(name)], settings=SETTINGS
    )
    await ground.add_tokens(*AGENTS)
    daemon = Daemon(ground, port=0)
    with (folder / "trace.jsonl").open("w") as lines:
        stage = Stage(ground, Recorder(lines))
        try:
            running = await daemon.ready()
            assert running is not None, daemon.log.read_text()
            stage.url = running.url.replace("http", "ws", 1) + "/ws"
            stage.is_up.set()
            crowd = [Restless(f"viewer-{n}", stage, seed + n) for n in range(followers)]
            await _happen(stage, crowd, events, departures)
        finally:
            daemon.process.kill()
            daemon.process.wait()
        for step in quiet.stored(ground):
            stage.recorder.add(step)
        return stage.recorder.steps_so_far


async def _happen(
    stage: Stage, crowd: list[Restless], events: int, departures: int
) -> None:
    actors = (
        *(Agent(name, stage, n) for n, name in enumerate(AGENTS, start=1)),
        Operator(stage, AGENTS, 1),
    )
    async with asyncio.TaskGroup() as tasks:
        working = [tasks.create_task(actor.run()) for actor in actors]
        listening = [tasks.create_task(follower.run()) for follower in crowd]
        while _has_heard_less(crowd, events, departures):  # noqa: ASYNC110 many tell
            await asyncio.sleep(0.1)
        stage.is_over = True
        await asyncio.wait(working)
        await asyncio.sleep(0.3)
        for task in listening:
            task.cancel()


def _has_heard_less(crowd: list[Restless], events: int, departures: int) -> bool:
    few = min(follower.last or 0 for follower in crowd) < events
    return few or min(follower.departures for follower in crowd) < departures


def sequences(trace: Trace, who: str) -> list[int]:
    """What one follower heard, as it came."""
    return [heard.sequence for heard in every(trace, Heard) if heard.who == who]
