"""The nouns: frozen values that every part and the wire share.

They hold data and answer questions about themselves; none of them does I/O.
Lines and columns count from 1, ranges are inclusive, times are UTC.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import dataclass_transform

import msgspec

from qualitywatch.regex import regex

AGENT_ID = regex(r"[a-z0-9][a-z0-9._-]{0,63}(:[a-z0-9][a-z0-9._-]{0,63})?")
WORKSPACE_PREFIX = "ws:"


@dataclass_transform(frozen_default=True, kw_only_default=True)
class Noun(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=False):
    """A value that can not change and is compared by what it holds."""


# Judgement


class ViolationType(StrEnum):
    """What is wrong, in the five words the whole product uses."""

    PLACEHOLDER_DROPPED = "PLACEHOLDER_DROPPED"
    INCOMPLETE_CODE = "INCOMPLETE_CODE"
    MALFORMED_SYNTAX = "MALFORMED_SYNTAX"
    LOGIC_ERROR = "LOGIC_ERROR"
    SECURITY_RISK = "SECURITY_RISK"


class _Ranked(StrEnum):
    """A closed scale, written from the lowest to the highest."""

    @property
    def rank(self) -> int:
        """0 for the lowest member."""
        return list(type(self)).index(self)


class Severity(_Ranked):
    """How much harm the violation does if it is real."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class Confidence(_Ranked):
    """How sure the rule is that the violation is real."""

    POSSIBLE = "possible"
    LIKELY = "likely"
    CERTAIN = "certain"


SEVERITY_OF_TYPE = {
    ViolationType.PLACEHOLDER_DROPPED: Severity.CRITICAL,
    ViolationType.INCOMPLETE_CODE: Severity.HIGH,
    ViolationType.MALFORMED_SYNTAX: Severity.HIGH,
    ViolationType.LOGIC_ERROR: Severity.MEDIUM,
    ViolationType.SECURITY_RISK: Severity.CRITICAL,
}
"""The severity of each type; a rule may lower it, never raise it."""


class When(_Ranked):
    """The moment a rule can judge: at each save, or when the edit is finished."""

    SAVE = "save"
    SETTLED = "settled"


class ChangeType(StrEnum):
    """What happened to the file."""

    INSERT = "insert"
    UPDATE = "update"
    DELETE = "delete"
    RENAME = "rename"


class Change(Noun):
    """One file's before and after, as bytes; `None` where it does not exist.

    `problem` says why the outside world could not read the file (for example
    "permission denied"); such a change is unanalysable and is never called clean.
    """

    path: str  # relative to the workspace, with forward slashes
    before: bytes | None
    after: bytes | None
    old_path: str | None = None  # set where git or the agent says it was renamed
    problem: str | None = None


class Evidence(Noun):
    """What a change took away: base lines, base symbols, names still in use."""

    lost_lines: int
    lost_symbols: tuple[str, ...] = ()
    base_ranges: tuple[tuple[int, int], ...] = ()  # 1-based lines of the base
    still_referenced: tuple[str, ...] = ()


class Violation(Noun):
    """One rule's finding in a change; the JSON object of every output.

    `id` is empty until somebody records it (`identified`); `fingerprint` holds no
    line numbers, so it stays the same when code above it moves.
    """

    type: ViolationType
    rule: str
    severity: Severity
    confidence: Confidence
    path: str
    language: str
    line: int
    column: int
    end_line: int
    end_column: int
    symbol: str | None
    message: str
    remedy: str
    excerpt: str
    evidence: Evidence | None
    fingerprint: str
    id: str = ""
    agent: str | None = None
    commit: str | None = None

    def reaches(self, severity: Severity, confidence: Confidence) -> bool:
        """True when neither scale is below the bar."""
        return (
            self.severity.rank >= severity.rank
            and self.confidence.rank >= confidence.rank
        )


class Unanalysable(Noun):
    """A file that should have been judged and could not be: never silent green."""

    path: str
    reason: str


class Skipped(Noun):
    """A file that is not ours to judge: binary, generated, vendored, no source."""

    path: str
    reason: str


class Suppressed(Noun):
    """A violation that a comment in the code allows, and the reason given there.

    One that does not count is a violation all the same: the comment came with the
    change, and nobody but a human accepts it.
    """

    violation: Violation
    reason: str
    line: int  # of the comment
    counts: bool


