"""The store on a real file: who may read it, what it survives, how it fails."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from qualitywatch.errors import MachineError
from qualitywatch.model import ChangeType, Event, When
from qualitywatch.protocol import Role
from qualitywatch.store import ChangeRow, Closing, OpenViolation, Store, Transaction
from qualitywatch.store.rows import ClosedAs
from tests import factories

NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Clock:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "state.db"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def store(path: Path, clock: Clock) -> AsyncIterator[Store]:
    async with Store.open(path, clock) as store:
        yield store


def told(kind: str) -> Callable[[Transaction], Event]:
    """A write that adds one event."""
    return lambda transaction: transaction.add_event(kind, b"{}", NOW.isoformat())


def opened(path: str = "app.py", **fields: object) -> OpenViolation:
    """An open violation whose id and fingerprint are its path."""
    violation = factories.violation(id=path, fingerprint=path, path=path, **fields)
    return OpenViolation(
        violation=violation,
        workspace="/repo",
        base="c0ffee",
        sha256="a" * 64,
        assigned=False,
        reached=True,
        lost_lines=10,
    )


async def add(store: Store, *rows: OpenViolation) -> None:
    """Record violations."""

    def work(transaction: Transaction) -> None:
        for row in rows:
            transaction.add_violation(row, row.violation.path, NOW.isoformat())

    await store.write(work)


async def judge(store: Store, path: str, *, base: str, sha256: str | None) -> None:
    """Record a judged change."""
    change = ChangeRow(
        workspace="/repo",
        path=path,
        change_type=ChangeType.UPDATE,
        sha256=sha256,
        when=When.SAVE,
        base=base,
        time=NOW.isoformat(),
    )
    await store.write(lambda transaction: transaction.add_change(change))


# The file itself.


async def test_only_its_owner_can_read_it(path: Path, clock: Clock) -> None:
    """Folders 0700 and files 0600 whatever the umask."""
    umask = os.umask(0)
    try:
        async with Store.open(path, clock) as store:
            await store.keep_blob(b"lost")
            await store.write(told("x"))
            modes = {p.name: p.stat().st_mode & 0o777 for p in path.parent.rglob("*")}
    finally:
        os.umask(umask)

    assert 0o700 == path.parent.stat().st_mode & 0o777 == modes.pop("blobs")
    assert {0o600} == set(modes.values())


async def test_what_others_may_read_is_closed_to_them(path: Path, clock: Clock) -> None:
    """A folder or file that was opened up is private again after the next start."""
    async with Store.open(path, clock):
        pass
    await asyncio.to_thread(path.chmod, 0o644)
    await asyncio.to_thread(path.parent.chmod, 0o755)
    async with Store.open(path, clock):
        modes = [p.stat().st_mode & 0o777 for p in (path, path.parent)]

    assert [0o600, 0o700] == modes


async def test_the_disk_is_asked_to_keep_its_word(store: Store) -> None:
    """A commit is on the disk before it is answered, and damage is looked for."""

    def ask(connection: sqlite3.Connection) -> dict[str, object]:
        names = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        names += ("trusted_schema", "cell_size_check")
        return {n: connection.execute(f"PRAGMA {n}").fetchone()[0] for n in names}

    assert {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "busy_timeout": 5000,
        "trusted_schema": 0,
        "cell_size_check": 1,
    } == await store._database.alone(ask)


async def test_it_survives_being_closed(path: Path, clock: Clock) -> None:
    """What was written is there the next time, under the same epoch."""
    async with Store.open(path, clock) as store:
        epoch = store.epoch
        event = await store.write(told("x"))
    async with Store.open(path, clock) as store:
        assert (event,) == await store.events(0)
        assert epoch == store.epoch


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: b"not a database at all " * 400,
        lambda content: bytes(100) + content[100:],
        lambda content: content[: len(content) // 2],
        lambda content: content[:8192] + b"\xff" * 8192 + content[16384:],
    ],
    ids=["empty", "foreign", "no header", "cut", "page overwritten"],
)
async def test_a_damaged_file_is_refused_and_kept(
    path: Path, clock: Clock, damage: Callable[[bytes], bytes]
) -> None:
    """It is never replaced by an empty one, which would release everybody."""
    async with Store.open(path, clock):
        pass
    broken = _rewrite(path, damage)

    with pytest.raises(MachineError) as refused:
        async with Store.open(path, clock):
            pass

    assert refused.value.hint
    assert broken == _rewrite(path, lambda content: content)


def _rewrite(path: Path, change: Callable[[bytes], bytes]) -> bytes:
    content = change(path.read_bytes())
    path.write_bytes(content)
    return content


async def test_a_file_that_is_gone_is_missed(path: Path, clock: Clock) -> None:
    """A folder that was in use does not get a new, empty history."""
    async with Store.open(path, clock):
        pass
    await asyncio.to_thread(path.unlink)

    for _ in range(2):
        with pytest.raises(MachineError, match="is gone"):
            async with Store.open(path, clock):
                pass


async def test_a_half_made_database_is_made_anew(path: Path, clock: Clock) -> None:
    """A crash while it was made for the first time does not get in the way."""
    path.parent.mkdir()
    (path.parent / ".state.db.new").write_bytes(b"half")

    async with Store.open(path, clock) as store:
        assert 0 == await store.sequence()


async def test_a_folder_that_can_not_be_made(tmp_path: Path, clock: Clock) -> None:
    """A file where the folder should be is said in words."""
    (tmp_path / "state").write_text("in the way")

    with pytest.raises(MachineError, match="state folder can not be used"):
        async with Store.open(tmp_path / "state" / "state.db", clock):
            pass


# One write.


async def test_a_write_lands_whole_or_not_at_all(store: Store) -> None:
    """When the second half fails, the first half is not there either."""

    def half(transaction: Transaction) -> None:
        transaction.add_event("first", b"{}", NOW.isoformat())
        raise RuntimeError

    with pytest.raises(RuntimeError):
        await store.write(half)

    assert () == await store.events(0)
    assert 1 == (await store.write(told("next"))).sequence


async def test_a_full_disk_is_said_and_loses_nothing(store: Store) -> None:
    """Nothing is acknowledged, what was there stays, and it goes on afterwards."""
    kept = await store.write(told("kept"))
    await _limit_pages(store, 1)

    with pytest.raises(MachineError, match="disk is full") as refused:
        await store.write(lambda t: t.add_event("big", b'"%s"' % bytes(10**6), ""))

    assert "nothing was recorded" in refused.value.hint
    assert (kept,) == await store.events(0)
    await _limit_pages(store, 10**6)
    assert kept.sequence + 1 == (await store.write(told("after"))).sequence


async def _limit_pages(store: Store, pages: int) -> None:
    """A disk of *pages* pages; below what is used, it is simply full."""
    await store._database.alone(
        lambda connection: connection.execute(f"PRAGMA max_page_count = {pages}")
    )


async def test_a_locked_file_is_said(store: Store, path: Path) -> None:
    """Another program that holds the database too long is named as the reason."""
    await store._database.alone(lambda db: db.execute("PRAGMA busy_timeout = 20"))
    ran: list[Transaction] = []
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(MachineError, match="another program holds"):
            await store.write(ran.append)

    assert [] == ran  # the lock is taken first, not in the middle of the work
    assert 1 == (await store.write(told("x"))).sequence


WRITER = """
import asyncio, sys
from datetime import UTC, datetime
from pathlib import Path
from qualitywatch.store import Store

