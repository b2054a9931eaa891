"""Copies of a database, taken while others write to it.

A copy is made by SQLite itself, from one moment of the database. To copy the file is
wrong: what was committed last stands in the log beside it.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from qualitywatch import whole_file
from qualitywatch.store.private import new_file, private_folder

FOLDER = "backups"
MOST_KEPT = 3  # copies made before an upgrade

_PAGES = 1000  # at a time; the lock that keeps others from nothing is held meanwhile
_NAME = re.compile(r"before-schema-\d+(?:-\d+)?\.db")

Progress = Callable[[int, int], None]
"""Told how much is done, of how much."""


def copy(
    source: sqlite3.Connection, target: Path, progress: Progress | None = None
) -> None:
    """Copy the database of *source* to *target*, an empty file that exists.

    A read transaction holds the moment, so that a busy writer can not make the copy
    begin again and again.
    """

    def told(_status: int, remaining: int, total: int) -> None:
        if progress is not None:
            progress(total - remaining, total)

    source.execute("BEGIN")
    try:
        source.execute("SELECT count(*) FROM sqlite_master").fetchone()
        with closing(sqlite3.connect(target, isolation_level=None)) as copied:
            source.backup(copied, pages=_PAGES, progress=told, sleep=0)
            copied.execute("PRAGMA journal_mode = DELETE")  # one file, without a log
    finally:
        source.execute("ROLLBACK")


def before_upgrade(connection: sqlite3.Connection, path: Path) -> Path:
    """A copy of the database at *path* as it is, kept beside it; the newest few stay.

    Where it can not be made, for want of room, nothing is upgraded either.
    """
    folder = path.parent / FOLDER
    private_folder(folder)
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    unfinished = folder / ".unfinished"
    unfinished.unlink(missing_ok=True)
    new_file(unfinished)
    copy(connection, unfinished)
    kept = _free_name(folder, version)
    unfinished.rename(kept)
    whole_file.sync_folder(folder)
    _prune(folder)
    return kept


def _free_name(folder: Path, version: int) -> Path:
    name, number = folder / f"before-schema-{version + 1}.db", 1
    while name.exists():
        number += 1
        name = folder / f"before-schema-{version + 1}-{number}.db"
    return name


def _prune(folder: Path) -> None:
    ours = [file for file in folder.iterdir() if _NAME.fullmatch(file.name)]
    ours.sort(key=lambda file: file.stat().st_mtime_ns)
    for file in ours[:-MOST_KEPT]:
        file.unlink()
