"""A disk that is full, held, or lies: said in words, never a fresh empty database."""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import textwrap
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from qualitywatch.errors import MachineError
from qualitywatch.store import Damaged, Store, backups
from qualitywatch.store.opening import connect, prepare
from qualitywatch.warden import STORE
from tests.integration.house import NOW, House, by, drop, judged

PAGE = 4096
ROOT = Path(__file__).parents[2]


async def record(house: House, *numbers: int) -> None:
    """Drops, each in a file of its own."""
    changes = [
        judged(
            drop(path=f"{number}.py", fingerprint=str(number), message="x" * 3000),
            path=f"{number}.py",
        )
        for number in numbers
    ]
    await asyncio.gather(*map(house.warden.record, changes))


def never(connection: sqlite3.Connection) -> None:
    """A database that was there is not made anew."""
    raise AssertionError


# Damage that is there at the start.


async def _written(path: Path) -> None:
    house = House(path.parent)
    await house.start()
    await record(house, *range(30))
    await house.stop()


def test_a_page_that_is_overwritten(tmp_path: Path) -> None:
    """In a hundred places: it is found out, or the page held nothing."""
    path = tmp_path / "state" / "state.db"
    asyncio.run(_written(path))
    whole, said = path.read_bytes(), 0
    content = _content(path)
    chance = random.Random(7)
    for _ in range(100):
        broken = bytearray(whole)
        begin = chance.randrange(len(whole) // PAGE) * PAGE
        broken[begin : begin + PAGE] = chance.randbytes(PAGE)
        path.write_bytes(broken)
        try:
            prepare(path, never)
        except Damaged:
            said += 1
            kept = bytes(broken) == path.read_bytes()
        else:
            kept = content == _content(path)
        assert kept

    assert said > 80


def _content(path: Path) -> list[str]:
    with closing(connect(path)) as connection:
        return list(connection.iterdump())


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: bytes(100) + content[100:],
        lambda content: content[: len(content) // 2],
        lambda content: content[:PAGE],
        lambda content: content[::-1],
    ],
    ids=["empty", "no header", "half", "one page", "backwards"],
)
def test_a_file_that_is_not_what_it_was(
    tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    """Refused with the way out, and kept as it is for whoever can mend it."""
    path = tmp_path / "state" / "state.db"
    asyncio.run(_written(path))
    broken = damage(path.read_bytes())
    path.write_bytes(broken)

    with pytest.raises(Damaged) as refused:
        asyncio.run(_opened(path))

    assert "restore-db" in refused.value.hint
    assert str(path) == refused.value.place
    assert broken == path.read_bytes()


async def _opened(path: Path) -> None:
    async with Store.open(path, lambda: NOW):
        pass


WRITER = """
import asyncio, sys
from pathlib import Path
from tests.integration.house import House, judged

async def main():
    house = House(Path(sys.argv[1]))
    await house.start()
    for number in range(10**6):
        recorded = await house.warden.record(judged(event_id=str(number)))
        print(recorded.seq, flush=True)

asyncio.run(main())
"""


def killed_writer(folder: Path) -> int:
    """The last sequence that a writer had acknowledged when it was killed."""
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(folder)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    ) as writer:
        assert writer.stdout is not None
        for _ in range(20):
            last = int(writer.stdout.readline())
        writer.send_signal(signal.SIGKILL)
    return last


def test_a_log_that_was_taken_away(tmp_path: Path) -> None:
    """What a daemon recorded before it was killed stands only there."""
    path = tmp_path / "state" / "state.db"
    last = killed_writer(path.parent)
    log = path.with_name("state.db-wal")
    kept = log.read_bytes()
    log.unlink()

    for _ in range(2):
        with pytest.raises(Damaged, match="log of the database is gone"):
            asyncio.run(_opened(path))
    log.write_bytes(kept)
    assert last <= asyncio.run(_sequence(path))
    assert not log.exists()
    asyncio.run(_opened(path))  # and after a proper end it is not missed


async def _sequence(path: Path) -> int:
    async with Store.open(path, lambda: NOW) as store:
        return await store.sequence()


def test_who_only_looks_takes_no_log_away(tmp_path: Path) -> None:
    """A backup after a crash has all of it, and leaves it to the next daemon."""
    path = tmp_path / "state" / "state.db"
    last = killed_writer(path.parent)
    made = backups.make(path, tmp_path / "b.tar", now=NOW, progress=lambda *_: None)

    assert last <= made.manifest.sequence
    assert last <= asyncio.run(_sequence(path))


# Damage while the daemon runs.


