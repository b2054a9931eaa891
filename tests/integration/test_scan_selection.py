"""Which files of a tree are looked into, in real folders and repositories."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from qualitywatch.errors import UserError
from qualitywatch.scan import Selection, selected, selection
from tests.conftest import Repo

TEXT = "x = 1\n"


def paths(selection: Selection) -> list[str]:
    return sorted(file.path for file in selection.files)


def skipped(selection: Selection) -> dict[str, str]:
    return {each.path: each.reason for each in selection.skipped}


def test_repository(repo: Repo) -> None:
    """Tracked files, whatever .gitignore says, and new ones that it does not name."""
    repo.commit(**{"a.py": TEXT, "build/kept.py": TEXT, "gone.py": TEXT})
    repo.write(".gitignore", "build/\nlocal.py\n")
    for name in ("new.py", "local.py", "build/new.py"):
        repo.write(name, TEXT)
    (repo.root / "gone.py").unlink()

    found = selected([repo.root])

    assert [".gitignore", "a.py", "build/kept.py", "new.py"] == paths(found)
    assert (repo.root.resolve(), ()) == (found.root, tuple(found.scope))


def test_part_of_a_repository(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    """Names are those of the repository: a rule may ask where a file lies."""
    for name in ("src/a.py", "src/b/c.py", "srcs/d.py", "e.py"):
        repo.write(name, TEXT)
    monkeypatch.chdir(repo.root / "src")

    found = selected([Path("b"), Path("../e.py")])

    assert ["e.py", "src/b/c.py"] == paths(found)
    assert {"e.py", "src/b"} == found.scope
    assert (True, False) == (found.covers("src/b/x.py"), found.covers("src/bc.py"))


@pytest.mark.parametrize("name", ["*", ":(top)", "[a]", "-v", "a b", 'q"\\', "\n", "ä"])
def test_names_are_no_patterns(repo: Repo, name: str) -> None:
    repo.write(f"{name}/a.py", TEXT)
    repo.write("other/b.py", TEXT)

    assert [f"{name}/a.py"] == paths(selected([repo.root / name]))


def test_name_that_is_no_text(repo: Repo) -> None:
    file = os.fsencode(repo.root) + b"/\xff\x1b[2J.py"
    Path(os.fsdecode(file)).write_text(TEXT)

    assert ["\udcff\x1b[2J.py"] == paths(selected([repo.root]))


@pytest.mark.parametrize("is_git", [True, False])
def test_links_are_not_followed(repo: Repo, tmp_path: Path, is_git: bool) -> None:
    """Neither a link to a file, nor to a folder, nor a folder that became one."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.py").write_text(TEXT)
    root = repo.root
    repo.commit(**{"a.py": TEXT, "was/secret.py": TEXT})
    (root / "was" / "secret.py").unlink()
    (root / "was").rmdir()
    (root / "was").symlink_to(outside)
    (root / "file.py").symlink_to(outside / "secret.py")
    (root / "folder").symlink_to(outside)
    if not is_git:
        repo.git("update-ref", "-d", "HEAD")
        (root / ".git").rename(tmp_path / "no-git")

    found = selected([root])

    assert ["a.py"] == paths(found)
    assert {"symbolic link"} == set(skipped(found).values())
    assert {"file.py", "folder"} <= skipped(found).keys()


def test_parts_that_hold_nothing(repo: Repo) -> None:
    for name in ("a/x.py", "b/y.py"):
        repo.write(name, TEXT)
    repo.write(".gitignore", "b/\n")

    found = selected([repo.root / "a", repo.root / "b"])

    assert (["a/x.py"], ["b"]) == (paths(found), found.empty)


def test_very_many_paths(repo: Repo) -> None:
    names = [f"src/f{number}.py" for number in range(150)]
    for name in (*names, "src/other.py"):
        repo.write(name, TEXT)

    assert sorted(names) == paths(selected([repo.root / name for name in names]))


def test_link_that_a_person_names(tmp_path: Path) -> None:
    """A folder is looked into by its real name; a file stays a link."""
    folder = tmp_path / "real"
    folder.mkdir()
    (folder / "a.py").write_text(TEXT)
    (tmp_path / "link").symlink_to(folder)
    (tmp_path / "link.py").symlink_to(folder / "a.py")

    assert ["a.py"] == paths(selected([tmp_path / "link"]))
    assert {"link.py": "symbolic link"} == skipped(selected([tmp_path / "link.py"]))


