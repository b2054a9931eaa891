"""Hostile files against the real daemon: how long each takes, and how much memory.

    python -m benchmarks.hostile [--only WORD]

Each file is written into a watched repository; the clock stops when `change.analysed`
tells of it. Beside it a small file is saved twice a second all the time: its own times
show what others feel. Memory is what the daemon and its processes hold together.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import psutil
from websockets.sync.client import ClientConnection

from benchmarks.save_to_event import PASSPHRASE, new_token, observer, program
from tests.hostile_content import Bomb, bombs

MIB = 2**20
LIMIT_S, MEMORY_MIB = 5.0, 512
PATIENCE_S = 60.0
NEIGHBOUR = "src/neighbour.py"


class Row(NamedTuple):
    """What one file cost."""

    name: str
    size: int
    seconds: float
    memory: int  # the most, of all processes together
    answer: str


class Seen:
    """Listens to the daemon; tells when a path was analysed, and how it ended."""

    def __init__(self, client: ClientConnection) -> None:
        self._client = client
        self._told = threading.Condition()
        self._answers: dict[str, tuple[float, str]] = {}
        threading.Thread(target=self._listen, daemon=True).start()

    def wait(self, path: str, since: float) -> tuple[float, str]:
        """Seconds from *since* until *path* was answered, and the answer."""
        with self._told:
            known = self._told.wait_for(
                lambda: self._answers.get(path, (0.0, ""))[0] > since, PATIENCE_S
            )
            at, answer = self._answers[path] if known else (since + PATIENCE_S, "none")
            return at - since, answer

    def _listen(self) -> None:
        for text in self._client:
            frame = json.loads(text)
            params = frame.get("params", {})
            if params.get("type") == "change.analysed":
                data = params["data"]
                with self._told:
                    now = time.monotonic()
                    self._answers[data["path"]] = (now, _answer(data))
                    self._told.notify_all()


class Gauge:
    """Looks at the memory of a process and of all it started, ten times a second."""

    def __init__(self, process: psutil.Process) -> None:
        self._process = process
        self.peak = self.highest = 0
        threading.Thread(target=self._watch, daemon=True).start()

    def reset(self) -> None:
        """Begin a new peak."""
        self.peak = 0

    def _watch(self) -> None:
        while self._process.is_running():
            self.peak = max(self.peak, _memory(self._process))
            self.highest = max(self.highest, self.peak)
            time.sleep(0.1)


class Neighbour:
    """Saves a small file all the time, and keeps how long each answer took."""

    def __init__(self, root: Path, seen: Seen) -> None:
        self._file, self._seen = root / NEIGHBOUR, seen
        self.taken: list[float] = []
        threading.Thread(target=self._save, daemon=True).start()

    def _save(self) -> None:
        number = 0
        while True:
            number += 1
            started = time.monotonic()
            self._file.write_text("x = 1\n" * 20 + f"y = {number}\n")
            self.taken.append(self._seen.wait(NEIGHBOUR, started)[0])
            time.sleep(0.5)


def _memory(process: psutil.Process) -> int:
    total = 0
    for one in (process, *process.children(recursive=True)):
        try:
            total += one.memory_info().rss
        except psutil.NoSuchProcess:
            continue
    return total


def _answer(data: dict[str, list[dict[str, str]]]) -> str:
    reasons = [each["reason"] for each in data["unanalysable"] + data["skipped"]]
    return reasons[0] if reasons else f"{len(data['violations'])} violations"


@contextmanager
def daemon(root: Path, secret: Path) -> Iterator[tuple[str, psutil.Process]]:
    """The url and the process of a daemon that watches *root*."""
    process = subprocess.Popen(
        [*program("watch"), str(root), "--port", "0", "--passphrase-file", str(secret)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with process:
        assert process.stdout is not None
        yield process.stdout.readline().split()[1], psutil.Process(process.pid)
        process.terminate()


def repository(folder: Path, planned: list[Bomb]) -> Path:
    """A repository in which the bases of all bombs are committed."""
    root = folder / "repo"
    (root / "src").mkdir(parents=True)
    (root / NEIGHBOUR).write_text("x = 1\n" * 20)
    for number, bomb in enumerate(planned):
        if bomb.before is not None:
            (root / _path(number, bomb)).write_bytes(bomb.before)
    identity = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
    for arguments in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "Begin"]):
        subprocess.run(["git", *identity, *arguments], cwd=root, check=True)
    return root


def _path(number: int, bomb: Bomb) -> str:
    return f"src/bomb_{number}{Path(bomb.path).suffix}"


def measure(root: Path, planned: list[Bomb], seen: Seen, gauge: Gauge) -> list[Row]:
    """One bomb after the other; each is taken away when it was answered."""
    rows = []
    for number, bomb in enumerate(planned):
        path = _path(number, bomb)
        gauge.reset()
        started = time.monotonic()
        (root / path).write_bytes(bomb.after)
        seconds, answer = seen.wait(path, started)
        (root / path).unlink()
        rows.append(Row(bomb.name, len(bomb.after), seconds, gauge.peak, answer))
        print(_line(rows[-1]), flush=True)
    return rows


def _line(row: Row) -> str:
    name, size = f"| {row.name} | {row.size / 1024:.0f} KB", f"{row.seconds:.2f} s"
    return f"{name} | {size} | {row.memory / MIB:.0f} MB | {row.answer} |"


def report(rows: list[Row], gauge: Gauge, neighbour: Neighbour) -> int:
    """Print what counts; 1 where a target is missed."""
    slowest = max(rows, key=lambda row: row.seconds)
    cuts = statistics.quantiles(neighbour.taken, n=100, method="inclusive")
    most = gauge.highest / MIB
    print(f"\n{len(rows)} files; slowest {slowest.seconds:.1f} s ({slowest.name})")
    print(f"memory of all processes together: {most:.0f} MB at most")
    print(
        f"beside them a small file took: median {cuts[49]:.2f} s, p99 {cuts[98]:.2f} s"
    )
    print(f"load of this machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    return int(slowest.seconds > LIMIT_S or most > MEMORY_MIB)


def main() -> int:
    """The whole measurement."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="bombs with this word in their name")
    only = parser.parse_args().only
    planned = [bomb for bomb in bombs() if only in bomb.name]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["XDG_STATE_HOME"] = str(folder / "home")
        secret = folder / "secret"
        secret.touch(mode=0o600)
        secret.write_text(PASSPHRASE)
        root = repository(folder, planned)
        with daemon(root, secret) as (url, process):
            token = new_token(root, secret)
            with observer(url, token) as client:
                seen, gauge = Seen(client), Gauge(process)
                neighbour = Neighbour(root, seen)
                rows = measure(root, planned, seen, gauge)
                return report(rows, gauge, neighbour)


if __name__ == "__main__":
    sys.exit(main())
