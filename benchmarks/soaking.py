"""A long day in small: a hundred agents come, edit and go; what the daemon keeps of it.

    python -m benchmarks.soaking [--minutes 2]

Every second the memory of daemon and workers is read, with the daemon's open files,
threads and inotify watches. The slope of the memory means something from about ten
minutes on; the long suite soaks for two hours (`pytest tests/long`).
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TimeRemainingColumn

from tests.robust.ground import live_in
from tests.robust.soaking import AGENTS, Outcome, soak

MOST_MIB = 512
STEEPEST_MIB = 1.0  # an hour
LONG_MINUTES = 10.0


def report(outcome: Outcome, minutes: float) -> int:
    """Print the figures; 1 where a limit is passed."""
    first, last = outcome.samples[0], outcome.samples[-1]
    print(f"{AGENTS} agents, {minutes:g} min")
    print(f"edits reported: {outcome.edits}, arrivals: {outcome.arrivals}")
    print(f"refused: {outcome.refused or 'none'}")
    print(f"daemon, in MiB: {first.own_mib:.0f} at first, {last.own_mib:.0f} at last")
    print(f"daemon and workers, most: {outcome.peak_mib:.0f} MiB")
    print(f"slope after the first third: {outcome.slope_mib_an_hour:+.1f} MiB an hour")
    print(f"before: {_counts(outcome.before)}; after: {_counts(outcome.after)}")
    print(f"load of this machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    is_steep = minutes >= LONG_MINUTES and outcome.slope_mib_an_hour > STEEPEST_MIB
    return int(is_steep or bool(outcome.leaked) or outcome.peak_mib > MOST_MIB)


def _counts(sample: object) -> str:
    names = ("files", "threads", "watches")
    return ", ".join(f"{getattr(sample, name)} {name}" for name in names)


def main() -> int:
    """The whole measurement."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=2.0)
    minutes = parser.parse_args().minutes
    with tempfile.TemporaryDirectory() as name:
        live_in(Path(name, "home"))
        shown = Progress(
            BarColumn(), TimeRemainingColumn(), console=Console(stderr=True)
        )
        with shown:
            bar = shown.add_task("soaking", total=minutes * 60)
            outcome = asyncio.run(
                soak(
                    Path(name, "run"),
                    minutes * 60,
                    tell=lambda seconds: shown.update(bar, completed=seconds),
                )
            )
        return report(outcome, minutes)


if __name__ == "__main__":
    sys.exit(main())
