"""A file that was moved by hand, which git has not been told of."""

from __future__ import annotations

from pathlib import Path

import pytest

from qualitywatch.git import PathChange, Repository
from qualitywatch.model import ChangeType
from tests.conftest import Repo

TEXT = "".join(f"line {number}\n" for number in range(20))


def _changes(root: Path) -> list[PathChange]:
    repository = Repository.discover(root)
    assert repository is not None
    with repository:
        return repository.worktree_changes()


@pytest.mark.parametrize("name", ["new.py", "a b.py", ":(top)x.py", "*.py", "ü.py"])
def test_it_is_a_rename(repo: Repo, name: str) -> None:
    """As it will be once it is staged, whatever it is called."""
    repo.commit(**{"old.py": TEXT, "x.py": "x\n"})
    (repo.root / "old.py").rename(repo.root / "moved")
    (repo.root / "moved").rename(repo.root / name)
    repo.write(name, TEXT + "more\n")
    repo.write("other.py", "a = 1\n")

    moved, other = sorted(_changes(repo.root), key=lambda row: row.path == "other.py")

    assert (moved.path, moved.old_path) == (name, "old.py")
    assert (moved.change_type, moved.after_id) == (ChangeType.RENAME, None)
    assert (other.path, other.change_type) == ("other.py", ChangeType.INSERT)


def test_it_is_seen_from_any_folder(repo: Repo) -> None:
    """Paths are those of the repository."""
    repo.commit(**{"a/old.py": TEXT, "b/x.py": "x\n"})
    (repo.root / "a" / "old.py").rename(repo.root / "b" / "new.py")

    [row] = _changes(repo.root / "b")

    assert (row.path, row.old_path) == ("b/new.py", "a/old.py")


def test_nothing_is_written(repo: Repo) -> None:
    """Neither the index nor an object: to look is not to stage."""
    repo.commit(**{"old.py": TEXT})
    (repo.root / "old.py").rename(repo.root / "new.py")
    before = _files(repo.root / ".git")
    status = repo.git("--no-optional-locks", "status", "--porcelain")

    _changes(repo.root)

    assert before == _files(repo.root / ".git")
    assert status == repo.git("--no-optional-locks", "status", "--porcelain")


def _files(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