async def main():
    async with Store.open(Path(sys.argv[1]), lambda: datetime.now(UTC)) as store:
        while True:
            event = await store.write(lambda t: t.add_event("x", b"{}", ""))
            print(event.sequence, event.id, flush=True)

asyncio.run(main())
"""


async def test_what_was_acknowledged_survives_kill(path: Path, clock: Clock) -> None:
    """SIGKILL at any moment loses nothing that was answered."""
    acknowledged: dict[str, str] = {}
    for _ in range(3):
        acknowledged |= await asyncio.to_thread(_killed_writer, path)
    async with Store.open(path, clock) as store:
        kept = {str(e.sequence): e.id for e in await store.events(0, limit=100_000)}

    assert len(acknowledged) >= 180
    assert acknowledged.items() <= kept.items()
    assert list(range(1, len(kept) + 1)) == sorted(map(int, kept))


def _killed_writer(path: Path) -> dict[str, str]:
    """What a writer had acknowledged when it was killed in the middle of writing."""
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True
    ) as writer:
        assert writer.stdout is not None
        lines = [writer.stdout.readline() for _ in range(60)]
        writer.send_signal(signal.SIGKILL)
        lines += [line for line in writer.stdout if line.endswith("\n")]
    return dict(line.split() for line in lines)


# Tokens and the passphrase.


async def test_a_token_lives_until_it_expires(store: Store, clock: Clock) -> None:
    """On the last day it is good, after it no more."""
    row = await store.add_token("hash", role=Role.AGENT, agent="a", days=30)
    clock.now += timedelta(days=29)
    assert row == await store.live_token("hash")
    clock.now += timedelta(days=1)
    assert await store.live_token("hash") is None


async def test_a_revoked_token_is_dead_at_once(store: Store, clock: Clock) -> None:
    """A second revocation keeps the time of the first."""
    row = await store.add_token("hash", role=Role.OPERATOR)
    revoked = await store.revoke_token(row.id)
    clock.now += timedelta(hours=1)

    assert await store.live_token("hash") is None
    assert revoked is not None
    assert revoked == await store.revoke_token(row.id)
    assert (revoked,) == await store.tokens()


async def test_unknown_tokens(store: Store) -> None:
    """What was never made is neither live nor revoked."""
    assert await store.live_token("hash") is None
    assert await store.revoke_token("id") is None


async def test_the_passphrase_can_be_changed(store: Store) -> None:
    """There is none at first; the last one set counts."""
    assert await store.passphrase_hash() is None
    await store.set_passphrase_hash("one")
    await store.set_passphrase_hash("two")

    assert "two" == await store.passphrase_hash()


# What was judged and found.


async def test_the_last_judged_content_is_kept(store: Store) -> None:
    """The newest content of each file of a workspace."""
    for path, sha256 in [("a.py", "1"), ("b.py", None), ("a.py", "2")]:
        await judge(store, path, base="c0ffee", sha256=sha256)
    judged = {row.path: row.sha256 for row in await store.all_judged("/repo")}
    last = await store.last_judged("/repo", "a.py")

    assert {"a.py": "2", "b.py": None} == judged
    assert last is not None
    assert ("2", "c0ffee") == (last.sha256, last.base)
    assert await store.last_judged("/repo", "c.py") is None
    assert ("/repo",) == await store.workspaces()


async def test_violations_are_listed_newest_first(store: Store) -> None:
    """Each filter takes away what does not fit."""
    await add(store, opened("a.py", agent="one"), opened("b.py", agent="two"))
    await add(store, opened("c.py", agent="one"))
    closing = Closing(reason=ClosedAs.REPAIRED, by="x", why="y", at=NOW.isoformat())
    gone = opened("a.py").violation
    await store.write(lambda t: t.close_violation(gone, closing))

    async def listed(**filters: object) -> list[str]:
        return [v.path for v in await store.violations(**filters)]  # type: ignore[arg-type]

    assert ["c.py", "b.py"] == await listed()
    assert ["c.py", "b.py", "a.py"] == await listed(open=False)
    assert ["c.py"] == await listed(agent="one")
    assert ["b.py"] == await listed(path="b.py")
    assert ["c.py"] == await listed(limit=1)
    assert {"one": 1, "two": 1} == await store.open_by_agent()


async def test_an_open_violation_comes_with_its_base(store: Store) -> None:
    """The lost code can be found again, whatever happened to HEAD since."""
    await add(store, opened("a.py"), opened("b.py"))
    (row,) = await store.open_in("/repo", "a.py")

    assert opened("a.py") == row
    assert () == await store.open_in("/elsewhere", "a.py")
    assert (row,) == await store.open_of(["a.py", "unknown"])
    assert (row,) == await store.open_like("a.py")
    assert 2 == len(await store.unassigned())


async def test_one_open_violation_for_each_fingerprint(store: Store) -> None:
    """The database itself refuses a second one: our mistake would be heard."""
    await add(store, opened("a.py"))

    with pytest.raises(sqlite3.IntegrityError):
        await add(store, opened("a.py"))


async def test_events_are_paged_in_order(store: Store) -> None:
    """A page ends where the next one begins."""
    for number in range(5):
        await store.write(told(str(number)))
    first = await store.events(1, limit=2)
    second = await store.events(first[-1].sequence, limit=2)

    assert ["1", "2", "3", "4"] == [event.kind for event in (*first, *second)]
    assert 5 == await store.sequence()


async def test_an_empty_store_counts_nothing(store: Store) -> None:
    """Every count begins at zero."""
    counts = await store.counts()

    assert (0, 0, 0, 0, 0) == (
        counts.changes,
        counts.violations,
        counts.open_violations,
        counts.open_quarantines,
        counts.agents,
    )


# Lost code.


async def test_lost_code_is_kept_while_it_is_needed(store: Store) -> None:
    """Pruning leaves what an open violation or a last judged file refers to."""
    of_violation, of_base, of_file, idle = [
        await store.keep_blob(content) for content in (b"1", b"2", b"3", b"4")
    ]
    await add(store, msgspec.structs.replace(opened("a.py"), base=of_violation))
    await judge(store, "b.py", base=of_base, sha256=of_file)
    await store.prune_blobs()

    assert b"1" == await store.blob(of_violation)
    assert b"2" == await store.blob(of_base)
    assert b"3" == await store.blob(of_file)
    assert await store.blob(idle) is None


async def test_a_changed_blob_is_not_handed_out(store: Store) -> None:
    """Code that somebody put there is not what was lost."""
    name = await store.keep_blob(b"lost")
    (store.folder / "blobs" / name).write_bytes(b"planted")

    with pytest.raises(MachineError, match="not what was kept"):
        await store.blob(name)


@pytest.mark.parametrize("name", ["../state.db", "", "a" * 63, "A" * 64])
async def test_a_name_that_is_no_hash_finds_nothing(store: Store, name: str) -> None:
    """A name from outside never becomes a path."""
    assert await store.blob(name) is None