class Analysis(Noun):
    """What came out of judging one change, or several added together."""

    violations: tuple[Violation, ...] = ()
    unanalysable: tuple[Unanalysable, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    suppressed: tuple[Suppressed, ...] = ()

    def __add__(self, other: Analysis) -> Analysis:
        return Analysis(
            violations=self.violations + other.violations,
            unanalysable=self.unanalysable + other.unanalysable,
            skipped=self.skipped + other.skipped,
            suppressed=self.suppressed + other.suppressed,
        )


class Decision(StrEnum):
    """The answer to an agent's single edit."""

    ALLOW = "allow"
    DENY = "deny"


class Verdict(Noun):
    """Allow or deny, with the violations and a reason to read."""

    decision: Decision
    reason: str
    violations: tuple[Violation, ...] = ()
    unanalysable: tuple[Unanalysable, ...] = ()


# Agents and quarantine


class Grounds(StrEnum):
    """Why we think that somebody wrote a change, strongest first."""

    REPORT = "report"  # the hub or a harness hook claimed the same content
    WORKSPACE = "workspace"  # the workspace is bound to one agent
    PROCESS = "process"  # the environment of a process that a hook saw
    COMMIT = "commit"  # author, committer or trailer
    UNKNOWN = "unknown"


class Agent(Noun):
    """Somebody who edits: an id, a name to show, and where it works."""

    id: str
    name: str
    harness: str | None = None
    workspace: str | None = None  # absolute path of the checkout it works in
    last_seen: str | None = None  # ISO 8601
    parent: str | None = None  # the agent that started it, which stops it too
    session: str | None = None  # its newest


class QuarantineState(StrEnum):
    """Where a subject stands."""

    CLEAR = "clear"
    QUARANTINED = "quarantined"
    REPAIR_PROPOSED = "repair_proposed"


class Repair(Noun):
    """A file that a quarantined agent offers to put back, checked before it is shown.

    Its content is kept apart, until the quarantine ends or something newer is offered.
    """

    id: str
    path: str
    workspace: str  # absolute path
    sha256: str
    size: int  # bytes
    lines: int
    added: int  # lines that the file, as it stood then, did not have
    removed: int  # lines of that file which would go
    lacking: int = 0  # violations that would stay, compared with the base
    violations: tuple[Violation, ...] = ()  # the first of them


class Offer(Noun):
    """A repair with its content."""

    repair: Repair
    content: bytes


MOST_EVIDENCE = 20
"""Violations that a quarantine names; the records hold all of them."""


class Quarantine(Noun):
    """A subject that may not edit, commit or push until an operator releases it.

    It is told with each thing that happens to it, so it names the first of its
    violations and counts the others.
    """

    id: str
    subject: str  # an agent id, or `ws:<name>` where nobody can be named
    state: QuarantineState
    reason: str
    since: str  # ISO 8601
    imposed_by: str = "policy"  # or "policy <name>", or an operator
    workspace: str | None = None  # absolute path, where one is known
    violations: tuple[Violation, ...] = ()
    violation_count: int = 0
    repairs: tuple[Repair, ...] = ()
    released_by: str | None = None
    released_at: str | None = None
    release_reason: str | None = None


class Event(Noun):
    """One thing that happened, in order; becomes a CloudEvent on the wire."""

    sequence: int
    id: str
    kind: str
    time: str  # ISO 8601
    data: msgspec.Raw

    def field(self, name: str) -> object:
        """The value of *name* in the data, or `None`."""
        decoded = msgspec.json.decode(self.data)
        return decoded.get(name) if isinstance(decoded, dict) else None


# The gate


class GateReport(Noun):
    """The judgement over a change set: what `check` and `gate` print as JSON."""

    decision: str  # GO or NO-GO
    reasons: tuple[str, ...]
    base: str | None
    head: str | None
    files_checked: int
    violations: tuple[Violation, ...] = ()
    unanalysable: tuple[Unanalysable, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    quarantines: tuple[Quarantine, ...] = ()
    duration_ms: float = 0.0
    suppressed: tuple[Suppressed, ...] = ()


GO = "GO"
NO_GO = "NO-GO"


# The inventory


class StubFunction(Noun):
    """A function that stands in the tree without the code that it should have."""

    path: str
    line: int  # of the function
    symbol: str
    kind: str  # what stands there instead: empty, not implemented, constant ...


class Inventory(Noun):
    """What stands in one file.

    `apart` says why its functions do not count; `None` where they do.
    """

    functions: int = 0
    stubs: tuple[StubFunction, ...] = ()
    apart: str | None = None
    analysis: Analysis = Analysis()


def identified(
    violation: Violation, *, agent: str | None = None, commit: str | None = None
) -> Violation:
    """*violation* with an id of its own and its author, ready to be recorded."""
    import uuid  # it asks which platform this is: 3 ms that few need

    return msgspec.structs.replace(
        violation, id=uuid.uuid4().hex, agent=agent, commit=commit
    )


def workspace_subject(name: str) -> str:
    """The subject that stands for a workspace when nobody can be named."""
    return WORKSPACE_PREFIX + workspace_name(name)


def workspace_name(folder: str) -> str:
    """What a workspace in *folder* is called: in the letters of an id."""
    slug = re.sub(r"[^a-z0-9._-]+", "-", folder.lower()).strip("-.") or "root"
    return slug[:64]


def is_agent_id(text: str) -> bool:
    """True for `name` and `harness:workspace` in the allowed letters."""
    return AGENT_ID.fullmatch(text) is not None and not text.startswith(
        WORKSPACE_PREFIX
    )
