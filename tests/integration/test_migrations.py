"""The schema on a real file: forward, whole steps only, never backwards."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from qualitywatch import migrations
from qualitywatch.errors import MachineError
from qualitywatch.migrations import MIGRATIONS, upgrade


@pytest.fixture
def database(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """An empty database."""
    path = tmp_path / "state.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        yield connection


def version(database: sqlite3.Connection) -> int:
    return int(database.execute("PRAGMA user_version").fetchone()[0])


def tables(database: sqlite3.Connection) -> set[str]:
    rows = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
    return {row[0] for row in rows}


def test_an_empty_database_gets_every_step(database: sqlite3.Connection) -> None:
    """It is at the newest schema, and marked as ours."""
    upgrade(database)

    assert len(MIGRATIONS) == version(database)
    assert {"violations", "quarantines", "events", "tokens"} <= tables(database)


def test_a_second_time_changes_nothing(database: sqlite3.Connection) -> None:
    """What is in it stays in it."""
    upgrade(database)
    database.execute("INSERT INTO meta VALUES ('k', 'v')")
    upgrade(database)

    assert [("v",)] == database.execute("SELECT value FROM meta").fetchall()


def test_every_table_is_strict(database: sqlite3.Connection) -> None:
    """A column takes only what its type says."""
    upgrade(database)
    rows = database.execute("PRAGMA table_list").fetchall()
    loose = [row[1] for row in rows if not row[1].startswith("sqlite_") and not row[5]]

    assert [] == loose


def test_a_newer_schema_is_refused(database: sqlite3.Connection) -> None:
    """An old program does not touch what it does not understand."""
    upgrade(database)
    database.execute("PRAGMA user_version = 999")

    with pytest.raises(MachineError, match="schema 999") as refused:
        upgrade(database)

    assert "newer" in refused.value.hint
    assert 999 == version(database)


def test_a_strangers_database_is_refused(database: sqlite3.Connection) -> None:
    """A database of another program stays as it was."""
    database.execute("CREATE TABLE bookmarks (url TEXT)")

    with pytest.raises(MachineError, match="not made by qualitywatch"):
        upgrade(database)

    assert {"bookmarks"} == tables(database)


def _broken(connection: sqlite3.Connection) -> None:
    connection.execute("CREATE TABLE half (x TEXT) STRICT")
    raise RuntimeError("the lights went out")


def test_a_step_that_fails_leaves_the_old_schema(database: sqlite3.Connection) -> None:
    """Nothing of any step stays; the next start tries them all again."""
    upgrade(database, MIGRATIONS[:1])
    before = tables(database)

    with pytest.raises(RuntimeError):
        upgrade(database, [*MIGRATIONS, _broken])

    assert 1 == version(database)
    assert before == tables(database)
    upgrade(database)


def test_only_missing_steps_run(database: sqlite3.Connection) -> None:
    """A step that a database has had is never run again."""
    upgrade(database)
    ran: list[int] = []
    upgrade(database, [*[_broken] * len(MIGRATIONS), lambda _: ran.append(1)])

    assert [1] == ran
    assert len(MIGRATIONS) + 1 == version(database)


def test_the_mark_is_ours(database: sqlite3.Connection) -> None:
    """`file state.db` and we ourselves can tell it from other databases."""
    upgrade(database)
    mark = database.execute("PRAGMA application_id").fetchone()[0]

    assert migrations.APPLICATION_ID == mark
