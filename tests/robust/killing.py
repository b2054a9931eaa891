"""Kill a daemon under load again and again, and record what everybody saw of it.

Half of the kills come at a random time, the others at each failpoint in turn. After
each one the database is checked, the next daemon starts where the last one fell, and
everybody goes on. Now and then all pause until the daemon has judged what stands there.
"""

from __future__ import annotations

import asyncio
import random
import shutil
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from qualitywatch import failpoints
from tests.robust import quiet
from tests.robust import trace as t
from tests.robust.actors import Agent, Follower, Operator, Stage, files_of
from tests.robust.ground import Daemon, Ground, bugs, free_port, integrity
from tests.robust.mutator import BRANCHED, KNOWN, Mutator
from tests.robust.trace import Recorder, Trace
from tests.robust.validator import breaches, silent_green

AGENTS = ("agent-1", "agent-2", "agent-3", "agent-4")
KILLS_ON_A_GROUND = 100  # a new one then: the stranger makes many files
KILLS_AT_A_STRETCH = 10  # then all pause, and what stands on the disk is compared
_LONGEST_LIFE = 1.2
_LAST_WORK = 0.5  # of a stretch, under the daemon that is not killed
_PATIENCE = 4.0  # with a failpoint that nobody reaches

NEVER_UNDER_LOAD = frozenset({"mid_migration", "while_stopping"})
"""Places of a start or a stop that these lives do not see."""


@dataclass
class Outcome:
    """What a run has shown."""

    kills: int = 0
    missed: int = 0  # failpoints that were not reached: killed from outside then
    seconds_down: list[float] = field(default_factory=list)  # from a kill to ready
    seconds_to_quiet: list[float] = field(default_factory=list)
    differences: list[str] = field(default_factory=list)  # of records and disk
    bugs: list[str] = field(default_factory=list)  # that the daemon told of
    breaches: dict[str, list[str]] = field(default_factory=dict)
    acknowledged: int = 0  # reports
    heard: int = 0  # events
    died: Counter[str] = field(default_factory=Counter)  # by failpoint

    def judge(self, trace: Trace) -> None:
        """Add what *trace* shows."""
        for promise, shown in breaches(trace).items():
            self.breaches.setdefault(promise, []).extend(shown)
        self.acknowledged += sum(a.seq is not None for a in t.every(trace, t.Answered))
        self.heard += len(t.every(trace, t.Heard))
        self.died.update(step.how for step in t.every(trace, t.Ended))


async def kill(
    folder: Path, kills: int, *, seed: int, tell: Callable[[int], None] = lambda n: None
) -> Outcome:
    """Kill *kills* daemons one after the other, on a new ground every so often.

    A ground that breaks a promise stays in *folder*, with its trace.
    """
    outcome = Outcome()
    while outcome.kills < kills:
        many = min(KILLS_ON_A_GROUND, kills - outcome.kills)
        ground = folder / f"from_{outcome.kills}"
        await _kill_on(ground, many, seed + outcome.kills, outcome, tell)
        if outcome.breaches or outcome.differences or outcome.bugs:
            break
        shutil.rmtree(ground)
    return outcome


async def _kill_on(
    folder: Path, kills: int, seed: int, outcome: Outcome, tell: Callable[[int], None]
) -> None:
    ground, agents = prepared(folder)
    await ground.add_tokens(*agents)
    end = outcome.kills + kills
    with (folder / "trace.jsonl").open("w") as lines:
        recorder = Recorder(lines)
        stage = Stage(ground, recorder)
        lives = Lives(stage, outcome, seed)
        try:
            while outcome.kills < end:
                many = min(KILLS_AT_A_STRETCH, end - outcome.kills)
                await _stretch(lives, stage, many, seed + outcome.kills, tell)
                outcome.seconds_to_quiet.append(await quiet.settled(ground))
                await lives.end()
                lives.compare()
            outcome.bugs += bugs(stage.ground)
        finally:
            lives.abandon()
        for step in quiet.stored(ground):
            recorder.add(step)
        outcome.judge(recorder.steps_so_far)


def prepared(folder: Path) -> tuple[Ground, tuple[str, ...]]:
    """A ground in *folder* for all who will work there, and its agents."""
    mine = [path for agent in AGENTS for path in files_of(agent)]
    ground = Ground.make(folder, [*mine, *KNOWN, BRANCHED])
    ground.git("checkout", "-q", "-b", "other")
    (ground.root / BRANCHED).write_text("VALUE = 2\n")
    ground.commit("Differ")
    ground.git("checkout", "-q", "main")
    return ground, AGENTS


