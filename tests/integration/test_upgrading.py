"""From every schema there ever was to this one: nothing lost, whenever it dies."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from qualitywatch.errors import MachineError
from qualitywatch.migrations import MIGRATIONS, upgrade
from qualitywatch.store import Store
from qualitywatch.store.copies import FOLDER, MOST_KEPT
from tests import factories
from tests.integration.house import House

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ROOT = Path(__file__).parents[2]
OLDER = range(1, len(MIGRATIONS))

ROWS = f"""
INSERT INTO meta VALUES ('epoch', 'e1'), ('created_at', '2026-01-01T00:00:00+00:00');
INSERT INTO agents (id, name, harness, workspace, last_seen)
    VALUES ('lazy', 'Lazy', NULL, '/repo', NULL);
INSERT INTO tokens VALUES
    ('{"0" * 64}', 't1', 'agent', 'lazy', NULL, '2026', '2027', NULL);
INSERT INTO judged VALUES ('/repo', 'app.py', '{"1" * 64}', 'c0ffee');
INSERT INTO changes (workspace, path, change_type, moment, time)
    VALUES ('/repo', 'app.py', 'update', 'save', '2026');
INSERT INTO violations (id, workspace, path, fingerprint, agent, base, sha256, assigned,
    reached, lost_lines, body, recorded_at) VALUES
    ('v1', '/repo', 'app.py', 'f1', 'lazy', 'c0ffee', 'aa', 1, 1, 10, :body, '2026');
INSERT INTO blames VALUES ('v1', 'lazy', 'report', '2026');
INSERT INTO quarantines (id, subject, state, reason, since, imposed_by, workspace,
    repairs) VALUES
    ('q1', 'lazy', 'quarantined', 'why', '2026', 'policy', '/repo', '[]');
INSERT INTO quarantine_violations (quarantine, violation, body)
    VALUES ('q1', 'v1', :body);
INSERT INTO reports VALUES ('lazy', 'e1', '{{}}', '2026');
INSERT INTO events (id, kind, time, data) VALUES ('i1', 'x', '2026', '{{}}')
"""


def old(path: Path, schema: int) -> None:
    """A database of an older version, with something in every table of the first."""
    body = msgspec.json.encode(factories.violation(id="v1", fingerprint="f1")).decode()
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        upgrade(connection, MIGRATIONS[:1])
        for statement in ROWS.split(";\n"):
            names = {"body": body} if ":body" in statement else {}
            connection.execute(statement, names)
        upgrade(connection, MIGRATIONS[:schema])
        connection.execute("PRAGMA journal_mode = WAL")
    (path.parent / "blobs").mkdir(exist_ok=True)


def rows(path: Path) -> dict[str, int]:
    """How many rows each table of the first schema has."""
    tables = (
        *("agents", "tokens", "judged", "changes", "violations", "blames"),
        *("quarantines", "quarantine_violations", "reports", "events"),
    )
    with closing(sqlite3.connect(path)) as connection:
        return {
            table: connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
            for table in tables
        }


def schema(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])


@pytest.mark.parametrize("version", OLDER)
async def test_nothing_is_lost(tmp_path: Path, version: int) -> None:
    """The warden knows who is in quarantine; the old file is kept beside the new."""
    path = tmp_path / "state" / "state.db"
    old(path, version)
    before = rows(path)
    house = House(path.parent)
    await house.start()
    quarantine, agent = house.warden.quarantine_of("lazy"), house.warden.agent("lazy")
    (opened,) = await house.store.open_in("/repo", "app.py")
    await house.stop()
    kept = path.parent / FOLDER / f"before-schema-{version + 1}.db"

    assert quarantine is not None
    assert ("v1",) == tuple(violation.id for violation in quarantine.violations)
    assert agent is not None
    assert frozenset({"lazy"}) == opened.blamed
    assert before == rows(path) == rows(kept)
    assert (len(MIGRATIONS), version) == (schema(path), schema(kept))
    assert 0o600 == stat.S_IMODE(kept.stat().st_mode)


def test_few_old_files_are_kept(tmp_path: Path) -> None:
    """An upgrade that is tried again and again does not fill the disk."""
    path = tmp_path / "state" / "state.db"
    for _ in range(MOST_KEPT + 2):
        path.unlink(missing_ok=True)
        old(path, 1)
        asyncio.run(_opened(path))

    assert MOST_KEPT == len(list((path.parent / FOLDER).iterdir()))


async def _opened(path: Path) -> None:
    async with Store.open(path, lambda: NOW):
        pass


def test_an_upgrade_that_can_not_be_undone_is_not_begun(tmp_path: Path) -> None:
    """Where there is no room for the copy, the old file stays as it is."""
    path = tmp_path / "state" / "state.db"
    old(path, 1)
    (path.parent / FOLDER).write_text("in the way")
    content = path.read_bytes()

    with pytest.raises(MachineError):
        asyncio.run(_opened(path))
    assert content == path.read_bytes()


def test_a_newer_schema_is_refused(tmp_path: Path) -> None:
    """By an old program, which does not touch what it does not understand."""
    path = tmp_path / "state" / "state.db"
    asyncio.run(_opened(path))
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 999")
    content = path.read_bytes()

    with pytest.raises(MachineError, match="schema 999"):
        asyncio.run(_opened(path))
    assert content == path.read_bytes()


KILLER = """
import os, signal, sqlite3, sys
from pathlib import Path
from qualitywatch.migrations import MIGRATIONS, upgrade
from tests.integration.test_upgrading import old, rows, schema

path = Path(sys.argv[1]) / "state.db"
found = set()
for statement in range(1, 500):
    for file in path.parent.glob("state.db*"):
        file.unlink()
    old(path, 1)
    before = rows(path)
    child = os.fork()
    if child == 0:
        connection = sqlite3.connect(path, isolation_level=None)
        left = statement
        def count(_):
            global left
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
        connection.set_trace_callback(count)
        upgrade(connection)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert rows(path) == before
    found.add(schema(path))
    connection = sqlite3.connect(path, isolation_level=None)
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    upgrade(connection)
    connection.close()
    assert schema(path) == len(MIGRATIONS)
    if status == 0:
        break
print(statement, *sorted(found))
"""


def test_killed_at_each_statement(tmp_path: Path) -> None:
    """It is the old schema or the new one, and the next start goes on from there."""
    done = subprocess.run(
        [sys.executable, "-c", KILLER, str(tmp_path)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )

    assert "" == done.stderr
    statements, *schemas = map(int, done.stdout.split())
    assert statements > 15
    assert [1, len(MIGRATIONS)] == schemas
