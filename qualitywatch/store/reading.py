"""What a decision may ask: the same questions as of `Store`, inside one transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Sequence
from pathlib import PurePath
from typing import TypeVar

import msgspec

from qualitywatch.model import Agent, Quarantine, Violation
from qualitywatch.store import rows
from qualitywatch.store.rows import OpenViolation, Row, Strike

T = TypeVar("T")


class Reading:
    """Questions about what is in the tables now, this transaction's own writes too."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._execute = connection.execute

    # Violations.

    def violations(
        self,
        *,
        open: bool = True,
        agent: str | None = None,
        path: str | None = None,
        limit: int = 100,
    ) -> tuple[Violation, ...]:
        """Violations, newest first; *open* false lists the closed ones too."""
        return self._all(
            "SELECT body FROM violations WHERE (closed_at IS NULL OR NOT ?)"
            " AND (? IS NULL OR agent = ?) AND (? IS NULL OR path = ?)"
            " ORDER BY number DESC LIMIT ?",
            (open, agent, agent, path, path, limit),
            rows.violation,
        )

    def violation(self, id: str) -> Violation | None:
        """The violation called *id*, open or closed."""
        found = self._all(
            "SELECT body FROM violations WHERE id = ?", (id,), rows.violation
        )
        return found[0] if found else None

    def open_in(self, workspace: str, path: str) -> tuple[OpenViolation, ...]:
        """Open violations of one file, oldest first, each with its base."""
        return self._open("workspace = ? AND path = ?", (workspace, path))

    def open_of(self, ids: Sequence[str]) -> tuple[OpenViolation, ...]:
        """Those of *ids* that are still open, oldest first."""
        marks = ", ".join("?" * len(ids))
        return self._open(f"id IN ({marks})", ids)

    def open_like(self, fingerprint: str) -> tuple[OpenViolation, ...]:
        """Open violations with one fingerprint, in whichever workspace."""
        return self._open("fingerprint = ?", (fingerprint,))

    def unassigned(self) -> tuple[OpenViolation, ...]:
        """Open violations that still wait for a claim, those of earlier runs too."""
        return self._open("NOT assigned", ())

    def strikes(self, subjects: Collection[str], since: str) -> tuple[Strike, ...]:
        """What *subjects* answer for since then, oldest first.

        What was dismissed is none, nor what came before the last release.
        """
        return self._all(
            "SELECT subject, time, grounds, body FROM blames"
            " JOIN violations ON violations.id = violation"
            " WHERE subject IN (SELECT value FROM json_each(?)) AND time >= ?"
            " AND ifnull(closed_as, '') != 'dismissed' AND time > ifnull("
            "(SELECT max(released_at) FROM quarantines WHERE quarantines.subject ="
            " blames.subject), '')"
            " ORDER BY time",
            (msgspec.json.encode(sorted(subjects)).decode(), since),
            rows.strike,
        )

    def dismissed(self) -> frozenset[str]:
        """Fingerprints that an operator dismissed."""
        return frozenset(self._texts("SELECT fingerprint FROM dismissed"))

    def workspaces(self) -> tuple[str, ...]:
        """Every workspace in which something was judged."""
        return self._texts("SELECT DISTINCT workspace FROM judged ORDER BY workspace")

    def workspace_names(self) -> dict[str, str]:
        """Path to name, of every workspace seen so far.

        The name is that of the folder; a second one of that name is `<name>-2`.
        """
        by_folder = {path: PurePath(path).name for path in self.workspaces()}
        return by_folder | dict(
            self._all(
                "SELECT path, name FROM workspaces", (), lambda row: (row[0], row[1])
            )
        )

    # History.

    def agents(self) -> tuple[Agent, ...]:
        """Every agent seen so far, by id."""
        return self._all(f"SELECT {rows.AGENT} FROM agents ORDER BY id", (), rows.agent)

    def evidence_among(self, quarantine: str, ids: Collection[str]) -> frozenset[str]:
        """Those of the violations *ids* that *quarantine* holds in evidence."""
        found = self._execute(
            "SELECT violation FROM quarantine_violations WHERE quarantine = ?"
            " AND violation IN (SELECT value FROM json_each(?))",
            (quarantine, msgspec.json.encode(list(ids)).decode()),
        )
        return frozenset(row[0] for row in found)

    def quarantines(
        self, *, open: bool = True, subject: str | None = None, limit: int = -1
    ) -> tuple[Quarantine, ...]:
        """Quarantines, newest first; *open* false lists the released ones too."""
        found = self._execute(
            f"SELECT {rows.QUARANTINE} FROM quarantines"
            " WHERE (released_at IS NULL OR NOT ?) AND (? IS NULL OR subject = ?)"
            " ORDER BY number DESC LIMIT ?",
            (open, subject, subject, limit),
        ).fetchall()
        return tuple(
            rows.quarantine(row, rows.evidence(self._connection, row[0]))
            for row in found
        )

    def sequence(self) -> int:
        """The sequence of the newest event there ever was; 0 before the first."""
        newest = self._all(
            "SELECT seq FROM sqlite_sequence WHERE name = 'events'",
            (),
            lambda row: int(row[0]),
        )
        return newest[0] if newest else 0

    def oldest_sequence(self) -> int:
        """The oldest event that can still be read; where there is none, the next."""
        first = f"SELECT {rows.EVENT} FROM events ORDER BY sequence LIMIT 1"
        oldest = self._all(first, (), rows.event)
        return oldest[0].sequence if oldest else self.sequence() + 1

    def report(self, agent: str, event_id: str) -> bytes | None:
        """What *agent*'s report was answered, or `None` when it is new."""
        found = self._all(
            "SELECT answer FROM reports WHERE agent = ? AND event_id = ?",
            (agent, event_id),
            lambda row: row[0].encode(),
        )
        return found[0] if found else None

    def _open(self, condition: str, values: Sequence[str]) -> tuple[OpenViolation, ...]:
        return self._all(
            f"SELECT {rows.OPEN_VIOLATION} FROM violations"
            f" WHERE closed_at IS NULL AND {condition} ORDER BY number",
            values,
            rows.open_violation,
        )

    def _texts(self, statement: str) -> tuple[str, ...]:
        return self._all(statement, (), lambda row: row[0])

    def _all(
        self,
        statement: str,
        values: Sequence[str | int | None],
        convert: Callable[[Row], T],
    ) -> tuple[T, ...]:
        return tuple(map(convert, self._execute(statement, values)))
