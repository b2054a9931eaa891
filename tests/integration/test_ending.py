"""A daemon under load is told to end, by a supervisor and by an impatient person."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from qualitywatch.daemon.place import Running, held, lock_file_of, state_dir_of
from qualitywatch.daemon.supervision import Supervisor
from qualitywatch.errors import InTheWay
from qualitywatch.store.looking import look
from qualitywatch.store.pages import TABLES, every
from tests.conftest import Repo
from tests.integration.daemons import Daemon
from tests.integration.operating import BASE, Operator

CLIENTS = 20
LAST = "nothing more is said"


@pytest.fixture
def supervised(tmp_path: Path, monkeypatch) -> Iterator[list[str]]:
    """What systemd hears, as it comes."""
    address, said = str(tmp_path / "notify"), list[str]()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as way:
        way.bind(address)
        monkeypatch.setenv("NOTIFY_SOCKET", address)
        monkeypatch.setenv("WATCHDOG_USEC", "400000")
        reader = threading.Thread(target=listen, args=(way, said))
        reader.start()
        yield said
        Supervisor({"NOTIFY_SOCKET": address}).tell(LAST)
        reader.join()


def listen(way: socket.socket, said: list[str]) -> None:
    while (word := way.recv(4096).decode()) != LAST:
        said.append(word)


@pytest.fixture
def daemon(repo: Repo, capsys) -> Iterator[Daemon]:
    """A daemon whose passphrase is known."""
    repo.commit(**{"app.py": BASE})
    known = Operator(repo.root, capsys).passphrase_file
    running = Daemon(repo.root, "--port", "0", "--passphrase-file", str(known))
    yield running
    running.end(signal.SIGKILL)


async def call(way: ClientConnection, method: str, **params: object) -> dict:
    await way.send(
        json.dumps({"jsonrpc": "2.0", "id": method, "method": method, "params": params})
    )
    while True:
        answer: dict = json.loads(await way.recv())
        if answer.get("id") == method:
            return answer


async def until_closed(way: ClientConnection) -> int:
    try:
        while True:
            await way.recv()
    except ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd else 1006


async def report(
    way: ClientConnection, repo: Repo, acked: list[str], busy: asyncio.Event
) -> None:
    """Save and report files without a pause, until the hub is gone."""
    with contextlib.suppress(ConnectionClosed):
        for number in range(10_000):
            name = f"new_{number}.py"
            repo.write(name, f"x = {number}\n")
            event = f"event {number}"
            answer = await call(way, "change.report", event_id=event, path=name)
            if "result" in answer:
                acked.append(name)
            if len(acked) == 20:
                busy.set()


async def test_under_load_it_ends_within_seconds_and_loses_nothing(
    repo: Repo, capsys, supervised: list[str], daemon: Daemon
):
    operator, state_dir = Operator(repo.root, capsys), state_dir_of(repo.root)
    url = Running.read(state_dir).url.replace("http", "ws") + "/ws"
    agent = operator.do("tokens", "create", "--role", "agent", "--agent", "cursor-1")
    looker = operator.do("tokens", "create", "--role", "observer")
    lookers = [await known(url, looker.out) for _ in range(CLIENTS)]
    for one in lookers:
        await call(one, "events.subscribe")
    acked, busy = list[str](), asyncio.Event()
    way = await known(url, agent.out)
    reporting = asyncio.create_task(report(way, repo, acked, busy))
    closing = [asyncio.create_task(until_closed(one)) for one in lookers]
    await busy.wait()

    begun = time.monotonic()
    code = await asyncio.to_thread(daemon.end, signal.SIGTERM)
    took = time.monotonic() - begun
    codes = await asyncio.gather(*closing)
    await reporting

    has_log = (state_dir / "state.db-wal").exists()
    changes = look(
        state_dir / "state.db", lambda db: list(every(db, TABLES["changes"], {}))
    )
    told = list(supervised)
    assert (0, {1012}) == (code, set(codes))
    assert 10 > took
    assert set(acked) <= {row["path"] for row in changes}
    assert not has_log
    assert any(one.startswith("READY=1\nSTATUS=watching") for one in told)
    assert "STOPPING=1" in told
    assert told.count("WATCHDOG=1") > 1


async def known(url: str, token: str) -> ClientConnection:
    own = {"Authorization": f"Bearer {token.strip()}"}
    return await connect(url, additional_headers=own)


def test_a_second_signal_ends_it_at_once(
    repo: Repo, supervised: list[str], daemon: Daemon
):
    running = Running.read(state_dir_of(repo.root))
    host, port = running.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as silent:
        silent.sendall(
            b"GET /ws HTTP/1.1\r\nHost: %s:%s\r\nUpgrade: websocket\r\n"
            b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
            % (host.encode(), port.encode())
        )
        silent.recv(4096)  # it never says goodbye
        daemon.process.send_signal(signal.SIGTERM)
        while "STOPPING=1" not in supervised:
            time.sleep(0.01)
        begun = time.monotonic()
        code = daemon.end(signal.SIGTERM)

    assert code in (0, 128 + signal.SIGTERM)
    assert 4 > time.monotonic() - begun  # a goodbye is waited for for five seconds


# Who may begin

HOLD = """
import sys, time
from pathlib import Path
from qualitywatch.daemon.place import held
from qualitywatch.errors import InTheWay
sys.stdin.readline()
try:
    with held(Path(sys.argv[1])):
        print("held", flush=True)
        time.sleep(60)
