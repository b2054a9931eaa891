"""One SQLite file, opened with care: who may read it, what it survives, how it fails.

A database that is damaged, foreign, or gone while its companions are still there is an
error. It is never quietly replaced by an empty one: that would release everybody.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from functools import partial
from pathlib import Path
from typing import TypeVar

import aiosqlite

from qualitywatch import migrations, whole_file
from qualitywatch.errors import MachineError

T = TypeVar("T")

FOLDER_MODE = 0o700
FILE_MODE = 0o600
BLOBS = "blobs"

_OLDEST = (3, 38, 0)  # strict tables, RETURNING, JSON
_PRAGMAS = (
    "PRAGMA busy_timeout = 5000",
    "PRAGMA trusted_schema = OFF",
    "PRAGMA cell_size_check = ON",
    "PRAGMA foreign_keys = ON",
    "PRAGMA synchronous = FULL",
)

# What SQLite says -> what we say, and the way out. Any other error is our bug.
_PROBLEMS = {
    "SQLITE_FULL": ("the disk is full", "make room; nothing was recorded"),
    "SQLITE_IOERR": ("the disk does not answer", "nothing was recorded"),
    "SQLITE_BUSY": (
        "another program holds the database",
        "close it; nothing was recorded",
    ),
    "SQLITE_LOCKED": (
        "another program holds the database",
        "close it; nothing was recorded",
    ),
    "SQLITE_READONLY": ("the database can not be written", "check its permissions"),
    "SQLITE_CANTOPEN": ("the database can not be opened", "check its permissions"),
    "SQLITE_PERM": ("the database can not be opened", "check its permissions"),
    "SQLITE_CORRUPT": (
        "the database is damaged",
        "the file was kept as it is; put a backup in its place",
    ),
    "SQLITE_NOTADB": (
        "this is not a database",
        "the file was kept as it is; put a backup in its place",
    ),
}


class _Connection(aiosqlite.Connection):
    """A connection that runs whole functions in its thread."""

    async def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """What *work* returns; nothing else touches the database meanwhile."""
        done: T = await self._execute(work, self._conn)  # type: ignore[no-untyped-call]
        return done


class Database:
    """One thread that owns the file: what it is given runs one after the other."""

    def __init__(self, connection: _Connection, path: Path) -> None:
        self._connection = connection
        self.path = path

    @classmethod
    @asynccontextmanager
    async def open(
        cls, path: Path, on_create: Callable[[sqlite3.Connection], None]
    ) -> AsyncIterator[Database]:
        """The database at *path*, made if new, checked and brought up to date."""
        await asyncio.to_thread(_prepare, path, on_create)
        connection = _Connection(partial(_connect, path), iter_chunk_size=64)
        async with connection:
            yield cls(connection, path)

    async def write(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """What *work* returns, once it is safe on the disk; all of it or nothing."""
        return await self._run(partial(_transact, work))

    async def read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """What *work* returns; it sees only what is committed."""
        return await self._run(work)

    async def _run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        with _explained(self.path):
            return await self._connection.run(work)


def _transact(
    work: Callable[[sqlite3.Connection], T], connection: sqlite3.Connection
) -> T:
    connection.execute("BEGIN IMMEDIATE")
    try:
        result = work(connection)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # a full disk has rolled back already
            connection.execute("ROLLBACK")
        raise
    return result


def _prepare(path: Path, on_create: Callable[[sqlite3.Connection], None]) -> None:
    if sqlite3.sqlite_version_info < _OLDEST:
        raise MachineError(
            f"SQLite {sqlite3.sqlite_version} is too old",
            hint=f"install {'.'.join(map(str, _OLDEST))} or newer",
        )
    try:
        _private_folder(path.parent)
        with _explained(path):
            if not path.exists():
                _create(path, on_create)
            _check(path)
        _private_folder(path.parent / BLOBS)
    except OSError as error:
        raise MachineError(
            f"the state folder can not be used: {error.strerror}",
            place=str(error.filename or path.parent),
            hint="it must belong to you and its disk must have room",
        ) from error


def _private_folder(folder: Path) -> None:
    folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    if folder.stat().st_uid != os.getuid():
        raise MachineError(
            "the state folder belongs to somebody else",
            place=str(folder),
            hint="run as its owner",
        )
    folder.chmod(FOLDER_MODE)


def _create(path: Path, on_create: Callable[[sqlite3.Connection], None]) -> None:
    """Make the whole database beside its place and move it in: never half of one."""
    if (path.parent / BLOBS).exists():
        raise MachineError(
            "the database is gone, though its folder was in use",
            place=str(path),
            hint="put a backup back, or remove the folder to begin a new history",
        )
    temporary = path.with_name(f".{path.name}.new")
    temporary.unlink(missing_ok=True)
    flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW
    os.close(os.open(temporary, flags, FILE_MODE))
    with closing(_connect(temporary)) as connection:
        migrations.upgrade(connection)
        _transact(on_create, connection)
        connection.execute("PRAGMA journal_mode = WAL")
    temporary.rename(path)
    whole_file.sync_folder(path.parent)


def _check(path: Path) -> None:
    if path.stat().st_size == 0:  # SQLite would take it for a new database
        raise MachineError(
            "the database is empty",
            place=str(path),
            hint="put a backup back, or remove the folder to begin a new history",
        )
    path.chmod(FILE_MODE)
    with closing(_connect(path)) as connection:
        answer = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        if answer != "ok":
            problem, hint = _PROBLEMS["SQLITE_CORRUPT"]
            raise MachineError(f"{problem}: {answer}", place=str(path), hint=hint)
        migrations.upgrade(connection)


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=rw", uri=True, isolation_level=None
    )
    try:
        for pragma in _PRAGMAS:
            connection.execute(pragma)
    except BaseException:
        connection.close()
        raise
    return connection


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Turn what can go wrong with a disk into errors that say what to do."""
    try:
        yield
    except sqlite3.Error as error:
        name = getattr(error, "sqlite_errorname", "")
        known = next((key for key in _PROBLEMS if name.startswith(key)), None)
        if known is None:
            raise
        problem, hint = _PROBLEMS[known]
        raise MachineError(f"{problem}: {error}", place=str(path), hint=hint) from error
    except MachineError as error:
        raise MachineError(
            error.problem, place=error.place or str(path), hint=error.hint
        ) from error
