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

from collections.abc import Iterable, Mapping
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


def line_of(id: str, agents: Mapping[str, Agent]) -> tuple[Agent, ...]:
    """The agent *id* and those above it, its parent first; none twice."""
    line: dict[str, Agent] = {}
    agent = agents.get(id)
    while agent is not None and agent.id not in line:
        line[agent.id] = agent
        agent = agents.get(agent.parent) if agent.parent is not None else None
    return tuple(line.values())


def families(agents: Mapping[str, Agent]) -> dict[str, tuple[str, ...]]:
    """For each agent that has any, the ids of its subagents and of theirs."""
    found: dict[str, tuple[str, ...]] = {}
    for id in agents:
        for above in line_of(id, agents)[1:]:
            found[above.id] = (*found.get(above.id, ()), id)
    return found


def parent_refusal(
    child: Agent, parent: str, agents: Mapping[str, Agent], *, is_connected: bool
) -> str | None:
    """Why *child* may not name *parent*; `None` where it may.

    To have a parent is to be stopped with it, so a name once given stays: who could
    take another would free itself. And nobody is shown the faults of a stranger: the
    parent works in the same checkout, or is here at this moment (*is_connected*).
    """
    known = agents.get(child.id)
    if known is not None and known.parent not in (None, parent):
        return f"{child.id} is a subagent of {known.parent} and stays one"
    if parent not in agents and parent != child.id:
        return f"no agent is called {parent[:80]!r}"
    line = line_of(parent, agents)
    if child.id in (parent, *(one.id for one in line), *(one.parent for one in line)):
        return f"{parent} is {child.id} itself, or one of its own subagents"
    is_known = known is not None and known.parent == parent
    is_beside = agents[parent].workspace in (None, child.workspace)
    if is_known or is_beside or is_connected:
        return None
    return f"{parent} works elsewhere and is not connected"


def covering(
    quarantines: Iterable[Quarantine],
    *,
    agent: str | None,
    workspace: str | None,
    agents: Iterable[Agent] = (),
) -> Quarantine | None:
    """The open quarantine that stops *agent* in *workspace*, or `None`.

    The agent's own comes first, then that of an agent above it (see `line_of`), then
    that of the workspace it asks from, then those of the workspaces that they are bound
    to in *agents*: to name another folder is no way out, nor is it to send a subagent.
    A workspace quarantine without a path stops every workspace of that name.
    """
    by_subject = {quarantine.subject: quarantine for quarantine in quarantines}
    if not by_subject:
        return None
    known = {one.id: one for one in agents}
    line = () if agent is None else line_of(agent, known)
    for subject in filter(None, (agent, *(one.parent for one in line))):
        if subject in by_subject:
            return by_subject[subject]
    bound = [one.workspace for one in line]
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
