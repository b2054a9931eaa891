"""What a history that nobody has judged dropped on its way, and still lacks.

Where there is nothing to compare the newest commit with, each commit is compared with
its parent. What one of them dropped counts if it is still gone at the end: the file as
it was before is judged once more, against the newest.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

import msgspec

from qualitywatch.gate.analysing import Analyser
from qualitywatch.gate.changes import ChangeSet, between
from qualitywatch.gate.surroundings import judging
from qualitywatch.gate.tree import Tree
from qualitywatch.gate.trust import Trusted, who_needs
from qualitywatch.git import Commit, Repository
from qualitywatch.model import Analysis, Change, Unanalysable, Violation

MAX_COMMITS = 300  # that change a file; what is older can not be judged
COMMITS_AT_ONCE = 50  # whose contents are held together


def dropped_inside(
    repository: Repository,
    commits: Sequence[Commit],
    head: str,
    trust: Trusted,
    analyse: Analyser,
) -> Analysis:
    """What *commits* (newest first) took away, and *head* has not got back."""
    changing = _changing(repository, commits)
    recent = list(islice(changing, MAX_COMMITS))
    told = Analysis(unanalysable=_too_old(sum(1 for _ in changing)))
    later: dict[str, str] = {}  # a path -> what it is called at *head*
    for start in range(0, len(recent), COMMITS_AT_ONCE):
        some = recent[start : start + COMMITS_AT_ONCE]
        told += _dropped(repository, some, head, trust, analyse, later)
    return told


def _changing(repository: Repository, commits: Sequence[Commit]) -> Iterator[Commit]:
    """Those after which a file is another than before: empty ones hide no other."""
    for commit in commits:
        trees = {repository.tree_id(id) for id in (commit.id, *commit.parents[:1])}
        if len(trees) > 1:
            yield commit


def _too_old(older: int) -> tuple[Unanalysable, ...]:
    if not older:
        return ()
    reason = (
        f"of a first push only the newest {MAX_COMMITS} are judged one by one:"
        " push older ones before, `git push REMOTE COMMIT:refs/heads/BRANCH`"
    )
    commits = "1 older commit" if older == 1 else f"{older} older commits"
    return (Unanalysable(path=commits, reason=reason),)


def _dropped(
    repository: Repository,
    commits: Sequence[Commit],
    head: str,
    trust: Trusted,
    analyse: Analyser,
    later: dict[str, str],
) -> Analysis:
    sets = [_of_commit(repository, commit, trust) for commit in commits]
    suspects: list[Suspect] = []
    for found, analysis in zip(sets, _each(sets, analyse), strict=True):
        for change in found.changes:
            name = later.get(change.path, change.path)
            if change.old_path is not None:
                later.setdefault(change.old_path, name)
            suspects += _lost(change, name, analysis)
    finals = [
        _final(repository, change, name, head, trust) for change, name, _ in suspects
    ]
    return Analysis(
        violations=tuple(
            violation
            for (_, _, lost), again in zip(
                suspects, _each(finals, analyse), strict=True
            )
            for violation in again.violations
            if _is_of(violation, lost)
        )
    )


Suspect = tuple[Change, str, tuple[Violation, ...]]


def _lost(change: Change, name: str, analysis: Analysis) -> Iterator[Suspect]:
    lost = tuple(
        each
        for each in analysis.violations
        if each.path == change.path and each.evidence is not None
    )
    if lost and change.before is not None:
        yield change, name, lost


def _is_of(violation: Violation, lost: Sequence[Violation]) -> bool:
    return any(
        (violation.rule, violation.symbol) == (each.rule, each.symbol) for each in lost
    )


def _of_commit(repository: Repository, commit: Commit, trust: Trusted) -> ChangeSet:
    parent, *others = commit.parents
    limit = trust.limit
    return between(
        repository, parent, commit.id, known=others, fully=False, limit=limit
    )


def _final(
    repository: Repository, change: Change, name: str, head: str, trust: Trusted
) -> ChangeSet:
    """From what *change* began with to what the file is at *head*."""
    content = repository.content(head, name, filtered=False, limit=trust.limit)
    final = msgspec.structs.replace(change, path=name, old_path=None, after=content)
    tree = Tree(repository, rev=head, limit=trust.limit)
    return ChangeSet(base=None, head=head, changes=(final,), tree=tree)


def _each(sets: Sequence[ChangeSet], analyse: Analyser) -> list[Analysis]:
    """The analysis of each of *sets*, in as few rounds as one of them takes."""
    asking = [judging(each.changes, who_needs(each, analyse)) for each in sets]
    told = [Analysis() for _ in sets]
    open_ = {at: next(one) for at, one in enumerate(asking)}
    while open_:
        tasks = [task for wanted in open_.values() for task in wanted]
        answers = iter(list(analyse(tasks)))
        after = {}
        for at, wanted in open_.items():
            try:
                after[at] = asking[at].send(list(islice(answers, len(wanted))))
            except StopIteration as end:
                told[at] = sum(end.value, Analysis())
        open_ = after
    return told
