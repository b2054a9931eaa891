"""The daemon as a process: it starts, says so, stays alone, ends well, comes back."""

import asyncio
import json
import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from websockets.asyncio.client import connect

import qualitywatch
from qualitywatch import mirror
from qualitywatch.daemon.place import Running, enrol, held, is_held, mark, state_dir_of
from qualitywatch.daemon.tasks import Tasks
from qualitywatch.errors import InTheWay, MachineError
from tests.conftest import Repo
from tests.integration.daemons import Daemon

BODY = "".join(f"    value_{n} = compute_{n}()\n" for n in range(12))
WHOLE = f"def total():\n{BODY}    return value_0\n"
LAZY = "def total():\n    # ... rest of the function unchanged\n    return value_0\n"
SOURCES = str(Path(qualitywatch.__file__).parents[1])


@pytest.fixture
def start(repo: Repo) -> Iterator[Callable[..., Daemon]]:
    """Starts a daemon in a repository with one good file."""
    repo.commit(**{"app.py": WHOLE})
    running: list[Daemon] = []

    def start(*options: str, root: Path = repo.root) -> Daemon:
        daemon = Daemon(root, *(options or ("--port", "0")))
        running.append(daemon)
        return daemon

    yield start
    for daemon in running:
        daemon.end(signal.SIGKILL)


@pytest.fixture
def state_dir(repo: Repo) -> Path:
    return state_dir_of(repo.root)


def test_it_says_once_that_it_is_ready(start, repo: Repo):
    daemon = start()

    assert daemon.ready.startswith("ready: http://127.0.0.1:")
    assert daemon.ready.endswith(f" watching {repo.root}\n")


def test_a_save_becomes_an_event(start, repo: Repo):
    daemon = start()
    repo.write("app.py", LAZY)

    assert "elided-code" == daemon.event("violation.recorded")["rule"]


def test_a_save_in_a_linked_worktree_becomes_an_event(start, repo: Repo):
    repo.git("worktree", "add", "-q", "../linked")
    daemon = start()
    Repo(repo.root.parent / "linked").write("app.py", LAZY)

    assert "elided-code" == daemon.event("violation.recorded")["rule"]


def test_a_worktree_made_meanwhile_is_watched(start, repo: Repo):
    daemon = start()
    repo.git("worktree", "add", "-q", "../linked")
    Repo(repo.root.parent / "linked").write("app.py", LAZY)

    assert "elided-code" == daemon.event("violation.recorded")["rule"]


def test_a_worktree_that_git_removed_costs_nothing_more(start, repo: Repo):
    """Agents come and go: what watches for them must go with them."""
    daemon = start()
    linked = repo.root.parent / "linked"
    repo.git("worktree", "add", "-q", str(linked))
    Repo(linked).write("app.py", LAZY)
    daemon.event("violation.recorded")
    children = psutil.Process(daemon.process.pid).children()
    reading = [child for child in children if child.cwd() == str(linked)]
    assert reading

    repo.git("worktree", "remove", "--force", str(linked))

    assert [] == psutil.wait_procs(reading, timeout=10)[1]


def test_without_a_passphrase_it_makes_one_and_shows_it_once(start):
    start().end()
    shown = [line for line in start().errors.splitlines() if "passphrase:" in line]

    assert 1 == len(shown)


def test_others_find_it(start, state_dir: Path):
    daemon = start()
    running = Running.read(state_dir)

    assert daemon.process.pid == running.pid
    assert running.url in daemon.ready
    assert stat.S_ISSOCK(Path(running.socket).stat().st_mode)


@pytest.fixture
def loose_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def test_the_state_is_nobody_elses(start, state_dir: Path, loose_umask: None):
    start()
    modes = {p.name: stat.S_IMODE(p.stat().st_mode) for p in state_dir.iterdir()}

    assert 0o700 == stat.S_IMODE(state_dir.stat().st_mode)
    assert {} == {name: oct(m) for name, m in modes.items() if m & 0o077}


@pytest.mark.parametrize(
    ("how", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130), (signal.SIGHUP, 0)]
)
def test_it_ends_well(start, state_dir: Path, how, code):
    daemon = start()
    children = psutil.Process(daemon.process.pid).children(recursive=True)

    assert code == daemon.end(how)
    assert Running.read(state_dir) is None
    assert not (state_dir / "daemon.json").exists()
    assert not (state_dir / "state.db-wal").exists()
    assert [] == psutil.wait_procs(children, timeout=5)[1]
    assert "Traceback" not in daemon.errors


