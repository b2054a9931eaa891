"""Which commits of a repository are replayed."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from qualitywatch.attribution.commits import Recogniser, signed
from qualitywatch.errors import MachineError, UserError
from qualitywatch.git import Commit, Repository
from qualitywatch.model import Noun
from qualitywatch.reports.safe import encodable


class Wanted(Noun):
    """What the person asks for; an empty text asks for nothing in particular."""

    range: str = "HEAD"
    since: str = ""
    until: str = ""
    author: str = ""
    agents: tuple[str, ...] = ()
    max_commits: int = 0  # the newest ones; 0 is all

    @property
    def encodable(self) -> Wanted:
        """The same as it can be written down: words on a command line are bytes."""
        return msgspec.structs.replace(
            self,
            range=encodable(self.range),
            since=encodable(self.since),
            until=encodable(self.until),
            author=encodable(self.author),
        )


class Chosen(Noun):
    """The commits, the oldest first, and how many were left out.

    So the file they are written to can grow at its end, and what a file was after
    one commit is what it is before one of the next.
    """

    commits: tuple[Commit, ...]
    at_edge: int = 0  # of a shallow clone: what stood before them is not here


def chosen(repository: Repository, wanted: Wanted, recogniser: Recogniser) -> Chosen:
    """The commits that *wanted* means; `UserError` where it means none there are."""
    _refuse_unknown(wanted.agents, recogniser)
    found = _listed(repository, wanted)
    edge = _edge(repository)
    kept = [commit for commit in found if commit.id not in edge]
    named = [
        commit
        for commit in kept
        if not wanted.agents or agent_of(commit, recogniser) in wanted.agents
    ]
    return Chosen(commits=tuple(named), at_edge=len(found) - len(kept))


def agent_of(commit: Commit, recogniser: Recogniser) -> str | None:
    """The agent that *commit* names, if any."""
    return recogniser.agent_of(
        signed(commit.author.name, commit.author.email),
        signed(commit.committer.name, commit.committer.email),
        commit.trailers,
    )


def _listed(repository: Repository, wanted: Wanted) -> list[Commit]:
    options = ["--reverse", "--topo-order"]
    options += [f"--since={wanted.since}"] if wanted.since else []
    options += [f"--until={wanted.until}"] if wanted.until else []
    options += [f"--author={wanted.author}"] if wanted.author else []
    options += [f"--max-count={wanted.max_commits}"] if wanted.max_commits else []
    # A range that begins with a dash must not become an option.
    last = ["--end-of-options", wanted.range, "--"]
    try:
        return repository.commits(*options, *last)
    except MachineError as error:
        if "revision" not in error.problem and "bad object" not in error.problem:
            raise
        raise UserError(
            f"no commits are called {wanted.range!r}", hint=_way_out(repository)
        ) from error


def _way_out(repository: Repository) -> str:
    if repository.head() is None:
        return "nothing is committed on the current branch: name another one"
    return "name a branch, or two commits as FROM..TO; `git log --oneline` lists them"


def _edge(repository: Repository) -> frozenset[str]:
    """The commits of a shallow clone that look as if nothing had been before them."""
    if not repository.is_shallow():
        return frozenset()
    return frozenset((repository.common_dir / "shallow").read_text("ascii").split())


def _refuse_unknown(agents: Iterable[str], recogniser: Recogniser) -> None:
    for agent in agents:
        if agent not in recogniser.ids:
            raise UserError(
                f"no agent is called {agent!r}",
                hint=f"known: {', '.join(recogniser.ids)}; others go into [[agents]]"
                " of qualitywatch.toml",
            )
