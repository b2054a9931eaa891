"""`Store`: the questions that are asked of the database, and the way to write to it."""

from __future__ import annotations

import asyncio
import sqlite3
import uuid
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TypeVar

from qualitywatch.errors import MachineError
from qualitywatch.model import Agent, Event, Quarantine, Violation
from qualitywatch.protocol import Role, TokenRow
from qualitywatch.store import rows
from qualitywatch.store.blobs import Blobs
from qualitywatch.store.database import BLOBS, Database
from qualitywatch.store.rows import Counts, LastJudged, OpenViolation, Row
from qualitywatch.store.transaction import APPROVED, Transaction

T = TypeVar("T")

_PASSPHRASE = "passphrase"
_EPOCH = "epoch"


class Store:
    """The database of one repository, and the lost code beside it."""

    def __init__(
        self, database: Database, epoch: str, clock: Callable[[], datetime]
    ) -> None:
        self.epoch = epoch  # made with the database: another epoch, another history
        self.folder = database.path.parent
        self._database = database
        self._clock = clock
        self._blobs = Blobs(self.folder / BLOBS)

    @classmethod
    @asynccontextmanager
    async def open(
        cls, path: Path, clock: Callable[[], datetime]
    ) -> AsyncIterator[Store]:
        """The store at *path*, made if new; `MachineError` when it can't be trusted."""
        birth = partial(_begin, now=clock().isoformat())
        async with Database.open(path, birth) as database:
            epoch = await database.read(partial(_meta, key=_EPOCH))
            if epoch is None:
                raise MachineError(
                    "the database has lost its first entries",
                    place=str(path),
                    hint="put a backup in its place",
                )
            yield cls(database, epoch, clock)

    async def write(self, work: Callable[[Transaction], T]) -> T:
        """What *work* returns once everything it wrote is safe; else nothing is.

        *work* runs in the database's thread: it takes what it needs as values.
        """
        return await self._database.write(lambda db: work(Transaction(db)))

    # Operator and tokens.

    async def passphrase_hash(self) -> str | None:
        """The hash of the operator's passphrase; `None` before one was set."""
        return await self._database.read(partial(_meta, key=_PASSPHRASE))

    async def set_passphrase_hash(self, hashed: str) -> None:
        """Set the operator's passphrase, or another one."""
        await self._change(
            "INSERT INTO meta (key, value) VALUES (?, ?)"
            " ON CONFLICT DO UPDATE SET value = excluded.value",
            (_PASSPHRASE, hashed),
        )

    async def approved_settings(self) -> str | None:
        """What an operator approved last, see `approval`; `None` before that."""
        return await self._database.read(partial(_meta, key=APPROVED))

    async def add_token(
        self,
        sha256: str,
        *,
        role: Role,
        agent: str | None = None,
        name: str | None = None,
        days: int = 30,
    ) -> TokenRow:
        """The row of a new token, of which only the hash is kept."""
        now = self._clock()
        row = TokenRow(
            id=uuid.uuid4().hex[:12],
            role=role,
            agent=agent,
            created_at=now.isoformat(),
            expires_at=(now + timedelta(days=days)).isoformat(),
            revoked_at=None,
        )
        await self._change(
            "INSERT INTO tokens (sha256, id, role, agent, name, created_at, expires_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (sha256, row.id, role, agent, name, row.created_at, row.expires_at),
        )
        return row

    async def live_token(self, sha256: str) -> TokenRow | None:
        """The token, or `None` when it is unknown, revoked or expired."""
        found = await self._all(
            f"SELECT {rows.TOKEN} FROM tokens WHERE sha256 = ? AND revoked_at IS NULL",
            (sha256,),
            rows.token,
        )
        now = self._clock()
        return next(
            (row for row in found if datetime.fromisoformat(row.expires_at) > now), None
        )

    async def tokens(self) -> tuple[TokenRow, ...]:
        """Every token ever made, oldest first, without the secrets."""
        return await self._all(
            f"SELECT {rows.TOKEN} FROM tokens ORDER BY created_at, id", (), rows.token
        )

    async def revoke_token(self, id: str) -> TokenRow | None:
        """The token, revoked now or earlier; `None` when there is no such id."""
        await self._change(
            "UPDATE tokens SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL",
            (self._clock().isoformat(), id),
        )
        return _first(
            await self._all(
                f"SELECT {rows.TOKEN} FROM tokens WHERE id = ?", (id,), rows.token
            )
        )

    # What was judged and found.

    async def last_judged(self, workspace: str, path: str) -> LastJudged | None:
        """The content of one file that was judged last."""
        return _first(
            await self._all(
                f"SELECT {rows.JUDGED} FROM judged WHERE workspace = ? AND path = ?",
                (workspace, path),
                rows.last_judged,
            )
        )

    async def all_judged(self, workspace: str) -> tuple[LastJudged, ...]:
        """The content of every file of *workspace* that was judged last."""
        return await self._all(
            f"SELECT {rows.JUDGED} FROM judged WHERE workspace = ? ORDER BY path",
            (workspace,),
            rows.last_judged,
        )

    async def workspaces(self) -> tuple[str, ...]:
        """Every workspace in which something was judged."""
        return await self._all(
            "SELECT DISTINCT workspace FROM judged ORDER BY workspace",
            (),
            lambda row: row[0],
        )

    async def violations(
        self,
        *,
        open: bool = True,
        agent: str | None = None,
        path: str | None = None,
        limit: int = 100,
    ) -> tuple[Violation, ...]:
        """Violations, newest first; *open* false lists the closed ones too."""
        return await self._all(
            "SELECT body FROM violations WHERE (closed_at IS NULL OR NOT ?)"
            " AND (? IS NULL OR agent = ?) AND (? IS NULL OR path = ?)"
            " ORDER BY number DESC LIMIT ?",
            (open, agent, agent, path, path, limit),
            rows.violation,
        )

    async def violation(self, id: str) -> Violation | None:
        """The violation called *id*, open or closed."""
        return _first(
            await self._all(
                "SELECT body FROM violations WHERE id = ?", (id,), rows.violation
            )
        )

    async def open_in(self, workspace: str, path: str) -> tuple[OpenViolation, ...]:
        """Open violations of one file, oldest first, each with its base."""
        return await self._open("workspace = ? AND path = ?", (workspace, path))

    async def open_of(self, ids: Sequence[str]) -> tuple[OpenViolation, ...]:
        """Those of *ids* that are still open, oldest first."""
        marks = ", ".join("?" * len(ids))
        return await self._open(f"id IN ({marks})", ids)

    async def open_like(self, fingerprint: str) -> tuple[OpenViolation, ...]:
        """Open violations with one fingerprint, in whichever workspace."""
        return await self._open("fingerprint = ?", (fingerprint,))

    async def unassigned(self) -> tuple[OpenViolation, ...]:
        """Open violations that still wait for a claim, those of earlier runs too."""
        return await self._open("NOT assigned", ())

    async def open_by_agent(self) -> dict[str, int]:
        """How many open violations each agent has that has any."""
        pairs = await self._all(
            "SELECT agent, count(*) FROM violations"
            " WHERE closed_at IS NULL AND agent IS NOT NULL GROUP BY agent",
            (),
            lambda row: (row[0], int(row[1])),
        )
        return dict(pairs)

    async def dismissed(self) -> frozenset[str]:
        """Fingerprints that an operator dismissed."""
        return frozenset(
            await self._all("SELECT fingerprint FROM dismissed", (), lambda row: row[0])
        )

    # History.

    async def agents(self) -> tuple[Agent, ...]:
        """Every agent seen so far, by id."""
        return await self._all(
            f"SELECT {rows.AGENT} FROM agents ORDER BY id", (), rows.agent
        )

    async def quarantines(
        self, *, open: bool = True, subject: str | None = None, limit: int = -1
    ) -> tuple[Quarantine, ...]:
        """Quarantines, newest first; *open* false lists the released ones too."""

        def read(connection: sqlite3.Connection) -> tuple[Quarantine, ...]:
            found = connection.execute(
                f"SELECT {rows.QUARANTINE} FROM quarantines"
                " WHERE (released_at IS NULL OR NOT ?) AND (? IS NULL OR subject = ?)"
                " ORDER BY number DESC LIMIT ?",
                (open, subject, subject, limit),
            ).fetchall()
            return tuple(
                rows.quarantine(row, rows.evidence(connection, row[0])) for row in found
            )

        return await self._database.read(read)

    async def events(self, since: int, *, limit: int = 500) -> tuple[Event, ...]:
        """Events after *since*, in order and without gap, at most *limit*."""
        return await self._all(
            f"SELECT {rows.EVENT} FROM events"
            " WHERE sequence > ? ORDER BY sequence LIMIT ?",
            (since, limit),
            rows.event,
        )

    async def sequence(self) -> int:
        """The sequence of the newest event; 0 before the first."""
        newest = await self._all(
            "SELECT ifnull(max(sequence), 0) FROM events", (), lambda row: int(row[0])
        )
        return newest[0]

    async def report(self, agent: str, event_id: str) -> bytes | None:
        """What *agent*'s report was answered, or `None` when it is new."""
        return _first(
            await self._all(
                "SELECT answer FROM reports WHERE agent = ? AND event_id = ?",
                (agent, event_id),
                lambda row: row[0].encode(),
            )
        )

    async def counts(self) -> Counts:
        """How much there is, since the history began."""
        row = await self._all(
            "SELECT (SELECT count(*) FROM changes), (SELECT count(*) FROM violations),"
            " (SELECT count(*) FROM violations WHERE closed_at IS NULL),"
            " (SELECT count(*) FROM quarantines WHERE released_at IS NULL),"
            " (SELECT count(*) FROM agents)",
            (),
            lambda row: Counts(
                changes=int(row[0]),
                violations=int(row[1]),
                open_violations=int(row[2]),
                open_quarantines=int(row[3]),
                agents=int(row[4]),
            ),
        )
        return row[0]

    # Lost code.

    async def keep_blob(self, content: bytes) -> str:
        """The sha256 under which *content* is kept while a violation needs it."""
        return await asyncio.to_thread(self._blobs.keep, content)

    async def blob(self, sha256: str) -> bytes | None:
        """What was kept under *sha256*, or `None`."""
        return await asyncio.to_thread(self._blobs.read, sha256)

    async def prune_blobs(self) -> None:
        """Remove what neither an open violation nor a last judged file refers to."""
        needed = await self._all(
            "SELECT base FROM violations WHERE closed_at IS NULL"
            " UNION SELECT base FROM judged UNION SELECT sha256 FROM judged",
            (),
            lambda row: row[0],
        )
        await asyncio.to_thread(self._blobs.prune, frozenset(needed))

    async def _open(
        self, condition: str, values: Sequence[str]
    ) -> tuple[OpenViolation, ...]:
        return await self._all(
            f"SELECT {rows.OPEN_VIOLATION} FROM violations"
            f" WHERE closed_at IS NULL AND {condition} ORDER BY number",
            values,
            rows.open_violation,
        )

    async def _all(
        self,
        statement: str,
        values: Sequence[str | int | None],
        convert: Callable[[Row], T],
    ) -> tuple[T, ...]:
        def read(connection: sqlite3.Connection) -> tuple[T, ...]:
            return tuple(map(convert, connection.execute(statement, values)))

        return await self._database.read(read)

    async def _change(self, statement: str, values: Sequence[str | None]) -> None:
        def change(connection: sqlite3.Connection) -> None:
            connection.execute(statement, values)

        await self._database.write(change)


def _begin(connection: sqlite3.Connection, *, now: str) -> None:
    """The first entries of a new database."""
    for key, value in ((_EPOCH, uuid.uuid4().hex), ("created_at", now)):
        connection.execute("INSERT INTO meta (key, value) VALUES (?, ?)", (key, value))


def _meta(connection: sqlite3.Connection, *, key: str) -> str | None:
    row = connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
    return None if row is None else str(row[0])


def _first(found: Iterable[T]) -> T | None:
    return next(iter(found), None)
