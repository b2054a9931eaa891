"""What another hand does to the guard while a daemon runs: told at once, and noted."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from qualitywatch import local_socket, mirror
from qualitywatch.mirror import Mirror
from tests.integration.daemons import Daemon
from tests.integration.guarded import Guarded

NOBODY = Mirror(quarantines=(), dismissed=(), agents=())


def forge(guarded: Guarded) -> None:
    """Whoever reads our sources writes the list and its mark."""
    mirror.write(guarded.state_dir, NOBODY)


@pytest.fixture
def watched(guarded: Guarded) -> Iterator[tuple[Guarded, Daemon]]:
    secret_file = str(guarded.operator.passphrase_file)
    daemon = Daemon(guarded.repo.root, "--port", "0", "--passphrase-file", secret_file)
    yield guarded, daemon
    daemon.end()


Watched = tuple[Guarded, Daemon]


def test_hooks_that_go_are_missed_until_they_are_back(watched: Watched) -> None:
    """Taken out, edited, led past: each is told within seconds, and so is the mend."""
    guarded, daemon = watched
    hooks = guarded.repo.root / ".git" / "hooks"
    script = (hooks / "pre-push").read_bytes()

    (hooks / "pre-commit").unlink()
    gone = daemon.event("daemon.degraded", what="git hooks")
    guarded.hooks("install")
    daemon.event("daemon.recovered", what="git hooks")
    (hooks / "pre-push").write_bytes(script.replace(b"exit 1", b"exit 0"))
    edited = daemon.event("daemon.degraded", what="git hooks")
    (hooks / "pre-push").write_bytes(script)
    daemon.event("daemon.recovered", what="git hooks")
    guarded.repo.git("config", "core.hooksPath", "/tmp/none")
    elsewhere = daemon.event("daemon.degraded", what="git hooks")
    guarded.repo.git("config", "--unset", "core.hooksPath")
    daemon.event("daemon.recovered", what="git hooks")
    guarded.hooks("uninstall")
    given_up = daemon.event("daemon.degraded", what="git hooks")
    daemon.end()

    assert "the hook pre-commit is gone" in gone["reason"]
    assert "the hook pre-push was changed" in edited["reason"]
    assert "core.hooksPath is /tmp/none" in elsewhere["reason"]
    assert "`qualitywatch hooks uninstall`" in given_up["reason"]
    assert 5 == sum(one.action == "git_hooks.changed" for one in guarded.records())


def test_what_is_done_while_a_daemon_runs(watched: Watched) -> None:
    """Its list, its marks, its folder, its audit: told, and noted in the audit."""
    guarded, daemon = watched

    forge(guarded)
    daemon.event("daemon.degraded", what="mirror")
    guarded.state_dir.chmod(0o755)
    daemon.event("daemon.degraded", what="state folder")
    guarded.state_dir.chmod(0o700)
    daemon.event("daemon.recovered", what="state folder")
    guarded.repo.git("config", "--unset", "qualitywatch.enrolled")
    daemon.event("daemon.degraded", what="enrolment")
    guarded.repo.write("qualitywatch.toml", "[rules]\ndisabled = ['elided-code']\n")
    daemon.event("daemon.degraded", what="settings")
    guarded.sql("DELETE FROM audit WHERE number > 2")
    cut = daemon.event("daemon.degraded", what="audit")
    daemon.end()

    assert "was changed or cut off while the daemon ran" in cut["reason"]
    assert "audit.changed" in guarded.found()
    assert "is the first bad one" in guarded.verify()
    assert "noted" in guarded.begin()


def test_what_is_done_before_the_cut_is_in_the_audit(watched: Watched) -> None:
    """Who looks later finds each of them."""
    guarded, daemon = watched
    forge(guarded)
    daemon.event("daemon.degraded", what="mirror")
    guarded.remove_marks(".head")
    daemon.event("daemon.degraded", what="enrolment")
    guarded.state_dir.chmod(0o755)
    daemon.event("daemon.degraded", what="state folder")
    daemon.end()

    assert {
        "mirror.changed",
        "enrolment.changed",
        "state_folder.changed",
    } <= guarded.found()


def test_a_daemon_that_runs_is_asked_by_the_hooks(watched: Watched) -> None:
    """List and mark are forged again and again, faster than the daemon mends them."""
    guarded, daemon = watched
    forging = Forging(guarded)
    forging.start()
    try:
        daemon.event("daemon.degraded", what="mirror")
        for _ in range(3):
            assert "the work of an agent in quarantine" in guarded.commit()
    finally:
        forging.is_over = True
        forging.join()
    daemon.end()

    assert "mirror.changed" in guarded.found()


class Forging(threading.Thread):
    """Writes a list in which nobody is in quarantine, all the time."""

    is_over = False

    def __init__(self, guarded: Guarded) -> None:
        super().__init__()
        self._guarded = guarded

    def run(self) -> None:
        while not self.is_over:
            forge(self._guarded)
            time.sleep(0.05)


def test_a_socket_that_lies_frees_nobody(guarded: Guarded) -> None:
    """Where no daemon runs, whoever listens in its place can not release."""
    path = guarded.state_dir / "hub.sock"
    with Liar(path):
        assert "the work of an agent in quarantine" in guarded.commit()


class Liar(threading.Thread):
    """Says on the socket of the hub that nobody is in quarantine."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._listening = local_socket.bind(path)
        self._listening.listen()

    def __enter__(self) -> None:
        self.start()

    def __exit__(self, *error: object) -> None:
        self.join()
        self._listening.close()

    def run(self) -> None:
        answer = b'{"jsonrpc":"2.0","id":1,"result":{"quarantines":[],"agents":[]}}\n'
        connection, _ = self._listening.accept()
        with connection:
            while connection.recv(4096):
                connection.sendall(answer)
