"""A backup: one file that only its owner can read, with everything that must survive.

It is a tar archive: `manifest.json` last, before it the database as SQLite copied it
from one moment, and the lost code that this moment refers to. Each file stands in the
manifest with its digest. Nothing is believed of an archive but what its manifest says,
and nothing of that but what its digests show.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO, Literal

import msgspec

from qualitywatch import migrations, whole_file
from qualitywatch.audit import Head
from qualitywatch.enrolment import DATABASE_NAME
from qualitywatch.errors import MachineError, UserError
from qualitywatch.model import Noun
from qualitywatch.regex import regex
from qualitywatch.store import auditing, copies
from qualitywatch.store.blobs import needed_blobs
from qualitywatch.store.faults import explained
from qualitywatch.store.looking import looking, verified_audit
from qualitywatch.store.opening import BLOBS, connect, damage_in
from qualitywatch.store.private import FILE_MODE, private_folder

MANIFEST = "manifest.json"
MAX_MANIFEST = 64 * 1024 * 1024

_BLOB = regex(rf"{BLOBS}/[0-9a-f]{{64}}")
_CHUNK = 1024 * 1024

Progress = Callable[[str, int, int], None]
"""Told what is being done, how much of it is done, and of how much."""


class Kept(Noun):
    """A file in a backup."""

    name: str
    size: int
    sha256: str


class Manifest(Noun):
    """What a backup holds, and how the records stood when it was made."""

    made_at: str
    schema: int
    head: Head  # of the audit
    sequence: int  # of the newest event
    quarantined: tuple[str, ...]
    files: tuple[Kept, ...]
    format: Literal[1] = 1


class Made(Noun):
    """A backup that was made; who keeps its digest elsewhere can tell it again."""

    path: str
    size: int
    sha256: str
    manifest: Manifest


def make(database: Path, target: Path, *, now: datetime, progress: Progress) -> Made:
    """Back up *database* and the lost code beside it to the new file *target*.

    Daemons may go on writing. Where it fails there is no *target* afterwards.
    """
    with _new(target) as (file, folder), explained(target):
        copied = folder / DATABASE_NAME
        copied.touch(FILE_MODE)
        blobs = _linked(database.parent / BLOBS, folder / BLOBS)
        with looking(database) as source:
            source.execute("ROLLBACK")
            copies.copy(source, copied, lambda n, of: progress("pages", n, of))
        blobs |= _linked(database.parent / BLOBS, folder / BLOBS)  # that came meanwhile
        manifest = _pack(file, folder, blobs, now, progress)
    content = _digest(target.open("rb"))
    return Made(
        path=str(target), size=content.size, sha256=content.sha256, manifest=manifest
    )


def opened(archive: Path, folder: Path, progress: Progress) -> Manifest:
    """What *archive* holds, unpacked below the private *folder*, every digest checked.

    The database is whole, ours, and brought to the schema of this program.
    """
    try:
        with tarfile.open(archive, "r:") as packed:
            manifest = _manifest(packed, archive)
            private_folder(folder / BLOBS)
            for number, kept in enumerate(manifest.files, start=1):
                progress("files", number, len(manifest.files))
                _unpack(packed, kept, folder, archive)
    except (tarfile.TarError, EOFError, KeyError) as error:
        raise _bad(archive, f"it is not a backup of qualitywatch: {error}") from error
    except OSError as error:
        raise UserError(
            f"can not be read: {error.strerror}", place=str(archive)
        ) from error
    _check(folder / DATABASE_NAME, archive)
    return manifest


# Making


@contextmanager
def _new(target: Path) -> Iterator[tuple[IO[bytes], Path]]:
    """The file that will be *target*, and a folder beside it for what goes into it."""
    try:
        if target.exists():
            raise UserError("exists already", place=str(target), hint="name a new file")
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".backup-") as name:
            unfinished = Path(name) / "archive"
            flags = os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC
            with os.fdopen(os.open(unfinished, flags, FILE_MODE), "w+b") as file:
                yield file, Path(name)
                file.flush()
                os.fsync(file.fileno())
            _place(unfinished, target)
        whole_file.sync_folder(target.parent)
    except OSError as error:
        raise MachineError(
            f"the backup can not be written: {error.strerror}",
            place=str(error.filename or target),
            hint="make room, or name a file in another folder",
        ) from error


def _place(unfinished: Path, target: Path) -> None:
    """Give the file its name; unlike a rename, a link never replaces another file."""
    try:
        os.link(unfinished, target)
    except FileExistsError:
        raise
    except OSError:  # a file system without links, such as that of a USB stick
        unfinished.rename(target)


def _linked(blobs: Path, into: Path) -> set[str]:
    """The names of all *blobs*; a second name keeps each while others prune."""
    into.mkdir(exist_ok=True)
    names = {entry.name for entry in blobs.iterdir() if not entry.name.startswith(".")}
    for name in names:
        if not (into / name).exists():
            _link(blobs / name, into / name)
    return {name for name in names if (into / name).exists()}


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except FileNotFoundError:
        return  # pruned this moment: the copy of the database does not need it
    except OSError:  # another file system
        target.touch(FILE_MODE)
        target.write_bytes(source.read_bytes())


def _pack(
    file: IO[bytes], folder: Path, blobs: set[str], now: datetime, progress: Progress
) -> Manifest:
    with closing(connect(folder / DATABASE_NAME)) as connection:
        damage = damage_in(connection)
        if damage is not None:
            raise MachineError(f"the copy of the database is damaged: {damage}")
        needed = sorted(needed_blobs(connection) & blobs)
        manifest = _described(connection, now)
    names = [DATABASE_NAME, *(f"{BLOBS}/{name}" for name in needed)]
    files = []
    with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as packed:
        for number, name in enumerate(names, start=1):
            progress("files", number, len(names))
            kept = _digest((folder / name).open("rb"), name)
            files.append(kept)
            with (folder / name).open("rb") as content:
                packed.addfile(_member(name, kept.size, now), content)
        manifest = msgspec.structs.replace(manifest, files=tuple(files))
        _add_manifest(packed, manifest, now)
    return manifest


def _described(connection: sqlite3.Connection, now: datetime) -> Manifest:
    subjects = connection.execute(
        "SELECT subject FROM quarantines WHERE released_at IS NULL ORDER BY subject"
    )
    return Manifest(
        made_at=now.isoformat(),
        schema=connection.execute("PRAGMA user_version").fetchone()[0],
        head=auditing.head(connection),
        sequence=auditing.newest_event(connection),
        quarantined=tuple(row[0] for row in subjects),
        files=(),
    )


def _add_manifest(packed: tarfile.TarFile, manifest: Manifest, now: datetime) -> None:
    import io

    content = msgspec.json.format(msgspec.json.encode(manifest), indent=1)
    packed.addfile(_member(MANIFEST, len(content), now), io.BytesIO(content))


def _member(name: str, size: int, now: datetime) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.size, member.mode, member.mtime = size, FILE_MODE, int(now.timestamp())
    return member


def _digest(file: IO[bytes], name: str = "") -> Kept:
    digest, size = hashlib.sha256(), 0
    with file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
    return Kept(name=name, size=size, sha256=digest.hexdigest())


# Opening


def _manifest(packed: tarfile.TarFile, archive: Path) -> Manifest:
    member = packed.getmember(MANIFEST)
    content = packed.extractfile(member) if member.isreg() else None
    if content is None or member.size > MAX_MANIFEST:
        raise _bad(archive, "it has no manifest")
    try:
        manifest = msgspec.json.decode(content.read(), type=Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _bad(archive, f"its manifest can not be read: {error}") from error
    names = [kept.name for kept in manifest.files]
    if DATABASE_NAME not in names or len(set(names)) != len(names):
        raise _bad(archive, "its manifest names no database, or a file twice")
    if odd := [n for n in names if n != DATABASE_NAME and not _BLOB.fullmatch(n)]:
        raise _bad(archive, f"its manifest names a file of another kind: {odd[0]!r}")
    return manifest


def _unpack(packed: tarfile.TarFile, kept: Kept, folder: Path, archive: Path) -> None:
    member = packed.getmember(kept.name)
    content = packed.extractfile(member) if member.isreg() else None
    if content is None or member.size != kept.size:
        raise _bad(archive, f"{kept.name} is not as its manifest says")
    target, digest = folder / kept.name, hashlib.sha256()
    target.touch(FILE_MODE)
    with target.open("wb") as file:
        while chunk := content.read(_CHUNK):
            digest.update(chunk)
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())
    if digest.hexdigest() != kept.sha256:
        raise _bad(archive, f"{kept.name} is not as its manifest says")


def _check(database: Path, archive: Path) -> None:
    with explained(archive), closing(connect(database)) as connection:
        damage = damage_in(connection)
        if damage is not None:
            raise _bad(archive, f"its database is damaged: {damage}")
        migrations.upgrade(connection)
    fault = verified_audit(database, ()).fault
    if fault is not None:
        raise _bad(archive, f"record {fault.number} of its audit: {fault.problem}")


def _bad(archive: Path, problem: str) -> UserError:
    return UserError(problem, place=str(archive), hint="take another backup")
