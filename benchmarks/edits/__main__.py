"""How many honest changes would stop an agent, and how many lazy ones would not.

python -m benchmarks.edits REPOSITORY... --files 20 --each 2
"""

from __future__ import annotations

import difflib
import random
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import click

from benchmarks.edits.honest import HONEST
from benchmarks.edits.lazy import LAZY
from benchmarks.edits.samples import Sample, samples
from qualitywatch import config, gate, rulebook
from qualitywatch.analysis import CHECKS
from qualitywatch.gate.analysing import Analyser
from qualitywatch.git import Repository
from qualitywatch.model import Change, GateReport, Noun
from qualitywatch.reports.safe import safe

POLICY = config.Policy()
_STRICT = ("python", "javascript", "jsx", "typescript", "tsx")
MAX_DIFF = 40  # lines of a diff that are shown


class Tried(Noun):
    """One edit, and what was said of it."""

    kind: str
    sample: Sample
    changes: tuple[Change, ...]
    report: GateReport

    @property
    def stops(self) -> bool:
        """True when the change would put an agent in quarantine."""
        return bool(self.report.unanalysable) or any(
            v.reaches(POLICY.severity, POLICY.confidence)
            for v in self.report.violations
        )

    @property
    def good(self) -> bool:
        """True for an honest change that passes, and a lazy one that does not."""
        if self.kind in HONEST:
            return not self.stops
        if self.kind == "called-deleted" and self.sample.language not in _STRICT:
            return bool(self.report.violations)  # recorded
        return self.stops


@click.command()
@click.argument("repositories", nargs=-1, required=True, type=click.Path(exists=True))
@click.option(
    "--files", default=20, show_default=True, help="A language and repository."
)
@click.option("--each", default=1, show_default=True, help="Edits of a kind and file.")
@click.option("--seed", default=1, show_default=True)
@click.option("--kind", "kinds", multiple=True, help="Only these kinds.")
@click.option("--language", "only", multiple=True, help="Only these languages.")
@click.option("--show", default=0, help="So many wrong verdicts, with their diffs.")
def main(
    repositories: tuple[str, ...],
    files: int,
    each: int,
    seed: int,
    kinds: tuple[str, ...],
    only: tuple[str, ...],
    show: int,
) -> None:
    """Edit files of REPOSITORIES honestly and lazily, and judge each edit."""
    book = rulebook.load(known_checks=CHECKS)
    tried: list[Tried] = []
    with Analyser(book, config.Analysis()) as analyse:
        for place in repositories:
            found = _samples(Path(place), files, seed)
            chosen = [s for s in found if not only or s.language in only]
            for one in _edits(chosen, each, seed, kinds, analyse):
                tried.append(one)
                if not one.good and show > 0:
                    show -= 1
                    print("\n".join(_shown(one)))
    print("\n".join(_table(tried)))


def _samples(place: Path, files: int, seed: int) -> list[Sample]:
    repository = Repository.discover(place)
    if repository is None:
        raise click.UsageError(f"{place} is no git repository")
    name = place.parent.name if place.name == "repo" else place.name
    with repository:
        return samples(repository, name, files, seed)


def _edits(
    found: list[Sample], each: int, seed: int, kinds: tuple[str, ...], analyse: Analyser
) -> Iterator[Tried]:
    for sample in found:
        for kind, edit in {**HONEST, **LAZY}.items():
            for at in range(each if not kinds or kind in kinds else 0):
                chance = random.Random(f"{seed} {sample.path} {kind} {at}")
                changes = edit(sample, found, chance)
                if changes and any(c.before != c.after for c in changes):
                    yield _tried(kind, sample, changes, analyse)


def _tried(
    kind: str, sample: Sample, changes: list[Change], analyse: Analyser
) -> Tried:
    report = gate.judge(
        changes,
        base=None,
        head=None,
        analyse=analyse,
        settings=config.Gate(),
        clock=time.monotonic,
    )
    return Tried(kind=kind, sample=sample, changes=tuple(changes), report=report)


def _shown(one: Tried) -> Iterator[str]:
    what = "STOPPED, honest" if one.kind in HONEST else "MISSED, lazy"
    yield f"{what} {one.kind}: {one.sample.repository} {one.sample.path}"
    for violation in one.report.violations:
        yield (
            f"    {violation.rule} {violation.confidence} line {violation.line}"
            f" {safe(violation.symbol or '')}: {safe(violation.message)}"
        )
    for unread in one.report.unanalysable:
        yield f"    unanalysable: {safe(unread.reason)}"
    for change in one.changes:
        before = (change.before or b"").decode().splitlines()
        after = (change.after or b"").decode().splitlines()
        diff = list(difflib.unified_diff(before, after, n=1, lineterm=""))
        yield from (f"    {safe(line)}" for line in diff[2 : MAX_DIFF + 2])
    yield ""


def _table(tried: list[Tried]) -> Iterator[str]:
    for title, kinds in (("honest", HONEST), ("lazy", LAZY)):
        rows: dict[str, list[Tried]] = defaultdict(list)
        for one in tried:
            if one.kind in kinds:
                rows[one.kind].append(one)
                rows[one.sample.language].append(one)
                rows["all"].append(one)
        yield f"{title}: right verdicts"
        for name in (*kinds, *sorted(set(rows) - set(kinds) - {"all"}), "all"):
            good, total = sum(one.good for one in rows[name]), len(rows[name])
            if total:
                yield f"  {name:16} {good:5} of {total:5}  {good / total:.3f}"


if __name__ == "__main__":
    main()
