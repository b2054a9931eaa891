"""What holds by the tables, and where they were edited: the audit says otherwise."""

from __future__ import annotations

import hashlib
import sqlite3

from qualitywatch.audit.decision import plain
from qualitywatch.audit.holding import (
    ACTIONS,
    Held,
    edited,
    held,
    seal,
    seal_of_token,
)
from qualitywatch.store import auditing, meta


def edited_tables(connection: sqlite3.Connection) -> list[str]:
    """Where the tables say what nobody has decided, each as half a sentence."""
    if not auditing.is_there(connection):
        return []  # which `verified` tells
    marks = ", ".join("?" * len(ACTIONS))
    rows = connection.execute(
        f"SELECT {auditing.COLUMNS} FROM audit WHERE action IN ({marks})"
        " ORDER BY number",
        tuple(ACTIONS),
    )
    return edited(held(map(auditing.record, rows)), _held(connection))


def _held(connection: sqlite3.Connection) -> Held:
    tokens = connection.execute(
        "SELECT id, role, agent, expires_at, sha256, revoked_at FROM tokens"
    ).fetchall()
    passphrase = meta.value(connection, meta.PASSPHRASE)
    approved = meta.value(connection, meta.APPROVED)
    return Held(
        quarantined=_column(
            connection, "SELECT subject FROM quarantines WHERE released_at IS NULL"
        ),
        tokens={row[0]: plain(seal_of_token(*row[1:5])) for row in tokens},
        revoked=frozenset(row[0] for row in tokens if row[5] is not None),
        dismissed=_column(connection, "SELECT fingerprint FROM dismissed"),
        passphrase=None if passphrase is None else seal(passphrase),
        settings=None if approved is None else _digest(approved),
    )


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _column(connection: sqlite3.Connection, statement: str) -> frozenset[str]:
    """What stands in one column, as the audit would write it."""
    return frozenset(plain(row[0]) for row in connection.execute(statement))
