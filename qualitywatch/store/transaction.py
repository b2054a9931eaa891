"""What can be written, each as one method; all of a transaction lands, or nothing."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from itertools import chain, count

import msgspec

from qualitywatch.audit import Decision, Record
from qualitywatch.audit.holding import seal, seal_of_token
from qualitywatch.model import (
    Agent,
    Event,
    Grounds,
    Offer,
    Quarantine,
    Violation,
    workspace_name,
)
from qualitywatch.protocol import TokenRow
from qualitywatch.store import auditing, meta
from qualitywatch.store.reading import Reading
from qualitywatch.store.rows import (
    ChangeRow,
    ClosedAs,
    Closing,
    OpenViolation,
    ProcessRow,
)

_LATELY = 10_000  # changes among which one may wait for its author


class Transaction(Reading):
    """Hands for one write; valid only inside the function given to `Store.write`."""

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

    def name_author(
        self, row: OpenViolation, agent: str | None, grounds: Grounds
    ) -> None:
        """Record who made the change with that content, where nobody was named yet."""
        self._execute(
            "UPDATE changes SET agent = ?, grounds = ? WHERE workspace = ? AND path = ?"
            " AND sha256 IS ? AND grounds IS NULL"
            " AND number > (SELECT max(number) FROM changes) - ?",
            (
                agent,
                grounds,
                row.workspace,
                row.violation.path,
                row.sha256,
                _LATELY,
            ),
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

    def name_workspace(self, path: str, folder: str) -> str:
        """The name of the workspace at *path*: *folder*, or the first free `folder-2`.

        It is kept for ever: a quarantine of it must never hit another workspace.
        """
        known = self._execute(
            "SELECT name FROM workspaces WHERE path = ?", (path,)
        ).fetchone()
        if known is not None:
            return str(known[0])
        taken = {row[0] for row in self._execute("SELECT name FROM workspaces")}
        others = (f"{folder[:50]}-{number}" for number in count(2))
        names = map(workspace_name, chain([folder], others))
        name = next(name for name in names if name not in taken)
        self._execute("INSERT INTO workspaces VALUES (?, ?)", (path, name))
        return name

    # Agents and quarantine.

    def put_agent(self, agent: Agent) -> None:
        """Record who an agent is and where it works."""
        self._execute(
            "INSERT INTO agents (id, name, harness, workspace, last_seen, parent,"
            " session) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
            " name = excluded.name, harness = excluded.harness,"
            " workspace = excluded.workspace, last_seen = excluded.last_seen,"
            " parent = excluded.parent, session = excluded.session",
            (
                agent.id,
                agent.name,
                agent.harness,
                agent.workspace,
                agent.last_seen,
                agent.parent,
                agent.session,
            ),
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
        self._drop_repairs(quarantine)

    def keep_repairs(self, quarantine: str, offers: Sequence[Offer]) -> None:
        """Keep the content of what is offered, for as long as it is on offer."""
        for offer in offers:
            self._execute(
                "INSERT INTO repairs (id, quarantine, content) VALUES (?, ?, ?)",
                (offer.repair.id, quarantine, offer.content),
            )

    def _drop_repairs(self, quarantine: Quarantine) -> None:
        offered = [] if quarantine.released_at else quarantine.repairs
        self._execute(
            "DELETE FROM repairs WHERE quarantine = ?"
            " AND id NOT IN (SELECT value FROM json_each(?))",
            (quarantine.id, _json([repair.id for repair in offered])),
        )

    def add_evidence(self, quarantine: str, violations: Sequence[Violation]) -> None:
        """Keep what a quarantine is for, as it was when it came to it."""
        for violation in violations:
            self._execute(
                "INSERT INTO quarantine_violations (quarantine, violation, body)"
                " VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET body = excluded.body",
                (quarantine, violation.id, _json(violation)),
            )

    def put_process(self, row: ProcessRow) -> None:
        """Record a process that an agent has registered, and whether it is stopped."""
        self._execute(
            "INSERT INTO processes (agent, pid, started, stopped) VALUES (?, ?, ?, ?)"
            " ON CONFLICT DO UPDATE SET stopped = excluded.stopped",
            (row.agent, row.pid, row.started, row.stopped),
        )

    def forget_process(self, row: ProcessRow) -> None:
        """Forget a process that has ended."""
        self._execute(
            "DELETE FROM processes WHERE agent = ? AND pid = ? AND started = ?",
            (row.agent, row.pid, row.started),
        )

    # Settings.

    def set_passphrase(self, hashed: str, time: str) -> None:
        """Set the operator's passphrase, or another one."""
        known = self._execute("SELECT 1 FROM meta WHERE key = ?", (meta.PASSPHRASE,))
        action = "passphrase.change" if known.fetchone() else "passphrase.set"
        self._execute(
            "INSERT INTO meta (key, value) VALUES (?, ?)"
            " ON CONFLICT DO UPDATE SET value = excluded.value",
            (meta.PASSPHRASE, hashed),
        )
        decision = Decision(
            action=action,
            who="operator",
            object="passphrase",
            result="allowed",
            reason=seal(hashed),
        )
        self.add_audit(decision, time)

    def add_token(self, sha256: str, row: TokenRow, name: str | None, by: str) -> None:
        """Keep a token, of which only the hash is known."""
        self._execute(
            "INSERT INTO tokens (sha256, id, role, agent, name, created_at, expires_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (sha256, row.id, row.role, row.agent, name, row.created_at, row.expires_at),
        )
        decision = Decision(
            action="tokens.create",
            who=by,
            object=row.id,
            result="allowed",
            reason=seal_of_token(row.role, row.agent, row.expires_at, sha256),
        )
        self.add_audit(decision, row.created_at)

    def revoke_token(self, id: str, by: str, time: str) -> None:
        """End a token, where it has not ended before."""
        ended = self._execute(
            "UPDATE tokens SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL",
            (time, id),
        )
        if ended.rowcount:
            decision = Decision(
                action="tokens.revoke", who=by, object=id, result="allowed"
            )
            self.add_audit(decision, time)

    def approve_settings(self, content: str) -> None:
        """Keep what an operator approved, see `approval`."""
        self._execute(
            "INSERT INTO meta (key, value) VALUES (?, ?)"
            " ON CONFLICT DO UPDATE SET value = excluded.value",
            (meta.APPROVED, content),
        )

    # History.

    def add_audit(self, decision: Decision, time: str) -> Record:
        """Record a decision; it is chained to the one recorded before it."""
        return auditing.add(self._connection, decision, time)

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
