"""A backup and its way back: nothing is lost by it, and nobody is freed."""

from __future__ import annotations

import asyncio
import io
import json
import sqlite3
import stat
import tarfile
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from qualitywatch import mirror
from qualitywatch.errors import UserError
from qualitywatch.store import Store, backups, verified_audit
from tests.integration.house import House, drop, judged
from tests.integration.operating import Done, Operator, Watching, secret

NOW = datetime(2026, 1, 2, tzinfo=UTC)


def quiet(unit: str, done: int, total: int) -> None:
    """Nobody watches."""


def stopped(operator: Operator) -> set[str]:
    """Who is in quarantine, by what the hooks go by."""
    return {known.subject for known in mirror.read(operator.state_dir).quarantines}


def drops(operator: Operator, agent: str, name: str) -> None:
    """*agent* drops code in the file *name*."""
    found = drop(path=f"{name}.py", fingerprint=name)
    operator.seed(found, agent=agent)


def made(operator: Operator, name: str = "backup.tar") -> Path:
    """A backup outside the repository."""
    file = operator.root.parent / name
    done = operator.look("backup", str(file))
    assert 0 == done.code, done.err
    return file


def restore(operator: Operator, backup: Path, **more: Any) -> Done:
    """Run `restore-db`."""
    return operator.do("restore-db", str(backup), **more)


# Making one.


async def test_it_is_one_moment_of_a_busy_database(tmp_path: Path) -> None:
    """Made while others write: whole, consistent, with the lost code it needs."""
    house = House(tmp_path / "state")
    await house.start()
    base = await house.store.keep_blob(b"lost")
    idle = await house.store.keep_blob(b"idle")
    recorded = asyncio.Event()
    going = asyncio.create_task(_keep_recording(house, base, recorded))
    file = tmp_path / "b.tar"
    await recorded.wait()
    done = await asyncio.to_thread(
        backups.make, tmp_path / "state" / "state.db", file, now=NOW, progress=quiet
    )
    recorded.clear()
    await recorded.wait()
    going.cancel()
    await asyncio.wait({going})
    await house.stop()
    unpacked = tmp_path / "unpacked"
    unpacked.mkdir()
    manifest = backups.opened(file, unpacked, quiet)
    names = {kept.name for kept in manifest.files}

    assert done.manifest == manifest
    assert {"state.db", f"blobs/{base}"} == names
    assert f"blobs/{idle}" not in names
    assert verified_audit(unpacked / "state.db", [manifest.head]).fault is None
    with closing(sqlite3.connect(unpacked / "state.db")) as copy:
        changes, newest = copy.execute(
            "SELECT (SELECT count(*) FROM changes), max(sequence) FROM events"
        ).fetchone()
    assert changes > 0
    assert newest == manifest.sequence < house.warden.sequence
    assert 0o600 == stat.S_IMODE(file.stat().st_mode)


async def _keep_recording(house: House, base: str, recorded: asyncio.Event) -> None:
    number = 0
    while True:
        number += 1
        found = drop(path=f"{number}.py", fingerprint=str(number))
        await house.warden.record(judged(found, path=f"{number}.py", base=base))
        recorded.set()


def test_with_a_daemon_and_without(either: Operator) -> None:
    """It has the same in it, asks for no passphrase, and leaves nothing else behind."""
    before = {p.name for p in either.root.parent.iterdir()}
    done = either.look("backup", "--format", "json")

    assert 0 == done.code
    file = Path(done.data["path"])
    assert file.parent == either.state_dir / "backups"
    assert [file] == list(file.parent.iterdir())
    assert before == {p.name for p in either.root.parent.iterdir()}
    assert 0o700 == stat.S_IMODE(file.parent.stat().st_mode)


def test_a_file_that_is_there_is_not_written_over(enrolled: Operator) -> None:
    """It may be the only good backup."""
    file = made(enrolled)
    content = file.read_bytes()
    done = enrolled.look("backup", str(file))

    assert (2, True) == (done.code, "exists already" in done.err)
    assert content == file.read_bytes()


# The way back.


def test_back_and_forth(enrolled: Operator) -> None:
    """What was recorded is there again, with the lost code; what was there is kept."""
    drops(enrolled, "cursor-1", "a")
    asyncio.run(_keep(enrolled, b"lost"))
    file = made(enrolled)
    (enrolled.state_dir / "state.db").unlink()
    for blob in (enrolled.state_dir / "blobs").iterdir():
        blob.unlink()
    done = restore(enrolled, file)

    assert 0 == done.code, done.err
    assert {"cursor-1"} == stopped(enrolled)
    assert 0 == enrolled.look("verify-audit").code
    listed = enrolled.look("violations", "list", "--format", "json")
    assert ["a.py"] == [one["path"] for one in listed.data]