except InTheWay as error:
    print(error.problem, flush=True)
"""


def test_of_twenty_at_once_exactly_one_holds_the_state(tmp_path: Path):
    alias = tmp_path.with_name(f"{tmp_path.name}-alias")
    alias.symlink_to(tmp_path)
    twenty = [
        subprocess.Popen(
            [sys.executable, "-c", HOLD, str(alias if number % 2 else tmp_path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(20)
    ]
    try:
        for one in twenty:
            one.stdin.write("\n")
            one.stdin.flush()
        said = [one.stdout.readline().strip() for one in twenty]
        (winner,) = [p for p, word in zip(twenty, said, strict=True) if word == "held"]
        others = [word for word in said if word != "held"]
        winner.kill()
        winner.wait()
        with held(tmp_path):  # nothing has to be tidied up
            pass
    finally:
        for one in twenty:
            one.kill()
            with one:
                one.wait()

    assert 19 == len(others)
    assert all(f"pid {winner.pid}" in word for word in others)


def test_who_is_in_the_way_is_named(tmp_path: Path):
    with held(tmp_path), pytest.raises(InTheWay) as refused, held(tmp_path):
        pass

    assert f"pid {os.getpid()}" in refused.value.problem
    assert lock_file_of(tmp_path).exists()


# The supervisor


@pytest.mark.parametrize(
    ("environment", "seconds"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "30000000"}, 30.0),
        ({"WATCHDOG_USEC": "x"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}, None),
    ],
)
def test_the_watchdog_is_the_one_meant_for_us(environment, seconds):
    assert seconds == Supervisor(environment).watchdog_seconds


async def test_who_is_ill_gives_no_sign(supervised: list[str]):
    quiet = asyncio.create_task(Supervisor().keep_alive(lambda: False))
    await asyncio.sleep(0.3)
    quiet.cancel()

    assert [] == supervised


def test_a_name_says_nothing_of_its_own(supervised: list[str]):
    Supervisor().tell("STATUS=watching /a\nWATCHDOG=trigger")
    while not supervised:
        time.sleep(0.01)

    assert ["STATUS=watching /a\\nWATCHDOG=trigger"] == supervised


def test_nobody_listens_and_nothing_happens(tmp_path: Path):
    Supervisor({"NOTIFY_SOCKET": str(tmp_path / "none")}).tell("READY=1")
    Supervisor({"NOTIFY_SOCKET": "@none of ours"}).tell("READY=1")
    Supervisor({}).tell("READY=1")


def test_the_unit_is_one_that_systemd_takes(tmp_path: Path, capsys, repo: Repo):
    printed = Operator(repo.root, capsys).run("start", "--systemd")
    unit = tmp_path / "qualitywatch@tmp.service"
    unit.write_text(printed.out)

    assert 0 == printed.code
    assert f'ExecStart="{sys.executable}" -P -m qualitywatch watch "%f"' in printed.out
    try:
        found = subprocess.run(
            ["systemd-analyze", "verify", "--user", str(unit)],
            capture_output=True,
            text=True,
            env={**os.environ, "XDG_RUNTIME_DIR": str(tmp_path)},
        )
    except FileNotFoundError:
        pytest.skip("systemd-analyze is not installed")
    assert (0, "") == (found.returncode, found.stderr)
