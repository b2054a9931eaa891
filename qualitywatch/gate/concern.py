"""Whose quarantine concerns a commit, a push or a range."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from qualitywatch import mirror
from qualitywatch.git import Commit, Repository
from qualitywatch.mirror import Mirror
from qualitywatch.model import Agent, Quarantine, QuarantineState, workspace_subject

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
            quarantine.subject == agent
            or _is_of(quarantine, here, state.agents)
            or not names.isdisjoint(_aliases(quarantine, state.agents))
        )
    )


def _is_of(
    quarantine: Quarantine, here: Collection[Path], agents: Iterable[Agent]
) -> bool:
    """True where the quarantine, or its agent, belongs to one of the folders."""
    theirs = [agent.workspace for agent in agents if agent.id == quarantine.subject]
    folders = {Path(path).resolve() for path in (quarantine.workspace, *theirs) if path}
    if not folders:
        return quarantine.subject in {workspace_subject(path.name) for path in here}
    return not folders.isdisjoint(here)


def _aliases(quarantine: Quarantine, agents: Iterable[Agent]) -> set[str]:
    """What its agent may be called in a commit: its id, and its name."""
    names = (agent.name for agent in agents if agent.id == quarantine.subject)
    return {quarantine.subject, *names}


def _names(commits: Iterable[Commit]) -> Iterator[str]:
    """Names and local parts of addresses of everybody who had a part in *commits*."""
    for commit in commits:
        for person in (commit.author, commit.committer):
            yield from (person.name, person.email.partition("@")[0])
        for key, value in commit.trailers:
            if key.lower() == _CO_AUTHOR:
                name, _, address = value.partition("<")
                yield from (name.strip(), address.partition("@")[0])