async def test_damage_is_found_and_nothing_more_is_written(
    house: House, tmp_path: Path
) -> None:
    """Whoever meets it first; quarantine holds, and no retry makes it look well."""
    await record(house, *range(30))
    await house.store.room.empty_log()
    path = tmp_path / "state" / "state.db"
    _overwrite(path)
    for run in (house.store._database.alone, house.store._database.read):
        await run(lambda db: db.execute("PRAGMA shrink_memory"))
    with pytest.raises(Damaged):
        await house.store.room.look_for_damage()
    broken = path.read_bytes()

    with pytest.raises(Damaged, match="damaged"):
        await record(house, 99)
    await house.warden.try_store()
    assert "damaged" in house.warden.degraded_now[STORE]
    assert house.warden.quarantine_of("lazy") is not None
    assert broken == path.read_bytes()
    assert 0 == house.store.log_bytes


async def test_a_write_that_meets_damage_says_so(house: House, tmp_path: Path) -> None:
    """At once, and not only when somebody looks."""
    await record(house, *range(30))
    await house.store.room.empty_log()
    _overwrite(tmp_path / "state" / "state.db")
    await house.store._database.alone(lambda db: db.execute("PRAGMA shrink_memory"))

    with pytest.raises(Damaged):
        await record(house, *range(40))

    assert "damaged" in house.warden.degraded_now[STORE]


def _overwrite(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(2 * PAGE)
        file.write(b"\xff" * (path.stat().st_size - 2 * PAGE))


# A lock.


async def test_a_short_lock_is_waited_for(house: House, tmp_path: Path) -> None:
    """Another program holds the file for a moment: delayed, and nothing lost."""
    with closing(sqlite3.connect(tmp_path / "state" / "state.db")) as other:
        other.execute("BEGIN IMMEDIATE")
        waiting = asyncio.gather(*(record(house, n) for n in range(5)))
        await asyncio.sleep(0.5)
        assert not waiting.done()
        assert 0 == await house.store.sequence()  # readers wait for nobody
        other.rollback()
        await waiting

    assert 5 == (await house.store.counts()).open_violations
    assert {} == house.warden.degraded_now


# A disk that is full, a real one.

FULL = """
import asyncio, contextlib, subprocess, sys
from pathlib import Path
from qualitywatch.errors import MachineError
from tests.integration.house import House, by, drop, judged

def change(number, agent):
    found = drop(path=f"{number}.py", fingerprint=str(number), message="x" * 5000)
    return judged(
        found, path=f"{number}.py", event_id=str(number), attribution=by(agent)
    )

async def main():
    folder = Path(sys.argv[1])
    house = House(folder / "state")
    await house.start()
    acknowledged = {}
    try:
        for number in range(10**4):
            answer = await house.warden.record(change(number, f"a{number % 3}"))
            acknowledged[number] = answer.seq
    except MachineError as error:
        print(error.problem)
    rest = folder / "rest"
    with contextlib.suppress(OSError), rest.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))
    for agent in ("late", "later"):
        try:
            await house.warden.record(change(10**5, agent))
            raise AssertionError("there was room")
        except MachineError:
            pass
        assert house.warden.quarantine_for(agent, None), "not enforced"
    assert "store" in house.warden.degraded_now
    assert house.told[-1].sequence == await house.store.sequence()
    subprocess.run(["mount", "-o", "remount,size=9m", str(folder)], check=True)
    await house.warden.try_store()
    assert house.warden.degraded_now == {}, house.warden.degraded_now
    await house.restart()
    for number, sequence in acknowledged.items():
        known = await house.warden.answered(f"a{number % 3}", str(number))
        assert known.seq == sequence
    subjects = {known.subject for known in house.warden.quarantines}
    assert subjects == {"a0", "a1", "a2", "late", "later"}, subjects
    await house.stop()
    print("kept", len(acknowledged))

asyncio.run(main())
"""


@pytest.mark.skipif(shutil.which("unshare") is None, reason="needs name spaces")
def test_a_disk_that_is_full(tmp_path: Path) -> None:
    """2 MB: no crash, no acknowledgement, quarantine in force, and all well after."""
    script = tmp_path / "full.py"
    script.write_text(FULL)
    disk = tmp_path / "disk"
    disk.mkdir()
    steps = textwrap.dedent(
        f"""
        mount -t tmpfs -o size=2m tmpfs {disk} || exit 42
        exec {sys.executable} {script} {disk}
        """
    )
    done = subprocess.run(
        ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", steps],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    if done.returncode == 42 or "unshare" in done.stderr:
        pytest.skip("this system lends no disk")

    assert 0 == done.returncode, done.stderr
    assert "full" in done.stdout
    assert int(done.stdout.split()[-1]) > 5


async def test_other_errors_are_ours(house: House) -> None:
    """What is no disk's fault is a bug, and is not explained away."""
    with pytest.raises(sqlite3.OperationalError):
        await house.store._database.alone(lambda db: db.execute("SELEKT"))
    assert not issubclass(sqlite3.OperationalError, MachineError)
    await house.warden.record(judged(attribution=by("a")))
