"""What is on record, for everybody who may look."""

from __future__ import annotations

from typing import Annotated

import msgspec

from qualitywatch.model import (
    Agent,
    Grounds,
    Quarantine,
    QuarantineState,
    Repair,
    Violation,
)
from qualitywatch.protocol.basics import FilePath, Message, Params, Word


class ListViolations(Params):
    """Newest first."""

    open: bool = True
    agent: Word | None = None
    path: FilePath | None = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=500)] = 100


class Violations(Message):
    """A page of violations."""

    violations: tuple[Violation, ...]


class FindBase(Params):
    """What an open violation is measured by."""

    violation: Word  # id


class KeptBase(Message):
    """Where its lost code is; nothing is known of a closed violation."""

    workspace: str | None  # absolute path
    base: str | None  # commit id, or the sha256 of content in the state folder


class FindBlames(Params):
    """Who answers for a violation, open or closed."""

    violation: Word  # id


class Blame(Message):
    """Somebody who answers for it, and on which grounds."""

    subject: str
    grounds: Grounds
    since: str  # ISO 8601


class Blames(Message):
    """Everybody who answers for it; nobody where a person alone is told."""

    blames: tuple[Blame, ...]


class ShowRepair(Params):
    """The content of one file that is on offer, from *offset* on."""

    repair: Word  # id
    offset: Annotated[int, msgspec.Meta(ge=0)] = 0


class ShownRepair(Message):
    """A piece of that content; `next` is where the following piece begins."""

    repair: Repair
    subject: str  # whose offer it is
    content: str
    next: int | None


class Tally(Message):
    """How near somebody is to quarantine by a policy that counts strikes."""

    policy: str
    strikes: int
    limit: int
    minutes: int


class AgentRow(Message):
    """An agent or workspace with where it stands.

    What its subagents have left open is shown beside it: they answer for themselves,
    and it stops them all when it is stopped.
    """

    agent: Agent
    state: QuarantineState
    connected: bool
    open_violations: int
    strikes: tuple[Tally, ...] = ()
    children: tuple[str, ...] = ()  # ids of its subagents, and of theirs
    children_in_quarantine: tuple[str, ...] = ()
    children_violations: int = 0  # open ones


class Agents(Message):
    """Every agent seen so far."""

    agents: tuple[AgentRow, ...]


class Quarantines(Message):
    """Every open quarantine."""

    quarantines: tuple[Quarantine, ...]


class AskTrends(Params):
    """The last so many days, today included."""

    days: Annotated[int, msgspec.Meta(ge=1, le=366)] = 30


class TypeCount(Message):
    """How many violations of one type there were."""

    type: str
    count: int


class TrendDay(Message):
    """What happened on one day (UTC)."""

    day: str  # 2026-01-31
    changes: int
    violations: int
    by_type: tuple[TypeCount, ...]
    closed: int  # violations, repaired or dismissed
    quarantines: int  # that were imposed


class Trends(Message):
    """The days on which anything happened, oldest first."""

    days: tuple[TrendDay, ...]


class Vitals(Message):
    """How the parts do at one moment; `None` where nothing can be measured."""

    loop_lag_ms: float
    loop_lag_max_ms: float  # of the last minute
    read_ms: float | None  # what the database needed last to answer
    commit_ms: float
    database_silent_s: float  # since it answered
    last_cookie_ms: int | None  # of the watcher that is furthest behind
    last_reconcile_ms: int | None
    watcher_overflows: int
    watchers_polling: int
    queue_depth: int  # frames that wait for clients
    sessions: int
    worker_restarts: int
    uptime_s: float


class Stats(Message):
    """Counts since the history began, and what is degraded now."""

    changes: int
    violations: int
    open_violations: int
    open_quarantines: int
    agents: int
    connections: int
    degraded: tuple[str, ...]
    vitals: Vitals | None = None  # nothing is measured where no daemon runs
