"""What our git hooks answer: may this commit be made, may these commits be pushed?

First whose work it is: an agent in quarantine neither commits nor pushes, nor does
anybody push what it has made. Then what it contains, by the gate. Nothing here needs
the daemon: who is in quarantine is in its mirror (`quarantines`), and a mirror that is
missing or can not be believed is an error, which stops the commit (design: closed, not
open).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from qualitywatch.errors import MachineError
from qualitywatch.gate import (
    ChangeSet,
    Trusted,
    analyser,
    analysers_say,
    between,
    concerned,
    dropped_inside,
    judge,
    staged,
    trusted,
    who_needs,
)
from qualitywatch.git import Commit, Range, Repository, is_absent
from qualitywatch.hooks import published
from qualitywatch.hooks.quarantines import known
from qualitywatch.mirror import Mirror
from qualitywatch.model import GO, Analysis, GateReport, Noun, Quarantine
from qualitywatch.reports import Look, bases_of, text
from qualitywatch.reports.safe import safe

Clock = Callable[[], float]
NOTHING = Analysis()


class Answer(Noun):
    """What the hook says on stderr, and whether git may go on."""

    allowed: bool
    text: str


class Told(NamedTuple):
    """A judgement, and what a report of it shows of the base."""

    report: GateReport
    look: Look


class PushedRef(Noun):
    """One line that git hands to a pre-push hook."""

    local_ref: str
    local_id: str
    remote_ref: str
    remote_id: str

    @property
    def is_tag(self) -> bool:
        """True where the remote has, or shall have, a tag of that name."""
        return self.remote_ref.startswith("refs/tags/")

    @property
    def is_deletion(self) -> bool:
        """True where the remote ref shall go."""
        return is_absent(self.local_id)


def answer_commit(repository: Repository, *, agent: str | None, clock: Clock) -> Answer:
    """May what is staged be committed?"""
    state = known(repository.state_dir)
    in_quarantine = concerned(state, agent=agent, workspaces=_here(repository))
    if in_quarantine:
        return _refused("commit", in_quarantine)
    trust = trusted(repository, repository.head())
    changes = staged(repository, limit=trust.limit)
    return _answered([judged(repository, changes, trust, state, clock)])


def answer_push(
    repository: Repository,
    lines: str,
    *,
    remote: str,
    agent: str | None,
    clock: Clock,
) -> Answer:
    """May the commits that git lists in *lines* go to *remote*?"""
    state = known(repository.state_dir)
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
    unseen = [ref for ref in outgoing if _is_unseen(repository, ref)]
    if unseen:
        return _fetch_first(unseen, remote)
    reports = [
        _judged_range(repository, ref, commits, state, clock)
        for ref, commits in outgoing.items()
        if commits is not None and _is_judged(repository, ref, commits)
    ]
    return _answered(reports)


def parse_refs(lines: str) -> list[PushedRef]:
    """The refs that git lists: `<local ref> <local id> <remote ref> <remote id>`."""
    return [_parse_ref(line) for line in lines.split("\n") if line.strip()]


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
    old = _old(repository, ref)
    return published.outgoing(repository, head, remote, old=old, ref=ref.remote_ref)


def _old(repository: Repository, ref: PushedRef) -> str | None:
    """What a branch of the remote was; a tag that moves takes code from nobody."""
    return None if ref.is_tag else repository.find_commit(ref.remote_id)


def _is_unseen(repository: Repository, ref: PushedRef) -> bool:
    """True where the push would replace commits of which we do not know the code."""
    replaces = not (ref.is_tag or ref.is_deletion or is_absent(ref.remote_id))
    return replaces and repository.find_commit(ref.remote_id) is None


def _is_judged(repository: Repository, ref: PushedRef, outgoing: Range) -> bool:
    """True where something is new, or a branch of the remote becomes another."""
    if outgoing.commits:
        return True
    return _old(repository, ref) not in (None, outgoing.head)


def _judged_range(
    repository: Repository,
    ref: PushedRef,
    outgoing: Range,
    state: Mirror,
    clock: Clock,
) -> Told:
    """The net change: from what the remote ref was, or from what the new ref is on.

    Where it is on nothing, what its own history dropped on the way counts as well.
    """
    met = repository.independent(outgoing.boundary)
    base = _old(repository, ref) or next(iter(met), None)
    trust = trusted(repository, base)
    changes = between(
        repository,
        base,
        outgoing.head,
        known=published.merged_from(repository, outgoing.head, base, met),
        limit=trust.limit,
    )
    also = Analysis() if base else inside(repository, outgoing, trust)
    return judged(repository, changes, trust, state, clock, also=also)


def inside(repository: Repository, outgoing: Range, trust: Trusted) -> Analysis:
    """What a history that stands on nothing known has dropped, and still lacks."""
    commits, head = outgoing.commits, outgoing.head
    with analyser(trust) as analyse:
        return dropped_inside(repository, commits, head, trust, analyse)


def judged(
    repository: Repository,
    changes: ChangeSet,
    trust: Trusted,
    state: Mirror,
    clock: Clock,
    *,
    also: Analysis = NOTHING,
) -> Told:
    """The judgement of *changes* as a hook makes it, here and in `receive`."""
    with analyser(trust) as analyse:
        report = judge(
            changes.changes,
            base=changes.base,
            head=changes.head,
            analyse=analyse,
            settings=trust.settings.gate,
            clock=clock,
            dismissed=state.dismissed,
            skipped=changes.skipped,
            also=also + analysers_say(repository, changes, trust),
            references=who_needs(changes, analyse),
        )
    return Told(report, Look(bases=bases_of(report.violations, changes.changes)))


# The answer


def _answered(judgements: Sequence[Told]) -> Answer:
    failed = [told for told in judgements if told.report.decision != GO]
    said = "\n".join(text.render(report, look) for report, look in failed)
    return Answer(allowed=not failed, text=said)


def _fetch_first(refs: Sequence[PushedRef], remote: str) -> Answer:
    names = ", ".join(safe(ref.remote_ref) for ref in refs)
    return Answer(
        allowed=False,
        text=(
            f"NO-GO: {names} holds commits that nobody here has seen, and this push "
            f"would drop them\n  hint: fetch first: git fetch {safe(remote)}\n"
        ),
    )


def _refused(what: str, found: Sequence[Quarantine]) -> Answer:
    head = f"this {what} is refused: it is the work of an agent in quarantine"
    blocks = ["\n".join(text.quarantine_lines(quarantine)) for quarantine in found]
    return Answer(allowed=False, text="\n\n".join([head, *blocks]) + "\n")
