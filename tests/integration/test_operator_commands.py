"""The operator's commands on a real repository, with a daemon and without one."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace

import msgspec
import pytest

from qualitywatch.cli import exchange
from qualitywatch.daemon import place
from qualitywatch.enrolment import SOCKET_NAME
from tests import factories
from tests.conftest import Repo
from tests.integration.operating import (
    PASSPHRASE,
    PROGRAM,
    Operator,
    Watching,
    secret,
    states,
)

# Tokens


def test_token_is_printed_alone(either: Operator) -> None:
    """`TOKEN=$(qualitywatch tokens create ...)` works; the rest goes to stderr."""
    done = either.do("tokens", "create", "--agent", "cursor-1")

    assert 0 == done.code
    assert [done.out.strip()] == done.out.splitlines()
    assert done.out.startswith("qwa_")
    assert "good until" in done.err


def test_token_is_kept_nowhere(either: Operator) -> None:
    """Neither the state folder nor the list holds the secret."""
    token = either.do("tokens", "create", "--agent", "cursor-1").out.strip()

    listed = either.do("tokens", "list", "--format", "json")

    assert "cursor-1" in listed.out
    assert token not in listed.out
    files = [path for path in either.state_dir.rglob("*") if path.is_file()]
    assert files
    assert [] == [path for path in files if token.encode() in path.read_bytes()]


def test_revoked_token_is_listed_as_revoked(either: Operator) -> None:
    """Nothing is forgotten: the list still has it."""
    either.do("tokens", "create", "--agent", "cursor-1", "--days", "7")
    [row] = either.do("tokens", "list", "--format", "json").data

    assert 0 == either.do("tokens", "revoke", row["id"]).code

    assert "revoked" in either.do("tokens", "list").out


def test_rotated_token_is_replaced(either: Operator) -> None:
    """The old one ends, the new one is printed alone and is for the same agent."""
    old = either.do("tokens", "create", "--agent", "cursor-1").out.strip()
    [row] = either.do("tokens", "list", "--format", "json").data

    done = either.do("tokens", "rotate", row["id"], "--days", "7")

    assert 0 == done.code
    assert done.out.startswith("qwa_")
    assert done.out.strip() != old
    rows = either.do("tokens", "list", "--format", "json").data
    assert [("cursor-1", False), ("cursor-1", True)] == sorted(
        (row["agent"], row["revoked_at"] is not None) for row in rows
    )


def test_unknown_token_is_said(either: Operator) -> None:
    """And where to find the right id."""
    done = either.do("tokens", "revoke", "nope")

    assert 2 == done.code
    assert "there is no token 'nope'\n  hint: `qualitywatch tokens list`" in done.err


# Quarantine and release


def test_quarantine_and_release(either: Operator) -> None:
    """In, seen by everybody, out."""
    imposed = either.do("quarantine", "cursor-1", "--reason", "drops code")
    inside = states(either)
    released = either.do("release", "cursor-1", "--reason", "was told")

    assert "qualitywatch release cursor-1 --reason" in imposed.out
    assert {"cursor-1": "quarantined"} == inside
    assert "it was there for: drops code" in released.out
    assert {"cursor-1": "clear"} == states(either)


def test_agent_is_known_by_its_token(either: Operator) -> None:
    """It can be stopped before it has ever connected."""
    either.do("tokens", "create", "--agent", "new-one")

    assert 0 == either.do("quarantine", "new-one", "--reason", "x").code
    assert "quarantined" == states(either)["new-one"]


def test_workspace_can_be_put_in_quarantine(either: Operator) -> None:
    """Where nobody can be named; the folder's own name is known."""
    done = either.do("quarantine", "ws:repo", "--reason", "x", "--format", "json")

    assert ("ws:repo", "quarantined") == (done.data["subject"], done.data["state"])


@pytest.mark.parametrize("command", ["quarantine", "release"])
def test_unknown_subject_is_answered_with_those_who_are_known(
    either: Operator, command: str
) -> None:
    """A slip of the pen must not look like success."""
    done = either.do(command, "cursor1", "--reason", "x")

    assert 2 == done.code
    assert "nobody here is called 'cursor1'" in done.err
    assert "known: cursor-1, ws:repo" in done.err


def test_second_release_says_who_was_first(either: Operator) -> None:
    """Doing it twice is no error, and is not recorded twice."""
    either.do("quarantine", "cursor-1", "--reason", "x")
    either.do("release", "cursor-1", "--reason", "the first")

    again = either.do("release", "cursor-1", "--reason", "the second")

    assert (0, "") == (again.code, again.out)
    assert "released already, by operator" in again.err
    assert "the first" in again.err


def test_two_releases_at_once_are_one(either: Operator) -> None:
    """Each ends well; one of them did it."""
    either.do("quarantine", "cursor-1", "--reason", "x")
    command = [
        *(*PROGRAM, "release", "cursor-1", "--reason", "now"),
        *("--repo", str(either.root)),
        *("--passphrase-file", str(either.passphrase_file)),
    ]

    with ThreadPoolExecutor(2) as pool:
        done = list(
            pool.map(
                lambda _: subprocess.run(command, capture_output=True, text=True),
                range(2),
            )
        )

    assert [0, 0] == [one.returncode for one in done]
    assert 1 == sum("released cursor-1" in one.stdout for one in done)


