"""Many checkouts of one repository, storms of git in them, and a second repository."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from qualitywatch.config import Watch
from qualitywatch.daemon.tasks import Tasks
from qualitywatch.daemon.workspaces import Workspaces
from qualitywatch.gate import concern
from qualitywatch.git import Repository
from tests.conftest import Repo
from tests.integration.daemons import Daemon
from tests.integration.house import House
from tests.integration.test_daemon import LAZY, WHOLE
from tests.integration.watched import write_all

SETTINGS = "[watch]\nsettle_ms = 300\nclaim_ms = 100\n"


@pytest.fixture
def start() -> Iterator[Callable[..., Daemon]]:
    """Starts a daemon; all end with the test."""
    running: list[Daemon] = []

    def start(root: Path, *options: str) -> Daemon:
        daemon = Daemon(root, *(options or ("--port", "0")))
        running.append(daemon)
        return daemon

    yield start
    for daemon in running:
        daemon.end(signal.SIGKILL)


# Storms of git

SLOW = ("a.txt", "z.txt")  # the first and the last that a checkout writes


def test_a_slow_checkout_is_nobodys_edit_and_a_save_during_it_is(start, repo: Repo):
    """git writes files first and `HEAD` last, and may take seconds in between."""
    files = [f"src/part{number}.py" for number in range(300)]
    repo.commit(
        **dict.fromkeys([*files, "mine.py"], WHOLE), **dict.fromkeys(SLOW, "1\n")
    )
    repo.git("checkout", "-q", "-b", "worse")
    repo.commit(**dict.fromkeys(files, LAZY), **dict.fromkeys(SLOW, "2\n"))
    repo.git("checkout", "-q", "main")
    repo.git("config", "filter.slow.smudge", "sleep 2; cat")
    repo.write(".git/info/attributes", "*.txt filter=slow\n")
    repo.write("qualitywatch.toml", SETTINGS)
    daemon = start(repo.root)

    switching = asyncio.run(_switch(repo))

    assert switching > 3.5
    assert "mine.py" == daemon.event("violation.recorded")["path"]
    repo.write("last.py", LAZY)
    recorded = []
    while "last.py" not in recorded:
        recorded.append(daemon.event("change.analysed")["path"])
    assert set(recorded) <= {"mine.py", "last.py"}


async def _switch(repo: Repo) -> float:
    """Seconds that the checkout took; in the midst of it somebody saves a file."""
    begun = time.monotonic()
    switching = asyncio.create_task(
        asyncio.to_thread(repo.git, "checkout", "-q", "worse")
    )
    await asyncio.sleep(1)
    repo.git("branch", "another")  # a move of git before the checkout is done
    await asyncio.to_thread(_until_holds, repo.root / "src/part299.py", LAZY)
    repo.write("mine.py", LAZY)
    await switching
    return time.monotonic() - begun


def _until_holds(file: Path, text: str) -> None:
    while text != file.read_text():
        time.sleep(0.02)


def test_a_lock_that_nobody_holds_is_no_excuse(start, repo: Repo):
    """Else whoever makes one would never be judged."""
    repo.commit(**{"app.py": WHOLE})
    daemon = start(repo.root)
    repo.write(".git/index.lock", "")
    repo.write("app.py", LAZY)

    assert "elided-code" == daemon.event("violation.recorded")["rule"]


# Several repositories


def test_two_daemons_side_by_side_do_not_disturb_each_other(start, make_repo):
    one, two = make_repo("one"), make_repo("two")
    for repo in (one, two):
        repo.commit(**{"app.py": WHOLE})
    daemons = [start(one.root), start(two.root)]
    one.write("first.py", LAZY)
    two.write("second.py", LAZY)

    paths = [daemon.event("change.analysed")["path"] for daemon in daemons]
    assert ["first.py", "second.py"] == paths
    assert daemons[0].ready.split()[1] != daemons[1].ready.split()[1]
    assert 0 == daemons[0].end()
    two.write("third.py", LAZY)
    assert "third.py" == daemons[1].event("change.analysed", path="third.py")["path"]


# Hints


class SlowJudge:
    """Judges nothing until it is let go, and counts who waits."""

    def __init__(self) -> None:
        self.go = asyncio.Event()
        self.saves: list[str] = []
        self.waiting = self.most = 0

    async def is_new(self) -> bool:
        return False

    async def open(self, *arguments, **options) -> None:
        return None

    async def saved(self, root: Path, path: str, *, renamed_from: str | None) -> None:
        self.waiting += 1
        self.most = max(self.most, self.waiting)
        await self.go.wait()
        self.saves.append(path)
        self.waiting -= 1

    async def git_moved(self, root: Path) -> None:
        return None


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    (tmp_path / "house").mkdir()
    house = House(tmp_path / "house")
    await house.start()
    yield house
    await house.stop()


@asynccontextmanager
async def workspaces(root: Path, house: House, judge) -> AsyncIterator[Workspaces]:
    async def complain(error: Exception) -> None:
        raise error

    async with Tasks(complain) as tasks:
        opened = Workspaces(
            warden=house.warden,
            tasks=tasks,
            settings=Watch(),
            state_dir=house.folder,
            main=root,
        )
        await opened.open_all(judge)
        yield opened


async def test_a_judge_that_is_slow_is_not_flooded_and_nothing_is_lost(
    repo: Repo, house: House
):
    """What waits is in the watcher's set of paths, each of them once."""
    judge = SlowJudge()
    paths = [f"d{number}/a.py" for number in range(300)]
    async with workspaces(repo.root, house, judge) as opened:
        for _ in range(4):
            write_all(repo.root, paths)
            await asyncio.sleep(0.3)
        judge.go.set()
        await opened.barrier()

    assert set(paths) == set(judge.saves)
    assert judge.most <= 64
    assert len(judge.saves) < 4 * len(paths)  # not once for each round


