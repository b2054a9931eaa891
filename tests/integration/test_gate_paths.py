"""What a path is to a gate: modes, links, pointers and submodules, at every door."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from qualitywatch.model import GO
from tests.conftest import Repo
from tests.integration.gates import CALLER, HOLLOW, LAZY, Gate, at_doors, unread

POINTER = (
    f"version https://git-lfs.github.com/spec/v1\noid sha256:{'a' * 64}\nsize 123456\n"
)


def test_a_mode_is_no_content(repo: Repo, base: str, gate: Gate) -> None:
    """An executable bit changes nothing that is judged."""
    (repo.root / "deploy.sh").chmod(0o755)

    for report in at_doors(repo, gate, base):
        assert (GO, 0) == (report["decision"], report["files_checked"])


def test_a_link_that_became_a_file(repo: Repo, base: str, gate: Gate) -> None:
    """All that it holds is new here, and is judged."""
    (repo.root / "link.py").symlink_to("app.py")
    middle = repo.commit()
    (repo.root / "link.py").unlink()
    repo.write("link.py", LAZY)

    for report in at_doors(repo, gate, middle):
        rules = [violation["rule"] for violation in report["violations"]]
        assert ["swallowed-exception"] == rules


@pytest.mark.parametrize("path", ["app.py", "deploy.sh"])
@pytest.mark.parametrize(
    ("content", "reason"),
    [(POINTER, "is an LFS pointer now"), ("\0\1\2" * 50, "holds a NUL byte")],
)
def test_code_that_went_out_of_sight(
    repo: Repo, base: str, gate: Gate, path: str, content: str, reason: str
) -> None:
    """What a pointer or a binary file stands for is not what the code was."""
    repo.write(path, content)

    for report in at_doors(repo, gate, base):
        assert [(path, reason)] == unread(report)


def test_a_pointer_among_pointers(repo: Repo, base: str, gate: Gate) -> None:
    """New ones, and newer ones, are nobody's code."""
    middle = repo.commit(**{"model.bin": POINTER})
    repo.write("model.bin", POINTER.replace("123456", "7"))
    repo.write("other.bin", POINTER)

    for report in at_doors(repo, gate, middle):
        skipped = {row["path"]: row["reason"] for row in report["skipped"]}
        assert {"model.bin": "LFS pointer", "other.bin": "LFS pointer"} == skipped
        assert report["decision"] == GO


def test_code_in_the_place_of_a_pointer(repo: Repo, base: str, gate: Gate) -> None:
    """It is new, and judged as new."""
    middle = repo.commit(**{"new.py": POINTER})
    repo.write("new.py", LAZY)

    for report in at_doors(repo, gate, middle):
        assert ["new.py"] == [found["path"] for found in report["violations"]]


@pytest.fixture
def library(make_repo: Callable[[str], Repo]) -> Repo:
    """A repository to be put inside another one."""
    library = make_repo("library")
    library.commit(**{"pay.py": "a = 1\n"})
    return library


def add_submodule(repo: Repo, library: Repo, path: str) -> None:
    """`git submodule add`, which also stages it."""
    clone = ("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", "-f")
    repo.git(*clone, "--name", "lib", str(library.root), path)


def test_a_submodule_in_the_place_of_code(
    repo: Repo, base: str, gate: Gate, library: Repo
) -> None:
    """The files of the folder are gone, and are judged as gone."""
    repo.write("use.py", "from lib.pay import pay\n\npay(1)\n")
    middle = repo.commit()
    repo.git("rm", "-rq", "lib")
    add_submodule(repo, library, "lib")
    repo.git("config", "-f", ".gitmodules", "submodule.lib.ignore", "all")

    for report in at_doors(repo, gate, middle):
        assert {"path": "lib", "reason": "submodule"} in report["skipped"]
        assert report["files_checked"] >= 1


def test_a_submodule_in_the_place_of_a_file(
    repo: Repo, base: str, gate: Gate, library: Repo
) -> None:
    """The same as for a link: what the file held is out of sight."""
    repo.git("rm", "-q", "app.py")
    add_submodule(repo, library, "app.py")
    repo.git("config", "-f", ".gitmodules", "submodule.lib.ignore", "all")
    repo.git("config", "diff.ignoreSubmodules", "all")

    for report in at_doors(repo, gate, base):
        assert ("app.py", "is a submodule now") in unread(report)


def test_renamed_and_hollowed(repo: Repo, base: str, gate: Gate) -> None:
    """A new name does not hide what the file has lost."""
    repo.git("mv", "app.py", "moved.py")
    repo.write("moved.py", HOLLOW)
    repo.write("use.py", CALLER.replace("app", "moved"))
    repo.git("add", "-A")
    repo.git("config", "diff.renames", "false")

    for report in at_doors(repo, gate, base):
        assert "hollowed-body" in [found["rule"] for found in report["violations"]]
