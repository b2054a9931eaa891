"""`qualitywatch history`: who dropped what, commit by commit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

import click

from qualitywatch import config, gate, history
from qualitywatch.attribution.commits import Recogniser
from qualitywatch.attribution.known import Signature
from qualitywatch.cli import terminal
from qualitywatch.cli.here import here
from qualitywatch.cli.progress import Progress, progress
from qualitywatch.errors import UserError
from qualitywatch.git import Commit
from qualitywatch.history import Ahead, Journal, Replay, Replayed, Terms, Wanted
from qualitywatch.history.telling import as_json, as_text
from qualitywatch.history.totals import Totals, fails
from qualitywatch.installed import version_of
from qualitywatch.model import Severity
from qualitywatch.reports.safe import json_text
from qualitywatch.workers.batches import Batches

NEWEST = 1000  # commits, where no range is asked for


@click.command("history")
@click.argument("range", metavar="[REV-RANGE]", default="")
@click.option("--since", metavar="DATE", default="", help="Only commits after DATE.")
@click.option("--until", metavar="DATE", default="", help="Only commits before DATE.")
@click.option("--author", metavar="PATTERN", default="", help="As for `git log`.")
@click.option(
    "--agent", "agents", metavar="ID", multiple=True, help="Only this agent's commits."
)
@click.option(
    "--max-commits",
    type=click.IntRange(min=0),
    metavar="N",
    help=f"Only the newest N; 0 is all.  [default: {NEWEST}, of a range all]",
)
@click.option("--jobs", type=click.IntRange(1, 64), metavar="N", help="Processes.")
@click.option(
    "--output",
    "--resume",
    "output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write a line for each commit as it is judged; go on where the file ends.",
)
@click.option(
    "--html",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write a page with plots, which needs nothing beside itself.",
)
@terminal.format_option("text", "json", "jsonl")
@click.option(
    "--fail-on",
    type=click.Choice([severity.value for severity in Severity]),
    help="Fail where a commit has a violation of that severity.",
)
@click.option("-v", "--verbose", is_flag=True, help="Show every row and commit.")
def command(
    range: str,
    since: str,
    until: str,
    author: str,
    agents: tuple[str, ...],
    max_commits: int | None,
    jobs: int | None,
    output: Path | None,
    html: Path | None,
    format: str,
    fail_on: str | None,
    verbose: bool,
) -> int:
    """Judge each commit of REV-RANGE against its parent, by the rules of today.

    It reports: without --fail-on the exit code is 0.
    """
    newest = (0 if range else NEWEST) if max_commits is None else max_commits
    wanted = Wanted(
        range=range or "HEAD",
        since=since,
        until=until,
        author=author,
        agents=tuple(sorted(set(agents))),
        max_commits=newest,
    )
    _refuse_no_folder(html)
    with here() as found, Ahead.of(found) as repository:
        asked = _Asked(repository, wanted)
        commits = asked.replayed(jobs, output, is_streamed=format == "jsonl")
    totals = history.totals(commits, asked.trust.settings.policy)
    if html is not None:
        html.write_text(asked.page(commits, totals), "utf-8")
    if format == "text":
        policy = asked.trust.settings.policy
        terminal.emit(as_text(commits, totals, policy, is_verbose=verbose))
    elif format == "json":
        terminal.emit(as_json(wanted.encodable, commits, totals))
    if fail_on is None:
        return 0
    bar = asked.trust.settings.gate.confidence
    return 1 if fails(commits, Severity(fail_on), bar) else 0


class _Asked:
    """A replay that somebody asked for."""

    def __init__(self, repository: Ahead, wanted: Wanted) -> None:
        self.trust = gate.trusted(repository, repository.head())
        self._repository = repository
        self._wanted = wanted
        self._recogniser = _recogniser(self.trust.settings)

    @property
    def terms(self) -> Terms:
        """What the judgements depend on, beside the commits."""
        return Terms(
            version=version_of("qualitywatch"),
            rules=self.trust.rules.digest,
            settings=history.digest(self.trust.settings),
            wanted=self._wanted.encodable,
        )

    def page(self, commits: Sequence[Replayed], totals: Totals) -> str:
        """The page that shows what the replay found."""
        from qualitywatch.history.page import Subject, render  # plots that few ask for

        subject = Subject(
            repository=self._repository.name,
            range=self._wanted.range,
            rules=self.terms.rules,
            version=self.terms.version,
        )
        return render(subject, commits, totals, self.trust.settings.policy)

    def replayed(
        self, jobs: int | None, output: Path | None, *, is_streamed: bool
    ) -> list[Replayed]:
        """Every commit that is wanted, as judged now or by an earlier run."""
        commits = self._chosen()
        done: list[Replayed] = []
        with ExitStack() as stack:
            journal = None
            if output is not None:
                journal = stack.enter_context(Journal(output, self.terms))
            shown = stack.enter_context(progress("replaying", "commits"))
            try:
                for one in self._judged(commits, jobs, journal, shown):
                    done.append(one)
                    if is_streamed:
                        terminal.emit(f"{json_text(one)}\n")
            except KeyboardInterrupt:
                if journal is not None:
                    shown.wipe()
                    _say_how_to_go_on(len(done), len(commits))
                raise
        return done

    def _chosen(self) -> tuple[Commit, ...]:
        chosen = history.chosen(self._repository, self._wanted, self._recogniser)
        if chosen.at_edge:
            terminal.note(
                f"{chosen.at_edge} commits at the edge of this shallow clone are left"
                " out: what was before them is not here (`git fetch --unshallow`)"
            )
        if len(chosen.commits) == self._wanted.max_commits == NEWEST:
            terminal.note(
                f"only the newest {NEWEST} commits: --max-commits 0 replays all"
            )
        return chosen.commits

    def _judged(
        self,
        commits: Sequence[Commit],
        jobs: int | None,
        journal: Journal | None,
        shown: Progress,
    ) -> Iterator[Replayed]:
        known: Mapping[str, Replayed] = dict(journal.known) if journal else {}
        new = [commit for commit in commits if commit.id not in known]
        limits = self.trust.settings.analysis
        with Batches(self.trust.rules, limits, processes=jobs) as batches:
            replay = Replay(self._repository, self.trust, self._recogniser, batches)
            fresh = replay.of(new)
            for commit in shown.counted(commits, len(commits)):
                one = known.get(commit.id)
                if one is None:
                    one = next(fresh)
                    if journal is not None:
                        journal.add(one)
                yield one


def _recogniser(settings: config.Config) -> Recogniser:
    return Recogniser(
        Signature(id=agent.id, patterns=agent.patterns) for agent in settings.agents
    )


def _refuse_no_folder(file: Path | None) -> None:
    """Before hours of work, not after."""
    if file is not None and not file.parent.is_dir():
        raise UserError("there is no such folder", place=str(file.parent))


def _say_how_to_go_on(done: int, total: int) -> None:
    terminal.note(
        f"stopped after {done} of {total} commits; the same command goes on from there"
    )
