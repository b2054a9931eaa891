"""How long a report takes from the warden to the disk: real warden, real store.

    python -m benchmarks.committing [--clients 100] [--seconds 5]

Four loads: one client alone; many that ask all the time; many that report ten times
a second each; single commits one after the other beside them. Then what the disk of
this machine takes for one commit of SQLite alone, to compare with.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime
from pathlib import Path

from qualitywatch.attribution import Attribution
from qualitywatch.config import Policy
from qualitywatch.model import Analysis, ChangeType, Grounds, When
from qualitywatch.store import Store
from qualitywatch.warden import Judged, Warden

TARGET_P95_MS, TARGET_P99_MS, TARGET_MAX_MS = 10.0, 50.0, 500.0
SINGLE = 10_000
PAUSE = 0.1  # of a client that reports ten times a second


class Bench:
    """A warden with its store, and how long each of its reports took."""

    def __init__(self, warden: Warden) -> None:
        self.taken: list[float] = []
        self._warden = warden
        self._number = 0

    async def report(self, client: int) -> None:
        """One report, durable and told when it ends."""
        self._number += 1
        begun = time.perf_counter()
        await self._warden.record(judged(client, self._number))
        self.taken.append((time.perf_counter() - begun) * 1000)

    async def client(self, number: int, ends: float, *, pause: float) -> None:
        """Reports until the time *ends*, waiting *pause* seconds or so in between.

        Nobody's edits keep step with others': with equal pauses all would soon report
        at the same moment, that of the last common answer.
        """
        chance = random.Random(number)
        while time.monotonic() < ends:
            if pause:
                await asyncio.sleep(chance.expovariate(1 / pause))
            await self.report(number)

    async def load(self, clients: int, seconds: float, *, pause: float = 0.0) -> float:
        """Reports a second of so many clients."""
        self.taken.clear()
        begun = time.monotonic()
        ends = begun + seconds
        work = (self.client(n, ends, pause=pause) for n in range(clients))
        await asyncio.gather(*work)
        return len(self.taken) / (time.monotonic() - begun)

    async def singles(self, clients: int, count: int) -> float:
        """*count* commits one after the other, while others report as well."""
        others = [
            asyncio.create_task(self.client(n, time.monotonic() + 3600, pause=PAUSE))
            for n in range(clients)
        ]
        taken: list[float] = []
        begun = time.monotonic()
        for _ in range(count):
            before = time.perf_counter()
            await self._warden.record(judged(clients, -len(taken)))
            taken.append((time.perf_counter() - before) * 1000)
        for other in others:
            other.cancel()
        await asyncio.wait(others)
        self.taken = taken
        return count / (time.monotonic() - begun)


def judged(client: int, number: int) -> Judged:
    """A clean change, as most are."""
    agent = f"agent-{client}"
    return Judged(
        workspace="/repository",
        path=f"folder/file_{client}.py",
        change_type=ChangeType.UPDATE,
        sha256=f"{number & 2**64 - 1:064x}",
        when=When.SAVE,
        base="c0ffee" * 6,
        analysis=Analysis(),
        rules_ran=frozenset({"elided-code", "hollowed-body"}),
        attribution=Attribution(subject=agent, agent=agent, grounds=Grounds.REPORT),
        event_id=f"{client}:{number}",
    )


@asynccontextmanager
async def bench(folder: Path) -> AsyncIterator[Bench]:
    """A warden on a new database."""
    async with Store.open(folder / "state" / "state.db", now) as store:
        warden = Warden(
            store,
            policy=Policy(),
            publish=lambda event: None,
            clock=now,
            state_dir=folder / "state",
        )
        await warden.restore()
        yield Bench(warden)


def now() -> datetime:
    """The time."""
    return datetime.now(UTC)


def bare_commits(folder: Path) -> list[float]:
    """Milliseconds of single commits of one row by SQLite alone, as safe as ours."""
    taken = []
    with closing(sqlite3.connect(folder / "bare.db", isolation_level=None)) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        db.execute("CREATE TABLE t (x TEXT)")
        for _ in range(1000):
            begun = time.perf_counter()
            db.execute("INSERT INTO t VALUES (?)", ("x" * 500,))
            taken.append((time.perf_counter() - begun) * 1000)
    return taken


def show(name: str, taken: list[float], rate: float | None = None) -> list[float]:
    """Print one line; p95, p99 and the longest."""
    cuts = statistics.quantiles(taken, n=100, method="inclusive")
    figures = [cuts[49], cuts[94], cuts[98], max(taken)]
    columns = "".join(f"{value:9.2f}" for value in figures)
    print(f"{name:44}{columns}" + ("" if rate is None else f"{rate:10.0f}"))
    return figures[1:]


async def measure(folder: Path, clients: int, seconds: float, singles: int) -> bool:
    """Print the table; true where the targets are met."""
    print(
        f"{'milliseconds':44}{'p50':>9}{'p95':>9}{'p99':>9}{'max':>9}{'a second':>10}"
    )
    async with bench(folder) as work:
        rate = await work.load(1, seconds)
        show("one client, all the time", work.taken, rate)
        rate = await work.load(clients, seconds)
        show(f"{clients} clients, all the time", work.taken, rate)
        rate = await work.load(clients, seconds, pause=PAUSE)
        paced = show(f"{clients} clients, ten reports a second each", work.taken, rate)
        rate = await work.singles(clients, singles)
        single = show(f"{singles} commits in a row beside them", work.taken, rate)
    show("SQLite alone, one row a commit", bare_commits(folder))
    targets = (TARGET_P95_MS, TARGET_P99_MS, TARGET_MAX_MS)
    return all(
        value <= target
        for row in (paced, single)
        for value, target in zip(row, targets, strict=True)
    )


def main() -> int:
    """The whole measurement; 1 where a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--singles", type=int, default=SINGLE)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        work = measure(Path(name), options.clients, options.seconds, options.singles)
        met = asyncio.run(work)
    print(f"load of this machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    return int(not met)


if __name__ == "__main__":
    sys.exit(main())