# Names


async def test_two_workspaces_of_one_folder_name_have_two_names(tmp_path: Path):
    house = House(tmp_path)
    await house.start()
    names = [
        await house.store.name_workspace(p, "repo") for p in ("/a/repo", "/b/repo")
    ]
    await house.restart()
    again = [
        await house.store.name_workspace(p, "repo") for p in ("/b/repo", "/a/repo")
    ]
    other = await house.store.name_workspace("/c/Repo 2", "Repo 2")
    quarantine = await house.warden.impose("ws:repo-2", "to see", by="operator")
    await house.stop()

    assert ["repo", "repo-2"] == names
    assert ["repo-2", "repo"] == again
    assert "repo-2-2" == other
    assert "/b/repo" == quarantine.workspace


def test_what_one_of_two_namesakes_did_stops_the_other_one_not(start, repo: Repo):
    """Quarantine, mirror and stream go by the path of a workspace."""
    settings = f'{SETTINGS}[policy]\nunattributed = "quarantine"\n'
    repo.commit(**{"app.py": WHOLE, "qualitywatch.toml": settings})
    second = Repo(repo.root.parent / "other" / "repo")
    repo.git("worktree", "add", "-q", str(second.root))
    daemon = start(repo.root)
    second.write("app.py", LAZY)
    imposed = daemon.event("quarantine.imposed")
    agents = [root for root in (repo.root, second.root) if _is_stopped(root)]
    repo.write("app.py", LAZY)

    assert ("ws:repo-2", str(second.root)) == (imposed["subject"], imposed["workspace"])
    assert [second.root] == agents
    assert "ws:repo" == daemon.event("quarantine.imposed")["subject"]


def _is_stopped(root: Path) -> bool:
    """What a hook in *root* reads in the mirror."""
    with Repository.discover(root) as found:
        known = concern.known_state(found)
    return bool(concern.concerned(known, agent=None, workspaces=[root]))


def test_what_was_hidden_from_git_while_nobody_watched_is_found(start, repo: Repo):
    """Whoever edits can write git's index too, flags and times and all."""
    files = ("flagged.py", "skipped.py", "timed.py")
    repo.commit(**dict.fromkeys(files, WHOLE), **{"qualitywatch.toml": SETTINGS})
    start(repo.root).end()
    repo.git("update-index", "--assume-unchanged", "flagged.py")
    repo.git("update-index", "--skip-worktree", "skipped.py")
    for name in files:
        file = repo.root / name
        before = file.stat()
        file.write_text(LAZY.ljust(before.st_size, "\n"))
        os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    daemon = start(repo.root)

    found = {daemon.event("violation.recorded")["path"] for _ in files}
    assert set(files) == found
