"""What can be written, each as one method; all of a transaction lands, or nothing."""

from __future__ import annotations

import sqlite3
import uuid

import msgspec

from qualitywatch.model import Agent, Event, Grounds, Quarantine, Violation
from qualitywatch.store.rows import ChangeRow, ClosedAs, Closing, OpenViolation

APPROVED = "approved settings"


class Transaction:
    """Hands for one write; valid only inside the function given to `Store.write`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._execute = connection.execute

    # Changes and violations.

    def add_change(self, change: ChangeRow) -> None:
        """Record a judged change; its content is the last judged one from now on."""
        self._execute(
            "INSERT INTO changes (workspace, path, change_type, sha256, moment, base,"
            " agent, grounds, task_id, time) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                change.workspace,
                change.path,
                change.change_type,
                change.sha256,
                change.when,
                change.base,
                change.agent,
                change.grounds,
                change.task_id,
                change.time,
            ),
        )
        self._execute(
            "INSERT INTO judged (workspace, path, sha256, base) VALUES (?, ?, ?, ?)"
            " ON CONFLICT DO UPDATE SET sha256 = excluded.sha256, base = excluded.base",
            (change.workspace, change.path, change.sha256, change.base),
        )

    def add_violation(self, row: OpenViolation, path: str, time: str) -> None:
        """Record a violation that is new in the file *path*."""
        self._execute(
            "INSERT INTO violations (id, workspace, path, fingerprint, agent, base,"
            " sha256, assigned, reached, lost_lines, body, recorded_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                row.violation.id,
                row.workspace,
                path,
                row.violation.fingerprint,
                row.violation.agent,
                row.base,
                row.sha256,
                row.assigned,
                row.reached,
                row.lost_lines,
                _json(row.violation),
                time,
            ),
        )

    def put_violation(self, row: OpenViolation) -> None:
        """Bring an open violation up to date; without blame, old blame is void."""
        self._execute(
            "UPDATE violations SET agent = ?, sha256 = ?, assigned = ?, reached = ?,"
            " lost_lines = ?, body = ? WHERE id = ?",
            (
                row.violation.agent,
                row.sha256,
                row.assigned,
                row.reached,
                row.lost_lines,
                _json(row.violation),
                row.violation.id,
            ),
        )
        if not row.blamed:
            self._execute("DELETE FROM blames WHERE violation = ?", (row.violation.id,))

    def blame(self, violation: str, subject: str, grounds: Grounds, time: str) -> None:
        """Record that *subject* answers for a violation, and on which grounds."""
        self._execute(
            "INSERT OR IGNORE INTO blames (violation, subject, grounds, time)"
            " VALUES (?, ?, ?, ?)",
            (violation, subject, grounds, time),
        )

    def close_violation(self, violation: Violation, closing: Closing) -> None:
        """Close an open violation; a dismissed one is not recorded again."""
        self._execute(
            "UPDATE violations SET closed_at = ?, closed_as = ?, closed_by = ?,"
            " closed_because = ? WHERE id = ? AND closed_at IS NULL",
            (closing.at, closing.reason, closing.by, closing.why, violation.id),
        )
        if closing.reason is ClosedAs.DISMISSED:
            self._execute(
                "INSERT OR IGNORE INTO dismissed (fingerprint, violation)"
                " VALUES (?, ?)",
                (violation.fingerprint, violation.id),
            )

    # Agents and quarantine.

    def put_agent(self, agent: Agent) -> None:
        """Record who an agent is and where it works."""
        self._execute(
            "INSERT INTO agents (id, name, harness, workspace, last_seen)"
            " VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET name = excluded.name,"
            " harness = excluded.harness, workspace = excluded.workspace,"
            " last_seen = excluded.last_seen",
            (agent.id, agent.name, agent.harness, agent.workspace, agent.last_seen),
        )

    def add_quarantine(self, quarantine: Quarantine, by: str) -> None:
        """Open a quarantine; a second one of the same subject is refused."""
        self._execute(
            "INSERT INTO quarantines (id, subject, state, reason, since, imposed_by,"
            " workspace, repairs) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                quarantine.id,
                quarantine.subject,
                quarantine.state,
                quarantine.reason,
                quarantine.since,
                by,
                quarantine.workspace,
                _json(quarantine.repairs),
            ),
        )
        self._add_evidence(quarantine)

    def put_quarantine(self, quarantine: Quarantine) -> None:
        """Bring a quarantine up to date, its end included."""
        self._execute(
            "UPDATE quarantines SET state = ?, workspace = ?, repairs = ?,"
            " released_by = ?, released_at = ?, release_reason = ? WHERE id = ?",
            (
                quarantine.state,
                quarantine.workspace,
                _json(quarantine.repairs),
                quarantine.released_by,
                quarantine.released_at,
                quarantine.release_reason,
                quarantine.id,
            ),
        )
        self._add_evidence(quarantine)

    def _add_evidence(self, quarantine: Quarantine) -> None:
        for violation in quarantine.violations:
            self._execute(
                "INSERT INTO quarantine_violations (quarantine, violation, body)"
                " VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET body = excluded.body",
                (quarantine.id, violation.id, _json(violation)),
            )

    # Settings.

    def approve_settings(self, content: str) -> None:
        """Keep what an operator approved, see `approval`."""
        self._execute(
            "INSERT INTO meta (key, value) VALUES (?, ?)"
            " ON CONFLICT DO UPDATE SET value = excluded.value",
            (APPROVED, content),
        )

    # History.

    def add_event(self, kind: str, data: bytes, time: str) -> Event:
        """The event, with the sequence it has from now on."""
        id = uuid.uuid4().hex
        row = self._execute(
            "INSERT INTO events (id, kind, time, data) VALUES (?, ?, ?, ?)"
            " RETURNING sequence",
            (id, kind, time, data.decode()),
        ).fetchone()
        return Event(
            sequence=row[0], id=id, kind=kind, time=time, data=msgspec.Raw(data)
        )

    def add_report(self, agent: str, event_id: str, answer: bytes, time: str) -> None:
        """Keep the answer to a report, for when it is sent again."""
        self._execute(
            "INSERT INTO reports (agent, event_id, answer, time) VALUES (?, ?, ?, ?)",
            (agent, event_id, answer.decode(), time),
        )


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
