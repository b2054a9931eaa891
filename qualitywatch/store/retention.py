"""What is forgotten, and when: history by its age and size, never what still counts.

Kept whatever their age: open violations with their blame and their lost code, open
quarantines with their evidence, what an operator dismissed, who is known, tokens, the
content of each file that was judged last, and the audit. Events go from the oldest on,
without a hole, by their order and not by the clock: a clock that was wrong for an hour
moves nothing. An event of the future says nothing about its age.

Everything goes in small portions, so that no write waits long for one.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple, TypeAlias

from qualitywatch.model import Noun
from qualitywatch.store.database import Database, empty_log

MILLISECONDS = 50.0  # for one portion
REPORT_DAYS = 7  # a client may ask again for so long, whatever the settings say
REPORT_DAYS_IN_NEED = 1  # the same where room is short
SHARE = 10  # a tenth of the history goes at a time where room is short
LEFT = 0.9  # of the allowed size, once room had to be made

_PAGES = 200
_FIRST_PORTION = 200
_LARGEST_PORTION = 5000
_SMALLEST_PORTION = 10


class Forgotten(Noun):
    """How many rows of each kind were deleted."""

    events: int = 0
    changes: int = 0
    violations: int = 0
    quarantines: int = 0
    reports: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return sum(getattr(self, name) for name in self.__struct_fields__)


class Limits(NamedTuple):
    """What may go: history and reports that are older than these times."""

    history: str
    reports: str
    now: str


class Bounds(NamedTuple):
    """The same as it is looked for: what comes before the first row that stays."""

    event: int
    change: int
    history: str
    reports: str


Find: TypeAlias = Callable[[sqlite3.Connection], Bounds]
"""Says what may go, by how the tables stand."""


def by_age(now: datetime, days: int) -> Limits:
    """What is too old at *now*."""
    history = now - timedelta(days=days)
    reports = now - timedelta(days=max(days, REPORT_DAYS))
    return Limits(history.isoformat(), reports.isoformat(), now.isoformat())


def bounds(limits: Limits, connection: sqlite3.Connection) -> Bounds:
    """Where *limits* lie among the rows; looks at all that will go."""
    return Bounds(
        event=_first_kept(connection, "events", "sequence", limits),
        change=_first_kept(connection, "changes", "number", limits),
        history=limits.history,
        reports=limits.reports,
    )


def oldest_share(now: datetime, connection: sqlite3.Connection) -> Bounds:
    """What goes first where room is short: a tenth of the history."""
    event = _after_a_share(connection, "events", "sequence")
    at = connection.execute(
        "SELECT time FROM events WHERE sequence >= ? ORDER BY sequence LIMIT 1",
        (event,),
    ).fetchone()
    return Bounds(
        event=event,
        change=_after_a_share(connection, "changes", "number"),
        history=now.isoformat() if at is None else at[0],
        reports=(now - timedelta(days=REPORT_DAYS_IN_NEED)).isoformat(),
    )


def _after_a_share(connection: sqlite3.Connection, table: str, key: str) -> int:
    first, last = connection.execute(
        f"SELECT ifnull(min({key}), 0), ifnull(max({key}), 0) FROM {table}"
    ).fetchone()
    return int(first) + (int(last) - int(first)) // SHARE + 1


def _first_kept(
    connection: sqlite3.Connection, table: str, key: str, limits: Limits
) -> int:
    """What follows the last row that is surely old: none before it is younger.

    A row of the future is as old as those around it.
    """
    young = connection.execute(
        f"SELECT {key} FROM {table} WHERE time >= ? AND time <= ? ORDER BY {key}"
        " LIMIT 1",
        (limits.history, limits.now),
    ).fetchone()
    old = connection.execute(
        f"SELECT {key} FROM {table} WHERE time < ? AND (? IS NULL OR {key} < ?)"
        f" ORDER BY {key} DESC LIMIT 1",
        (limits.history, *2 * (young or (None,))),
    ).fetchone()
    return 0 if old is None else int(old[0]) + 1


class Sizer:
    """How many rows make one portion, by how long the last one took."""

    def __init__(self) -> None:
        self.rows = _FIRST_PORTION

    def took(self, milliseconds: float) -> None:
        """Adapt: half of the time that is allowed is aimed at."""
        if milliseconds > MILLISECONDS / 2:
            self.rows = max(_SMALLEST_PORTION, self.rows // 2)
        elif milliseconds < MILLISECONDS / 8:
            self.rows = min(_LARGEST_PORTION, self.rows * 2)


def used_bytes(connection: sqlite3.Connection) -> int:
    """How much of the file holds something."""
    pages, free, size = (
        connection.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("page_count", "freelist_count", "page_size")
    )
    return int((pages - free) * size)


def portion(
    kind: str, bounds: Bounds, rows: int, connection: sqlite3.Connection
) -> int:
    """Delete at most *rows* rows of *kind*; how many there were."""
    return _DELETES[kind](connection, bounds, rows)


def give_back(connection: sqlite3.Connection) -> bool:
    """Return some free pages to the disk; true where there are more of them."""
    before = connection.execute("PRAGMA freelist_count").fetchone()[0]
    connection.execute(f"PRAGMA incremental_vacuum({_PAGES})").fetchall()
    after = connection.execute("PRAGMA freelist_count").fetchone()[0]
    return 0 < int(after) < int(before)


def _events(connection: sqlite3.Connection, bounds: Bounds, rows: int) -> int:
    return connection.execute(
        "DELETE FROM events WHERE sequence IN (SELECT sequence FROM events"
        " WHERE sequence < ? ORDER BY sequence LIMIT ?)",
        (bounds.event, rows),
    ).rowcount


def _changes(connection: sqlite3.Connection, bounds: Bounds, rows: int) -> int:
    return connection.execute(
        "DELETE FROM changes WHERE number IN (SELECT number FROM changes"
        " WHERE number < ? ORDER BY number LIMIT ?)",
        (bounds.change, rows),
    ).rowcount


def _violations(connection: sqlite3.Connection, bounds: Bounds, rows: int) -> int:
    """Closed ones that nothing refers to: no dismissal and no open quarantine."""
    found = connection.execute(
        "SELECT id FROM violations WHERE closed_at < ?"
        " AND id NOT IN (SELECT violation FROM dismissed)"
        " AND id NOT IN (SELECT violation FROM quarantine_violations JOIN quarantines"
        " ON quarantines.id = quarantine WHERE released_at IS NULL)"
        " ORDER BY number LIMIT ?",
        (bounds.history, rows),
    ).fetchall()
    connection.executemany("DELETE FROM blames WHERE violation = ?", found)
    connection.executemany("DELETE FROM violations WHERE id = ?", found)
    return len(found)


def _quarantines(connection: sqlite3.Connection, bounds: Bounds, rows: int) -> int:
    """Released ones, with their evidence."""
    found = connection.execute(
        "SELECT id FROM quarantines WHERE released_at < ? ORDER BY number LIMIT ?",
        (bounds.history, rows),
    ).fetchall()
    for table in ("repairs", "quarantine_violations"):
        connection.executemany(f"DELETE FROM {table} WHERE quarantine = ?", found)
    connection.executemany("DELETE FROM quarantines WHERE id = ?", found)
    return len(found)


def _reports(connection: sqlite3.Connection, bounds: Bounds, rows: int) -> int:
    return connection.execute(
        "DELETE FROM reports WHERE (agent, event_id) IN"
        " (SELECT agent, event_id FROM reports WHERE time < ? LIMIT ?)",
        (bounds.reports, rows),
    ).rowcount


_DELETES: dict[str, Callable[[sqlite3.Connection, Bounds, int], int]] = {
    "events": _events,
    "changes": _changes,
    "violations": _violations,
    "quarantines": _quarantines,
    "reports": _reports,
}


class Room:
    """The housekeeping of one database; no write waits long for any of it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def forget(self, find: Find) -> Forgotten:
        """Delete what *find* names, a portion at a time."""
        bounds = await self._database.read(find)
        counts = {kind: await self._forget(kind, bounds) for kind in _DELETES}
        return Forgotten(**counts)

    async def used_bytes(self) -> int:
        """How much of the file holds something."""
        return await self._database.read(used_bytes)

    async def give_back(self) -> None:
        """Return the pages that nothing needs to the disk, a few at a time."""
        is_more = True
        while is_more:
            is_more = await self._database.alone(give_back)

    async def empty_log(self) -> bool:
        """Copy the log over and cut it; false where somebody still reads by it."""
        return await self._database.alone(empty_log)

    async def look_for_damage(self) -> None:
        """Read the whole file; raises `Damaged` where a page is not what it was."""
        await self._database.look_for_damage()

    async def _forget(self, kind: str, bounds: Bounds) -> int:
        sizer, deleted = Sizer(), 0
        while True:
            work = partial(portion, kind, bounds, sizer.rows)
            count = await self._database.write(work)
            deleted += count
            if count < sizer.rows:
                return deleted
            sizer.took(self._database.last_commit_ms)
            await asyncio.sleep(self._database.last_commit_ms / 1000)  # others' turn