async def _stretch(
    lives: Lives, stage: Stage, kills: int, seed: int, tell: Callable[[int], None]
) -> None:
    """So many kills with everybody at work; at the end a daemon lives."""
    stage.is_over = False
    await lives.begin()
    async with at_work(stage, seed):
        for number in range(kills):
            await lives.kill()
            tell(lives.outcome.kills)
            await lives.begin("" if number == kills - 1 else None)
        await asyncio.sleep(_LAST_WORK)


@asynccontextmanager
async def at_work(stage: Stage, seed: int) -> AsyncIterator[None]:
    """Everybody works while the block runs."""
    actors = (
        *(Agent(name, stage, seed + n) for n, name in enumerate(AGENTS, start=1)),
        Operator(stage, AGENTS, seed),
        Mutator(stage, seed),
    )
    followers = (Follower("viewer-1", stage), Follower("viewer-2", stage))
    async with asyncio.TaskGroup() as tasks:
        working = [tasks.create_task(actor.run()) for actor in actors]
        listening = [tasks.create_task(follower.run()) for follower in followers]
        yield
        stage.is_over = True
        await asyncio.wait(working)
        await asyncio.sleep(0.2)  # for what is on its way to those who listen
        for task in listening:
            task.cancel()


class Lives:
    """One daemon after the other on the same ground."""

    def __init__(self, stage: Stage, outcome: Outcome, seed: int) -> None:
        self.outcome = outcome
        self._stage = stage
        self._random = random.Random(seed)
        self._port = free_port()
        self._life = 0
        self._daemon: Daemon | None = None
        self._place = ""
        self._died_at: float | None = None
        self._places = sorted(failpoints.PLACES.keys() - NEVER_UNDER_LOAD)

    async def begin(self, plan: str | None = None) -> None:
        """Bring a daemon up; one that dies at its start is a kill like any other.

        *plan* says where it fails; without one it is killed, now here, now there.
        """
        while True:
            self._life += 1
            self._place = "" if plan is not None else self._next_place()
            kill = f"{self._place}:kill@{self._time_of_it()}" if self._place else ""
            fail = kill if plan is None else plan
            self._daemon = Daemon(self._stage.ground, port=self._port, fail=fail)
            running = await self._daemon.ready()
            if running is not None:
                break
            self._dead(self._place)
            plan = "" if plan is not None else None  # it failed; now it is to start
        self._stage.url = running.url.replace("http", "ws", 1) + "/ws"
        if self._died_at is not None:
            self.outcome.seconds_down.append(time.monotonic() - self._died_at)
        self._stage.is_up.set()
        recorder = self._stage.recorder
        recorder.add(t.Started(at=recorder.next(), life=self._life))

    async def kill(self) -> None:
        """Wait for the moment of this life, and see it dead."""
        assert self._daemon is not None
        if self._place:
            if await self._daemon.dead(_PATIENCE):
                return self._dead(self._place)
            self.outcome.missed += 1
        else:
            await asyncio.sleep(self._random.uniform(0.05, _LONGEST_LIFE))
        await self._daemon.end(signal.SIGKILL)
        return self._dead("signal")

    async def end(self, codes: Collection[int] = (0,)) -> None:
        """Stop the last one as an operator would; it ends with one of *codes*."""
        assert self._daemon is not None
        self._stage.is_up.clear()
        code = await self._daemon.end(signal.SIGTERM)
        assert code in codes, f"it ended with {code}: see {self._daemon.log}"
        recorder = self._stage.recorder
        recorder.add(t.Ended(at=recorder.next(), life=self._life, how="stopped"))
        self._died_at = None

    def compare(self) -> None:
        """Note where records and disk differ while all is quiet."""
        ground = self._stage.ground
        now = (*quiet.judged(ground), *quiet.disk(ground))
        self.outcome.differences += silent_green(now)

    def abandon(self) -> None:
        """Leave nothing running, whatever happened."""
        if self._daemon is not None and self._daemon.is_alive:
            self._daemon.process.kill()
            self._daemon.process.wait()

    def _dead(self, how: str) -> None:
        self._stage.is_up.clear()
        recorder = self._stage.recorder
        recorder.add(t.Ended(at=recorder.next(), life=self._life, how=how))
        answer = integrity(self._stage.ground.database)
        recorder.add(t.Integrity(life=self._life, answer=answer))
        self.outcome.kills += 1
        self._died_at = time.monotonic()

    def _next_place(self) -> str:
        """ "" for a kill from outside, every other time."""
        if self._life % 2:
            return ""
        return self._places[self._life // 2 % len(self._places)]

    def _time_of_it(self) -> int:
        """Places of a start are reached once, those of the work again and again."""
        if self._place in ("mid_restore", "before_listen", "mid_reconcile"):
            return 1
        return self._random.randint(1, 12)
