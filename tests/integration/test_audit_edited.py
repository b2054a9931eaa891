"""The audit in a real database, edited 1,000 ways: the first bad one is named."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from qualitywatch import migrations
from qualitywatch.audit import Decision, Head
from qualitywatch.store import auditing

RECORDS = 80
EDITS = 1000
NOW = "2026-01-01T00:00:00+00:00"


@pytest.fixture
def database(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """A database with an audit of many kinds of decisions."""
    path = tmp_path / "state.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        migrations.upgrade(connection)
        connection.execute("INSERT INTO meta VALUES ('epoch', 'e1')")
        auditing.begin(connection, "e1", NOW)
        for number in range(RECORDS - 1):
            auditing.add(connection, decision(number), NOW)
        yield connection


def decision(number: int) -> Decision:
    return Decision(
        action=("release", "impose", "login", "dismiss")[number % 4],
        who=f"agent-{number % 7}",
        object=f"agent-{number % 5}",
        result=("allowed", "refused", "found")[number % 3],
        reason=f"because of {number}",
    )


Edit = Callable[[sqlite3.Connection, random.Random], int]


def a_text(db: sqlite3.Connection, chance: random.Random) -> int:
    column = chance.choice(
        ["time", "who", "action", "object", "reason", "previous", "hash"]
    )
    at = chance.randint(1, RECORDS)
    db.execute(f"UPDATE audit SET {column} = {column} || 'x' WHERE number = ?", (at,))
    return at


def a_number(db: sqlite3.Connection, chance: random.Random) -> int:
    column = chance.choice(["monotonic_ms", "sequence", "count"])
    at = chance.randint(1, RECORDS)
    db.execute(f"UPDATE audit SET {column} = {column} + 1 WHERE number = ?", (at,))
    return at


def the_result(db: sqlite3.Connection, chance: random.Random) -> int:
    at = chance.randint(1, RECORDS)
    db.execute(
        "UPDATE audit SET result ="
        " CASE result WHEN 'refused' THEN 'allowed' ELSE 'refused' END"
        " WHERE number = ?",
        (at,),
    )
    return at


def deleted(db: sqlite3.Connection, chance: random.Random) -> int:
    at, count = chance.randint(1, RECORDS), chance.choice([1, 1, 3, 20])
    db.execute("DELETE FROM audit WHERE number >= ? AND number < ?", (at, at + count))
    return at


def cut_off(db: sqlite3.Connection, chance: random.Random) -> int:
    at = chance.randint(1, RECORDS)
    db.execute("DELETE FROM audit WHERE number >= ?", (at,))
    return at


def renumbered(db: sqlite3.Connection, chance: random.Random) -> int:
    """One taken out, and the gap closed."""
    at = chance.randint(1, RECORDS)
    db.execute("DELETE FROM audit WHERE number = ?", (at,))
    db.execute("UPDATE audit SET number = -number WHERE number > ?", (at,))
    db.execute("UPDATE audit SET number = -number - 1 WHERE number < 0")
    return at


def swapped(db: sqlite3.Connection, chance: random.Random) -> int:
    one, two = sorted(chance.sample(range(1, RECORDS + 1), 2))
    for old, new in ((one, 0), (two, one), (0, two)):
        db.execute("UPDATE audit SET number = ? WHERE number = ?", (new, old))
    return one


def forged(db: sqlite3.Connection, chance: random.Random) -> int:
    """One written anew, with a hash that fits it."""
    at = chance.randint(1, RECORDS)
    columns = auditing.COLUMNS
    row = db.execute(f"SELECT {columns} FROM audit WHERE number = ?", (at,)).fetchone()
    old = auditing.record(row)
    db.execute("DELETE FROM audit WHERE number >= ?", (at,))
    auditing.add(db, decision(chance.randint(1000, 2000)), old.time)
    return at


def all_forged(db: sqlite3.Connection, chance: random.Random) -> int:
    """Everything from one record on written anew: a head still knows the end."""
    at = chance.randint(1, RECORDS)
    db.execute("DELETE FROM audit WHERE number >= ?", (at,))
    for number in range(at, RECORDS + 1):
        auditing.add(db, decision(number + 5000), NOW)
    return at


EDITING: tuple[Edit, ...] = (
    *(a_text, a_text, a_number, the_result, deleted, cut_off, renumbered),
    *(swapped, forged, all_forged),
)


def test_a_thousand_edits_are_named(database: sqlite3.Connection) -> None:
    """Against the heads that were exported after each tenth record."""
    chance = random.Random(20260101)
    rows = database.execute("SELECT number, hash FROM audit").fetchall()
    every = [Head(number=number, hash=hash, history="e1") for number, hash in rows]
    heads = [head for head in every if head.number % 10 == 0]
    for _ in range(EDITS):
        edit = chance.choice(EDITING)
        database.execute("BEGIN")
        at = edit(database, chance)
        known = every if edit in (all_forged, forged) else heads
        fault = auditing.verified(database, known).fault
        database.execute("ROLLBACK")

        assert fault is not None, edit
        assert at == fault.number, (edit, at, fault)


def test_what_was_forged_whole_is_found_by_any_later_head(
    database: sqlite3.Connection,
) -> None:
    """Not the first that was forged, but the first that somebody else knows of."""
    chance = random.Random(3)
    head = auditing.head(database)
    for _ in range(50):
        database.execute("BEGIN")
        all_forged(database, chance)
        fault = auditing.verified(database, [head]).fault
        database.execute("ROLLBACK")

        assert fault is not None
        assert (RECORDS, "rewritten") == (fault.number, fault.kind)


def test_an_honest_database_has_no_fault(database: sqlite3.Connection) -> None:
    """Nothing above is worth anything without this."""
    found = auditing.verified(database, [auditing.head(database)])

    assert (RECORDS, None) == (found.records, found.fault)
