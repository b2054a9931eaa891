"""The store for as long and as large as nobody waits for in every run."""

from __future__ import annotations

import asyncio
import random
import sqlite3
import statistics
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import settings

from qualitywatch.config import Retention
from qualitywatch.errors import MachineError
from qualitywatch.store import Damaged, backups
from qualitywatch.store.opening import connect, prepare
from qualitywatch.warden import STORE
from qualitywatch.warden.keeping import Keeper
from tests.integration.house import NOW, House, drop, judged
from tests.integration.test_committing import CommittingMachine
from tests.integration.test_damage import PAGE, never

EVENTS = 1_000_000
ALLOWED = 200  # megabytes
MEGABYTE = 2**20


class TestCommittingForLong(CommittingMachine.TestCase):  # type: ignore[misc, name-defined]
    """The same machine as in every run, with many more batches and faults."""

    settings = settings(max_examples=150, stateful_step_count=20, deadline=None)

    runTest = pytest.mark.timeout(1800)(CommittingMachine.TestCase.runTest)


@pytest.mark.timeout(200)
async def test_a_lock_of_a_minute(tmp_path: Path) -> None:
    """Refused after five seconds, not acknowledged, and well again by itself."""
    house = House(tmp_path / "state")
    await house.start()
    with closing(sqlite3.connect(tmp_path / "state" / "state.db")) as other:
        other.execute("BEGIN IMMEDIATE")
        ends = time.monotonic() + 60
        refused = number = 0
        while time.monotonic() < ends:
            number += 1
            found = drop(path=f"{number}.py", fingerprint=str(number))
            try:
                await house.warden.record(judged(found, path=f"{number}.py"))
            except MachineError:
                refused += 1
            assert STORE in house.warden.degraded_now
            assert 1 == len(house.warden.quarantines)
        other.rollback()
    await house.warden.try_store()
    await house.stop()
    await house.start()
    (known,) = house.warden.quarantines
    await house.stop()

    assert number == refused
    assert 10 <= known.violation_count <= number


@pytest.mark.timeout(600)
def test_a_thousand_overwritten_pages(tmp_path: Path) -> None:
    """One to four pages at a time; never a database that looks whole and is not."""
    path = tmp_path / "state" / "state.db"
    asyncio.run(_fill(path))
    whole = path.read_bytes()
    content = _content(path)
    chance = random.Random(3)
    for _ in range(1000):
        broken = bytearray(whole)
        for _ in range(chance.randint(1, 4)):
            begin = chance.randrange(len(whole) - PAGE)
            broken[begin : begin + PAGE] = chance.randbytes(PAGE)
        path.write_bytes(broken)
        try:
            prepare(path, never)
        except Damaged:
            kept = bytes(broken) == path.read_bytes()
        else:
            kept = content == _content(path)
        assert kept


async def _fill(path: Path) -> None:
    house = House(path.parent)
    await house.start()
    for number in range(200):
        found = drop(path=f"{number}.py", fingerprint=str(number))
        await house.warden.record(judged(found, path=f"{number}.py"))
    await house.stop()


def _content(path: Path) -> list[str]:
    with closing(connect(path)) as connection:
        return list(connection.iterdump())


@pytest.mark.timeout(900)
async def test_a_million_events(tmp_path: Path) -> None:
    """They shrink to what is allowed, while nobody waits; a backup is quick."""
    house = House(tmp_path / "state")
    await house.start()
    await house.store._database.alone(_many)
    size = house.store.database_bytes
    begun = time.monotonic()
    made = await asyncio.to_thread(
        backups.make,
        tmp_path / "state" / "state.db",
        tmp_path / "b.tar",
        now=datetime.now(UTC),
        progress=lambda unit, done, total: None,
    )
    seconds = time.monotonic() - begun
    keeper = Keeper(
        house.store,
        house.warden,
        settings=Retention(megabytes=ALLOWED),
        clock=lambda: NOW,
    )
    sweeping = asyncio.create_task(keeper.sweep())
    waited = []
    while not sweeping.done():
        before = time.perf_counter()
        await house.warden.record(judged())
        waited.append((time.perf_counter() - before) * 1000)
        await asyncio.sleep(0.01)
    gone = await sweeping
    await house.store.room.empty_log()
    left = house.store.database_bytes
    await house.stop()
    cuts = statistics.quantiles(waited, n=100)
    seen = (
        f"{size / MEGABYTE:.0f} MB, backup in {seconds:.1f} s; {gone.events} events"
        f" forgotten, {left / MEGABYTE:.0f} MB left; writes p95 {cuts[94]:.1f} ms"
    )

    assert size > 2 * ALLOWED * MEGABYTE, seen
    assert left <= 1.1 * ALLOWED * MEGABYTE, seen
    assert cuts[94] < 100, seen
    assert made.size > ALLOWED * MEGABYTE, seen


def _many(connection: sqlite3.Connection) -> None:
    at, data = (NOW - timedelta(days=3)).isoformat(), '"' + "x" * 400 + '"'
    for begin in range(0, EVENTS, 50_000):
        connection.execute("BEGIN")
        connection.executemany(
            "INSERT INTO events (id, kind, time, data) VALUES (?, 'x', ?, ?)",
            ((f"{n:032x}", at, data) for n in range(begin, begin + 50_000)),
        )
        connection.execute("COMMIT")
