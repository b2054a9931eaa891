"""Whose quarantine concerns a commit, a push or a range."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from qualitywatch.git import Commit, Repository
from qualitywatch.model import Agent, Quarantine, QuarantineState, workspace_subject
from qualitywatch.quarantine import line_of

if TYPE_CHECKING:
    from qualitywatch.mirror import Mirror

_ENROLLED = "qualitywatch.enrolled"  # the mark that the daemon leaves in git's settings
_CO_AUTHOR = "co-authored-by"


def known_state(repository: Repository) -> Mirror | None:
    """What the daemon wrote last; `None` where none has ever run, as in CI.

    Raises `MachineError` where there was a state that is gone or can not be read.
    """
    state_dir = repository.state_dir
    is_bare_of_state = not state_dir.is_dir() or not any(state_dir.iterdir())
    if is_bare_of_state and not repository.setting(_ENROLLED):
        return None
    from qualitywatch import mirror  # where no daemon is, nobody needs it

    return mirror.read(state_dir)


def concerned(
    state: Mirror,
    *,
    agent: str | None,
    workspaces: Collection[Path],
    commits: Iterable[Commit] = (),
) -> tuple[Quarantine, ...]:
    """The open quarantines that concern who does this now, or whose work it is.

    *agent* is how the process calls itself. A name that it gives adds blame and never
    removes any: the workspaces and the commits count whatever it says.
    """
    here = frozenset(path.resolve() for path in workspaces)
    names = frozenset(_names(commits))
    return tuple(
        quarantine
        for quarantine in state.quarantines
        if quarantine.state is not QuarantineState.CLEAR
        and (
            quarantine.subject in (agent, *_above(agent, state.agents))
            or _is_of(quarantine, here, state.agents)
            or not names.isdisjoint(_aliases(quarantine, state.agents))
        )
    )


def _is_of(
    quarantine: Quarantine, here: Collection[Path], agents: Iterable[Agent]
) -> bool:
    """True where the quarantine, or its agent, belongs to one of the folders."""
    theirs = [one.workspace for one in _stopped_with(quarantine.subject, agents)]
    folders = {Path(path).resolve() for path in (quarantine.workspace, *theirs) if path}
    if not folders:
        return quarantine.subject in {workspace_subject(path.name) for path in here}
    return not folders.isdisjoint(here)


def _aliases(quarantine: Quarantine, agents: Collection[Agent]) -> set[str]:
    """What its agent may be called in a commit: its id, and its name.

    It chose the name itself: one that another agent has too would stop that one's work.
    """
    stopped = _stopped_with(quarantine.subject, agents)
    others = [agent for agent in agents if agent not in stopped]
    taken = {name for agent in others for name in (agent.id, agent.name)}
    names = {agent.name for agent in stopped} - taken
    return {quarantine.subject, *(agent.id for agent in stopped), *names}


def _stopped_with(subject: str, agents: Iterable[Agent]) -> list[Agent]:
    """The agent *subject*, its subagents, and theirs."""
    known = {agent.id: agent for agent in agents}
    return [
        agent
        for agent in known.values()
        if subject in (one.id for one in line_of(agent.id, known))
    ]


def _above(id: str | None, agents: Iterable[Agent]) -> list[str]:
    known = {agent.id: agent for agent in agents}
    return [] if id is None else [one.id for one in line_of(id, known)]


def _names(commits: Iterable[Commit]) -> Iterator[str]:
    """Names and local parts of addresses of everybody who had a part in *commits*."""
    for commit in commits:
        for person in (commit.author, commit.committer):
            yield from (person.name, person.email.partition("@")[0])
        for key, value in commit.trailers:
            if key.lower() == _CO_AUTHOR:
                name, _, address = value.partition("<")
                yield from (name.strip(), address.partition("@")[0])
