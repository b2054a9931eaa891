"""What is forgotten and what never: by age, by size, in portions, without a hole."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from qualitywatch.config import Retention
from qualitywatch.store import retention
from qualitywatch.warden import keeping
from qualitywatch.warden.keeping import LOG, Keeper
from tests.integration.house import NOW, House, by, drop, judged

OLD, YOUNG = NOW - timedelta(days=40), NOW - timedelta(days=3)


def keeper(house: House, **settings: int) -> Keeper:
    """The housekeeping, at the time NOW."""
    return Keeper(
        house.store, house.warden, settings=Retention(**settings), clock=lambda: NOW
    )


async def age(house: House, table: str, column: str, at: datetime) -> None:
    """What stands in *table* has happened at the time *at*."""
    await house.store._database.alone(
        lambda db: db.execute(f"UPDATE {table} SET {column} = ?", (at.isoformat(),))
    )


async def age_everything(house: House, at: datetime) -> None:
    for table in ("events", "changes", "reports"):
        await age(house, table, "time", at)
    await house.store._database.alone(
        lambda db: db.execute(
            "UPDATE violations SET closed_at = ? WHERE closed_at IS NOT NULL",
            (at.isoformat(),),
        )
    )
    await house.store._database.alone(
        lambda db: db.execute(
            "UPDATE quarantines SET released_at = ? WHERE released_at IS NOT NULL",
            (at.isoformat(),),
        )
    )


async def fill(house: House, count: int, *, size: int = 10) -> None:
    """*count* old events, changes and reports."""

    def work(connection: sqlite3.Connection) -> None:
        at, text = OLD.isoformat(), "x" * size
        connection.execute("BEGIN")
        for number in range(count):
            connection.execute(
                "INSERT INTO events (id, kind, time, data) VALUES (?, 'x', ?, ?)",
                (f"id-{number}", at, f'"{text}"'),
            )
            connection.execute(
                "INSERT INTO changes (workspace, path, change_type, moment, time)"
                " VALUES ('/repo', 'a.py', 'update', 'save', ?)",
                (at,),
            )
            connection.execute(
                "INSERT INTO reports VALUES ('a', ?, '{}', ?)", (f"e{number}", at)
            )
        connection.execute("COMMIT")

    await house.store._database.alone(work)


async def count(house: House, table: str) -> int:
    found = await house.store._database.read(
        lambda db: db.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
    )
    return int(found)


# By age.


async def test_what_is_old_goes(house: House) -> None:
    """Closed, released, answered long ago; the audit says how much went."""
    await house.warden.record(judged(drop(), event_id="e1"))
    await house.warden.record(judged(sha256="2" * 64))  # the code is back
    await house.warden.release("lazy", "is back", "ada")
    before = house.warden.sequence
    await age_everything(house, OLD)
    gone = await keeper(house).sweep()

    assert (before, 2, 1, 1, 1) == (
        *(gone.events, gone.changes, gone.violations),
        *(gone.quarantines, gone.reports),
    )
    assert 0 == await count(house, "blames") == await count(house, "reports")
    assert before == await house.store.sequence()
    last = (await house.store.audit())[-1]
    assert ("retention.forget", True) == (last.action, "2 changes" in last.reason)
    assert 0 == (await keeper(house).sweep()).total


async def test_what_is_open_stays(house: House) -> None:
    """Violations, their blame and lost code, quarantines and their evidence."""
    base = await house.store.keep_blob(b"lost")
    await house.warden.record(judged(drop(), base=base))
    closed = drop(fingerprint="b")
    await house.warden.record(judged(closed, path="b.py"))
    await house.warden.record(judged(path="b.py", sha256="2" * 64))  # is back
    await age_everything(house, OLD)
    before = (house.warden.quarantines, await house.store.open_in("/repo", "app.py"))
    await keeper(house).sweep()
    await house.restart()
    after = (house.warden.quarantines, await house.store.open_in("/repo", "app.py"))

    assert before == after
    assert b"lost" == await house.store.blob(base)
    assert frozenset({"lazy"}) == after[1][0].blamed
    assert 2 == await count(house, "violations")  # its evidence is evidence


async def test_a_dismissal_stays(house: House) -> None:
    """What an operator dismissed is not found again after a month."""
    recorded = await house.warden.record(judged(drop()))
    await house.warden.dismiss(recorded.violations[0].id, "is fine", "ada")
    await house.warden.release("lazy", "is fine", "ada")
    await age_everything(house, OLD)
    await keeper(house).sweep()
    again = await house.warden.record(judged(drop()))

    assert () == again.violations


async def test_what_is_young_stays(house: House) -> None:
    """And a report for a week at least: its client may still ask again."""
    report = judged(drop(), event_id="e1")
    answer = await house.warden.record(report)
    await age_everything(house, YOUNG)

    assert 0 == (await keeper(house).sweep()).total
    gone = await keeper(house, days=1).sweep()
    assert (0, True) == (gone.reports, gone.events > 0)
    assert answer == await house.warden.record(report)


async def test_events_go_by_their_order(house: House) -> None:
    """A clock that was wrong for a while makes no hole and keeps nothing for ever."""
    for name in "abcde":
        await house.warden.connected(name, name)
    times = [OLD, NOW + timedelta(days=900), OLD, YOUNG, OLD]
    for sequence, at in enumerate(times, start=1):
        await house.store._database.alone(
            lambda db, s=sequence, t=at: db.execute(  # type: ignore[misc]
                "UPDATE events SET time = ? WHERE sequence = ?", (t.isoformat(), s)
            )
        )
    await keeper(house).sweep()
    left = [event.sequence for event in await house.store.events(0)]

    assert [4, 5] == left[:2]
    assert 4 == await house.store.oldest_sequence()


async def test_the_oldest_of_none_is_the_next(house: House) -> None:
    """Who has seen the newest has missed nothing, though all is gone."""
    assert 1 == await house.store.oldest_sequence()
    await house.warden.connected("a", "a")
    await age_everything(house, OLD)
    await house.store.room.forget(
        lambda db: retention.bounds(retention.by_age(NOW, 30), db)
    )
    assert 2 == await house.store.oldest_sequence()
    assert 1 == await house.store.sequence()


# By size.


async def test_too_much_goes_from_the_oldest_on(house: House) -> None:
    """The file gets smaller too; what is open stays, whatever its size."""
    await fill(house, 3000, size=5000)
    await age_everything(house, YOUNG)
    await house.warden.record(judged(drop()))
    assert await house.store.room.used_bytes() > 14 * 2**20
    gone = await keeper(house, megabytes=10).sweep()
    await house.store.room.empty_log()

    assert 0 < gone.events < 3000
    assert await house.store.room.used_bytes() <= 10 * 2**20
    assert house.store.database_bytes <= 11 * 2**20
    assert 1 == len(house.warden.quarantines) == await count(house, "violations")


async def test_no_write_waits_for_it(house: House) -> None:
    """A hundred thousand rows go in portions, and others write in between."""
    await fill(house, 30_000)
    sweeping = asyncio.create_task(keeper(house).sweep())
    waited = []
    loop = asyncio.get_running_loop()
    while not sweeping.done():
        begun = loop.time()
        await house.warden.record(judged(attribution=by("a")))
        waited.append(loop.time() - begun)

    assert (await sweeping).total >= 90_000
    assert len(waited) > 5
    assert sorted(waited)[len(waited) // 2] < 0.25  # on a busy machine


# The log.


async def test_the_log_is_cut(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was copied over does not stay beside the file."""
    monkeypatch.setattr(keeping, "LOG_CUT", 1)
    await house.warden.record(judged(drop()))
    assert house.store.log_bytes > 0
    await keeper(house).cut_log()

    assert 0 == house.store.log_bytes


