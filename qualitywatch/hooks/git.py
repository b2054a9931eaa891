"""What our git hooks answer: may this commit be made, may these commits be pushed?

First whose work it is: an agent in quarantine neither commits nor pushes, nor does
anybody push what it has made. Then what it contains, by the gate. Nothing here needs
the daemon: quarantines come from its mirror, and a mirror that is missing or can not
be read is an error, which stops the commit (design: closed, not open).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from qualitywatch import mirror
from qualitywatch.errors import MachineError
from qualitywatch.gate import (
    ChangeSet,
    Trusted,
    analyser,
    analysers_say,
    between,
    concerned,
    judge,
    references,
    staged,
    trusted,
)
from qualitywatch.git import Commit, Range, Repository
from qualitywatch.mirror import Mirror
from qualitywatch.model import GO, GateReport, Noun, Quarantine
from qualitywatch.reports import Look, text

Clock = Callable[[], float]


class Answer(Noun):
    """What the hook says on stderr, and whether git may go on."""

    allowed: bool
    text: str


class PushedRef(Noun):
    """One line that git hands to a pre-push hook."""

    local_ref: str
    local_id: str
    remote_ref: str
    remote_id: str


def answer_commit(repository: Repository, *, agent: str | None, clock: Clock) -> Answer:
    """May what is staged be committed?"""
    state = mirror.read(repository.state_dir)
    in_quarantine = concerned(state, agent=agent, workspaces=_here(repository))
    if in_quarantine:
        return _refused("commit", in_quarantine)
    trust = trusted(repository, repository.head())
    changes = staged(repository, limit=trust.limit)
    return _answered([_judged(repository, changes, trust, state, clock)])


def answer_push(
    repository: Repository,
    lines: str,
    *,
    remote: str,
    agent: str | None,
    clock: Clock,
) -> Answer:
    """May the commits that git lists in *lines* go to *remote*?"""
    state = mirror.read(repository.state_dir)
    refs = parse_refs(lines)
    outgoing = {ref: _outgoing(repository, ref, remote) for ref in refs}
    in_quarantine = concerned(
        state,
        agent=agent,
        workspaces=[*_here(repository), *_checkouts(repository, refs)],
        commits=_commits(outgoing.values()),
    )
    if in_quarantine:
        return _refused("push", in_quarantine)
    reports = [
        _judged_range(repository, ref, commits, state, clock)
        for ref, commits in outgoing.items()
        if commits is not None and commits.commits
    ]
    return _answered(reports)


def parse_refs(lines: str) -> list[PushedRef]:
    """The refs that git lists: `<local ref> <local id> <remote ref> <remote id>`."""
    return [_parse_ref(line) for line in lines.splitlines() if line.strip()]


def _parse_ref(line: str) -> PushedRef:
    words = line.split(" ")
    if len(words) != 4:
        raise MachineError(
            f"git hands hooks four words for a ref, not {line!r}",
            hint="this hook is meant to be called by git push",
        )
    return PushedRef(
        local_ref=words[0], local_id=words[1], remote_ref=words[2], remote_id=words[3]
    )


# Who


def _here(repository: Repository) -> list[Path]:
    return [repository.root] if repository.root else []


def _checkouts(repository: Repository, refs: Sequence[PushedRef]) -> list[Path]:
    """The workspaces whose own branch is pushed, from whatever workspace."""
    pushed = {ref.local_ref for ref in refs}
    return [path for path, ref in repository.checkouts().items() if ref in pushed]


def _commits(outgoing: Iterable[Range | None]) -> list[Commit]:
    return [commit for found in outgoing if found for commit in found.commits]


# What


def _outgoing(repository: Repository, ref: PushedRef, remote: str) -> Range | None:
    """What *remote* does not have yet; `None` where no commit is pushed.

    git writes zeros for "none": on this side for a deletion, on the other for a new
    ref. A commit that nobody here has fetched is as good as none.
    """
    head = repository.find_commit(ref.local_id)
    if head is None:  # a deletion, or a tag on a file or a folder
        return None
    old = repository.find_commit(ref.remote_id)
    published = repository.published_at(remote)
    return repository.outgoing(head, [*([old] if old else []), published])


def _judged_range(
    repository: Repository,
    ref: PushedRef,
    outgoing: Range,
    state: Mirror,
    clock: Clock,
) -> GateReport:
    """The net change: from what the remote ref was, or from what the new ref is on."""
    met = repository.independent(outgoing.boundary)
    base = repository.find_commit(ref.remote_id) or next(iter(met), None)
    trust = trusted(repository, base)
    changes = between(
        repository,
        base,
        outgoing.head,
        known=[commit for commit in met if commit != base],
        limit=trust.limit,
    )
    return _judged(repository, changes, trust, state, clock)


def _judged(
    repository: Repository,
    changes: ChangeSet,
    trust: Trusted,
    state: Mirror,
    clock: Clock,
) -> GateReport:
    return judge(
        changes.changes,
        base=changes.base,
        head=changes.head,
        analyse=analyser(trust),
        settings=trust.settings.gate,
        clock=clock,
        dismissed=state.dismissed,
        skipped=changes.skipped,
        also=analysers_say(repository, changes, trust),
        references=references(changes, trust),
    )


# The answer


def _answered(reports: Sequence[GateReport]) -> Answer:
    failed = [report for report in reports if report.decision != GO]
    said = "\n".join(text.render(report, Look()) for report in failed)
    return Answer(allowed=not failed, text=said)


def _refused(what: str, quarantines: Sequence[Quarantine]) -> Answer:
    head = f"this {what} is refused: it is the work of an agent in quarantine"
    blocks = [
        "\n".join(text.quarantine_lines(quarantine)) for quarantine in quarantines
    ]
    return Answer(allowed=False, text="\n\n".join([head, *blocks]) + "\n")
