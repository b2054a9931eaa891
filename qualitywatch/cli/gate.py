"""`qualitywatch gate`: what a range, the index or the work tree introduces."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence

import click

from qualitywatch import gate
from qualitywatch.cli.progress import Progress, progress
from qualitywatch.cli.verdict import (
    Asked,
    asked,
    bar,
    conclude,
    here,
    verdict_options,
)
from qualitywatch.gate import Analyse, ChangeSet, Trusted
from qualitywatch.git import Commit, Repository
from qualitywatch.model import GateReport, Quarantine
from qualitywatch.traces import Examined


@click.command("gate")
@click.option(
    "--base",
    metavar="REV",
    help="Compare with where HEAD left REV.  [default: the upstream branch]",
)
@click.option("--head", metavar="REV", help="The newest commit.  [default: HEAD]")
@click.option("--staged", is_flag=True, help="Judge what the next commit would change.")
@click.option("--worktree", is_flag=True, help="Judge the files as they are now.")
@verdict_options
def command(
    base: str | None,
    head: str | None,
    staged: bool,
    worktree: bool,
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
    with here(index_file) as repository, progress("judging") as shown:
        if staged or worktree:
            report = _now(repository, shown, wanted, staged=staged)
        else:
            report = _range(repository, shown, wanted, base, head or "HEAD")
    return conclude(report, format=format, verbose=verbose)


def _now(
    repository: Repository, shown: Progress, wanted: Asked, *, staged: bool
) -> GateReport:
    trust = gate.trusted(repository, repository.head())
    gather = gate.staged if staged else gate.worktree
    changes = gather(repository, limit=trust.limit)
    return _judged(repository, changes, trust, shown, wanted, commits=())


def _range(
    repository: Repository,
    shown: Progress,
    wanted: Asked,
    base: str | None,
    head: str,
) -> GateReport:
    older, newer = gate.resolved(repository, base, head)
    trust = gate.trusted(repository, older)
    changes = gate.between(repository, older, newer, limit=trust.limit)
    commits = repository.commits(f"{older}..{newer}")
    return _judged(repository, changes, trust, shown, wanted, commits=commits)


def _judged(
    repository: Repository,
    changes: ChangeSet,
    trust: Trusted,
    shown: Progress,
    wanted: Asked,
    *,
    commits: Sequence[Commit],
) -> GateReport:
    state = gate.known_state(repository)
    concerned: tuple[Quarantine, ...] = ()
    if state is not None:
        concerned = gate.concerned(
            state,
            agent=os.environ.get("QUALITYWATCH_AGENT"),
            workspaces=[repository.root] if repository.root else [],
            commits=commits,
        )
    return gate.judge(
        changes.changes,
        base=changes.base,
        head=changes.head,
        analyse=_counted(gate.analyser(trust), shown),
        settings=bar(trust.settings.gate, wanted.fail_on),
        clock=time.perf_counter,
        quarantines=concerned,
        dismissed=state.dismissed if state else (),
        skipped=changes.skipped,
        accept_new_suppressions=wanted.accept_new_suppressions,
        also=gate.analysers_say(repository, changes, trust),
        references=gate.references(changes, trust),
    )


def _counted(analyse: Analyse, shown: Progress) -> Analyse:
    def counted(tasks: Sequence[gate.Task]) -> Iterator[Examined]:
        return shown.counted(analyse(tasks), len(tasks))

    return counted