@pytest.mark.timeout(10)
def test_what_is_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits at a pipe."""
    os.mkfifo(tmp_path / "pipe.py")
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket.py")
        found = selected([tmp_path])

    assert {"pipe.py": "a named pipe", "socket.py": "a socket"} == skipped(found)


def test_repositories_inside(
    repo: Repo, make_repo: Callable[[str], Repo], tmp_path: Path
) -> None:
    """What belongs to another repository is listed, not judged."""
    other = make_repo("other")
    other.commit(**{"a.py": TEXT})
    repo.commit(**{"b.py": TEXT})
    protocol = ("-c", "protocol.file.allow=always")
    repo.git(*protocol, "submodule", "add", "-q", str(other.root), "module")
    other.git("clone", "-q", ".", str(repo.root / "nested"))

    found = selected([repo.root])

    assert [".gitmodules", "b.py"] == paths(found)
    nested = {"module": "submodule", "nested/": "a repository of its own"}
    assert nested == skipped(found)


def test_conflict_counts_once(repo: Repo) -> None:
    repo.commit(**{"a.py": "one\n"})
    repo.git("checkout", "-q", "-b", "side")
    repo.commit(**{"a.py": "two\n"})
    repo.git("checkout", "-q", "main")
    repo.commit(**{"a.py": "three\n"})
    repo.git("merge", "side", check=False)

    assert ["a.py"] == paths(selected([repo.root]))


@pytest.mark.parametrize("is_git", [True, False])
def test_attributes_of_the_tree(repo: Repo, tmp_path: Path, is_git: bool) -> None:
    repo.write(".gitattributes", "api/* linguist-generated\n")
    repo.write("lib/.gitattributes", "*.js linguist-vendored=true\n")
    for name in ("api/a.py", "lib/b.js", "lib/c.py"):
        repo.write(name, TEXT)
    if not is_git:
        (repo.root / ".git").rename(tmp_path / "no-git")

    found = selected([repo.root])

    assert {
        "api/a.py": "linguist-generated, says .gitattributes",
        "lib/b.js": "linguist-vendored, says .gitattributes",
    } == skipped(found)


def test_plain_folder(tmp_path: Path) -> None:
    for name in ("src/a.py", ".venv/lib/b.py", "node_modules/c/d.js", ".git2/e.py"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text(TEXT)

    found = selected([tmp_path])

    assert [".git2/e.py", "src/a.py"] == paths(found)
    assert {".venv/", "node_modules/"} == skipped(found).keys()


@pytest.mark.parametrize("is_replaced", [True, False])
def test_folder_that_goes_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_replaced: bool
) -> None:
    """What is not there any more stands nowhere."""
    (tmp_path / "gone").mkdir()
    (tmp_path / "a.py").write_text(TEXT)
    listed = selection._entries

    def entries(folder: str) -> list[os.DirEntry[str]]:
        found = listed(folder)
        if (tmp_path / "gone").is_dir():
            (tmp_path / "gone").rmdir()
            if is_replaced:
                (tmp_path / "gone").write_text(TEXT)
        return found

    monkeypatch.setattr(selection, "_entries", entries)
    found = selected([tmp_path])

    assert (["a.py"], ()) == (paths(found), tuple(found.unread))


def test_root_that_goes_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing of it was seen, which is not the same as empty."""
    root = tmp_path / "root"
    root.mkdir()
    listed = selection._entries

    def entries(folder: str) -> list[os.DirEntry[str]]:
        root.rmdir()
        return listed(folder)

    monkeypatch.setattr(selection, "_entries", entries)
    found = selected([root])

    assert ["."] == [row.path for row in found.unread]


@pytest.mark.skipif(os.getuid() == 0, reason="root may read everything")
def test_folder_that_nobody_may_read(tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir(mode=0)

    assert ["closed"] == [each.path for each in selected([tmp_path]).unread]


def test_several_plain_folders(tmp_path: Path) -> None:
    for name in ("a/b/x.py", "a/c/y.py", "a/z.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(TEXT)

    found = selected([tmp_path / "a/b", tmp_path / "a/c/y.py"])

    assert (tmp_path / "a").resolve() == found.root
    assert ["b/x.py", "c/y.py"] == paths(found)


def test_two_repositories_are_two_scans(make_repo: Callable[[str], Repo]) -> None:
    with pytest.raises(UserError, match="same repository"):
        selected([make_repo("a").root, make_repo("b").root])


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such file or folder"):
        selected([tmp_path / "missing"])
