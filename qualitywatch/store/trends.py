"""What happened on each day, counted."""

from __future__ import annotations

import sqlite3
from collections import Counter, defaultdict

from qualitywatch.protocol import TrendDay, TypeCount


def by_day(connection: sqlite3.Connection, *, since: str) -> tuple[TrendDay, ...]:
    """Each day from *since* on that anything happened on, oldest first."""
    changes = _counted(connection, "changes", "time", since)
    quarantines = _counted(connection, "quarantines", "since", since)
    repaired = _counted(connection, "violations", "closed_at", since)
    types: dict[str, Counter[str]] = defaultdict(Counter)
    for day, kind, count in connection.execute(
        "SELECT substr(recorded_at, 1, 10), json_extract(body, '$.type'), count(*)"
        " FROM violations WHERE recorded_at >= ? GROUP BY 1, 2",
        (since,),
    ):
        types[day][kind] = count
    return tuple(
        TrendDay(
            day=day,
            changes=changes[day],
            violations=types[day].total(),
            by_type=tuple(
                TypeCount(type=kind, count=count)
                for kind, count in sorted(types[day].items())
            ),
            closed=repaired[day],
            quarantines=quarantines[day],
        )
        for day in sorted({*changes, *quarantines, *repaired, *types})
    )


def _counted(
    connection: sqlite3.Connection, table: str, column: str, since: str
) -> Counter[str]:
    found = connection.execute(
        f"SELECT substr({column}, 1, 10), count(*) FROM {table}"
        f" WHERE {column} >= ? GROUP BY 1",
        (since,),
    )
    return Counter(dict(found.fetchall()))