async def _keep(operator: Operator, content: bytes) -> str:
    async with Store.open(operator.state_dir / "state.db", lambda: NOW) as store:
        return await store.keep_blob(content)


def test_nobody_is_freed(enrolled: Operator) -> None:
    """Who was stopped since stays; who was released since is stopped again."""
    drops(enrolled, "before", "a")
    file = made(enrolled)
    enrolled.do("release", "before", "--reason", "is back")
    drops(enrolled, "after", "b")
    done = restore(enrolled, file)

    assert 0 == done.code, done.err
    assert {"before", "after"} == stopped(enrolled)
    assert "again, though released since: before" in done.out
    agents = enrolled.look("agents", "--format", "json").data
    assert {"before", "after"} <= {row["agent"]["id"] for row in agents}


def test_the_same_agent_stopped_twice(enrolled: Operator) -> None:
    """Released and stopped again since the backup: it has one quarantine, the new."""
    drops(enrolled, "lazy", "a")
    file = made(enrolled)
    enrolled.do("release", "lazy", "--reason", "is back")
    drops(enrolled, "lazy", "b")
    restore(enrolled, file)
    (known,) = mirror.read(enrolled.state_dir).quarantines

    assert "b.py" in known.reason
    shown = asyncio.run(_evidence(enrolled))
    assert ["b.py"] == shown


async def _evidence(operator: Operator) -> list[str]:
    async with Store.open(operator.state_dir / "state.db", lambda: NOW) as store:
        (known,) = await store.quarantines()
        return [violation.path for violation in known.violations]


def test_a_revoked_token_stays_revoked(enrolled: Operator) -> None:
    """And one that was made since is still good."""
    create = ("tokens", "create", "--agent", "cursor-1", "--format", "json")
    old = enrolled.do(*create).data["row"]["id"]
    file = made(enrolled)
    enrolled.do("tokens", "revoke", old)
    new = enrolled.do(*create).data["row"]["id"]
    restore(enrolled, file)
    rows = enrolled.do("tokens", "list", "--format", "json").data
    revoked = {row["id"]: row["revoked_at"] is not None for row in rows}

    assert {old: True, new: False} == revoked


def test_the_audit_goes_on(enrolled: Operator) -> None:
    """Its newer records are carried over, and the restoring is one of them."""
    file = made(enrolled)
    drops(enrolled, "lazy", "a")
    enrolled.do("release", "lazy", "--reason", "is back")
    before = enrolled.look("verify-audit", "--format", "json").data["verified"]
    restore(enrolled, file)
    after = enrolled.look("verify-audit", "--format", "json").data["verified"]

    assert after["records"] > before["records"]
    assert after["heads"] >= 1
    assert after["fault"] is None


def test_clients_take_a_snapshot(enrolled: Operator) -> None:
    """The history of events is another one, and no sequence is given twice."""

    async def state() -> tuple[str, int]:
        path = enrolled.state_dir / "state.db"
        async with Store.open(path, lambda: NOW) as store:
            return store.epoch, await store.sequence()

    file = made(enrolled)
    drops(enrolled, "lazy", "a")
    epoch, sequence = asyncio.run(state())
    restore(enrolled, file)
    after = asyncio.run(state())

    assert epoch != after[0]
    assert sequence <= after[1]


# Who may.


def test_the_passphrase_of_now_counts(enrolled: Operator, tmp_path: Path) -> None:
    """An old one that somebody has learned opens nothing, not even by an old backup."""
    file = made(enrolled)
    new = secret(tmp_path / "new", "another long passphrase")
    changed = ("--change-passphrase", "--no-hooks", "--new-passphrase-file", str(new))
    assert 0 == enrolled.init(*changed).code

    refused = restore(enrolled, file)
    assert (2, True) == (refused.code, "nothing was changed" in refused.err)
    assert 0 == restore(enrolled, file, file=new).code
    assert 2 == enrolled.do("tokens", "list").code  # the old one is not back
    assert 0 == enrolled.do("tokens", "list", file=new).code


def test_not_beside_a_daemon(enrolled: Operator) -> None:
    """It would go on writing into the file that was put aside."""
    file = made(enrolled)
    with Watching(enrolled):
        assert 75 == restore(enrolled, file).code