def test_a_forged_mirror_is_told_and_written_anew(start, state_dir: Path):
    daemon = start()
    file = state_dir / mirror.FILE_NAME
    ours = file.read_bytes()
    file.write_bytes(ours.replace(b"[]", b"[ ]"))

    daemon.event("daemon.degraded", what="mirror")  # the sentinel may be first to tell
    assert ours == file.read_bytes()


def test_a_second_one_gives_way(start, repo: Repo):
    first = start()
    second = start()

    assert 75 == second.end()
    assert f"pid {first.process.pid}" in second.errors
    assert first.ready.split()[1] in second.errors


def test_the_same_repository_by_another_path_is_the_same(start, repo: Repo):
    start()
    alias = repo.root.parent / "alias"
    alias.symlink_to(repo.root)

    assert 75 == start("--port", "0", root=alias).end()


def test_a_port_that_is_taken_is_said(start, state_dir: Path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        daemon = start("--port", str(port))

        assert 75 == daemon.end()
        assert f"port {port} is taken by pid {os.getpid()}" in daemon.errors
    assert not is_held(state_dir)


def test_without_a_port_the_next_free_one_is_taken(start, repo: Repo):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        repo.write("qualitywatch.toml", f"[hub]\nport = {port}\n")
        daemon = start("--format", "jsonl")

        assert int(daemon.ready.split()[1].rpartition(":")[2]) > port


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[hub]\nprot = 1\n", "did you mean `port`?"),
        ('[hub]\nport = "x"\n', "hub.port"),
        ("[hub\n", "qualitywatch.toml"),
    ],
)
def test_a_broken_setting_stops_it_with_a_hint(start, repo: Repo, text, said):
    repo.write("qualitywatch.toml", text)
    daemon = start()

    assert 2 == daemon.end()
    assert said in daemon.errors


def test_a_broken_rule_stops_it(start, repo: Repo):
    repo.write(".qualitywatch/rules/logic-error/mine.md", "# `other`\n")
    daemon = start()

    assert 2 == daemon.end()
    assert "mine.md:1" in daemon.errors


def test_a_missing_folder_is_wrong_usage(start, repo: Repo):
    assert 2 == start("--port", "0", root=repo.root / "none").end()


def test_killed_it_comes_back_with_its_quarantines(start, repo: Repo):
    """Also with what was dropped meanwhile, and without any tidying."""
    repo.write("qualitywatch.toml", '[policy]\nunattributed = "quarantine"\n')
    first = start()
    repo.write("app.py", LAZY)
    first.event("quarantine.imposed")
    first.end(signal.SIGKILL)
    repo.write("other.py", WHOLE)
    second = start()

    assert second.ready.startswith("ready:")
    assert second.event("change.analysed", path="other.py")
    mirror = json.loads((state_dir_of(repo.root) / "quarantines.json").read_text())
    assert ["ws:repo"] == [q["subject"] for q in mirror["quarantines"]]


def test_a_state_folder_that_vanished_is_never_made_anew(start, state_dir: Path):
    """Whoever removes it would be released otherwise."""
    start().end()
    state_dir.rename(state_dir.with_name("taken-away"))
    daemon = start()

    assert 2 == daemon.end()
    assert "init --again" in daemon.errors
    assert not state_dir.exists()


def test_a_folder_without_git_is_watched_and_said(start, tmp_path: Path):
    root = tmp_path / "plain"
    root.mkdir()
    (root / "app.py").write_text(WHOLE)
    daemon = start("--port", "0", root=root)
    (root / "app.py").write_text(LAZY)

    assert "elided-code" == daemon.event("violation.recorded")["rule"]
    assert "is no git repository" in daemon.errors


