"""What git ignores, and what it overlooks: neither can hide what is committed."""

import os
import time
from collections.abc import Iterator

import pytest

from qualitywatch.git import Repository
from tests.conftest import Repo

MANY = [f"new{number}.py" for number in range(30)]  # more than are asked one by one


@pytest.fixture
def opened(repo: Repo) -> Iterator[Repository]:
    repo.commit(
        **{".gitignore": "*.log\nbuild/\n", "app.py": "x = 1\n", "src/lib.py": "y\n"}
    )
    repo.write("kept.log", "x")
    repo.write("build/kept.py", "x")
    repo.git("add", "--force", "kept.log", "build/kept.py")
    with Repository.discover(repo.root) as opened:
        yield opened


@pytest.mark.parametrize("others", [[], MANY], ids=["few", "many"])
def test_few_paths_and_many_are_answered_alike(opened: Repository, others):
    asked = [
        *("a.log", "kept.log", "app.py", "build/", "build/other.py", "src/", "dist/"),
        *("with space.log", "line\nend.log"),
    ]

    expected = {"a.log", "build/other.py", "with space.log", "line\nend.log"}
    assert expected == opened.ignored([*asked, *others])


@pytest.mark.parametrize("others", [[], MANY], ids=["few", "many"])
def test_what_head_holds_is_not_ignored(repo: Repo, opened: Repository, others):
    """Nobody hides a file by taking it out of the index and naming it."""
    repo.write(".git/info/exclude", "app.py\nsrc/\n")
    repo.git("rm", "-q", "-r", "--cached", "app.py", "src")

    assert set() == opened.ignored(["app.py", "src/", "src/lib.py", *others])


def test_what_git_was_told_to_overlook_is_named(repo: Repo, opened: Repository):
    repo.git("update-index", "--assume-unchanged", "app.py")
    repo.git("update-index", "--skip-worktree", "src/lib.py", ".gitignore")
    (repo.root / ".gitignore").unlink()  # as in a sparse checkout

    assert ["app.py", "src/lib.py"] == opened.overlooked()


def test_a_setting_of_git_hides_no_change(repo: Repo, opened: Repository):
    """Of the same size, with the time of the old one, and git told to trust that."""
    repo.commit()
    repo.git("config", "core.trustctime", "false")
    repo.git("config", "core.checkStat", "minimal")
    file = repo.root / "app.py"
    os.utime(file, (1, 1))
    repo.git("status")
    before = file.stat()
    time.sleep(1.1)  # git compares times by the second
    file.write_text("x = 2\n")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))

    assert "" == repo.git("status", "--porcelain")
    assert ["app.py"] == [row.path for row in opened.worktree_changes()]


def test_only_a_folder_of_head_is_held(repo: Repo, opened: Repository):
    other = Repo(repo.root / "inner")
    other.root.mkdir()
    other.git("init", "-q")
    other.commit(**{"a.py": "x\n"})
    repo.commit("a link to a repository")
    repo.write("untracked/a.py", "x")

    folders = ["src", "inner", "untracked", "app.py", "nowhere"]
    assert ["src"] == [folder for folder in folders if opened.holds_folder(folder)]


def test_ids_are_those_of_what_head_holds(repo: Repo, opened: Repository):
    repo.commit()
    repo.write("app.py", "x = 2\n")
    repo.git("add", "app.py")

    assert repo.git("rev-parse", "HEAD:app.py") == opened.ids("HEAD")["app.py"]
