"""What git is in the midst of is not taken for done."""

import asyncio
import os
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple

import pytest

from qualitywatch.config import Config
from qualitywatch.git import Repository
from qualitywatch.judge import Heads
from qualitywatch.judge.checkout import Checkout
from qualitywatch.judge.following import Follower
from tests.conftest import Repo
from tests.integration.house import House


class Scene(NamedTuple):
    checkout: Checkout
    follower: Follower
    committed: list[str]
    lock: Path


@pytest.fixture
async def scene(repo: Repo, tmp_path: Path) -> AsyncIterator[Scene]:
    """A checkout that is followed since its first commit."""
    repo.commit(**{"app.py": "x = 1\n"})
    (tmp_path / "house").mkdir()
    house = House(tmp_path / "house")
    await house.start()
    committed: list[str] = []
    with Repository.discover(repo.root) as repository:
        checkout = Checkout(
            *(repo.root, "repo", repository, house.store),
            settings=Config(),
            wall=time.time,
        )
        follower = Follower(
            Heads(house.folder),
            lambda _, paths: committed.extend(paths),
            lambda _, seconds: _nothing(),
        )
        await follower.stand(checkout)
        await follower.follow(checkout)
        yield Scene(checkout, follower, committed, repo.root / ".git/index.lock")
    await house.stop()


async def _nothing() -> None:
    return None


async def test_while_git_holds_its_lock_it_is_still_moving(scene: Scene):
    """It has written files, and `HEAD` is the old one: to follow it now is too soon."""
    with scene.lock.open("w"):
        await scene.follower.follow(scene.checkout)
        assert await scene.checkout.has_git_moved()
    scene.lock.unlink()
    await scene.follower.follow(scene.checkout)

    assert not await scene.checkout.has_git_moved()


async def test_a_lock_that_was_left_behind_is_no_move(scene: Scene):
    scene.lock.touch()
    await scene.follower.follow(scene.checkout)

    assert not await scene.checkout.has_git_moved()


async def test_a_commit_is_told_once_and_forgotten_when_it_was_judged(
    repo: Repo, scene: Scene
):
    checkout, before = scene.checkout, scene.checkout.head
    judged, missed = repo.write("judged.py", "x = 2\n"), "missed.py"
    repo.write(missed, "x = 3\n")
    file = await checkout.read(judged.name)
    checkout.paths.of(judged.name).last = file.mark
    checkout.settled(judged.name, file, await checkout.base(judged.name))
    repo.commit()
    await scene.follower.catch_up(checkout)
    await scene.follower.catch_up(checkout)

    assert [missed] == scene.committed
    assert before == checkout.paths.of(missed).pin.commit
    assert checkout.paths.get(judged.name) is None


async def test_a_branch_switch_is_nobodys_edit(repo: Repo, scene: Scene):
    repo.git("checkout", "-q", "-b", "other")
    repo.commit(**{"app.py": "x = 2\n"})
    await scene.follower.follow(scene.checkout)
    scene.committed.clear()
    scene.checkout.wait_for("mine.py")
    repo.git("checkout", "-q", "main")
    await scene.follower.follow(scene.checkout)

    assert [] == scene.committed
    assert repo.git("rev-parse", "main") == scene.checkout.head
    assert scene.checkout.head == scene.checkout.paths.of("mine.py").pin.commit


def _made_beside(repo: Repo, **files: str) -> str:
    """A commit on `HEAD` that no work tree and no ref has ever held."""
    repo.git("checkout", "-q", "--detach")
    repo.commit(**files)
    made = repo.git("commit-tree", "HEAD^{tree}", "-p", "main", "-m", "beside")
    repo.git("checkout", "-q", "main")
    return made


@pytest.mark.parametrize(
    "bring",
    [
        ("reset", "-q", "--hard"),
        ("merge", "-q", "--ff-only"),
        ("checkout", "-q", "--detach"),
        ("update-ref", "-m", "checkout: moving from here to there", "HEAD"),
    ],
    ids=lambda words: words[0],
)
async def test_a_commit_made_beside_the_work_tree_is_an_edit(
    repo: Repo, scene: Scene, bring: tuple[str, ...]
):
    """Whoever drops code there and then checks it out has edited all the same."""
    before, made = scene.checkout.head, _made_beside(repo, **{"app.py": "x = 2\n"})
    await scene.follower.follow(scene.checkout)
    scene.committed.clear()
    repo.git(*bring, made)
    await scene.follower.follow(scene.checkout)

    assert ["app.py"] == scene.committed
    assert before == scene.checkout.paths.of("app.py").pin.commit


async def test_a_commit_that_calls_itself_a_rebase_is_an_edit(
    repo: Repo, scene: Scene, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("GIT_REFLOG_ACTION", "rebase (pick)")
    repo.commit(**{"app.py": "x = 2\n"})
    await scene.follower.follow(scene.checkout)

    assert ["app.py"] == scene.committed


async def test_what_another_machine_gave_us_is_nobodys_edit(repo: Repo, scene: Scene):
    made = _made_beside(repo, **{"app.py": "x = 2\n"})
    await scene.follower.follow(scene.checkout)
    scene.committed.clear()
    repo.git("update-ref", "refs/remotes/origin/main", made)
    repo.git("merge", "-q", "--ff-only", "origin/main")
    await scene.follower.follow(scene.checkout)

    assert [] == scene.committed


async def test_a_rebase_of_what_was_judged_is_nobodys_edit(repo: Repo, scene: Scene):
    repo.git("checkout", "-q", "-b", "side")
    repo.commit(**{"side.py": "x = 2\n"})
    await scene.follower.follow(scene.checkout)
    repo.git("checkout", "-q", "main")
    repo.commit(**{"app.py": "x = 3\n"})
    await scene.follower.follow(scene.checkout)
    scene.committed.clear()
    repo.git("checkout", "-q", "side")
    await scene.follower.follow(scene.checkout)
    repo.git("rebase", "-q", "main")
    await scene.follower.follow(scene.checkout)

    assert [] == scene.committed
    assert repo.git("rev-parse", "side") == scene.checkout.head


@pytest.mark.parametrize("name", ["MERGE_HEAD", "FETCH_HEAD", "logs/HEAD"])
async def test_a_pipe_where_git_has_a_file_stalls_nobody(
    repo: Repo, scene: Scene, name: str
):
    """Anybody can make one: to read it would wait for ever, with the lock held."""
    made = _made_beside(repo, **{"app.py": "x = 2\n"})
    await scene.follower.follow(scene.checkout)
    repo.git("reset", "-q", "--hard", made)
    pipe = repo.root / ".git" / name
    pipe.unlink(missing_ok=True)
    os.mkfifo(pipe)
    async with asyncio.timeout(10):
        await scene.follower.follow(scene.checkout)
        assert await scene.checkout.is_brought_in("app.py", b"x = 3\n") is False

    assert made == scene.checkout.head
