"""How long from a save to the event on a client: the real daemon, a 1,000-line file.

    python -m benchmarks.save_to_event [--runs 200] [--clients 100]

Each run saves the file with another method's body replaced by a remark and waits for
`violation.recorded` on a WebSocket. Between two runs the body is put back. The other
clients follow the same events, from a process of their own.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from multiprocessing.synchronize import Event
from pathlib import Path

from websockets.asyncio.client import ClientConnection as AsyncConnection
from websockets.asyncio.client import connect as connect_async
from websockets.sync.client import ClientConnection, connect

METHODS = 90
STATEMENTS = 9
TARGET_MS = 20.0  # median
TARGET_P99_MS = 80.0
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


@contextmanager
def crowd(url: str, token: str, clients: int) -> Iterator[None]:
    """So many other connections that follow every event."""
    ready = multiprocessing.Event()
    process = multiprocessing.Process(
        target=lambda: asyncio.run(_follow(url, token, clients, ready)), daemon=True
    )
    process.start()
    if not ready.wait(timeout=60):
        raise SystemExit("the other clients could not connect")
    yield
    process.kill()
    process.join()


async def _follow(url: str, token: str, clients: int, ready: Event) -> None:
    async with AsyncExitStack() as stack:
        connections = [
            await stack.enter_async_context(_following(url, token))
            for _ in range(clients)
        ]
        ready.set()
        await asyncio.gather(*map(_read_all, connections))


@asynccontextmanager
async def _following(url: str, token: str) -> AsyncIterator[AsyncConnection]:
    address = url.replace("http", "ws", 1) + "/ws"
    async with connect_async(address, compression=None) as client:
        for method, params in (
            ("session.hello", {"token": token}),
            ("events.subscribe", {"since": "now"}),
        ):
            await client.send(_frame(method, params))
            answer = json.loads(await client.recv())
            assert "error" not in answer, answer
        yield client


async def _read_all(client: AsyncConnection) -> None:
    async for _ in client:
        pass


def _frame(method: str, params: Mapping[str, str]) -> str:
    return json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})


def call(client: ClientConnection, method: str, **params: str) -> None:
    """Ask, and wait for an answer that is no error."""
    client.send(_frame(method, params))
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


def report(taken: list[float], clients: int) -> int:
    """Print the figures; 1 where the target is missed."""
    cuts = statistics.quantiles(taken, n=100, method="inclusive")
    figures = {"median": cuts[49], "p95": cuts[94], "p99": cuts[98], "max": max(taken)}
    lines = len(source().splitlines())
    text = "  ".join(f"{name} {value:.1f}" for name, value in figures.items())
    what = f"{lines} lines, {clients} clients, {len(taken)} runs"
    print(f"save to event, {what}, in ms: {text}")
    print(f"load of this machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    return int(figures["median"] > TARGET_MS or figures["p99"] > TARGET_P99_MS)


def main() -> int:
    """The whole measurement."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--clients", type=int, default=100)
    wanted = parser.parse_args()
    runs, clients = max(100, wanted.runs), max(1, wanted.clients)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["XDG_STATE_HOME"] = str(folder / "home")
        secret = folder / "secret"
        secret.touch(mode=0o600)
        secret.write_text(PASSPHRASE)
        root = repository(folder)
        with daemon(root, secret) as url:
            token = new_token(root, secret)
            with crowd(url, token, clients - 1), observer(url, token) as client:
                return report(measure(client, root / "app.py", runs), clients)


if __name__ == "__main__":
    sys.exit(main())
