"""Kill the daemon under load: what it lost, what it let through, how soon it is back.

    python -m benchmarks.killing [--kills 200] [--seed 1] [--keep FOLDER]

Four agents, an operator, two followers and a stranger work while the daemon is killed
with SIGKILL: every other time at a random moment, else at one of the failpoints. The
trace of what all of them saw is checked against every promise; see docs/robustness.md.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TimeRemainingColumn,
)

from tests.robust.ground import live_in
from tests.robust.killing import Outcome, kill
from tests.robust.validator import CHECKS


def report(outcome: Outcome, seconds: float) -> int:
    """Print the figures; 1 where a promise was broken."""
    print(
        f"kills: {outcome.kills}, {outcome.missed} failpoints were not reached in time"
    )
    print(f"answered reports: {outcome.acknowledged}, events heard: {outcome.heard}")
    print(f"down, from the kill to ready, in s: {_spread(outcome.seconds_down)}")
    print(f"from the last write to quiet, in s: {_spread(outcome.seconds_to_quiet)}")
    print(f"time per kill: {seconds / max(1, outcome.kills):.2f} s")
    print(f"differences of disk and records at quiet: {len(outcome.differences)}")
    for name in CHECKS:
        print(f"{name:18} {len(outcome.breaches.get(name, ()))}")
    shown = (line for few in outcome.breaches.values() for line in few[:5])
    print(f"tracebacks: {len(outcome.bugs)}")
    for line in (*outcome.differences, *outcome.bugs, *shown):
        print(f"  {line}")
    places = sorted(outcome.died.items())
    print("died at: " + ", ".join(f"{place} {many}" for place, many in places))
    print(f"load of this machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    return int(bool(outcome.breaches or outcome.differences or outcome.bugs))


def told(shown: Progress, bar: TaskID, kills: int) -> None:
    """Move the bar."""
    shown.update(bar, completed=kills)


def _spread(values: Sequence[float]) -> str:
    if not values:
        return "none"
    return f"median {statistics.median(values):.2f}, longest {max(values):.2f}"


def main() -> int:
    """The whole measurement."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="an empty folder for the trace")
    words = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        live_in(Path(name, "home"))
        folder = words.keep or Path(name, "run")
        begun = time.monotonic()
        stderr = Console(stderr=True)
        shown = Progress(
            BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), console=stderr
        )
        with shown:
            bar = shown.add_task("kills", total=words.kills)
            outcome = asyncio.run(
                kill(
                    folder, words.kills, seed=words.seed, tell=partial(told, shown, bar)
                )
            )
        return report(outcome, time.monotonic() - begun)


if __name__ == "__main__":
    sys.exit(main())
