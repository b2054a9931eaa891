"""The audit's table: read as a chain, and only ever added to at its end."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable, Sequence

from qualitywatch.audit import Decision, Head, Record, genesis, link
from qualitywatch.audit.verifying import Verified, verify
from qualitywatch.store import meta
from qualitywatch.store.faults import RESTORE, Damaged
from qualitywatch.store.rows import Row

COLUMNS = (
    "number, time, monotonic_ms, sequence, who, action, object, result, reason,"
    " count, previous, hash"
)
_BEGUN = Decision(
    action="history.begin", who="daemon", object="state", result="allowed"
)  # so that an audit without any record is always a fault


def begin(connection: sqlite3.Connection, history: str, at: str) -> None:
    """The first record of a history, where none was begun."""
    if _history(connection) is None:
        meta.add(connection, meta.HISTORY, history)
        add(connection, _BEGUN, at)


def add(connection: sqlite3.Connection, decision: Decision, at: str) -> Record:
    """The record of *decision*, after whatever this transaction has added already."""
    record = link(
        head(connection),
        decision,
        time=at,
        monotonic_ms=time.monotonic_ns() // 1_000_000,
        sequence=newest_event(connection),
    )
    connection.execute(
        f"INSERT INTO audit ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            record.number,
            record.time,
            record.monotonic_ms,
            record.sequence,
            record.who,
            record.action,
            record.object,
            record.result,
            record.reason,
            record.count,
            record.previous,
            record.hash,
        ),
    )
    return record


def require(connection: sqlite3.Connection) -> None:
    """Raises `Damaged` where the table is gone."""
    if not is_there(connection):
        raise Damaged("the audit was removed from the database", hint=RESTORE)


def head(connection: sqlite3.Connection) -> Head:
    """The newest record's number and hash; before the first, those of the history."""
    history = _history(connection) or ""
    newest = connection.execute(
        "SELECT number, hash FROM audit ORDER BY number DESC LIMIT 1"
    ).fetchone()
    if newest is None:
        return genesis(history)
    return Head(number=newest[0], hash=newest[1], history=history)


def holds(connection: sqlite3.Connection, head: Head) -> bool:
    """True where the record that *head* names is there, in the same history."""
    found = connection.execute(
        "SELECT hash FROM audit WHERE number = ?", (head.number,)
    ).fetchone()
    return found == (head.hash,) and _history(connection) == head.history


def verified(connection: sqlite3.Connection, heads: Sequence[Head]) -> Verified:
    """What is wrong with the audit, and with its end as far as *heads* show it."""
    found: Iterable[Row] = ()
    if is_there(connection):
        found = connection.execute(f"SELECT {COLUMNS} FROM audit ORDER BY number")
    history = _history(connection) or ""
    named = [one if one.history else one.of(history) for one in heads]
    return verify(map(record, found), history=history, heads=named)


def record(row: Row) -> Record:
    """A record from the columns `COLUMNS`."""
    return Record(
        number=int(row[0]),
        time=row[1],
        monotonic_ms=int(row[2]),
        sequence=int(row[3]),
        who=row[4],
        action=row[5],
        object=row[6],
        result=row[7],  # type: ignore[arg-type]  # the table checks it
        reason=row[8],
        count=int(row[9]),
        previous=row[10],
        hash=row[11],
    )


def newest_event(connection: sqlite3.Connection) -> int:
    """Retention takes events away, so that the newest may not be in its table."""
    row = connection.execute(
        "SELECT seq FROM sqlite_sequence WHERE name = 'events'"
    ).fetchone()
    return 0 if row is None else int(row[0])


def is_there(connection: sqlite3.Connection) -> bool:
    """False where somebody has removed the table."""
    named = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'audit'")
    return named.fetchone() is not None


def _history(connection: sqlite3.Connection) -> str | None:
    return meta.value(connection, meta.HISTORY)
