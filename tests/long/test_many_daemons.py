"""Twenty daemons for one repository at once: `pytest tests/long`."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from qualitywatch.daemon.place import Running, state_dir_of
from tests.conftest import Repo
from tests.integration.daemons import SOURCES
from tests.integration.operating import secret

COUNT = 20


@pytest.mark.timeout(180)
def test_exactly_one_runs_and_the_others_name_it(repo: Repo):
    repo.commit(**{"app.py": "x = 1\n"})
    alias = repo.root.with_name("alias")
    alias.symlink_to(repo.root)
    passphrase = secret(repo.root.parent / "passphrase", "correct horse battery")
    all_of_them = [
        start(alias if number % 2 else repo.root, passphrase) for number in range(COUNT)
    ]
    try:
        (last,) = until_one_is_left(all_of_them)
        running = until_ready(repo.root, last)
        said = [one.stderr.read() for one in all_of_them if one is not last]
    finally:
        for one in all_of_them:
            one.kill()
            with one:
                one.wait()

    assert running.pid == last.pid
    assert {75} == {one.returncode for one in all_of_them if one is not last}
    assert [] == [text for text in said if not re.search(r"pid \d+", text)]
    again = start(alias, passphrase)  # after kill -9 nothing has to be tidied up
    try:
        assert until_ready(repo.root, again).pid == again.pid
    finally:
        again.send_signal(signal.SIGTERM)
        with again:
            assert 0 == again.wait(timeout=20)


def start(root: Path, passphrase: Path) -> subprocess.Popen[str]:
    words = ["watch", str(root), "--port", "0", "--passphrase-file", str(passphrase)]
    return subprocess.Popen(
        [sys.executable, "-m", "qualitywatch", *words],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": SOURCES},
    )


def until_one_is_left(
    processes: list[subprocess.Popen[str]],
) -> list[subprocess.Popen[str]]:
    deadline = time.monotonic() + 50
    while time.monotonic() < deadline:
        left = [one for one in processes if one.poll() is None]
        if len(left) <= 1:
            return left
        time.sleep(0.1)
    return left


def until_ready(root: Path, process: subprocess.Popen[str]) -> Running:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        running = Running.read(state_dir_of(root))
        if running is not None:
            return running
        if process.poll() is not None:
            raise AssertionError(f"it has ended: {process.stderr.read()}")
        time.sleep(0.1)
    raise AssertionError("no daemon became ready")
