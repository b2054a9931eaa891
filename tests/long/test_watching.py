"""Nothing is missed in ten minutes of changes: `pytest tests/long`."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import time
from pathlib import Path

import pytest

from benchmarks import watching as benchmark
from tests.changing import Changer, two_branches
from tests.conftest import Repo
from tests.integration.daemons import Daemon
from tests.integration.watched import watching_repo
from tests.missed import missed

SECONDS = float(os.environ.get("QUALITYWATCH_LONG_SECONDS", "600"))
SETTINGS = "[watch]\nsettle_ms = 300\nclaim_ms = 100\n"
LOOKS = 60.0  # seconds until what no event tells is found


@pytest.mark.timeout(3 * SECONDS + 600)
@pytest.mark.parametrize("seed", [11, 12])
async def test_the_watcher_is_right_whenever_it_is_quiet(repo: Repo, seed: int, show):
    two_branches(repo)
    changer = Changer(repo, seed)
    begun, longest = time.monotonic(), 0.0
    async with watching_repo(repo, reconcile_seconds=1.0) as seen:
        while time.monotonic() < begun + SECONDS / 2:
            await asyncio.to_thread(changer.change, 100)
            longest = max(longest, await seen.nothing_differs(30))

    show(f"{sum(changer.counts.values())} changes, right after {longest:.1f} s at most")
    assert longest < 10


@pytest.mark.timeout(3 * SECONDS + 600)
def test_the_records_are_right_once_it_is_quiet(repo: Repo):
    """Through killing and starting again too."""
    two_branches(repo)
    repo.commit(**{"qualitywatch.toml": SETTINGS})
    changer = Changer(repo, 21)
    begun, turn = time.monotonic(), 0
    daemon = Daemon(repo.root, "--port", "0")
    try:
        while time.monotonic() < begun + SECONDS:
            changer.change(30)
            turn += 1
            if turn % 5 == 0:
                daemon.end(signal.SIGKILL)
                changer.change(10)
                daemon = Daemon(repo.root, "--port", "0")
            time.sleep(0.5)
        assert {} == until_nothing_differs(repo)
    finally:
        daemon.end(signal.SIGKILL)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("what", ["burst", "frozen", "restart"])
def test_what_the_benchmark_measures_is_right(tmp_path: Path, what: str, capsys):
    """20,000 files; how long it took depends on the machine."""
    benchmark.MEASUREMENTS[what](tmp_path.resolve(), 20_000)

    assert " 0 differences" in capsys.readouterr().out


def until_nothing_differs(repo: Repo) -> dict[str, str]:
    """What still differs after the time in which everything is found."""
    deadline = time.monotonic() + 2 * LOOKS
    while (left := differences(repo)) and time.monotonic() < deadline:
        time.sleep(1)
    return left


def differences(repo: Repo) -> dict[str, str]:
    """The files that stand otherwise than the records say."""
    database = sqlite3.connect(repo.root / ".git/qualitywatch/state.db")
    try:
        judged = dict(database.execute("SELECT path, sha256 FROM judged").fetchall())
    finally:
        database.close()
    return missed(repo.root, judged)