def test_release_lists_what_stays_open(enrolled: Operator) -> None:
    """Release lifts the block on the agent and nothing else."""
    enrolled.seed(factories.violation())

    done = enrolled.do("release", "cursor-1", "--reason", "was told")

    assert "still open until repaired or dismissed: 1" in done.out
    assert "app.py:2" in done.out
    assert 1 == len(enrolled.look("violations", "--format", "json").data)


@pytest.mark.parametrize("guess", ["an agent's guess", PASSPHRASE + " "])
def test_wrong_passphrase_changes_nothing(either: Operator, guess: str) -> None:
    """Who is in quarantine stays there."""
    either.do("quarantine", "cursor-1", "--reason", "x")
    wrong = secret(either.root.parent / "wrong", guess)

    done = either.do("release", "cursor-1", "--reason", "x", file=wrong)

    assert (2, "") == (done.code, done.out)
    assert "this is not the passphrase\n  hint: " in done.err
    assert {"cursor-1": "quarantined"} == states(either)


# Where there is nothing, or not what there should be


@pytest.mark.parametrize("command", ["agents", "violations"])
def test_unwatched_repository_is_said(operator: Operator, command: str) -> None:
    """And nothing is made only because somebody looked."""
    done = operator.look(command)

    assert 2 == done.code
    assert "nothing is watched here" in done.err
    assert "qualitywatch watch" in done.err
    assert not operator.state_dir.exists()


def test_commands_work_from_a_folder_and_a_worktree(
    enrolled: Operator, repo: Repo, tmp_path: Path
) -> None:
    """All worktrees share one state."""
    repo.write("deep/down/a.py", "")
    repo.git("worktree", "add", "-q", str(tmp_path / "other"), "-b", "other")
    enrolled.seed()

    for folder in (repo.root / "deep" / "down", tmp_path / "other"):
        there = Operator(folder, enrolled._capsys)
        assert {"cursor-1": "clear"} == states(there)


def test_dead_daemon_is_not_waited_for(enrolled: Operator) -> None:
    """A socket and a note that SIGKILL left behind lead nowhere."""
    with Watching(enrolled) as daemon:
        daemon.end(signal.SIGKILL)

        started = time.monotonic()
        done = enrolled.do("tokens", "create", "--agent", "a")

    assert 0 == done.code
    assert time.monotonic() - started < exchange.START_SECONDS


def test_socket_that_nobody_listens_on_is_not_waited_for(enrolled: Operator) -> None:
    """The same for a socket alone."""
    with socket.socket(socket.AF_UNIX) as left_behind:
        left_behind.bind(str(enrolled.state_dir / SOCKET_NAME))

    assert 0 == enrolled.look("agents").code


def test_another_operator_is_waited_for(
    enrolled: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody else has the lock for a moment, beside what a dead daemon left."""
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(enrolled.state_dir / SOCKET_NAME))
    address = str(enrolled.state_dir / SOCKET_NAME)
    note = place.Running(pid=1, url="http://127.0.0.1:1", socket=address, version="1")
    note.write(enrolled.state_dir)
    other = ExitStack()
    other.enter_context(place.held(enrolled.state_dir))
    clock = SimpleNamespace(monotonic=time.monotonic, sleep=lambda _: other.close())
    monkeypatch.setattr(exchange, "time", clock)

    assert 0 == enrolled.look("agents").code


def test_held_state_without_a_daemon_is_in_the_way(
    enrolled: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody holds the lock and does not answer: code 75, naming the process."""
    monkeypatch.setattr(exchange, "START_SECONDS", 0.1)

    with place.held(enrolled.state_dir):
        done = enrolled.look("agents")

    assert 75 == done.code
    assert f"pid {os.getpid()}" in done.err


def test_state_that_others_may_read_is_refused(enrolled: Operator) -> None:
    """The passphrase is not told to what may not be our daemon."""
    enrolled.state_dir.chmod(0o755)

    done = enrolled.do("tokens", "list")

    assert 2 == done.code
    assert "others may look into the state folder" in done.err


def test_who_takes_the_place_of_the_socket_hears_no_passphrase(
    enrolled: Operator,
) -> None:
    """Any program of the same user can put another socket there, and forge the note."""
    with Watching(enrolled), socket.socket(socket.AF_UNIX) as impostor:
        note = place.Running.read(enrolled.state_dir)
        (enrolled.state_dir / SOCKET_NAME).rename(enrolled.state_dir / "real")
        impostor.bind(str(enrolled.state_dir / SOCKET_NAME))
        impostor.listen()
        impostor.settimeout(5)
        msgspec.structs.replace(note, pid=os.getpid()).write(enrolled.state_dir)
        done = enrolled.do("tokens", "list")
        caller, _ = impostor.accept()
        with caller:
            heard = caller.recv(1000)

    assert 2 == done.code
    assert f"process {os.getpid()} listens there" in done.err
    assert b"" == heard


def test_daemon_that_goes_away_is_said(enrolled: Operator) -> None:
    """A connection that ends without an answer is no traceback."""
    here, there = socket.socketpair()
    there.close()

    with exchange._through(here) as ask, pytest.raises(Exception, match="not answer"):
        ask("{}")
