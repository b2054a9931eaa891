"""Looks into a database without a word in it: for `doctor`, `export` and `status`.

A daemon may be writing meanwhile; what is read is one moment. Nothing is made, mended
or brought up to date here.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TypeVar

from qualitywatch.audit import Head
from qualitywatch.audit.verifying import Verified
from qualitywatch.errors import MachineError
from qualitywatch.migrations import MIGRATIONS
from qualitywatch.model import Noun
from qualitywatch.store import auditing, meta
from qualitywatch.store.edited import edited_tables
from qualitywatch.store.faults import RESTORE, Damaged
from qualitywatch.store.opening import damage_in, in_use, log_of

T = TypeVar("T")

_BUSY_SECONDS = 5.0
_STEPS = 1000  # of SQLite's machine, between two looks at the clock


class Looked(Noun):
    """What is to be seen of a database from outside."""

    damage: str | None  # in SQLite's words; `None`: every page is whole
    schema: int
    newest_schema: int  # that this program knows
    has_passphrase: bool = False
    approved: str | None = None  # settings and rules, see `approval`
    newest_event: str | None = None  # its time
    quarantined: tuple[str, ...] = ()  # subjects


def look(
    path: Path,
    work: Callable[[sqlite3.Connection], T],
    *,
    seconds: float | None = None,
) -> T:
    """What *work* returns of the database at *path*, as it is at one moment.

    Raises `MachineError` where it can not be read, or not within *seconds*.
    """
    with looking(path, seconds=seconds) as connection:
        return work(connection)


@contextmanager
def looking(
    path: Path, *, seconds: float | None = None
) -> Iterator[sqlite3.Connection]:
    """A connection that can change nothing; it sees one moment while it is open."""
    try:
        with closing(_connect(path)) as connection:
            if seconds is not None:
                ends = time.monotonic() + seconds
                connection.set_progress_handler(lambda: time.monotonic() > ends, _STEPS)
            connection.execute("BEGIN")
            yield connection
    except sqlite3.Error as error:
        raise MachineError(
            f"the database can not be read: {error}",
            place=str(path),
            hint="see what is wrong with it: qualitywatch doctor",
        ) from error


def looked_at(path: Path) -> Looked:
    """How the database at *path* stands; every page of it is read."""
    return look(path, _looked)


def head(path: Path) -> Head | None:
    """The newest record of the audit at *path*; `None` where there is no audit yet."""
    return look(path, _head)


def _head(connection: sqlite3.Connection) -> Head | None:
    if _value(connection, "SELECT 1 FROM sqlite_master WHERE name = 'audit'") is None:
        return None
    return auditing.head(connection)


def edited(path: Path) -> list[str]:
    """Where the tables of *path* say what its audit does not know of."""
    return look(path, edited_tables)


def verified_audit(path: Path, heads: Sequence[Head]) -> Verified:
    """What is wrong first with the audit at *path*, compared with exported *heads*.

    Needs no daemon, and disturbs none; *path* may be a backup.
    """
    return look(path, lambda connection: auditing.verified(connection, heads))


def _looked(connection: sqlite3.Connection) -> Looked:
    damage = damage_in(connection)
    schema = int(str(_value(connection, "PRAGMA user_version")))
    found = Looked(
        damage=damage,
        schema=schema,
        newest_schema=len(MIGRATIONS),
    )
    if damage is not None or schema != len(MIGRATIONS):
        return found
    return Looked(
        damage=None,
        schema=schema,
        newest_schema=len(MIGRATIONS),
        has_passphrase=meta.value(connection, meta.PASSPHRASE) is not None,
        approved=meta.value(connection, meta.APPROVED),
        newest_event=_text(
            connection, "SELECT time FROM events ORDER BY sequence DESC LIMIT 1"
        ),
        quarantined=tuple(
            row[0]
            for row in connection.execute(
                "SELECT subject FROM quarantines WHERE released_at IS NULL"
                " ORDER BY subject"
            )
        ),
    )


def _connect(path: Path) -> sqlite3.Connection:
    """A connection that makes no file: an empty log would hide that one is gone."""
    mark, log = in_use(path), log_of(path)
    if mark.exists() and not log.exists() and mark.exists():  # a stop takes both away
        raise Damaged(
            "the log of the database is gone, and with it what was recorded last",
            place=str(log),
            hint=RESTORE,
        )
    mode = "mode=ro" if log.exists() else "mode=ro&immutable=1"
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?{mode}",
        uri=True,
        isolation_level=None,
        timeout=_BUSY_SECONDS,
    )


def _text(connection: sqlite3.Connection, statement: str, *values: str) -> str | None:
    found = _value(connection, statement, *values)
    return None if found is None else str(found)


def _value(connection: sqlite3.Connection, statement: str, *values: str) -> object:
    row = connection.execute(statement, values).fetchone()
    return None if row is None else row[0]