def test_not_by_an_agent(enrolled: Operator, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says who it is, and is refused before anything is read."""
    file = made(enrolled)
    monkeypatch.setenv("QUALITYWATCH_AGENT", "lazy")

    assert 2 == restore(enrolled, file).code


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.unlink(),
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(b"no database" * 999),
        lambda path: path.write_bytes(path.read_bytes()[:20_000]),
    ],
    ids=["gone", "empty", "foreign", "cut"],
)
def test_where_the_records_can_not_be_read(
    enrolled: Operator, damage: Callable[[Path], object]
) -> None:
    """The list that the hooks go by says who is in quarantine; the broken is kept."""
    file = made(enrolled)
    drops(enrolled, "lazy", "a")
    database = enrolled.state_dir / "state.db"
    damage(database)
    content = database.read_bytes() if database.exists() else None
    if content is not None:
        assert "restore-db" in enrolled.look("agents").err
    done = restore(enrolled, file)

    assert 0 == done.code, done.err
    assert {"lazy"} == stopped(enrolled)
    (aside,) = (enrolled.state_dir / "backups").glob("replaced-*")
    kept = aside / "state.db"
    assert content == (kept.read_bytes() if kept.exists() else None)


# What is no backup.


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup in which somebody is in quarantine."""
    folder = tmp_path_factory.mktemp("made")

    async def fill() -> None:
        house = House(folder / "state")
        await house.start()
        await house.store.keep_blob(b"lost")
        await house.warden.record(judged(drop()))
        await house.stop()

    asyncio.run(fill())
    database = folder / "state" / "state.db"
    backups.make(database, folder / "b.tar", now=NOW, progress=quiet)
    return folder / "b.tar"


def rewritten(
    archive: Path, change: Callable[[dict[str, bytes]], object], target: Path
) -> None:
    """Make *target* of what is in *archive*, after *change*."""
    with tarfile.open(archive) as packed:
        content = {
            member.name: packed.extractfile(member).read()  # type: ignore[union-attr]
            for member in packed.getmembers()
        }
    change(content)
    with tarfile.open(target, "w") as packed:
        for name, data in content.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            packed.addfile(member, io.BytesIO(data))


def _named(name: str) -> Callable[[dict[str, bytes]], object]:
    def change(content: dict[str, bytes]) -> None:
        manifest = json.loads(content["manifest.json"])
        manifest["files"].append({"name": name, "size": 1, "sha256": "0" * 64})
        content["manifest.json"] = json.dumps(manifest).encode()
        content[name] = b"x"

    return change


def _flip(content: dict[str, bytes]) -> None:
    data = bytearray(content["state.db"])
    data[len(data) // 2] ^= 1
    content["state.db"] = bytes(data)


@pytest.mark.parametrize(
    "change",
    [
        _flip,
        _named("../../evil"),
        _named("/tmp/evil"),
        _named("blobs/../../evil"),
        _named("hooks/pre-commit"),
        lambda content: content.pop("manifest.json"),
        lambda content: content.pop("state.db"),
        lambda content: content.update({"manifest.json": b"{"}),
        lambda content: content.update({"manifest.json": b"[]" * 9}),
    ],
)
def test_what_is_not_as_its_manifest_says(
    archive: Path, tmp_path: Path, change: Callable[[dict[str, bytes]], object]
) -> None:
    """It is refused, and nothing is written outside its place."""
    other, place = tmp_path / "other.tar", tmp_path / "a" / "b"
    rewritten(archive, change, other)
    place.mkdir(parents=True)
    with pytest.raises(UserError) as refused:
        backups.opened(other, place, quiet)

    assert (str(other), "take another backup") == (
        refused.value.place,
        refused.value.hint,
    )
    assert {other, place.parent, place} == {
        path for path in tmp_path.rglob("*") if place not in path.parents
    }
    assert {"state.db", "state.db-journal"} >= {p.name for p in place.glob("*.*")}


def test_what_is_refused_changes_nothing(enrolled: Operator, archive: Path) -> None:
    """The records are as they were, and nothing is left over."""
    drops(enrolled, "lazy", "a")
    other = enrolled.root.parent / "other.tar"
    rewritten(archive, _flip, other)
    done = restore(enrolled, other)

    assert (2, True) == (done.code, "take another backup" in done.err)
    assert {"lazy"} == stopped(enrolled)
    assert not list(enrolled.state_dir.glob(".restoring*"))


@pytest.mark.parametrize("content", [b"", b"x" * 4000, b"\x1f\x8b" + bytes(3000)])
def test_what_is_no_archive(tmp_path: Path, content: bytes) -> None:
    """It says so, in words."""
    file = tmp_path / "b.tar"
    file.write_bytes(content)

    with pytest.raises(UserError, match="not a backup"):
        backups.opened(file, tmp_path, quiet)


def test_a_copy_of_the_file_is_not_enough(enrolled: Operator) -> None:
    """Why there is a command for it: what was recorded last stands beside the file."""
    with Watching(enrolled):
        copy = enrolled.root.parent / "copy.db"
        copy.write_bytes((enrolled.state_dir / "state.db").read_bytes())
        file = made(enrolled)
    with closing(sqlite3.connect(f"{copy.as_uri()}?immutable=1", uri=True)) as copied:
        (events,) = copied.execute("SELECT max(sequence) FROM events").fetchone()
    with tarfile.open(file) as packed:
        manifest = json.load(packed.extractfile("manifest.json"))  # type: ignore[arg-type]

    assert (events or 0) < manifest["sequence"]
