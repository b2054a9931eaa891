"""Puts a backup in the place of the records, and frees nobody by it.

An older database does not know of what came later. So what speaks against somebody is
carried over from the records as they stand: every open quarantine, every revocation of
a token, the passphrase, and the audit, to which the restoring itself is added. Where
they can not be read any more, the list of quarantines that the hooks go by takes their
place. Whoever was released since the backup is in quarantine again: an operator has to
look. The history of events is another one from then on, so that every client takes a
snapshot. What was there before is kept aside.
"""

from __future__ import annotations

import os
import sqlite3
import uuid
from contextlib import closing
from datetime import datetime
from pathlib import Path

import msgspec

from qualitywatch import whole_file
from qualitywatch.audit import Decision, Head
from qualitywatch.model import Noun, Quarantine, QuarantineState
from qualitywatch.store import auditing, meta
from qualitywatch.store.copies import FOLDER
from qualitywatch.store.faults import Damaged, explained
from qualitywatch.store.opening import BLOBS, connect, in_use, log_of, prepare
from qualitywatch.store.private import private_folder
from qualitywatch.store.reading import Reading
from qualitywatch.store.transaction import Transaction


class Present(Noun):
    """What the records say now, as far as it must outlive a restoring."""

    passphrase: str | None
    quarantines: tuple[Quarantine, ...]


class Restored(Noun):
    """What came out of a restoring."""

    kept_aside: str
    quarantined: tuple[str, ...]  # subjects, from now on
    again: tuple[str, ...]  # of these, who had been released since the backup
    newer_audit: int  # records that were carried over
    head: Head


def present(database: Path) -> Present | None:
    """What stands in *database*; `None` where it is gone or can not be believed."""
    if not database.exists():
        return None
    try:
        prepare(database, _refuse)
    except Damaged:
        return None
    with explained(database), closing(connect(database)) as connection:
        return Present(
            passphrase=meta.value(connection, meta.PASSPHRASE),
            quarantines=Reading(connection).quarantines(),
        )


def passphrase_of(database: Path) -> str | None:
    """The hash of the operator's passphrase in a database that was checked."""
    with explained(database), closing(connect(database)) as connection:
        return meta.value(connection, meta.PASSPHRASE)


class Order(Noun):
    """Who restores, why, and who is in quarantine as far as anybody can say."""

    who: str
    why: str
    now: datetime
    stopped: tuple[Quarantine, ...]
    is_believed: bool  # the present records can be read


def put_back(staged: Path, database: Path, order: Order) -> Restored:
    """Put the unpacked backup in *staged* in the place of *database*."""
    copy = staged / database.name
    with explained(database):
        restored = _merged(copy, database if order.is_believed else None, order)
        for blob in (staged / BLOBS).iterdir():
            target = database.parent / BLOBS / blob.name
            if not target.exists():
                private_folder(target.parent)
                blob.rename(target)
        aside = _replace(copy, database, order.now)
    return msgspec.structs.replace(restored, kept_aside=str(aside))


# What is carried over


def _merged(copy: Path, present: Path | None, order: Order) -> Restored:
    """Carry over what must be, in one transaction; the file is then on the disk."""
    with closing(connect(copy)) as connection:
        if present is not None:
            connection.execute("ATTACH DATABASE ? AS present", (str(present),))
        connection.execute("BEGIN IMMEDIATE")
        restored = _carry_over(connection, order)
        connection.execute("COMMIT")
        if present is not None:
            connection.execute("DETACH DATABASE present")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return restored


def _carry_over(connection: sqlite3.Connection, order: Order) -> Restored:
    write, carried = Transaction(connection), 0
    in_backup = {known.subject for known in write.quarantines()}
    if order.is_believed:
        _carry_credentials(connection)
        carried = _carry_audit(connection)
        _carry_sequence(connection)
    for known in order.stopped:
        _stop(write, known, order.now.isoformat())
    if order.is_believed:
        _carry_evidence(connection)
    connection.execute(
        "UPDATE meta SET value = ? WHERE key = ?", (uuid.uuid4().hex, meta.EPOCH)
    )
    write.add_audit(_decision(order), order.now.isoformat())
    subjects = sorted(known.subject for known in write.quarantines())
    again = sorted(in_backup - {known.subject for known in order.stopped})
    return Restored(
        kept_aside="",
        quarantined=tuple(subjects),
        again=tuple(again),
        newer_audit=carried,
        head=auditing.head(connection),
    )


