"""What happened in one run against a real daemon, as everybody involved saw it.

Clients write down what they send, are answered and hear, each with its place in one
order (`at`). When all is quiet, what the records and the disk hold is added. The
`validator` reads nothing but this.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import TextIO, TypeAlias, TypeVar

import msgspec

from qualitywatch.model import Noun


class Started(Noun, tag=True):
    """A daemon said that it is ready."""

    at: int
    life: int


class Ended(Noun, tag=True):
    """A daemon is dead; *how* says at which failpoint, or "signal"."""

    at: int
    life: int
    how: str


class Sent(Noun, tag=True):
    """A call, as it left a client; *who* is whose token the client holds."""

    at: int
    call: int
    who: str
    method: str
    event_id: str | None = None
    path: str | None = None
    subject: str | None = None


class Answered(Noun, tag=True):
    """The answer to *call*; `code` is the refusal's, "" where it was no refusal."""

    at: int
    call: int
    code: str = ""
    seq: int | None = None
    decision: str | None = None
    state: str | None = None
    agent: str | None = None


class Subscribed(Noun, tag=True):
    """A follower was let in; `since` is what it asked for."""

    at: int
    who: str
    since: int | None
    seq: int
    epoch: str
    recovered: bool


class Heard(Noun, tag=True):
    """An event that reached a follower."""

    at: int
    who: str
    sequence: int
    id: str
    kind: str
    subject: str | None = None


class Wrote(Noun, tag=True):
    """*who* put this content at *path*; an agent, or "" for a stranger."""

    at: int
    who: str
    path: str
    sha256: str | None


class StoredEvent(Noun, tag=True):
    """An event in the records, at the end."""

    sequence: int
    id: str
    kind: str
    subject: str | None = None


class StoredReport(Noun, tag=True):
    """The answer that the records keep for a report."""

    agent: str
    event_id: str
    seq: int


class StoredChange(Noun, tag=True):
    """A judged change, and who the records say made it."""

    path: str
    sha256: str | None
    agent: str | None
    grounds: str | None


class StoredQuarantine(Noun, tag=True):
    """A quarantine in the records; *is_open* false: it was released."""

    id: str
    subject: str
    is_open: bool


class Judged(Noun, tag=True):
    """What the records say was judged last at *path*."""

    path: str
    sha256: str | None
    has_violation: bool = False
    is_unanalysable: bool = False


class OnDisk(Noun, tag=True):
    """What stood at *path* when all was quiet; *is_lazy*: it has lost code."""

    path: str
    sha256: str | None
    committed: str | None = None
    is_lazy: bool = False


class Integrity(Noun, tag=True):
    """What SQLite says of the database after a kill; "ok" where it is whole."""

    life: int
    answer: str


Step: TypeAlias = (
    Started
    | Ended
    | Sent
    | Answered
    | Subscribed
    | Heard
    | Wrote
    | StoredEvent
    | StoredReport
    | StoredChange
    | StoredQuarantine
    | Judged
    | OnDisk
    | Integrity
)
Trace: TypeAlias = tuple[Step, ...]
S = TypeVar("S", bound=Step)

OPERATOR = "operator"
"""Who operators are in a trace; agents are called by their ids."""


class Recorder:
    """Writes one JSON line a step, so that a run that fails can be read afterwards."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._at = 0
        self._steps: list[Step] = []

    def next(self) -> int:
        """The place of what happens now."""
        self._at += 1
        return self._at

    def add(self, step: Step) -> None:
        """Keep *step*."""
        self._steps.append(step)
        self._file.write(msgspec.json.encode(step).decode() + "\n")

    @property
    def steps_so_far(self) -> Trace:
        """All that happened up to now."""
        return tuple(self._steps)


def read(path: Path) -> Trace:
    """The trace that a `Recorder` wrote to *path*."""
    lines = path.read_bytes().splitlines()
    return tuple(msgspec.json.decode(line, type=Step) for line in lines)


def calls(trace: Trace) -> Mapping[int, Sent]:
    """Every call by its number."""
    return {step.call: step for step in trace if isinstance(step, Sent)}


def every(trace: Trace, kind: type[S]) -> list[S]:
    """The steps of one kind, in their order."""
    return [step for step in trace if isinstance(step, kind)]


def answered_reports(trace: Trace) -> Mapping[str, list[tuple[Sent, Answered]]]:
    """Reports that were sent once and answered with a sequence, by who sent them.

    Who sends one waits for its answer, so these follow each other.
    """
    sent = calls(trace)
    many = Counter(call.event_id for call in sent.values())
    found: dict[str, list[tuple[Sent, Answered]]] = defaultdict(list)
    for answer in every(trace, Answered):
        call = sent[answer.call]
        is_report = call.method == "change.report" and answer.seq is not None
        if is_report and many[call.event_id] == 1:
            found[call.who].append((call, answer))
    return found