async def test_a_reader_that_stays_is_told(
    house: House, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The log can not be cut while it reads; writes go on, and it is said why."""
    monkeypatch.setattr(keeping, "LOG_CUT", 1)
    monkeypatch.setattr(keeping, "LOG_LIMIT", 100_000)
    with closing(sqlite3.connect(tmp_path / "state" / "state.db")) as stuck:
        stuck.execute("BEGIN")
        stuck.execute("SELECT count(*) FROM events").fetchone()
        for number in range(40):
            await house.warden.record(judged(path=f"{number}.py"))
            await keeper(house).cut_log()
        assert "another program" in house.warden.degraded_now[LOG]
    await keeper(house).cut_log()

    assert {} == house.warden.degraded_now
    assert 0 < house.store.log_bytes < 100_000  # of the event that says so
    assert 5000 == await house.store._database.alone(
        lambda db: db.execute("PRAGMA busy_timeout").fetchone()[0]
    )


async def test_a_daemon_keeps_house(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By itself, by the settings that hold now, and on after a disk that fails."""
    monkeypatch.setattr(keeping, "LOG_SECONDS", 0.01)
    monkeypatch.setattr(keeping, "SWEEP_SECONDS", 0.01)
    monkeypatch.setattr(keeping, "FIRST_SWEEP_SECONDS", 0.0)
    await fill(house, 20)
    await age_everything(house, YOUNG)
    await house.fill_disk()
    keeps = keeper(house)
    running = asyncio.create_task(keeps.run())
    await asyncio.sleep(0.1)
    assert 20 == await count(house, "changes")
    keeps.take(Retention(days=1))
    await house.fill_disk(full=False)
    async with asyncio.timeout(10):
        while await count(house, "changes"):
            await house.warden.connected("a", "a")
    running.cancel()
    await asyncio.wait({running})

    assert running.cancelled()
