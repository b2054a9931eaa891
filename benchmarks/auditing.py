"""How long it takes to verify an audit, and what a record costs.

`python -m benchmarks.auditing [RECORDS]`
"""

from __future__ import annotations

import sqlite3
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

from qualitywatch import migrations
from qualitywatch.audit import Decision
from qualitywatch.store import auditing
from qualitywatch.store.edited import edited_tables
from qualitywatch.store.looking import verified_audit

NOW = "2026-01-01T00:00:00+00:00"


def main(count: int) -> None:
    """Print what it takes to write and verify *count* records."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "state.db"
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            migrations.upgrade(connection)
            writing = _filled(connection, count)
            replaying = _timed(lambda: edited_tables(connection))
            head = auditing.head(connection)
        verifying = _timed(lambda: verified_audit(path, [head]))
        size = path.stat().st_size / count
    print(f"{count:,} records, {size:.0f} bytes each")
    print(f"write     {writing / count * 1e6:8.1f} µs a record, without the commit")
    print(f"verify    {verifying:8.2f} s, chain and head")
    print(f"compare   {replaying:8.2f} s, the tables with what was decided")


def _filled(connection: sqlite3.Connection, count: int) -> float:
    connection.execute("BEGIN")
    auditing.begin(connection, "history", NOW)

    def fill() -> None:
        for number in range(count - 1):
            action = ("quarantine.impose", "quarantine.release")[number % 2]
            decision = Decision(
                action=action,
                who="operator",
                object=f"agent-{number // 2 % 50}",
                result="allowed",
                reason=f"because of {number}",
            )
            auditing.add(connection, decision, NOW)

    seconds = _timed(fill)
    connection.execute("COMMIT")
    return seconds


def _timed(work: object) -> float:
    assert callable(work)
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
