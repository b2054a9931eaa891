"""Measure how many commits a second `qualitywatch history` judges.

The whole command is timed, from its start to its end, in turns with one process and
with several, so that a busy moment of the machine meets all of them.

    python -m benchmarks.replaying REPOSITORY... --commits 1000 --runs 5
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

import click


class Run(NamedTuple):
    """One run of the command."""

    wall: float
    cpu: float  # seconds, of all its processes
    commits: int


@click.command()
@click.argument(
    "repositories",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, path_type=Path),
)
@click.option("--commits", default=1000, show_default=True, help="The newest ones.")
@click.option("--until", default="", help="Only commits before this date.")
@click.option("--runs", default=5, show_default=True, help="With each number of jobs.")
@click.option(
    "--jobs", "jobs", multiple=True, type=int, default=(1, 2), show_default=True
)
def main(
    repositories: tuple[Path, ...],
    commits: int,
    until: str,
    runs: int,
    jobs: tuple[int, ...],
) -> None:
    """Replay the newest commits of REPOSITORIES, and print medians."""
    print("| repository | jobs | commits | wall s | commits/s | CPU ms a commit |")
    print("|---|---|---|---|---|---|")
    for repository in repositories:
        measured: dict[int, list[Run]] = defaultdict(list)
        for _ in range(runs):
            for number in jobs:
                measured[number].append(_run(repository, commits, until, number))
        for number, some in measured.items():
            print(_row(repository, number, some), flush=True)


def _run(repository: Path, commits: int, until: str, jobs: int) -> Run:
    words = [sys.executable, "-m", "qualitywatch", "history", "HEAD"]
    words += ["--max-commits", str(commits), "--jobs", str(jobs), "--format", "jsonl"]
    words += ["--until", until] if until else []
    before, started = os.times(), time.perf_counter()
    done = subprocess.run(words, cwd=repository, capture_output=True, check=True)
    wall, after = time.perf_counter() - started, os.times()
    cpu = after.children_user + after.children_system
    cpu -= before.children_user + before.children_system
    return Run(wall, cpu, done.stdout.count(b"\n"))


def _row(repository: Path, jobs: int, runs: list[Run]) -> str:
    wall = statistics.median(run.wall for run in runs)
    cpu = statistics.median(run.cpu for run in runs)
    commits = max(1, runs[0].commits)
    cells = (
        repository.parent.name if repository.name == "repo" else repository.name,
        str(jobs),
        str(runs[0].commits),
        f"{wall:.2f} ({min(runs).wall:.2f} to {max(runs).wall:.2f})",
        f"{commits / wall:.0f}",
        f"{1000 * cpu / commits:.1f}",
    )
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
