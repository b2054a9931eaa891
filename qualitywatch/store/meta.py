"""The table of what a database says of itself: one value for each key."""

from __future__ import annotations

import sqlite3

APPROVED = "approved settings"  # and rules, see `approval`
CREATED_AT = "created_at"
EPOCH = "epoch"  # of the stream of events: another one after a restore
HISTORY = "history"  # what the first record of the audit is chained to
PASSPHRASE = "passphrase"  # its hash


def value(connection: sqlite3.Connection, key: str) -> str | None:
    """What stands there for *key*; `None`: nothing."""
    row = connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
    return None if row is None else str(row[0])


def add(connection: sqlite3.Connection, key: str, value: str) -> None:
    """Say *value* for *key*, which has none."""
    connection.execute("INSERT INTO meta (key, value) VALUES (?, ?)", (key, value))
