"""What can go wrong with a database, as errors that say what to do about it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from qualitywatch.errors import MachineError

RESTORE = (
    "the file was kept as it is; stop the daemon and put a backup in its place:"
    " qualitywatch restore-db FILE"
)
_RECORDED_NOTHING = "nothing was recorded"
_HELD = "another program holds the database"
_SHUT = "the database can not be opened"


class Damaged(MachineError):
    """The file is not what we wrote. No write may make it worse."""


class NotBegun(MachineError):
    """The write could not even begin, so whatever else waits would fail as well."""


# What SQLite says -> what we say, and the way out. Any other error is our bug.
_PROBLEMS = {
    "SQLITE_FULL": ("the disk is full", f"make room; {_RECORDED_NOTHING}"),
    "SQLITE_IOERR": ("the disk does not answer", _RECORDED_NOTHING),
    "SQLITE_BUSY": (_HELD, f"close it; {_RECORDED_NOTHING}"),
    "SQLITE_LOCKED": (_HELD, f"close it; {_RECORDED_NOTHING}"),
    "SQLITE_READONLY": ("the database can not be written", "check its permissions"),
    "SQLITE_CANTOPEN": (_SHUT, "check its permissions"),
    "SQLITE_PERM": (_SHUT, "check its permissions"),
    "SQLITE_CORRUPT": ("the database is damaged", RESTORE),
    "SQLITE_NOTADB": ("this is not a database", RESTORE),
}
_DAMAGE = ("SQLITE_CORRUPT", "SQLITE_NOTADB")


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn what can go wrong with a disk into errors that say what to do."""
    try:
        yield
    except sqlite3.Error as error:
        found = _explain(error, path)
        if found is None:
            raise
        raise found from error
    except OSError as error:
        raise MachineError(
            f"the disk does not answer: {error.strerror}",
            place=str(error.filename or path),
        ) from error
    except MachineError as error:
        raise type(error)(
            error.problem, place=error.place or str(path), hint=error.hint
        ) from error


@contextmanager
def beginning(path: Path) -> Iterator[None]:
    """The same for the first statement of a write: nothing else could begin either."""
    try:
        yield
    except sqlite3.Error as error:
        found = _explain(error, path)
        if found is None:
            raise
        if isinstance(found, Damaged):
            raise found from error
        raise NotBegun(found.problem, place=found.place, hint=found.hint) from error


def _explain(error: sqlite3.Error, path: Path) -> MachineError | None:
    name = getattr(error, "sqlite_errorname", None) or ""
    known = next((key for key in _PROBLEMS if name.startswith(key)), None)
    if known is None:
        return None
    problem, hint = _PROBLEMS[known]
    kind = Damaged if known in _DAMAGE else MachineError
    return kind(f"{problem}: {error}", place=str(path), hint=hint)
