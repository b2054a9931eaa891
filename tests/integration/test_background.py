"""The daemon in the background: started, asked, stopped; real processes."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator

import msgspec
import pytest

from qualitywatch.daemon import background
from qualitywatch.daemon.place import Running, is_held, state_dir_of
from tests.conftest import Repo
from tests.integration.operating import Operator


@pytest.fixture
def operator(
    repo: Repo, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Operator]:
    """A person in a repository, whose daemon is stopped at the end."""
    monkeypatch.delenv("QUALITYWATCH_AGENT", raising=False)
    person = Operator(repo.root, capsys)
    yield person
    background.stop(state_dir_of(repo.root))


def test_it_is_ready_when_start_returns_and_ended_when_stop_does(operator):
    started = operator.start()
    asked = operator.look("status", "--format", "json")
    stopped = operator.look("stop")

    assert (0, 0, 0) == (started.code, asked.code, stopped.code), started.err
    assert asked.data["daemon"]["url"] in started.out
    assert asked.data["degraded"] == []
    assert not is_held(state_dir_of(operator.root))


def test_a_second_start_gives_way_and_says_to_whom(operator):
    operator.start()
    pid = Running.read(state_dir_of(operator.root)).pid

    again = operator.start()

    assert again.code == 75
    assert f"pid {pid}" in again.err


def test_without_a_daemon_status_says_so_and_fails(operator):
    operator.init()

    asked = operator.look("status")

    assert asked.code == 1
    assert "no daemon watches" in asked.out


def test_status_tells_who_is_held_and_how_the_guard_stands(operator):
    operator.start()
    operator.do("tokens", "create", "--role", "agent", "--agent", "cursor-1")
    operator.do("quarantine", "cursor-1", "--reason", "looks wrong")

    text = operator.look("status").out
    told = operator.look("status", "--format", "json").data
    operator.look("stop")
    (repo_hook, _) = told["hooks"]
    later = operator.look("status", "--format", "json").data

    assert "in quarantine: cursor-1 since 20" in text
    assert "looks wrong" in text
    assert "files compared " in text
    assert "git hook pre-commit: missing" in text
    assert [("cursor-1", "quarantined")] == [
        (one["subject"], one["state"]) for one in told["quarantines"]
    ]
    assert ("pre-commit", "missing") == (repo_hook["name"], repo_hook["standing"])
    assert ["cursor-1"] == later["quarantined"]
    number, _, digest = told["audit"].partition(":")
    assert int(number) > 0
    assert 64 == len(digest)


def test_to_stop_what_does_not_run_is_no_error(operator):
    operator.init()

    assert operator.look("stop").code == 0


def test_why_it_did_not_start_is_told(operator):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        started = operator.start("--port", port)

    assert started.code == 75
    assert port in started.err


def test_a_broken_setting_is_told_before_anything_starts(operator):
    (operator.root / "qualitywatch.toml").write_text("[hub]\nport = 'x'\n")

    started = operator.start()

    assert started.code == 2
    assert "qualitywatch.toml" in started.err


@pytest.mark.parametrize("command", ["start", "stop"])
def test_an_agent_neither_starts_nor_stops_it(operator, monkeypatch, command):
    operator.start()
    monkeypatch.setenv("QUALITYWATCH_AGENT", "cursor-1")

    done = operator.start() if command == "start" else operator.look("stop")

    assert done.code == 2
    assert is_held(state_dir_of(operator.root))


def test_a_forged_note_makes_us_signal_nobody(operator):
    operator.start()
    state_dir = state_dir_of(operator.root)
    real = Running.read(state_dir)
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=-1) as innocent:
        msgspec.structs.replace(real, pid=innocent.pid).write(state_dir)
        stopped = operator.look("stop")
        is_alive = innocent.poll() is None
        innocent.kill()
    real.write(state_dir)

    assert stopped.code == 2
    assert is_alive
    assert is_held(state_dir)


def test_a_long_log_is_put_aside(operator):
    operator.start()
    operator.look("stop")
    log = state_dir_of(operator.root) / background.LOG_NAME
    log.write_bytes(b"x" * (background.MAX_LOG_BYTES + 1))

    operator.start()

    assert "ready" in log.read_text()
    assert log.with_suffix(".log.old").stat().st_size > background.MAX_LOG_BYTES


def test_a_broken_rule_is_not_approved_by_the_first_start(operator):
    rule = operator.root / ".qualitywatch" / "rules" / "logic-error" / "own.md"
    rule.parent.mkdir(parents=True)
    rule.write_text("no rule\n")

    refused = operator.start()
    rule.unlink()
    mended = operator.start()

    assert refused.code == 2
    assert "own.md:1: the title is not the name of the file" in refused.err
    assert mended.code == 0, mended.err


def test_a_file_of_the_repository_is_not_taken_for_the_program(
    operator, monkeypatch: pytest.MonkeyPatch
):
    (operator.root / "qualitywatch.py").write_text("raise SystemExit(0)\n")
    monkeypatch.chdir(operator.root)

    started = operator.start()

    assert started.code == 0, started.err
