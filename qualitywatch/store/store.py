"""`Store`: the questions that are asked of the database, and the way to write to it."""

from __future__ import annotations

import asyncio
import sqlite3
import uuid
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TypeVar

from qualitywatch.audit import Head, Record
from qualitywatch.model import Agent, Event, Quarantine, Violation
from qualitywatch.protocol import Role, TokenRow, TrendDay
from qualitywatch.store import auditing, meta, rows
from qualitywatch.store.blobs import Blobs, needed_blobs
from qualitywatch.store.database import Database
from qualitywatch.store.edited import edited_tables
from qualitywatch.store.faults import RESTORE, Damaged
from qualitywatch.store.opening import BLOBS
from qualitywatch.store.reading import Reading
from qualitywatch.store.retention import Room
from qualitywatch.store.rows import (
    Counts,
    LastJudged,
    OfferedRepair,
    OpenViolation,
    ProcessRow,
    Row,
    Strike,
)
from qualitywatch.store.transaction import Transaction
from qualitywatch.store.trends import by_day

T = TypeVar("T")


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
        self.room = Room(database)

    @classmethod
    @asynccontextmanager
    async def open(
        cls, path: Path, clock: Callable[[], datetime]
    ) -> AsyncIterator[Store]:
        """The store at *path*, made if new; `MachineError` when it can't be trusted."""
        birth = partial(_begin, now=clock().isoformat())
        async with Database.open(path, birth) as database:
            epoch = await database.read(partial(meta.value, key=meta.EPOCH))
            if epoch is None:
                raise Damaged(
                    "the database has lost its first entries",
                    place=str(path),
                    hint=RESTORE,
                )
            await database.read(auditing.require)
            if await database.read(partial(meta.value, key=meta.HISTORY)) is None:
                now = clock().isoformat()
                await database.write(lambda db: auditing.begin(db, epoch, now))
            yield cls(database, epoch, clock)

    @property
    def last_commit_ms(self) -> float:
        """How long the newest write took."""
        return self._database.last_commit_ms

    @property
    def damage(self) -> Damaged | None:
        """What was found to be damaged; from then on nothing is written any more."""
        return self._database.damage

    @property
    def database_bytes(self) -> int:
        """How large the file is."""
        return self._database.size

    @property
    def log_bytes(self) -> int:
        """How large the log beside it is, which is copied over now and then."""
        return self._database.log_size

    async def write(self, work: Callable[[Transaction], T]) -> T:
        """What *work* returns once everything it wrote is safe; else nothing is.

        *work* runs in the database's thread: it takes what it needs as values.
        """
        return await self._database.write(lambda db: work(Transaction(db)))

    async def read(self, ask: Callable[[Reading], T]) -> T:
        """What *ask* finds; all its questions are about the same moment."""
        return await self._database.read(lambda db: ask(Reading(db)))

    # Operator and tokens.

    async def passphrase_hash(self) -> str | None:
        """The hash of the operator's passphrase; `None` before one was set."""
        return await self._database.read(partial(meta.value, key=meta.PASSPHRASE))

    async def set_passphrase_hash(self, hashed: str) -> None:
        """Set the operator's passphrase, or another one."""
        now = self._clock().isoformat()
        await self.write(lambda write: write.set_passphrase(hashed, now))

    async def approved_settings(self) -> str | None:
        """What an operator approved last, see `approval`; `None` before that."""
        return await self._database.read(partial(meta.value, key=meta.APPROVED))

    async def add_token(
        self,
        sha256: str,
        *,
        role: Role,
        agent: str | None = None,
        name: str | None = None,
        days: int = 30,
        by: str = "operator",
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
        await self.write(lambda write: write.add_token(sha256, row, name, by))
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

    async def live_tokens(self) -> tuple[tuple[str, TokenRow], ...]:
        """The hash and the row of every token that was not revoked."""
        return await self._all(
            f"SELECT {rows.TOKEN}, sha256 FROM tokens WHERE revoked_at IS NULL",
            (),
            lambda row: (row[-1], rows.token(row)),
        )

    async def tokens(self) -> tuple[TokenRow, ...]:
        """Every token ever made, oldest first, without the secrets."""
        return await self._all(
            f"SELECT {rows.TOKEN} FROM tokens ORDER BY created_at, id", (), rows.token
        )

    async def revoke_token(self, id: str, by: str = "operator") -> TokenRow | None:
        """The token, revoked now or earlier; `None` when there is no such id."""
        now = self._clock().isoformat()
        await self.write(lambda write: write.revoke_token(id, by, now))
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
        return await self.read(Reading.workspaces)

    async def name_workspace(self, path: str, folder: str) -> str:
        """The name of the workspace at *path*, which no other one ever has."""
        return await self.write(lambda hands: hands.name_workspace(path, folder))

    async def violations(
        self,
        *,
        open: bool = True,
        agent: str | None = None,
        path: str | None = None,
        limit: int = 100,
    ) -> tuple[Violation, ...]:
        """Violations, newest first; *open* false lists the closed ones too."""
        return await self.read(
            lambda records: records.violations(
                open=open, agent=agent, path=path, limit=limit
            )
        )

    async def violation(self, id: str) -> Violation | None:
        """The violation called *id*, open or closed."""
        return await self.read(lambda records: records.violation(id))

    async def open_in(self, workspace: str, path: str) -> tuple[OpenViolation, ...]:
        """Open violations of one file, oldest first, each with its base."""
        return await self.read(lambda records: records.open_in(workspace, path))

    async def open_of(self, ids: Sequence[str]) -> tuple[OpenViolation, ...]:
        """Those of *ids* that are still open, oldest first."""
        return await self.read(lambda records: records.open_of(ids))

    async def open_like(self, fingerprint: str) -> tuple[OpenViolation, ...]:
        """Open violations with one fingerprint, in whichever workspace."""
        return await self.read(lambda records: records.open_like(fingerprint))

    async def unassigned(self) -> tuple[OpenViolation, ...]:
        """Open violations that still wait for a claim, those of earlier runs too."""
        return await self.read(Reading.unassigned)

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
        return await self.read(Reading.dismissed)

    # History.

    async def agents(self) -> tuple[Agent, ...]:
        """Every agent seen so far, by id."""
        return await self.read(Reading.agents)

    async def quarantines(
        self, *, open: bool = True, subject: str | None = None, limit: int = -1
    ) -> tuple[Quarantine, ...]:
        """Quarantines, newest first; *open* false lists the released ones too."""
        return await self.read(
            lambda records: records.quarantines(open=open, subject=subject, limit=limit)
        )

    async def strikes(
        self, subjects: Collection[str], since: str
    ) -> tuple[Strike, ...]:
        """What *subjects* answer for since then, oldest first.

        What was dismissed is none, nor what came before the last release.
        """
        return await self.read(lambda records: records.strikes(subjects, since))

    async def blames(self, violation: str) -> tuple[Strike, ...]:
        """Who answers for one violation, since when and on which grounds."""
        return await self._all(
            "SELECT subject, time, grounds, body FROM blames"
            " JOIN violations ON violations.id = violation WHERE violation = ?"
            " ORDER BY time",
            (violation,),
            rows.strike,
        )

    async def processes(self) -> tuple[ProcessRow, ...]:
        """The processes that agents have registered."""
        return await self._all(
            "SELECT agent, pid, started, stopped FROM processes", (), rows.process
        )

    async def repair(self, id: str) -> OfferedRepair | None:
        """What is on offer under *id*, with its content."""

        def read(connection: sqlite3.Connection) -> OfferedRepair | None:
            row = connection.execute(
                "SELECT subject, repairs, content FROM repairs"
                " JOIN quarantines ON quarantines.id = quarantine WHERE repairs.id = ?",
                (id,),
            ).fetchone()
            return None if row is None else rows.offered_repair(row, id)

        return await self._database.read(read)

    async def audit(self, since: int = 0, *, limit: int = -1) -> tuple[Record, ...]:
        """What was decided after record *since*, in order, at most *limit*."""
        return await self._all(
            f"SELECT {auditing.COLUMNS} FROM audit"
            " WHERE number > ? ORDER BY number LIMIT ?",
            (since, limit),
            auditing.record,
        )

    async def audit_head(self) -> Head:
        """The newest record of the audit, by which tampering can be found."""
        return await self._database.read(auditing.head)

    async def edited(self) -> list[str]:
        """Where the tables say what the audit does not know of."""
        return await self._database.read(edited_tables)

    async def holds(self, head: Head) -> bool:
        """True where the audit has the record that *head* names."""
        return await self._database.read(lambda db: auditing.holds(db, head))

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
        return await self.read(Reading.sequence)

    async def oldest_sequence(self) -> int:
        """The oldest event that can still be read; where there is none, the next."""
        return await self.read(Reading.oldest_sequence)

    async def report(self, agent: str, event_id: str) -> bytes | None:
        """What *agent*'s report was answered, or `None` when it is new."""
        return await self.read(lambda records: records.report(agent, event_id))

    async def trends(self, since: str) -> tuple[TrendDay, ...]:
        """What happened on each day from *since* on, oldest first."""
        return await self._database.read(partial(by_day, since=since))

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

    async def prune_blobs(self, *, older_than: float = 0.0) -> None:
        """Remove what neither an open violation nor a last judged file refers to.

        What is younger than *older_than* seconds stays.
        """
        needed = await self._database.read(needed_blobs)
        prune = partial(self._blobs.prune, needed, older_than=older_than)
        await asyncio.to_thread(prune)

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
    epoch = uuid.uuid4().hex
    meta.add(connection, meta.EPOCH, epoch)
    meta.add(connection, meta.CREATED_AT, now)
    auditing.begin(connection, epoch, now)


def _first(found: Iterable[T]) -> T | None:
    return next(iter(found), None)
