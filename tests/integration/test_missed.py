"""The proof that nothing was missed finds everything that can be missed."""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Repo
from tests.missed import Judged, missed


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@pytest.fixture
def compare(repo: Repo) -> Callable[[Judged], dict[str, str]]:
    """A repository of two files; what differs in it from what was judged."""
    repo.commit(**{"app.py": "x = 1\n", "src/lib.py": "y = 1\n"})

    return lambda judged: missed(repo.root, judged)


def test_a_tree_as_it_was_committed_needs_no_record(compare):
    assert {} == compare({})


def test_what_was_judged_as_it_stands_differs_not(repo: Repo, compare):
    repo.write("app.py", "x = 2\n")
    repo.write("new.py", "z = 1\n")
    (repo.root / "src/lib.py").unlink()

    known = {"app.py": sha256("x = 2\n"), "new.py": sha256("z = 1\n")}
    assert {} == compare({**known, "src/lib.py": None, "gone.py": None})


@pytest.mark.parametrize(
    ("act", "judged", "problem"),
    [
        (lambda r: r.write("app.py", "x = 2\n"), {}, "was never judged"),
        (lambda r: r.write("new.py", "x = 2\n"), {}, "was never judged"),
        (lambda r: r.write("app.py", "x"), {"app.py": "old"}, "with another content"),
        (lambda r: (r.root / "app.py").unlink(), {}, "not judged so"),
        (lambda r: None, {"temporary.py": "1"}, "not judged so"),
        (lambda r: None, {"app.py": None}, "with another content"),
        (lambda r: point(r.root / "app.py"), {}, "was never judged"),
    ],
)
def test_what_was_missed_is_named(repo: Repo, compare, act, judged, problem):
    act(repo)
    [found] = compare(judged).values()

    assert problem in found


def point(file: Path) -> None:
    file.unlink()
    file.symlink_to("src/lib.py")


@pytest.mark.parametrize("flag", ["--assume-unchanged", "--skip-worktree"])
def test_gits_index_can_hide_nothing(repo: Repo, compare, flag):
    repo.git("update-index", flag, "app.py")
    file = repo.root / "app.py"
    before = file.stat()
    file.write_text("x = 2\n")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))

    assert "" == repo.git("status", "--porcelain")
    assert ["app.py"] == list(compare({}))


def test_a_name_that_is_no_text_is_compared(repo: Repo, compare):
    name = os.fsdecode(b"\xff.py")
    repo.commit(**{name: "x = 1\n"})
    assert {} == compare({})
    (repo.root / name).write_text("x = 2\n")

    assert ["\\xff.py"] == list(compare({}))


def test_a_checkout_with_other_line_ends_is_as_committed(repo: Repo, compare):
    repo.commit(**{".gitattributes": "*.txt eol=crlf\n", "a.txt": "a\n"})
    (repo.root / "a.txt").unlink()
    repo.git("checkout", "a.txt")

    assert b"a\r\n" == (repo.root / "a.txt").read_bytes()
    assert {} == compare({})
