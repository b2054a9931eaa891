"""Makes, checks and connects the file: who may read it, and what is never believed.

A database that is damaged, foreign, or gone while its companions are still there is an
error. It is never quietly replaced by an empty one: that would release everybody.

What was committed last stands in the log beside the file until it is copied over. A
file whose log was removed looks whole, only older. So a mark stands beside the two for
as long as they are in use: where it is and the log is not, something was lost.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TypeVar

from qualitywatch import migrations, whole_file
from qualitywatch.errors import MachineError
from qualitywatch.store import copies
from qualitywatch.store.faults import RESTORE, Damaged, explained
from qualitywatch.store.private import FILE_MODE, new_file, private_folder

BLOBS = "blobs"
JOURNAL_LIMIT = 16 * 1024 * 1024  # what a log is cut to once nobody needs more of it

_OLDEST = (3, 38, 0)  # strict tables, RETURNING, JSON
_PRAGMAS = (
    "PRAGMA busy_timeout = 5000",
    "PRAGMA trusted_schema = OFF",
    "PRAGMA cell_size_check = ON",
    "PRAGMA foreign_keys = ON",
    "PRAGMA synchronous = FULL",
    f"PRAGMA journal_size_limit = {JOURNAL_LIMIT}",
)
_BEGIN_ANEW = "or remove the folder to begin a new history"


def prepare(path: Path, on_create: Callable[[sqlite3.Connection], None]) -> None:
    """See to it that *path* is a database of ours, whole, private and up to date."""
    if sqlite3.sqlite_version_info < _OLDEST:
        raise MachineError(
            f"SQLite {sqlite3.sqlite_version} is too old",
            hint=f"install {'.'.join(map(str, _OLDEST))} or newer",
        )
    try:
        private_folder(path.parent)
        with explained(path):
            if not path.exists():
                _create(path, on_create)
            _check(path)
        private_folder(path.parent / BLOBS)
    except OSError as error:
        raise MachineError(
            f"the state folder can not be used: {error.strerror}",
            place=str(error.filename or path.parent),
            hint="it must belong to you and its disk must have room",
        ) from error


def connect(path: Path, *, reads_only: bool = False) -> sqlite3.Connection:
    """A connection with every safeguard on."""
    connection = _opened(path, "rw", sqlite3.Connection)
    if reads_only:
        connection.execute("PRAGMA query_only = ON")
    return connection


def connect_writer(path: Path) -> sqlite3.Connection:
    """The connection of a daemon: from now on the log must be beside the file."""
    connection = _opened(path, "rw", _Writer)
    try:
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()  # makes it
        mark = in_use(path)
        mark.unlink(missing_ok=True)
        new_file(mark)
        connection.mark = mark
    except BaseException:
        connection.close()
        raise
    return connection


class _Writer(sqlite3.Connection):
    """A connection that takes its mark away before the log goes."""

    mark: Path | None = None

    def close(self) -> None:
        if self.mark is not None:
            self.mark.unlink(missing_ok=True)
        super().close()


_C = TypeVar("_C", bound=sqlite3.Connection)


def _opened(path: Path, mode: str, kind: type[_C]) -> _C:
    uri = f"{path.absolute().as_uri()}?mode={mode}"
    connection = sqlite3.connect(uri, uri=True, isolation_level=None, factory=kind)
    try:
        for pragma in _PRAGMAS:
            connection.execute(pragma)
    except BaseException:
        connection.close()
        raise
    return connection


def in_use(path: Path) -> Path:
    """The mark that stands beside the database while its log may hold something."""
    return path.with_name(f"{path.name}-open")


def log_of(path: Path) -> Path:
    """The log of the database, which SQLite keeps beside it."""
    return path.with_name(f"{path.name}-wal")


def _create(path: Path, on_create: Callable[[sqlite3.Connection], None]) -> None:
    """Make the whole database beside its place and move it in: never half of one."""
    if (path.parent / BLOBS).exists():
        raise MachineError(
            "the database is gone, though its folder was in use",
            place=str(path),
            hint="put a backup in its place: qualitywatch restore-db FILE;"
            f" {_BEGIN_ANEW}",
        )
    temporary = path.with_name(f".{path.name}.new")
    temporary.unlink(missing_ok=True)
    new_file(temporary)
    with closing(connect(temporary)) as connection:
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")  # before any table
        migrations.upgrade(connection)
        connection.execute("BEGIN IMMEDIATE")
        on_create(connection)
        connection.execute("COMMIT")
        connection.execute("PRAGMA journal_mode = WAL")
    temporary.rename(path)
    whole_file.sync_folder(path.parent)


def _check(path: Path) -> None:
    if path.stat().st_size == 0:  # SQLite would take it for a new database
        raise Damaged("the database is empty", place=str(path), hint=RESTORE)
    if in_use(path).exists() and not log_of(path).exists():
        raise Damaged(
            "the log of the database is gone, and with it what was recorded last",
            place=str(log_of(path)),
            hint=f"{RESTORE}; only where you opened it with another program after a"
            f" crash, which copied the log over, remove {in_use(path).name} instead",
        )
    path.chmod(FILE_MODE)
    with closing(connect(path)) as connection:
        damage = damage_in(connection)
        if damage is not None:
            problem = f"the database is damaged: {damage}"
            raise Damaged(problem, place=str(path), hint=RESTORE)
        if migrations.is_behind(connection):
            copies.before_upgrade(connection, path)
        migrations.upgrade(connection)
        in_use(path).unlink(missing_ok=True)  # the log goes when the connection does


def damage_in(connection: sqlite3.Connection) -> str | None:
    """What is wrong with the pages of the file, in SQLite's words; `None`: nothing."""
    answer = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
    return None if answer == "ok" else answer
