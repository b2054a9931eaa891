"""A working day in small: many agents who come and go, and what the daemon keeps.

The daemon is measured from outside. Before anybody comes and after everybody has left
it has to have the same number of open files, threads and watches.
"""

from __future__ import annotations

import asyncio
import random
import statistics
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from qualitywatch.model import Noun
from tests.robust.ground import Daemon, Ground, whole
from tests.robust.stand import Stand, Wire, code_of

AGENTS = 100
EDITS_A_SECOND = 20
ARRIVALS_A_SECOND = 5
MIB = 1024 * 1024
_QUIET_SECONDS = 6.0  # after which what is done once is done, and what ends has ended
_EVERY = 1.0


class Sample(Noun):
    """The daemon at one moment."""

    at: float
    own_mib: float
    all_mib: float  # with its workers
    files: int
    threads: int
    watches: int


@dataclass
class Outcome:
    """What a soak has shown."""

    before: Sample
    after: Sample
    samples: list[Sample] = field(default_factory=list)
    edits: int = 0
    arrivals: int = 0
    refused: dict[str, int] = field(default_factory=dict)

    @property
    def peak_mib(self) -> float:
        """The most that daemon and workers had together."""
        return max(sample.all_mib for sample in self.samples)

    @property
    def slope_mib_an_hour(self) -> float:
        """How the daemon itself grows, once the first third is over."""
        steady = self.samples[len(self.samples) // 3 :]
        line = statistics.linear_regression(
            [sample.at for sample in steady], [sample.own_mib for sample in steady]
        )
        return line.slope * 3600

    @property
    def leaked(self) -> dict[str, int]:
        """What there is more of after everybody has left."""
        grown = {
            "files": self.after.files - self.before.files,
            "threads": self.after.threads - self.before.threads,
            "watches": self.after.watches - self.before.watches,
        }
        return {what: many for what, many in grown.items() if many > 0}


async def soak(
    folder: Path,
    seconds: float,
    *,
    agents: int = AGENTS,
    tell: Callable[[float], None] = lambda seconds: None,
) -> Outcome:
    """Work for so many *seconds* and say what the daemon was like meanwhile."""
    names = tuple(f"agent-{number}" for number in range(agents))
    paths = [f"{name}/app.py" for name in names]
    async with _stand(folder, names, paths) as stand:
        process = psutil.Process(stand.daemon.pid)
        await _come_and_go(stand, names)
        await asyncio.sleep(_QUIET_SECONDS)
        before = sample(process)
        outcome = Outcome(before, before)
        await _work(stand, names, seconds, outcome, process, tell)
        await asyncio.sleep(_QUIET_SECONDS)
        outcome.after = sample(process)
        await stand.stop()
    return outcome


def sample(process: psutil.Process) -> Sample:
    """What *process* has now."""
    workers = [p for p in process.children(recursive=True) if p.is_running()]
    own = process.memory_info().rss / MIB
    return Sample(
        at=time.monotonic(),
        own_mib=own,
        all_mib=own + sum(map(_rss_mib, workers)),
        files=process.num_fds(),
        threads=process.num_threads(),
        watches=_watches(process.pid),
    )


@asynccontextmanager
async def _stand(
    folder: Path, names: Sequence[str], paths: Sequence[str]
) -> AsyncIterator[Stand]:
    ground = Ground.make(folder, paths)
    await ground.add_tokens(*names)
    daemon = Daemon(ground, port=0)
    try:
        running = await daemon.ready()
        assert running is not None, daemon.log.read_text()
        url = running.url.replace("http", "ws", 1) + "/ws"
        yield Stand(ground, daemon, url, Path(running.socket))
    finally:
        daemon.process.kill()
        daemon.process.wait()


async def _come_and_go(stand: Stand, names: Sequence[str]) -> None:
    """Everybody once: what is made at first use is there afterwards."""
    for name in names:
        async with stand.known(name) as wire:
            await _edit(stand, name, wire, 0)


async def _work(
    stand: Stand,
    names: Sequence[str],
    seconds: float,
    outcome: Outcome,
    process: psutil.Process,
    tell: Callable[[float], None],
) -> None:
    end = time.monotonic() + seconds
    async with AsyncExitStack() as stack, asyncio.TaskGroup() as tasks:
        for number, name in enumerate(names):
            wire = await stack.enter_async_context(stand.known(name))
            wait = number / EDITS_A_SECOND
            tasks.create_task(_keep_editing(stand, name, wire, wait, end, outcome))
        tasks.create_task(_keep_arriving(stand, names, end, outcome))
        begun = time.monotonic()
        while time.monotonic() < end:
            outcome.samples.append(sample(process))
            tell(time.monotonic() - begun)
            await asyncio.sleep(_EVERY)


async def _keep_editing(
    stand: Stand, name: str, wire: Wire, wait: float, end: float, outcome: Outcome
) -> None:
    number, every = 0, AGENTS / EDITS_A_SECOND
    await asyncio.sleep(wait)
    while time.monotonic() < end:
        number += 1
        begun = time.monotonic()
        code = await _edit(stand, name, wire, number)
        outcome.edits += 1
        if code:
            outcome.refused[code] = outcome.refused.get(code, 0) + 1
        await asyncio.sleep(max(0.0, begun + every - time.monotonic()))


async def _edit(stand: Stand, name: str, wire: Wire, number: int) -> str:
    path = f"{name}/app.py"
    (stand.ground.root / path).write_text(whole(number + 1))
    event_id = f"{name}-{number}-{time.monotonic_ns()}"
    return code_of(await wire.ask("change.report", event_id=event_id, path=path))


async def _keep_arriving(
    stand: Stand, names: Sequence[str], end: float, outcome: Outcome
) -> None:
    chance = random.Random(1)
    while time.monotonic() < end:
        begun = time.monotonic()
        way = chance.choice(("websocket", "socket"))
        async with stand.known(chance.choice(names), way) as wire:
            await wire.ask("events.subscribe", since="now")
            if chance.random() < 0.5:
                await wire.ask("agent.status")
        outcome.arrivals += 1
        wait = begun + 1 / ARRIVALS_A_SECOND - time.monotonic()
        await asyncio.sleep(max(0.0, wait))


def _rss_mib(process: psutil.Process) -> float:
    try:
        rss: int = process.memory_info().rss
    except psutil.NoSuchProcess:  # a worker that was just replaced
        return 0.0
    return rss / MIB


def _watches(pid: int) -> int:
    found = 0
    for file in Path(f"/proc/{pid}/fdinfo").iterdir():
        try:
            found += file.read_text().count("inotify wd:")
        except OSError:  # closed meanwhile
            continue
    return found
