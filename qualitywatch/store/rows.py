"""What stands in the tables, as nouns: one function for each kind of row."""

from __future__ import annotations

import sqlite3
from enum import StrEnum

import msgspec

from qualitywatch.model import (
    MOST_EVIDENCE,
    Agent,
    ChangeType,
    Event,
    Grounds,
    Noun,
    Quarantine,
    QuarantineState,
    Repair,
    Violation,
    When,
)
from qualitywatch.protocol import Role, TokenRow


class ChangeRow(Noun):
    """A change that was judged."""

    workspace: str
    path: str
    change_type: ChangeType
    sha256: str | None  # of its content; None: deleted
    when: When
    base: str | None
    time: str
    agent: str | None = None
    grounds: Grounds | None = None  # None: nobody has claimed it yet
    task_id: str | None = None


class LastJudged(Noun):
    """The content of a file that was judged last."""

    path: str
    sha256: str | None
    base: str | None


class OpenViolation(Noun):
    """A violation that is open, and where the code it took away can be found."""

    violation: Violation
    workspace: str
    base: str | None  # commit id, or the sha256 of a kept blob; None: no base
    sha256: str | None  # of the content it was found in
    assigned: bool  # False: still waits for somebody to claim that content
    reached: bool  # has it ever been bad enough for quarantine?
    lost_lines: int  # the most it has ever taken away
    blamed: frozenset[str] = frozenset()  # subjects that answer for it already


class ClosedAs(StrEnum):
    """How a violation ends."""

    REPAIRED = "repaired"
    DISMISSED = "dismissed"


class Closing(Noun):
    """The end of a violation: how, by whom, why and when."""

    reason: ClosedAs
    by: str
    why: str
    at: str


class Strike(Noun):
    """A violation that somebody answers for, since when and on which grounds."""

    subject: str
    time: str
    grounds: Grounds
    violation: Violation


class ProcessRow(Noun):
    """A process that an agent has registered, to be stopped with it."""

    agent: str
    pid: int
    started: str  # tells it from another that gets its id
    stopped: bool = False  # by us


class OfferedRepair(Noun):
    """A repair that is on offer, by whom, and its content."""

    repair: Repair
    subject: str
    content: bytes


class Counts(Noun):
    """How much there is, since the history began."""

    changes: int
    violations: int
    open_violations: int
    open_quarantines: int
    agents: int


AGENT = "id, name, harness, workspace, last_seen, parent, session"
EVENT = "sequence, id, kind, time, data"
TOKEN = "id, role, agent, created_at, expires_at, revoked_at"
JUDGED = "path, sha256, base"
OPEN_VIOLATION = (
    "body, workspace, base, sha256, assigned, reached, lost_lines,"
    " (SELECT json_group_array(subject) FROM blames WHERE violation = id)"
)
QUARANTINE = (
    "id, subject, state, reason, since, workspace, repairs,"
    " released_by, released_at, release_reason, imposed_by,"
    " (SELECT count(*) FROM quarantine_violations"
    " WHERE quarantine_violations.quarantine = quarantines.id)"
)

Row = tuple[str, ...]


def agent(row: Row) -> Agent:
    """An agent from the columns `AGENT`."""
    return Agent(
        id=row[0],
        name=row[1],
        harness=row[2],
        workspace=row[3],
        last_seen=row[4],
        parent=row[5],
        session=row[6],
    )


def event(row: Row) -> Event:
    """An event from the columns `EVENT`."""
    return Event(
        sequence=int(row[0]),
        id=row[1],
        kind=row[2],
        time=row[3],
        data=msgspec.Raw(row[4].encode()),
    )


def token(row: Row) -> TokenRow:
    """A token from the columns `TOKEN`."""
    return TokenRow(
        id=row[0],
        role=Role(row[1]),
        agent=row[2],
        created_at=row[3],
        expires_at=row[4],
        revoked_at=row[5],
    )


def last_judged(row: Row) -> LastJudged:
    """What was judged last, from the columns `JUDGED`."""
    return LastJudged(path=row[0], sha256=row[1], base=row[2])


def violation(row: Row) -> Violation:
    """A violation from its column `body`."""
    return msgspec.json.decode(row[0], type=Violation)


def open_violation(row: Row) -> OpenViolation:
    """An open violation from the columns `OPEN_VIOLATION`."""
    return OpenViolation(
        violation=violation(row),
        workspace=row[1],
        base=row[2],
        sha256=row[3],
        assigned=bool(row[4]),
        reached=bool(row[5]),
        lost_lines=int(row[6]),
        blamed=frozenset(msgspec.json.decode(row[7], type=list[str])),
    )


def quarantine(row: Row, violations: tuple[Violation, ...]) -> Quarantine:
    """A quarantine from the columns `QUARANTINE` and its evidence."""
    return Quarantine(
        id=row[0],
        subject=row[1],
        state=QuarantineState(row[2]),
        reason=row[3],
        since=row[4],
        workspace=row[5],
        repairs=msgspec.json.decode(row[6], type=tuple[Repair, ...]),
        violations=violations,
        released_by=row[7],
        released_at=row[8],
        release_reason=row[9],
        imposed_by=row[10],
        violation_count=int(row[11]),
    )


def process(row: Row) -> ProcessRow:
    """A registered process from its agent, id, start and state."""
    return ProcessRow(
        agent=row[0], pid=int(row[1]), started=row[2], stopped=bool(row[3])
    )


def strike(row: Row) -> Strike:
    """A strike from its subject, time, grounds and violation."""
    return Strike(
        subject=row[0],
        time=row[1],
        grounds=Grounds(row[2]),
        violation=msgspec.json.decode(row[3], type=Violation),
    )


def offered_repair(row: tuple[str, str, bytes], id: str) -> OfferedRepair | None:
    """The repair *id* from its subject, the repairs on offer, and its content."""
    subject, offered, content = row
    repairs = msgspec.json.decode(offered, type=tuple[Repair, ...])
    found = (
        OfferedRepair(repair=repair, subject=subject, content=content)
        for repair in repairs
        if repair.id == id
    )
    return next(found, None)


def evidence(
    connection: sqlite3.Connection, quarantine_id: str
) -> tuple[Violation, ...]:
    """The first violations of a quarantine, as they were when they came to it."""
    rows = connection.execute(
        "SELECT body FROM quarantine_violations WHERE quarantine = ?"
        " ORDER BY number LIMIT ?",
        (quarantine_id, MOST_EVIDENCE),
    )
    return tuple(violation(row) for row in rows)