def _stop(write: Transaction, known: Quarantine, now: str) -> None:
    """*known* is open from now on, whatever the backup says of its subject.

    What was on offer has to be offered again: its content is not carried over.
    """
    known = msgspec.structs.replace(
        known, state=QuarantineState.QUARANTINED, repairs=()
    )
    there = write.quarantines(open=False, subject=known.subject)
    for earlier in there:
        if earlier.id != known.id and earlier.state is not QuarantineState.CLEAR:
            ended = msgspec.structs.replace(
                earlier,
                state=QuarantineState.CLEAR,
                released_by="restoring",
                released_at=now,
                release_reason="it ended after the backup was made; another began",
            )
            write.put_quarantine(ended)
    if known.id in {one.id for one in there}:
        write.put_quarantine(known)
    else:
        write.add_quarantine(known, "restoring")


def _carry_credentials(connection: sqlite3.Connection) -> None:
    """Passphrase and tokens as they are: one that was revoked does not come back.

    So are the agents, and the names of workspaces, which are given once.
    """
    for key in (meta.PASSPHRASE, meta.APPROVED):
        connection.execute("DELETE FROM meta WHERE key = ?", (key,))
        connection.execute(
            "INSERT INTO meta SELECT key, value FROM present.meta WHERE key = ?", (key,)
        )
    connection.execute("DELETE FROM tokens")
    for table in ("tokens", "agents", "workspaces", "processes"):
        connection.execute(
            f"INSERT OR REPLACE INTO {table} SELECT * FROM present.{table}"
        )


def _carry_evidence(connection: sqlite3.Connection) -> None:
    """Why those who are in quarantine are."""
    connection.execute(
        "INSERT OR IGNORE INTO main.quarantine_violations (quarantine, violation, body)"
        " SELECT quarantine, violation, body FROM present.quarantine_violations"
        " WHERE quarantine IN"
        " (SELECT id FROM main.quarantines WHERE released_at IS NULL) ORDER BY number"
    )


def _carry_audit(connection: sqlite3.Connection) -> int:
    """The records after the backup's last, where they follow it."""
    head = auditing.head(connection)
    same = connection.execute(
        "SELECT count(*) FROM present.meta AS here JOIN main.meta AS there"
        " USING (key, value) WHERE key = ?",
        (meta.HISTORY,),
    ).fetchone()[0]
    known = connection.execute(
        "SELECT hash FROM present.audit WHERE number = ?", (head.number,)
    ).fetchone()
    if not same or known != (head.hash,):
        return 0
    added = connection.execute(
        f"INSERT INTO main.audit ({auditing.COLUMNS})"
        f" SELECT {auditing.COLUMNS} FROM present.audit WHERE number > ?"
        " ORDER BY number",
        (head.number,),
    )
    return added.rowcount


def _carry_sequence(connection: sqlite3.Connection) -> None:
    """A sequence that was given once is not given again."""
    connection.execute(
        "UPDATE main.sqlite_sequence SET seq = max(seq, ifnull((SELECT seq FROM"
        " present.sqlite_sequence AS now WHERE now.name = main.sqlite_sequence.name),"
        " 0))"
    )
    connection.execute(
        "INSERT INTO main.sqlite_sequence SELECT * FROM present.sqlite_sequence"
        " WHERE name NOT IN (SELECT name FROM main.sqlite_sequence)"
    )


def _decision(order: Order) -> Decision:
    lost = "" if order.is_believed else "; what stood here could not be read"
    return Decision(
        action="database.restore",
        who=order.who,
        object="state",
        result="allowed",
        reason=f"{order.why}{lost}",
    )


# The files


def _replace(staged: Path, database: Path, now: datetime) -> Path:
    """Put *staged* in its place; the folder in which the present file is kept.

    A log is there only beside a file that can not be believed: the new one must not
    take it for its own.
    """
    private_folder(database.parent / FOLDER)
    aside = _new_folder(database.parent / FOLDER, f"replaced-{now:%Y%m%dT%H%M%S}")
    for beside in (log_of(database), database.with_name(f"{database.name}-shm")):
        if beside.exists():
            beside.rename(aside / beside.name)
    if database.exists():
        os.link(database, aside / database.name)
    in_use(database).unlink(missing_ok=True)
    staged.rename(database)
    whole_file.sync_folder(database.parent)
    return aside


def _new_folder(parent: Path, name: str) -> Path:
    number, folder = 1, parent / name
    while folder.exists():
        number += 1
        folder = parent / f"{name}-{number}"
    private_folder(folder)
    return folder


def _refuse(connection: sqlite3.Connection) -> None:
    raise AssertionError("the database is there")
