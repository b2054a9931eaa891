"""How long from a save to the event on a client: the real daemon, a 1,000-line file.

    python benchmarks/save_to_event.py [--runs 200]

Each run saves the file with another method's body replaced by a remark and waits for
`violation.recorded` on a WebSocket. Between two runs the body is put back.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from websockets.sync.client import ClientConnection, connect

METHODS = 90
STATEMENTS = 9
TARGET_MS = 60.0
PASSPHRASE = "correct horse battery staple"


def source(without: int | None = None) -> str:
    """A class of 1,000 lines; the method *without* has lost its body."""
    methods = (method(number, is_lazy=number == without) for number in range(METHODS))
    return '"""A module."""\n\n\nclass App:\n' + "\n".join(methods)


def method(number: int, *, is_lazy: bool) -> str:
    """One method of eleven lines with the empty line behind it."""
    body = [f"value_{n} = load_{number}_{n}(self.rows)" for n in range(STATEMENTS)]
    lines = ["# ... rest of the method unchanged"] if is_lazy else body
    return f"    def step_{number}(self):\n" + "".join(f"        {x}\n" for x in lines)


@contextmanager
def daemon(root: Path, secret: Path) -> Iterator[str]:
    """The url of a daemon that watches *root*."""
    process = subprocess.Popen(
        [*program("watch"), str(root), "--port", "0", "--passphrase-file", str(secret)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with process:
        assert process.stdout is not None
        yield process.stdout.readline().split()[1]
        process.terminate()


@contextmanager
def observer(url: str, token: str) -> Iterator[ClientConnection]:
    """A connection that follows every event from now on."""
    with connect(url.replace("http", "ws", 1) + "/ws", compression=None) as client:
        call(client, "session.hello", token=token)
        call(client, "events.subscribe", since="now")
        yield client


def call(client: ClientConnection, method: str, **params: str) -> None:
    """Ask, and wait for an answer that is no error."""
    frame = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    client.send(json.dumps(frame))
    answer = json.loads(client.recv(timeout=10))
    assert "error" not in answer, answer


def wait_for(client: ClientConnection, kind: str) -> None:
    """Read events until one is of *kind*."""
    while True:
        frame = json.loads(client.recv(timeout=10))
        if frame.get("method") == "event" and frame["params"]["type"] == kind:
            return


def measure(client: ClientConnection, file: Path, runs: int) -> list[float]:
    """Milliseconds from the save to the event, for each run."""
    taken = []
    for run in range(runs):
        started = time.perf_counter()
        file.write_text(source(without=run % METHODS))
        wait_for(client, "violation.recorded")
        taken.append((time.perf_counter() - started) * 1000)
        file.write_text(source())
        wait_for(client, "violation.closed")
    return taken


def repository(folder: Path) -> Path:
    """A repository with the file, committed."""
    root = folder / "repo"
    root.mkdir()
    (root / "app.py").write_text(source())
    identity = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
    for arguments in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "Begin"]):
        subprocess.run(["git", *identity, *arguments], cwd=root, check=True)
    return root


def program(command: str) -> list[str]:
    """How to start *command* of this very program."""
    return [sys.executable, "-m", "qualitywatch", command]


def new_token(root: Path, secret: Path) -> str:
    """A token that may only look."""
    options = ["--role", "observer", "--passphrase-file", str(secret)]
    done = subprocess.run(
        [*program("tokens"), "create", *options, "--repo", str(root)],
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def report(taken: list[float]) -> int:
    """Print the figures; 1 where the target is missed."""
    cuts = statistics.quantiles(taken, n=100, method="inclusive")
    figures = {"median": cuts[49], "p95": cuts[94], "p99": cuts[98], "max": max(taken)}
    lines = len(source().splitlines())
    text = "  ".join(f"{name} {value:.1f}" for name, value in figures.items())
    print(f"save to event, {lines} lines, {len(taken)} runs, in ms: {text}")
    print(f"load of this machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    return int(figures["median"] >= TARGET_MS)


def main() -> int:
    """The whole measurement."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=200)
    runs = max(100, parser.parse_args().runs)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["XDG_STATE_HOME"] = str(folder / "home")
        secret = folder / "secret"
        secret.touch(mode=0o600)
        secret.write_text(PASSPHRASE)
        root = repository(folder)
        with (
            daemon(root, secret) as url,
            observer(url, new_token(root, secret)) as client,
        ):
            return report(measure(client, root / "app.py", runs))


if __name__ == "__main__":
    sys.exit(main())