def test_a_hostile_name_does_not_reach_the_terminal(repo: Repo):
    """An escape sequence in a file's name could hide the verdict."""
    path = "a\x1b[2J\nb.py"
    repo.commit(**{path: WHOLE})
    command = [sys.executable, "-m", "qualitywatch", "watch", str(repo.root)]
    process = subprocess.Popen(
        [*command, "--port", "0"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "PYTHONPATH": SOURCES},
        start_new_session=True,
    )
    with process:
        process.stdout.readline()
        repo.write(path, LAZY)
        line = process.stdout.readline()
        process.terminate()

    assert r"elided-code a\x1b[2J\nb.py:2" in line


# Tasks


async def test_a_task_that_fails_ends_alone():
    told: asyncio.Queue[Exception] = asyncio.Queue()

    async def fail() -> None:
        raise LookupError("a bug")

    async with Tasks(told.put) as tasks:
        tasks.spawn(fail())
        error = await asyncio.wait_for(told.get(), timeout=5)

    assert "a bug" == str(error)


async def test_a_task_that_is_kept_begins_anew(monkeypatch: pytest.MonkeyPatch):
    """Else whoever finds one odd file ends a watch for as long as the daemon runs."""
    monkeypatch.setattr("qualitywatch.daemon.tasks.RETRY_SECONDS", 0.01)
    told: asyncio.Queue[Exception] = asyncio.Queue()
    begun = 0

    async def fail() -> None:
        nonlocal begun
        begun += 1
        raise LookupError("a bug")

    async with Tasks(told.put) as tasks:
        tasks.keep(fail)
        async with asyncio.timeout(5):
            await told.get()
            await told.get()

    assert 2 <= begun


async def test_tasks_end_with_their_owner():
    ended = asyncio.Event()

    async def wait() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    async with Tasks(print) as tasks:
        tasks.spawn(wait())
        await asyncio.sleep(0)

    assert ended.is_set()


# The place, without a process


def test_the_lock_is_for_one(tmp_path: Path):
    with held(tmp_path), pytest.raises(InTheWay) as refused, held(tmp_path):
        pass

    assert f"pid {os.getpid()}" in str(refused.value)


def test_the_lock_is_free_again(tmp_path: Path):
    with held(tmp_path):
        pass

    assert not is_held(tmp_path)
    with held(tmp_path):
        assert is_held(tmp_path)


def test_a_stale_daemon_file_is_no_daemon(tmp_path: Path):
    """SIGKILL leaves it behind."""
    Running(pid=1, url="http://127.0.0.1:1", socket="x", version="1").write(tmp_path)

    assert Running.read(tmp_path) is None


@pytest.mark.parametrize("which", ["git config", "user's folder"])
def test_either_mark_alone_shows_that_the_state_is_gone(repo: Repo, which):
    state_dir = enrol(repo.root)
    (state_dir / "state.db").touch()
    mark(repo.root)
    (state_dir / "state.db").unlink()
    if which == "git config":
        for file in Path(os.environ["XDG_STATE_HOME"], "qualitywatch").iterdir():
            file.unlink()
    else:
        repo.git("config", "--unset", "qualitywatch.enrolled")

    with pytest.raises(MachineError):
        enrol(repo.root)
    assert state_dir == enrol(repo.root, again=True)


def test_a_state_folder_open_to_all_is_closed(repo: Repo):
    state_dir_of(repo.root).mkdir(mode=0o777)

    assert 0o700 == stat.S_IMODE(enrol(repo.root).stat().st_mode)


async def test_open_gives_the_browser_a_ticket_to_look(start, repo: Repo, monkeypatch):
    """The page opens signed in, and its ticket can release nobody."""
    opened = repo.root.parent / "opened"
    os.mkfifo(opened)
    browser = repo.root.parent / "browser"
    browser.write_text(f'#!/bin/sh\nprintf %s "$1" > {opened}\n')
    browser.chmod(0o755)
    monkeypatch.setenv("BROWSER", f"{browser} %s")
    start("--port", "0", "--open")
    address = await asyncio.to_thread(opened.read_text)
    url, _, ticket = address.partition("#token=")

    async with connect(f"{url.replace('http', 'ws', 1)}ws") as hub:
        await hub.send(_call("session.hello", token=ticket))
        assert "observer" == json.loads(await hub.recv())["result"]["role"]
        await hub.send(_call("operator.nonce"))
        assert "FORBIDDEN" == json.loads(await hub.recv())["error"]["data"]["code"]


def _call(method: str, **params: str) -> str:
    return json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
