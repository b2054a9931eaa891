"""`doctor` finds each thing that is broken, and says how to mend it."""

from __future__ import annotations

import os
import resource
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import msgspec
import pytest

from qualitywatch import mirror
from qualitywatch.cli import doctor
from qualitywatch.cli.checkup import guard, machine, state
from qualitywatch.cli.checkup.checked import Check, Patient, Standing
from qualitywatch.daemon.place import Running, held, state_dir_of
from qualitywatch.git import Repository
from tests.conftest import Repo
from tests.integration.operating import Operator, Watching, now

Break = Callable[[Repo], object]
OWN = ".qualitywatch/rules/logic-error"


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where an enrolled repository and its marks are kept, to be had again."""
    return tmp_path_factory.mktemp("kept")


@pytest.fixture
def repo(kept: Path, monkeypatch, capsys: pytest.CaptureFixture[str]) -> Repo:
    """A repository that is enrolled, with hooks; no daemon runs."""
    root, marks, copy = kept / "repo", kept / "marks", kept / "copy"
    monkeypatch.setenv("XDG_STATE_HOME", str(marks))
    if copy.exists():
        for name in ("repo", "marks"):
            shutil.rmtree(kept / name)
            shutil.copytree(copy / name, kept / name)
        return Repo(root)
    root.mkdir()
    repo = Repo(root)
    repo.git("init", "-q")
    repo.commit(**{"app.py": "x = 1\n"})
    done = Operator(root, capsys).init("--hooks")
    assert 0 == done.code, done.err
    for name in ("repo", "marks"):
        shutil.copytree(kept / name, copy / name)
    return repo


def wrongs(repo: Repo, check: Check) -> list[tuple[str, str]]:
    """What is wrong, and the mend."""
    found = Repository.discover(repo.root)
    assert found is not None
    with found:
        results = list(check(Patient(root=repo.root, repository=found)))
    return [(said, mend) for how, said, mend in results if how is Standing.WRONG]


def in_database(statement: str) -> Break:
    """Somebody edits the database by hand."""

    def edit(repo: Repo) -> None:
        connection = sqlite3.connect(state_dir_of(repo.root) / "state.db")
        with connection:
            connection.execute(statement)
        connection.close()

    return edit


def in_state(name: str, work: Callable[[Path], object]) -> Break:
    """Somebody touches a file of the state folder."""
    return lambda repo: work(state_dir_of(repo.root) / name)


def overwritten(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[4096:8192] = os.urandom(4096)
    file.write_bytes(content)


def shared(file: Path) -> None:
    file.chmod(0o644 if file.is_file() else 0o755)


def hook(name: str, text: str | None = None, mode: int = 0o755) -> Break:
    """Somebody changes an installed hook; without *text* it is removed."""

    def change(repo: Repo) -> None:
        file = repo.root / ".git" / "hooks" / name
        if text is None:
            file.unlink()
        else:
            file.write_text(text.replace("OURS", file.read_text()))
            file.chmod(mode)

    return change


def forged(repo: Repo) -> None:
    known = state_dir_of(repo.root)
    content = mirror.read(known)
    (known / mirror.FILE_NAME).unlink()
    quarantines = [
        {"subject": "x", "id": "1", "state": "quarantined", "reason": "r", "since": "s"}
    ]
    data = {**msgspec.to_builtins(content), "quarantines": quarantines}
    (known / mirror.FILE_NAME).write_bytes(msgspec.json.encode(data))


def settings(text: str, mode: int = 0o644) -> Break:
    """Somebody writes other settings."""

    def write(repo: Repo) -> None:
        repo.write("qualitywatch.toml", text)
        (repo.root / "qualitywatch.toml").chmod(mode)

    return write


def elsewhere(repo: Repo) -> None:
    folder = repo.root / "hooks"
    folder.mkdir()
    (folder / "pre-commit").write_text("#!/bin/sh\nexit 0\n")
    (folder / "pre-commit").chmod(0o755)
    repo.git("config", "core.hooksPath", "hooks")


BROKEN: dict[Check, list[tuple[Break, str, str]]] = {
    state.enrolment: [
        (lambda r: shutil.rmtree(state_dir_of(r.root)), "gone", "--again"),
    ],
    state.folder: [
        (in_state("", shared), "others may look", "chmod 700"),
        (in_state("state.db", shared), "others may look", "chmod 600"),
        (in_state("x", lambda file: file.symlink_to("/etc")), "elsewhere", "who"),
    ],
    state.database: [
        (in_state("state.db", overwritten), "", "restore-db"),
        (in_state("state.db", lambda f: f.write_text("x" * 5000)), "", "restore-db"),
        (in_state("state.db-open", Path.touch), "the log", "restore-db"),
    ],
    state.schema: [
        (in_database("PRAGMA user_version = 99"), "schema 99", "newer"),
        (in_database("PRAGMA user_version = 1"), "schema 1", "start"),
    ],
    state.passphrase: [
        (in_database("DELETE FROM meta WHERE key = 'passphrase'"), "release", "init"),
    ],
    state.audit: [
        (in_database("UPDATE audit SET who = 'me'"), "record 1", "verify-audit"),
    ],
    state.mirrored: [
        (in_state(mirror.FILE_NAME, Path.unlink), "missing", "start"),
        (in_state(mirror.FILE_NAME, lambda file: file.write_text("{")), "", "start"),
        (forged, "", "start"),
    ],
    guard.settings: [
        (settings("[hub]\nprot = 1\n"), "qualitywatch.toml:2", "mean `port`?"),
        (settings("", mode=0o666), "every user", "chmod o-w"),
        (lambda repo: repo.write(f"{OWN}/a.md", "x"), "a.md:1", ""),
    ],
    guard.hooks: [
        (hook("pre-commit"), "pre-commit is not installed", "hooks install"),
        (hook("pre-push", "#!/bin/sh\nexit 0\n"), "another program's", "install"),
        (hook("pre-commit", "OURS", mode=0o644), "may not be run", "install"),
        (hook("pre-commit", "#!/bin/sh\nexit 0\nOURS"), "was changed", "install"),
        (elsewhere, "another program's", "hooks install"),
    ],
    guard.daemon: [(lambda repo: None, "no daemon watches", "qualitywatch start")],
}
ROWS = [(check, *row) for check, rows in BROKEN.items() for row in rows]


@pytest.mark.parametrize(("check", "break_it", "said", "mend"), ROWS)
def test_what_is_broken_is_found_with_its_mend(
    repo: Repo, check: Check, break_it: Break, said: str, mend: str
):
    break_it(repo)

    found = wrongs(repo, check)

    assert found
    assert any(said in one and mend in other for one, other in found), found


def test_other_settings_than_approved_are_found(repo: Repo):
    in_database(
        "INSERT INTO meta (key, value) VALUES ('approved settings', '{\"rules\": {}}')"
    )(repo)
    repo.write("qualitywatch.toml", '[rules]\ndisabled = ["elided-code"]\n')

    ((said, mend),) = wrongs(repo, guard.settings)

    assert "not as an operator approved them: settings" in said
    assert "approve" in mend


def test_a_clock_that_went_back_is_found(repo: Repo):
    ahead = now().replace(year=now().year + 1).isoformat()
    in_database(
        "INSERT INTO events (id, kind, time, data) VALUES"
        f" ('i', 'agent.connected', '{ahead}', '{{}}')"
    )(repo)

    ((said, mend),) = wrongs(repo, machine.clock)

    assert "went back" in said
    assert "set the clock" in mend


def little_room(_folder: object) -> SimpleNamespace:
    return SimpleNamespace(free=1024)


def answering(said: bytes) -> SimpleNamespace:
    """A system on which git says this."""

    def run(*_words: object, **_options: object) -> SimpleNamespace:
        if not said:
            raise FileNotFoundError("git")
        return SimpleNamespace(stdout=said)

    return SimpleNamespace(run=run, TimeoutExpired=subprocess.TimeoutExpired)


OLD, NONE = answering(b"git version 2.11.0\n"), answering(b"")
FEW = SimpleNamespace(
    getrlimit=lambda _which: (256, 256), RLIMIT_NOFILE=7, RLIM_INFINITY=-1
)
FAULTS = [
    (machine.disk, "shutil.disk_usage", little_room, "MiB free", "make room"),
    (machine.git, "subprocess", OLD, "2.11.0", "install git 2.36"),
    (machine.git, "subprocess", NONE, "does not answer", "install git"),
    (machine.open_files, "resource", FEW, "256 open", "ulimit -n"),
    (machine.watches, "_number", lambda _file: 1, "1 watches", "sysctl fs.inotify"),
    (machine.packages, "metadata.version", lambda _name: "0.0.1", "older", "pip"),
    (machine.python, "OLDEST_PYTHON", (9, 0), "3.", "Python 9.0"),
]


@pytest.mark.parametrize(("check", "what", "fault", "said", "mend"), FAULTS)
def test_a_fault_of_the_machine_is_found(
    repo: Repo, monkeypatch, check, what: str, fault, said: str, mend: str
):
    monkeypatch.setattr(f"qualitywatch.cli.checkup.machine.{what}", fault)

    ((found, way_out),) = wrongs(repo, check)

    assert said in found
    assert mend in way_out


def test_the_limit_of_open_files_counts_what_may_still_be_raised(repo, monkeypatch):
    monkeypatch.setattr(resource, "getrlimit", lambda _which: (256, 9000))

    assert [] == wrongs(repo, machine.open_files)


def test_a_daemon_that_hangs_is_found(repo: Repo):
    state_dir = state_dir_of(repo.root)
    with held(state_dir):
        Running(
            pid=os.getpid(),
            url="http://127.0.0.1:1",
            socket=str(state_dir / "hub.sock"),
            version="0.0",
        ).write(state_dir)
        found = wrongs(repo, guard.daemon)

    words = ("hub.sock", "http://127.0.0.1:1", "version 0.0")
    assert all(word in said for (said, _), word in zip(found, words, strict=True))
    assert all("qualitywatch stop" in mend for _, mend in found)


@pytest.fixture
def watched(repo: Repo, capsys: pytest.CaptureFixture[str]) -> Iterator[Operator]:
    operator = Operator(repo.root, capsys)
    with Watching(operator):
        yield operator


def test_where_all_is_well_it_says_so_and_changes_nothing(watched: Operator):
    before = Repo(watched.root).git("status", "--porcelain")

    asked = watched.run("doctor", str(watched.root), "--format", "json")

    wrong = [one for one in asked.data["checks"] if one["standing"] == "wrong"]
    assert (0, []) == (asked.code, wrong)
    assert set(doctor.CHECKS) == {one["check"] for one in asked.data["checks"]}
    assert before == Repo(watched.root).git("status", "--porcelain")


def test_without_a_daemon_no_file_is_made(repo: Repo, capsys):
    folder = state_dir_of(repo.root)
    before = {file: file.stat().st_mtime_ns for file in folder.rglob("*")}

    for words in (["doctor"], ["status", "--repo"], ["export", "--repo"]):
        Operator(repo.root, capsys).run(*words, str(repo.root))

    assert before == {file: file.stat().st_mtime_ns for file in folder.rglob("*")}


def test_a_bare_repository_needs_the_hook_of_a_server_and_no_daemon(
    repo: Repo, tmp_path: Path, capsys
):
    bare = tmp_path / "bare.git"
    repo.git("clone", "-q", "--bare", ".", str(bare))

    asked = Operator(bare, capsys).run("doctor", str(bare), "--format", "json")

    (wrong,) = [one for one in asked.data["checks"] if one["standing"] == "wrong"]
    assert "pre-receive is not installed" == wrong["said"]
    assert "qualitywatch hooks install git --server" == wrong["mend"]


def test_what_is_wrong_makes_it_fail(repo: Repo, capsys):
    asked = Operator(repo.root, capsys).run("doctor", str(repo.root))

    assert 1 == asked.code
    assert "BAD daemon" in asked.out
    assert "mend: qualitywatch start" in asked.out


def test_a_probe_passes_no_commit(repo: Repo, monkeypatch):
    monkeypatch.setenv("QUALITYWATCH_PROBE", "0" * 32)
    repo.write("app.py", "x = 2\n")
    repo.git("add", ".")

    refused = subprocess.run(
        ["git", "commit", "-qm", "x"], cwd=repo.root, capture_output=True
    )

    assert 1 == refused.returncode
