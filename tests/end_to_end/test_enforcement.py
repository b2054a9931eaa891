"""The whole way: a daemon, an agent's program on its socket, files that are watched."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from qualitywatch.enforcement import processes
from tests.conftest import Repo
from tests.integration.operating import BASE, LAZY, Operator, Watching

SETTINGS = "[enforcement]\nrestore = true\nstop = true\n[watch]\nsettle_ms = 300\n"
AGENT = """
import json, socket, sys
where, token, root = sys.argv[1:]
connection = socket.socket(socket.AF_UNIX)
connection.connect(where)
lines = connection.makefile("rw")

def call(method, **params):
    print(json.dumps(dict(jsonrpc="2.0", id=1, method=method, params=params)),
          file=lines, flush=True)
    while "id" not in (answer := json.loads(lines.readline())):
        pass
    return answer

call("session.hello", token=token, workspace=root)
print(json.dumps(call("process.register")), flush=True)
while True:
    lines.readline()
"""

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="processes are only stopped on Linux"
)


@pytest.fixture
def operator(repo: Repo, capsys: pytest.CaptureFixture[str]) -> Operator:
    """Somebody in front of a repository that has one commit."""
    repo.commit(**{"app.py": BASE})
    return Operator(repo.root, capsys)


def test_a_lazy_agent_is_stopped_and_its_loss_is_mended(operator: Operator) -> None:
    """It drops code: the file is whole again, its process stands until released."""
    (operator.root / "qualitywatch.toml").write_text(SETTINGS)
    assert 0 == operator.init("--no-hooks").code
    token = operator.do("tokens", "create", "--agent", "lazy").out.strip()
    with Watching(operator):
        program = start(operator.state_dir / "hub.sock", token, operator.root)
        try:
            (operator.root / "app.py").write_text(LAZY)
            until(lambda: stands(program.pid))
            until(lambda: BASE == (operator.root / "app.py").read_text())
            released = operator.do("release", "lazy", "--reason", "looked at it")
            assert 0 == released.code
            until(lambda: not stands(program.pid))
            rows = operator.look("violations", "--format", "json").data
        finally:
            program.kill()
            program.communicate()

    assert [] == rows


def start(where: Path, token: str, root: Path) -> subprocess.Popen[str]:
    """An agent's program that has registered itself."""
    program = subprocess.Popen(
        [sys.executable, "-c", AGENT, str(where), token, str(root)],
        stdout=subprocess.PIPE,
        text=True,
        process_group=0,
    )
    assert program.stdout is not None
    answer = program.stdout.readline()
    assert '"enabled": true' in answer, answer
    return program


def stands(pid: int) -> bool:
    found = processes.look(pid)
    return found is not None and processes.is_stopped(found)


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 15
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)
