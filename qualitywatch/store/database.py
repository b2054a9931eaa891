"""One SQLite file, with a thread that writes and a thread that reads.

Whoever reads waits for no writer, not for one that waits for the disk either; whoever
writes does it alone.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path
from typing import TypeVar

import aiosqlite

from qualitywatch import failpoints
from qualitywatch.store.faults import RESTORE, Damaged, beginning, explained
from qualitywatch.store.opening import (
    connect,
    connect_writer,
    damage_in,
    log_of,
    prepare,
)

T = TypeVar("T")

Work = Callable[[sqlite3.Connection], T]

_LOG_PATIENCE_MS = 20


class _Connection(aiosqlite.Connection):
    """A connection that runs whole functions in its thread."""

    async def run(self, work: Work[T]) -> T:
        """What *work* returns; nothing else uses this connection meanwhile."""
        done: T = await self._execute(work, self._conn)  # type: ignore[no-untyped-call]
        return done


class Database:
    """The file while it is in use: what writes runs one after the other."""

    def __init__(self, writer: _Connection, reader: _Connection, path: Path) -> None:
        self.path = path
        self.last_commit_ms = 0.0  # how long the newest write took, lock and disk
        self.damage: Damaged | None = None  # once seen, nothing is written any more
        self._writer = writer
        self._reader = reader

    @classmethod
    @asynccontextmanager
    async def open(
        cls, path: Path, on_create: Callable[[sqlite3.Connection], None]
    ) -> AsyncIterator[Database]:
        """The database at *path*, made if new, checked and brought up to date."""
        await asyncio.to_thread(prepare, path, on_create)
        writer = _Connection(partial(connect_writer, path), iter_chunk_size=64)
        reading = partial(connect, path, reads_only=True)
        reader = _Connection(reading, iter_chunk_size=64)
        with explained(path):
            async with writer, reader:
                yield cls(writer, reader, path)

    @property
    def size(self) -> int:
        """How many bytes the file takes."""
        return self.path.stat().st_size

    @property
    def log_size(self) -> int:
        """How many bytes the log beside it takes; 0 where there is none."""
        try:
            return log_of(self.path).stat().st_size
        except FileNotFoundError:
            return 0

    async def write(self, work: Work[T]) -> T:
        """What *work* returns, once it is safe on the disk; all of it or nothing."""
        if self.damage is not None:
            raise self.damage
        done = await self.alone(partial(self._transact, work))
        failpoints.reach("after_commit")
        return done

    async def read(self, work: Work[T]) -> T:
        """What *work* returns; it sees one moment of what is committed."""
        with self._watched():
            return await self._reader.run(partial(_at_one_moment, work))

    async def look_for_damage(self) -> None:
        """Read every page; raises `Damaged` where one is not what it was."""
        with self._watched():
            await self._reader.run(_require_whole)

    async def alone(self, work: Work[T]) -> T:
        """What *work* returns; no write runs meanwhile, and it begins its own."""
        with self._watched():
            return await self._writer.run(work)

    def _transact(self, work: Work[T], connection: sqlite3.Connection) -> T:
        begun = time.perf_counter()
        with beginning(self.path):
            connection.execute("BEGIN IMMEDIATE")
        try:
            result = work(connection)
            failpoints.reach("before_commit")
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:  # a full disk has rolled back already
                connection.execute("ROLLBACK")
            raise
        self.last_commit_ms = (time.perf_counter() - begun) * 1000
        return result

    @contextmanager
    def _watched(self) -> Iterator[None]:
        try:
            with explained(self.path):
                yield
        except Damaged as error:
            self.damage = error
            raise


def _at_one_moment(work: Work[T], connection: sqlite3.Connection) -> T:
    connection.execute("BEGIN")
    try:
        return work(connection)
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def _require_whole(connection: sqlite3.Connection) -> None:
    damage = damage_in(connection)
    if damage is not None:
        raise Damaged(f"the database is damaged: {damage}", hint=RESTORE)


def empty_log(connection: sqlite3.Connection) -> bool:
    """Copy the log into the file and cut it; false where a reader still needs it.

    It waits for readers a moment only: everybody who writes waits meanwhile.
    """
    patience = connection.execute("PRAGMA busy_timeout").fetchone()[0]
    connection.execute(f"PRAGMA busy_timeout = {_LOG_PATIENCE_MS}")
    try:
        done = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    finally:
        connection.execute(f"PRAGMA busy_timeout = {patience}")
    return not done[0]
