"""Quarantine as a table: where a subject stands, what may happen, what follows.

A subject is an agent, or a workspace (`ws:<name>`) where nobody can be named. It is
`clear` until it is *imposed* on: by the policy, when a violation of that subject
reaches the configured severity and confidence, or by an operator. From then on every
edit, commit and push of the subject is refused, on every channel, however it comes.

While it lasts, three things can happen. The subject can be found to have *violated*
again: the violation is added to the same quarantine, for there is never more than one
open per subject, and a repair that was on offer is out of date. It can *propose a
repair*, which is checked and laid before the operator; a newer proposal replaces the
older one. And an operator can *release* it, saying why. That is the only way out: no
row leads from quarantine to `clear` except under `Released`, and there is no event for
"time has passed", "the code was repaired" or "the daemon was restarted". A repaired
violation closes by itself, but the subject stays where it is until somebody has looked.

Everything that changes the state stands in `NEXT`. An event with no entry is illegal
by construction: it raises `IllegalEvent` and changes nothing. Nothing here knows of
databases, sockets or clocks; who calls `step` makes the result durable first and tells
others afterwards.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePath
from types import MappingProxyType

from qualitywatch.errors import QualityWatchError
from qualitywatch.model import (
    WORKSPACE_PREFIX,
    Agent,
    Noun,
    Quarantine,
    QuarantineState,
    Repair,
    Violation,
    workspace_subject,
)


class Imposed(Noun):
    """The policy or an operator puts a clear subject in quarantine."""

    by: str
    reason: str
    violations: tuple[Violation, ...] = ()


class Violated(Noun):
    """A subject in quarantine was found to have done more."""

    violations: tuple[Violation, ...]


class RepairProposed(Noun):
    """The subject offers to put the code back."""

    repairs: tuple[Repair, ...]


class Released(Noun):
    """An operator lets the subject work again."""

    by: str
    reason: str


Happening = Imposed | Violated | RepairProposed | Released

_CLEAR = QuarantineState.CLEAR
_QUARANTINED = QuarantineState.QUARANTINED
_PROPOSED = QuarantineState.REPAIR_PROPOSED

# State -> event -> next state. What is not written here is refused.
NEXT = MappingProxyType(
    {
        _CLEAR: MappingProxyType[type[Happening], QuarantineState](
            {Imposed: _QUARANTINED}
        ),
        _QUARANTINED: MappingProxyType[type[Happening], QuarantineState](
            {Violated: _QUARANTINED, RepairProposed: _PROPOSED, Released: _CLEAR}
        ),
        _PROPOSED: MappingProxyType[type[Happening], QuarantineState](
            {Violated: _QUARANTINED, RepairProposed: _PROPOSED, Released: _CLEAR}
        ),
    }
)


class IllegalEvent(QualityWatchError):
    """The state has no row for this event; nothing was changed."""

    def __init__(self, state: QuarantineState, event: Happening) -> None:
        super().__init__(f"{type(event).__name__} can not happen to a {state} subject")
        self.state = state
        self.event = event


def step(state: QuarantineState, event: Happening) -> QuarantineState:
    """The state after *event*; raises `IllegalEvent` and changes nothing otherwise."""
    try:
        return NEXT[state][type(event)]
    except KeyError:
        raise IllegalEvent(state, event) from None


def covering(
    quarantines: Iterable[Quarantine],
    *,
    agent: str | None,
    workspace: str | None,
    agents: Iterable[Agent] = (),
) -> Quarantine | None:
    """The open quarantine that stops *agent* in *workspace*, or `None`.

    The agent's own comes first, then that of the workspace it asks from, then that of
    the workspace it is bound to in *agents*: to name another folder is no way out. A
    workspace quarantine without a path stops every workspace of that name.
    """
    by_subject = {quarantine.subject: quarantine for quarantine in quarantines}
    if agent is not None and agent in by_subject:
        return by_subject[agent]
    bound = [a.workspace for a in agents if agent is not None and a.id == agent]
    paths = {PurePath(path) for path in (workspace, *bound) if path is not None}
    names = {workspace_subject(path.name) for path in paths}
    return next(
        (
            quarantine
            for subject, quarantine in by_subject.items()
            if subject.startswith(WORKSPACE_PREFIX)
            and (
                subject in names
                if quarantine.workspace is None
                else PurePath(quarantine.workspace) in paths
            )
        ),
        None,
    )
