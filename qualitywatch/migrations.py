"""The schema, as an ordered list of steps that is only ever extended.

`user_version` counts the steps a database has had. All that it lacks run in one
transaction with the count: a crash leaves the old schema or the new one, nothing else.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence

from qualitywatch import failpoints
from qualitywatch.errors import MachineError

APPLICATION_ID = 0x71776368  # "qwch": tells our database from a stranger's

Migration = Callable[[sqlite3.Connection], None]


def upgrade(
    connection: sqlite3.Connection, migrations: Sequence[Migration] | None = None
) -> None:
    """Bring the database to the newest schema; `MachineError` when it is not ours."""
    steps = MIGRATIONS if migrations is None else migrations
    version = _version(connection, newest=len(steps))
    if version == len(steps):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        for migrate in steps[version:]:
            migrate(connection)
            failpoints.reach("mid_migration")
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {len(steps)}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def is_behind(connection: sqlite3.Connection) -> bool:
    """True for a database of ours that an older version wrote."""
    return 0 < _version(connection, newest=len(MIGRATIONS)) < len(MIGRATIONS)


def _version(connection: sqlite3.Connection, *, newest: int) -> int:
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    owner = int(connection.execute("PRAGMA application_id").fetchone()[0])
    tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if tables and owner != APPLICATION_ID:
        raise MachineError(
            "this database was not made by qualitywatch",
            hint="move the file away; it was not touched",
        )
    if version > newest:
        raise MachineError(
            f"the database has schema {version}, this program knows {newest}",
            hint="install the version of qualitywatch that wrote it, or a newer one",
        )
    return version


def _first_tables(connection: sqlite3.Connection) -> None:
    for statement in _FIRST_TABLES.split(";"):
        connection.execute(statement)


_FIRST_TABLES = """
CREATE TABLE meta (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE agents (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    harness TEXT,
    workspace TEXT,
    last_seen TEXT
) STRICT, WITHOUT ROWID;

CREATE TABLE tokens (
    sha256 TEXT PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    role TEXT NOT NULL,
    agent TEXT,
    name TEXT,
    created_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    revoked_at TEXT
) STRICT, WITHOUT ROWID;

CREATE TABLE judged (
    workspace TEXT NOT NULL,
    path TEXT NOT NULL,
    sha256 TEXT,
    base TEXT,
    PRIMARY KEY (workspace, path)
) STRICT, WITHOUT ROWID;

CREATE TABLE changes (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    workspace TEXT NOT NULL,
    path TEXT NOT NULL,
    change_type TEXT NOT NULL,
    sha256 TEXT,
    moment TEXT NOT NULL,
    base TEXT,
    agent TEXT,
    grounds TEXT,
    task_id TEXT,
    time TEXT NOT NULL
) STRICT;

CREATE TABLE violations (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    workspace TEXT NOT NULL,
    path TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    agent TEXT,
    base TEXT,
    sha256 TEXT,
    assigned INTEGER NOT NULL,
    reached INTEGER NOT NULL,
    lost_lines INTEGER NOT NULL,
    body TEXT NOT NULL,
    recorded_at TEXT NOT NULL,
    closed_at TEXT,
    closed_as TEXT CHECK (closed_as IN ('repaired', 'dismissed')),
    closed_by TEXT,
    closed_because TEXT,
    CHECK ((closed_at IS NULL) = (closed_as IS NULL))
) STRICT;
CREATE UNIQUE INDEX one_open_violation
    ON violations (workspace, path, fingerprint) WHERE closed_at IS NULL;
CREATE INDEX violations_of_agent ON violations (agent);

CREATE TABLE blames (
    violation TEXT NOT NULL REFERENCES violations (id),
    subject TEXT NOT NULL,
    grounds TEXT NOT NULL,
    time TEXT NOT NULL,
    PRIMARY KEY (violation, subject)
) STRICT, WITHOUT ROWID;

CREATE TABLE dismissed (
    fingerprint TEXT PRIMARY KEY,
    violation TEXT NOT NULL REFERENCES violations (id)
) STRICT, WITHOUT ROWID;

CREATE TABLE quarantines (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    subject TEXT NOT NULL,
    state TEXT NOT NULL,
    reason TEXT NOT NULL,
    since TEXT NOT NULL,
    imposed_by TEXT NOT NULL,
    workspace TEXT,
    repairs TEXT NOT NULL,
    released_by TEXT,
    released_at TEXT,
    release_reason TEXT,
    CHECK ((state = 'clear') = (released_at IS NOT NULL))
) STRICT;
CREATE UNIQUE INDEX one_open_quarantine
    ON quarantines (subject) WHERE released_at IS NULL;

CREATE TABLE quarantine_violations (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    quarantine TEXT NOT NULL REFERENCES quarantines (id),
    violation TEXT NOT NULL,
    body TEXT NOT NULL,
    UNIQUE (quarantine, violation)
) STRICT;

CREATE TABLE reports (
    agent TEXT NOT NULL,
    event_id TEXT NOT NULL,
    answer TEXT NOT NULL,
    time TEXT NOT NULL,
    PRIMARY KEY (agent, event_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE events (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    time TEXT NOT NULL,
    data TEXT NOT NULL
) STRICT
"""


def _audit(connection: sqlite3.Connection) -> None:
    connection.execute(_AUDIT)


_AUDIT = """
CREATE TABLE audit (
    number INTEGER PRIMARY KEY,
    time TEXT NOT NULL,
    monotonic_ms INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    who TEXT NOT NULL,
    action TEXT NOT NULL,
    object TEXT NOT NULL,
    result TEXT NOT NULL CHECK (result IN ('allowed', 'refused', 'found')),
    reason TEXT NOT NULL,
    count INTEGER NOT NULL,
    previous TEXT NOT NULL,
    hash TEXT NOT NULL
) STRICT
"""


def _repairs_apart(connection: sqlite3.Connection) -> None:
    """What was on offer had its content in it: it has to be offered again."""
    connection.execute(_REPAIRS)
    connection.execute(
        "UPDATE quarantines SET repairs = '[]', state = CASE state"
        " WHEN 'repair_proposed' THEN 'quarantined' ELSE state END"
    )


_REPAIRS = """
CREATE TABLE repairs (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    quarantine TEXT NOT NULL REFERENCES quarantines (id),
    content BLOB NOT NULL
) STRICT
"""


def _strikes(connection: sqlite3.Connection) -> None:
    connection.execute("CREATE INDEX blames_of_subject ON blames (subject, time)")


def _registry(connection: sqlite3.Connection) -> None:
    connection.execute("ALTER TABLE agents ADD COLUMN parent TEXT")
    connection.execute("ALTER TABLE agents ADD COLUMN session TEXT")
    connection.execute(_PROCESSES)


_PROCESSES = """
CREATE TABLE processes (
    agent TEXT NOT NULL,
    pid INTEGER NOT NULL,
    started TEXT NOT NULL,
    stopped INTEGER NOT NULL,
    PRIMARY KEY (agent, pid, started)
) STRICT, WITHOUT ROWID
"""


def _workspaces(connection: sqlite3.Connection) -> None:
    """Two checkouts may have one folder name: each is given a name of its own."""
    connection.execute(
        "CREATE TABLE workspaces (path TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE)"
        " STRICT, WITHOUT ROWID"
    )


def _ages(connection: sqlite3.Connection) -> None:
    """What is old is found without looking at all that is not."""
    connection.execute("CREATE INDEX reports_by_time ON reports (time)")
    connection.execute(
        "CREATE INDEX closed_violations ON violations (closed_at)"
        " WHERE closed_at IS NOT NULL"
    )


MIGRATIONS: tuple[Migration, ...] = (
    _first_tables,
    _audit,
    _repairs_apart,
    _strikes,
    _registry,
    _workspaces,
    _ages,
)
"""Never edited, only extended."""
