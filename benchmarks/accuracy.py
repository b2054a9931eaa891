"""Replay a git history and print every violation that its commits would have had.

For reading: a commit that people made with care and that would have stopped them is a
false alarm, unless it broke something. The last lines count quarantines per 1,000
commits, for all repositories together and for each rule.

    python benchmarks/accuracy.py REPOSITORY... --commits 500 --until 2022-01-01
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import click
import msgspec

from qualitywatch import config, rulebook
from qualitywatch.analysis import CHECKS
from qualitywatch.attribution.commits import Recogniser
from qualitywatch.gate import Trusted
from qualitywatch.git import Commit, Repository
from qualitywatch.history import Ahead, Replay, Replayed
from qualitywatch.history.totals import stopping
from qualitywatch.model import Noun, Violation
from qualitywatch.reports.safe import safe
from qualitywatch.rulebook import Rulebook
from qualitywatch.workers.batches import Batches

CONTEXT = 3  # lines around a violation
MAX_SHOWN = 20  # lines of an excerpt
POLICY = config.Policy()


class Judged(Noun):
    """One commit as judged against its parent, and where it is."""

    repository: str
    place: str  # how to look at it
    commit: Replayed

    @property
    def stopping(self) -> list[Violation]:
        """The violations that would have put an agent in quarantine."""
        return stopping(self.commit, POLICY)


@click.command()
@click.argument("repositories", nargs=-1, required=True, type=click.Path(exists=True))
@click.option("--commits", default=500, show_default=True, help="Of each repository.")
@click.option("--skip", default=0, help="Start with this one of the chosen commits.")
@click.option("--since", help="Only commits after this date.")
@click.option("--until", help="Only commits before this date.")
@click.option("--rule", "rules", multiple=True, help="Only these rules.")
@click.option("--all", "everything", is_flag=True, help="Show what is only recorded.")
@click.option("--brief", is_flag=True, help="One line each, no text of the files.")
@click.option("--format", type=click.Choice(["text", "jsonl"]), default="text")
def main(
    repositories: tuple[str, ...],
    commits: int,
    skip: int,
    since: str | None,
    until: str | None,
    rules: tuple[str, ...],
    everything: bool,
    brief: bool,
    format: str,
) -> None:
    """Judge the commits of REPOSITORIES as the gate would, one by one."""
    judged: list[Judged] = []
    trust = Trusted(config.Config(), _rulebook(rules))
    with Batches(trust.rules, trust.settings.analysis) as batches:
        for place in repositories:
            with _open(place) as repository:
                chosen = _chosen(repository, commits, since, until)[skip:]
                replay = Replay(repository, trust, Recogniser(), batches)
                for one in _judged(repository, chosen, replay):
                    judged.append(one)
                    shown = one.commit.violations if everything else one.stopping
                    _print(one, shown, repository, brief=brief, format=format)
    if format == "text":
        print("\n".join(_totals(judged)))


def _rulebook(ids: Iterable[str]) -> Rulebook:
    """All rules, or those of *ids*: a broken one among the others is not read."""
    wanted = set(ids)
    paths = [
        path
        for path in sorted(rulebook.BUILT_IN.glob("*/*.md"))
        if not wanted or path.stem in wanted
    ]
    return Rulebook.holding(rulebook.read(p, known_checks=CHECKS) for p in paths)


def _open(place: str) -> Ahead:
    repository = Repository.discover(Path(place))
    if repository is None:
        raise click.UsageError(f"{place} is no git repository")
    return Ahead.of(repository)


def _chosen(
    repository: Repository, number: int, since: str | None, until: str | None
) -> list[Commit]:
    """*number* commits, evenly spread, the oldest first."""
    limits = [f"--since={since}"] if since else []
    limits += [f"--until={until}"] if until else []
    found = repository.commits("--no-merges", *limits, "HEAD")[::-1]
    step = max(1.0, len(found) / number)
    return [found[int(at * step)] for at in range(min(number, len(found)))]


def _judged(
    repository: Repository, commits: list[Commit], replay: Replay
) -> Iterator[Judged]:
    for at, commit in enumerate(replay.of(commits), 1):
        _progress(repository, at, len(commits))
        yield Judged(
            repository=_name(repository),
            place=f"git -C {repository.git_dir} show {commit.commit[:12]}",
            commit=commit,
        )


def _print(
    one: Judged,
    shown: Iterable[Violation],
    repository: Repository,
    *,
    brief: bool,
    format: str,
) -> None:
    for violation in shown:
        if format == "jsonl":
            row = {"repository": one.repository, "commit": one.commit.commit}
            row["violation"] = msgspec.to_builtins(violation)
            print(msgspec.json.encode(row).decode())
        else:
            print(_headline(one, violation))
            if not brief:
                print("\n".join(_text(one, violation, repository)))
    for unread in one.commit.unanalysable:
        if format == "text":
            place = safe(unread.path)
            print(
                f"UNANALYSABLE {one.repository} {one.commit.commit[:10]} {place}: ",
                end="",
            )
            print(safe(unread.reason))


def _headline(one: Judged, violation: Violation) -> str:
    mark = "STOPS" if _stops(violation) else "notes"
    lost = f", lost {violation.evidence.lost_lines}" if violation.evidence else ""
    return (
        f"{mark} {one.repository} {one.commit.commit[:10]} {violation.rule}"
        f" ({violation.severity}, {violation.confidence}{lost})"
        f" {safe(violation.path)}:{violation.line} {safe(violation.symbol or '')}"
        f" | {safe(violation.excerpt)}"
    )


def _text(one: Judged, violation: Violation, repository: Repository) -> Iterator[str]:
    """The lines around the violation, and those of the base that are gone."""
    after = _lines(repository, one.commit.commit, violation.path)
    first = max(1, violation.line - CONTEXT)
    last = min(violation.end_line + CONTEXT, first + MAX_SHOWN, len(after))
    yield from (f"    + {safe(after[n - 1])}" for n in range(first, last + 1))
    if violation.evidence and violation.evidence.base_ranges:
        before = _lines(repository, one.commit.parent, violation.path)
        lines = [n for a, b in violation.evidence.base_ranges for n in range(a, b + 1)]
        for number in lines[:MAX_SHOWN]:
            if number <= len(before):
                yield f"    - {safe(before[number - 1])}"
    yield f"    {one.place}"
    yield ""


def _lines(repository: Repository, rev: str | None, path: str) -> list[str]:
    content = repository.content(rev, path, filtered=False) if rev else None
    return (content or b"").decode("utf-8", "replace").splitlines()


def _totals(judged: list[Judged]) -> Iterator[str]:
    stopped = [one for one in judged if one.stopping]
    rate = 1000 * len(stopped) / max(1, len(judged))
    files = sum(one.commit.files_checked for one in judged)
    unread = sum(len(one.commit.unanalysable) for one in judged)
    yield ""
    yield f"{len(judged)} commits, {files} files judged, {unread} unanalysable"
    yield f"{len(stopped)} commits would stop an agent: {rate:.2f} per 1,000"
    counts = Counter(
        (violation.rule, str(violation.confidence), _stops(violation))
        for one in judged
        for violation in one.commit.violations
    )
    for (rule, confidence, stops), number in sorted(counts.items()):
        yield f"  {number:6} {rule} {confidence}{' STOPS' if stops else ''}"


def _stops(violation: Violation) -> bool:
    return violation.reaches(POLICY.severity, POLICY.confidence)


def _name(repository: Repository) -> str:
    """`gson` for `.../google+gson/repo`, the folder's name otherwise."""
    folder = repository.root or repository.git_dir
    return folder.parent.name if folder.name in ("repo", ".git") else folder.name


def _progress(repository: Repository, at: int, total: int) -> None:
    if sys.stderr.isatty():
        print(f"\r{_name(repository)} {at} of {total}", end="", file=sys.stderr)


if __name__ == "__main__":
    main()
