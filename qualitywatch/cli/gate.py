"""`qualitywatch gate`: what a range, the index or the work tree introduces."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from qualitywatch import gate
from qualitywatch.cli.here import here
from qualitywatch.cli.progress import Progress, progress
from qualitywatch.cli.terminal import note
from qualitywatch.cli.verdict import (
    Asked,
    asked,
    bar,
    conclude,
    verdict_options,
)
from qualitywatch.gate import Analyse, Base, ChangeSet, Trusted
from qualitywatch.gate.judged import Judged
from qualitywatch.git import Repository
from qualitywatch.model import GateReport, Quarantine
from qualitywatch.traces import Examined

if TYPE_CHECKING:
    from qualitywatch.mirror import Mirror


@click.command("gate")
@click.option(
    "--base",
    metavar="REV",
    help="Compare with where HEAD left REV.  [default: what CI says, or upstream]",
)
@click.option("--head", metavar="REV", help="The newest commit.  [default: HEAD]")
@click.option("--staged", is_flag=True, help="Judge what the next commit would change.")
@click.option("--worktree", is_flag=True, help="Judge the files as they are now.")
@click.option(
    "--evidence",
    metavar="FILE",
    help="Write a proof of the judgement to FILE, whatever it is.",
)
@verdict_options
def command(
    base: str | None,
    head: str | None,
    staged: bool,
    worktree: bool,
    evidence: str | None,
    format: str,
    fail_on: str | None,
    accept_new_suppressions: bool,
    verbose: bool,
) -> int:
    """Judge a range of commits, the index or the work tree: GO or NO-GO."""
    if (base or head) and (staged or worktree):
        raise click.UsageError("--base and --head go with a range of commits only")
    if staged and worktree:
        raise click.UsageError("--staged or --worktree, not both")
    wanted = asked(fail_on=fail_on, accept_new_suppressions=accept_new_suppressions)
    index_file = os.environ.get("GIT_INDEX_FILE")
    with here(index_file) as repository:
        proof = _cleared(evidence, repository) if evidence else None
        with progress("judging") as shown:
            if staged:
                judged = _staged(repository, wanted)
            elif worktree:
                judged = _worktree(repository, wanted)
            else:
                judged = _range(repository, wanted, base, head or "HEAD")
            report = _report(repository, judged, shown)
        if proof:  # first: nobody shall see a GO without the proof that was asked for
            _prove(proof, repository, judged, report)
    return conclude(
        report,
        format=format,
        verbose=verbose,
        changes=judged.changes.changes,
        rules=judged.trust.rules,
    )


def _staged(repository: Repository, wanted: Asked) -> Judged:
    trust = gate.trusted(repository, repository.head())
    changes = gate.staged(repository, limit=trust.limit)
    return _judged("staged", changes, trust, wanted)


def _worktree(repository: Repository, wanted: Asked) -> Judged:
    trust = gate.trusted(repository, repository.head())
    changes = gate.worktree(repository, limit=trust.limit)
    return _judged("worktree", changes, trust, wanted)


def _range(
    repository: Repository, wanted: Asked, base: str | None, head: str
) -> Judged:
    newer = repository.rev_parse(head)
    if base:
        older = gate.named_base(os.environ, repository, base, newer)
    else:
        older = gate.usual_base(os.environ, repository, newer)
        note(f"compared with {(older.rev or 'nothing')[:12]}: {older.grounds}")
    trust = gate.trusted(repository, older.rev)
    changes = gate.between(
        repository, older.rev, newer, known=older.known, limit=trust.limit
    )
    if older.also:
        rev, known = older.also.rev, older.also.known
        also = gate.between(repository, rev, newer, known=known, limit=trust.limit)
        changes = gate.joined(changes, also)
    return _judged("range", changes, trust, wanted, older)


def _judged(
    door: str,
    changes: ChangeSet,
    trust: Trusted,
    wanted: Asked,
    base: Base | None = None,
) -> Judged:
    return Judged(
        door=door,
        changes=changes,
        trust=trust,
        settings=bar(trust.settings.gate, wanted.fail_on),
        accept_new_suppressions=wanted.accept_new_suppressions,
        base=base,
    )


def _report(repository: Repository, judged: Judged, shown: Progress) -> GateReport:
    state = gate.known_state(repository)
    changes, trust = judged.changes, judged.trust
    with gate.analyser(trust) as analyse:
        return gate.judge(
            changes.changes,
            base=changes.base,
            head=changes.head,
            analyse=_counted(analyse, shown),
            settings=judged.settings,
            clock=time.perf_counter,
            quarantines=_concerned(repository, judged, state) if state else (),
            dismissed=state.dismissed if state else (),
            skipped=changes.skipped,
            accept_new_suppressions=judged.accept_new_suppressions,
            also=gate.analysers_say(repository, changes, trust),
            references=gate.who_needs(changes, analyse),
        )


def _concerned(
    repository: Repository, judged: Judged, state: Mirror
) -> tuple[Quarantine, ...]:
    base, head = judged.changes.base, judged.changes.head
    new = f"{base}..{head}" if base else head
    commits = repository.commits(new) if head and new else []
    return gate.concerned(
        state,
        agent=os.environ.get("QUALITYWATCH_AGENT"),
        workspaces=[repository.root] if repository.root else [],
        commits=commits,
    )


def _cleared(evidence: str, repository: Repository) -> Path:
    from qualitywatch.cli import evidence as file  # who wants no proof pays for none

    return file.cleared(evidence, repository)


def _prove(
    place: Path, repository: Repository, judged: Judged, report: GateReport
) -> None:
    from qualitywatch.cli import evidence as file
    from qualitywatch.gate.evidence import document

    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    file.write(place, document(repository, judged, report, time=now))


def _counted(analyse: Analyse, shown: Progress) -> Analyse:
    def counted(tasks: Sequence[gate.Task]) -> Iterator[Examined]:
        return shown.counted(analyse(tasks), len(tasks))

    return counted
