"""A repository with hooks, in which somebody is in quarantine, to tamper with."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path
from typing import cast

import pytest

from qualitywatch.audit import Record
from qualitywatch.store import auditing, looking
from tests.conftest import GIT_ENVIRONMENT, Repo
from tests.integration.operating import PASSPHRASE, PROGRAM, Operator, secret


class Guarded:
    """A repository with hooks, in which an agent and a workspace are in quarantine."""

    def __init__(self, place: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.repo = Repo(place / "repo")
        self.operator = Operator(self.repo.root, capsys)
        self.before = place / "before"  # the state folder while all were free

    @property
    def state_dir(self) -> Path:
        return self.operator.state_dir

    @property
    def database(self) -> Path:
        return self.state_dir / "state.db"

    @property
    def marks(self) -> list[Path]:
        return list(Path(os.environ["XDG_STATE_HOME"], "qualitywatch").iterdir())

    def sql(self, statement: str) -> None:
        with closing(sqlite3.connect(self.database)) as connection, connection:
            connection.execute(statement)

    def put_back(self, *names: str) -> None:
        """Replace files of the state folder by what they were."""
        for name in names:
            shutil.copy(self.before / name, self.state_dir / name)

    def remove_marks(self, suffix: str = "") -> None:
        for mark in self.marks:
            if mark.name.endswith(suffix):
                mark.unlink()

    def records(self) -> list[Record]:
        return looking.look(
            self.database,
            lambda db: list(
                map(
                    auditing.record,
                    db.execute(f"SELECT {auditing.COLUMNS} FROM audit ORDER BY number"),
                )
            ),
        )

    def found(self) -> set[str]:
        """What was found by somebody, as the audit tells it."""
        return {one.action for one in self.records() if one.result == "found"}

    def hooks(self, what: str) -> None:
        subprocess.run(
            [*PROGRAM, "hooks", what], cwd=self.repo.root, check=True, stdout=-3
        )

    # Those who notice.

    def verify(self) -> str:
        """What `verify-audit` says; it must not be pleased."""
        done = self.operator.look("verify-audit")
        assert 1 == done.code, done.out
        return done.out

    def begin(self) -> str:
        """What whoever opens the records says; it must refuse."""
        done = self.operator.look("agents")
        assert 2 == done.code, done.out
        return done.err

    def initialise(self) -> str:
        """What `init` says, which would set a passphrase; it must refuse."""
        done = self.operator.init("--no-hooks")
        assert 2 == done.code, done.out
        return done.err

    def start(self) -> str:
        """What a daemon says that would start; it must refuse."""
        done = self.operator.start()
        assert 2 == done.code, done.out
        return done.err

    def commit(self) -> str:
        """What the hook says to a commit; it must refuse."""
        done = subprocess.run(
            ["git", "commit", "-q", "--allow-empty", "-m", "x"],
            cwd=self.repo.root,
            capture_output=True,
            text=True,
        )
        assert 1 == done.returncode, done.stderr
        return done.stderr

    def audit(self) -> str:
        """What the audit says once somebody has opened the records."""
        assert 0 == self.operator.look("agents").code
        return " ".join(self.found())


def make(place: Path) -> None:
    """Leave one in `kept` below *place*; it works where it was made, in `live`."""
    live = place / "live"
    (live / "repo").mkdir(parents=True)
    secret(live / "passphrase", PASSPHRASE)
    environment = {**os.environ, **GIT_ENVIRONMENT, **home(live)}

    def run(*words: str | Path) -> str:
        folder = live / "repo"
        return subprocess.check_output(words, cwd=folder, env=environment, text=True)

    run("git", "init", "-q", "-b", "main")
    secret_file = ("--passphrase-file", live / "passphrase")
    run(*PROGRAM, "init", "--hooks", *secret_file)
    run(*PROGRAM, "start", "--port", "0", *secret_file)  # approves the settings
    run(*PROGRAM, "stop")
    with pytest.MonkeyPatch.context() as patched:
        for name, value in home(live).items():
            patched.setenv(name, value)
        Operator(live / "repo", cast("pytest.CaptureFixture[str]", None)).seed()
    made = run(*PROGRAM, "tokens", "create", "--agent", "cursor-1", *secret_file)
    assert made.startswith("qwa_")
    rows = run(*PROGRAM, "tokens", "list", "--format", "json", *secret_file)
    (row,) = json.loads(rows)
    run(*PROGRAM, "tokens", "revoke", row["id"], *secret_file)
    shutil.copytree(live / "repo" / ".git" / "qualitywatch", live / "before")
    run(*PROGRAM, "quarantine", "cursor-1", "--reason", "lazy", *secret_file)
    run(*PROGRAM, "quarantine", "ws:repo", "--reason", "lazy too", *secret_file)
    live.rename(place / "kept")


def home(place: Path) -> dict[str, str]:
    return {"HOME": str(place), "XDG_STATE_HOME": str(place / "home")}
