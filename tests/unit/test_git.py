"""What git prints, made into values; and the environment that git is started in."""

from __future__ import annotations

from pathlib import Path

import pytest

from qualitywatch.errors import MachineError
from qualitywatch.git import Person, command, parse
from qualitywatch.git.parse import PathChange
from qualitywatch.model import ChangeType

OLD, NEW, NONE = "a" * 40, "b" * 40, "0" * 40

RAW = [
    pytest.param(
        f":100644 100644 {OLD} {NEW} M\0app.py\0",
        PathChange(
            path="app.py", change_type=ChangeType.UPDATE, before_id=OLD, after_id=NEW
        ),
        id="modified",
    ),
    pytest.param(
        f":000000 100644 {NONE} {NEW} A\0a b\n.py\0",
        PathChange(path="a b\n.py", change_type=ChangeType.INSERT, after_id=NEW),
        id="added, with a line end in its name",
    ),
    pytest.param(
        f":100644 000000 {OLD} {NONE} D\0app.py\0",
        PathChange(path="app.py", change_type=ChangeType.DELETE, before_id=OLD),
        id="deleted",
    ),
    pytest.param(
        f":100644 100644 {OLD} {NEW} R086\0old.py\0new.py\0",
        PathChange(
            path="new.py",
            old_path="old.py",
            change_type=ChangeType.RENAME,
            before_id=OLD,
            after_id=NEW,
        ),
        id="renamed",
    ),
    pytest.param(
        f":000000 160000 {NONE} {NEW} A\0lib\0",
        PathChange(
            path="lib", change_type=ChangeType.INSERT, after_id=NEW, is_submodule=True
        ),
        id="submodule",
    ),
    pytest.param(
        f":100644 120000 {OLD} {NEW} T\0app.py\0",
        PathChange(
            path="app.py",
            change_type=ChangeType.UPDATE,
            before_id=OLD,
            after_id=NEW,
            is_link=True,
            became_link=True,
        ),
        id="became a link",
    ),
    pytest.param(
        f":100644 160000 {OLD} {NEW} T\0app.py\0",
        PathChange(
            path="app.py",
            change_type=ChangeType.UPDATE,
            before_id=OLD,
            after_id=NEW,
            is_submodule=True,
            became_submodule=True,
        ),
        id="became a submodule",
    ),
    pytest.param(
        f":120000 160000 {OLD} {NEW} T\0app.py\0",
        PathChange(
            path="app.py",
            change_type=ChangeType.UPDATE,
            before_id=OLD,
            after_id=NEW,
            is_submodule=True,
        ),
        id="a link became a submodule",
    ),
    pytest.param(
        f":120000 100644 {OLD} {NEW} T\0app.py\0",
        PathChange(path="app.py", change_type=ChangeType.INSERT, after_id=NEW),
        id="a link became a file",
    ),
    pytest.param(
        f":160000 100644 {OLD} {NEW} T\0lib\0",
        PathChange(path="lib", change_type=ChangeType.INSERT, after_id=NEW),
        id="a submodule became a file",
    ),
    pytest.param(
        f":120000 000000 {OLD} {NONE} D\0app.py\0",
        PathChange(
            path="app.py", change_type=ChangeType.DELETE, before_id=OLD, is_link=True
        ),
        id="a link is deleted",
    ),
    pytest.param(
        f":100644 100755 {OLD} {OLD} M\0run.sh\0",
        PathChange(
            path="run.sh", change_type=ChangeType.UPDATE, before_id=OLD, after_id=OLD
        ),
        id="may be executed now",
    ),
    pytest.param(
        f":000000 000000 {NONE} {NONE} U\0app.py\0",
        PathChange(path="app.py", change_type=ChangeType.UPDATE, is_unmerged=True),
        id="in conflict",
    ),
]


@pytest.mark.parametrize(("output", "expected"), RAW)
def test_raw_diff(output: str, expected: PathChange) -> None:
    """Each kind of row is read; names may hold anything but NUL."""
    assert parse.raw_diff(output.encode()) == [expected]


def test_names_that_are_not_utf8_survive() -> None:
    """A name comes back as the bytes it was."""
    output = f":000000 100644 {NONE} {NEW} A\0".encode() + b"caf\xe9.py\0"

    [row] = parse.raw_diff(output)

    assert parse.raw(row.path) == b"caf\xe9.py"


STATUS = [
    pytest.param(
        f"1 .M N... 100644 100644 100644 {OLD} {OLD} a b.py\0",
        [PathChange(path="a b.py", change_type=ChangeType.UPDATE, before_id=OLD)],
        id="modified",
    ),
    pytest.param(
        f"1 .D N... 100644 100644 000000 {OLD} {OLD} app.py\0",
        [PathChange(path="app.py", change_type=ChangeType.DELETE, before_id=OLD)],
        id="deleted",
    ),
    pytest.param(
        f"2 R. N... 100644 100644 100644 {OLD} {OLD} R100 new.py\0old.py\0? x.py\0",
        [
            PathChange(
                path="new.py",
                old_path="old.py",
                change_type=ChangeType.RENAME,
                before_id=OLD,
            ),
            PathChange(path="x.py", change_type=ChangeType.INSERT),
        ],
        id="renamed, then another row",
    ),
    pytest.param(
        f"1 D. N... 100644 000000 000000 {OLD} {NONE} app.py\0? app.py\0",
        [PathChange(path="app.py", change_type=ChangeType.UPDATE, before_id=OLD)],
        id="taken out of the index only: still the same file",
    ),
    pytest.param(
        f"u UU N... 100644 100644 100644 100644 {NEW} {OLD} {NEW} app.py\0",
        [
            PathChange(
                path="app.py",
                change_type=ChangeType.UPDATE,
                before_id=OLD,
                is_unmerged=True,
            )
        ],
        id="in conflict: ours is the base",
    ),
    pytest.param("? nested/\0", [], id="another repository inside"),
]


@pytest.mark.parametrize(("output", "expected"), STATUS)
def test_status(output: str, expected: list[PathChange]) -> None:
    """Each kind of row becomes the difference between HEAD and the work tree."""
    assert parse.status(output.encode()) == expected


def test_log() -> None:
    """People and trailers of a commit are read, values with colons too."""
    people = "Ada\0a@x\0Bot\0b@x\0Co-Authored-By: C: <c@x>\n"
    output = f"{NEW}\0{OLD} {NEW}\0{people}\0001700000000\0Mend it\0"

    [commit] = parse.log(output.encode())

    assert commit.parents == (OLD, NEW)
    assert commit.author == Person(name="Ada", email="a@x")
    assert commit.committer == Person(name="Bot", email="b@x")
    assert commit.trailers == (("Co-Authored-By", "C: <c@x>"),)
    assert (commit.seconds, commit.subject) == (1_700_000_000, "Mend it")


@pytest.mark.parametrize(
    ("id", "expected"), [("0" * 40, True), ("0" * 64, True), ("0" * 39 + "1", False)]
)
def test_absent_ids(id: str, expected: bool) -> None:
    """Zeros mean "none" in repositories of both hash functions."""
    assert parse.is_absent(id) is expected


def test_surroundings_do_not_mislead(monkeypatch: pytest.MonkeyPatch) -> None:
    """What git exports to a hook reaches no other call, but for the index asked for."""
    monkeypatch.setenv("GIT_DIR", "/elsewhere")
    monkeypatch.setenv("GIT_INDEX_FILE", "/elsewhere/index")

    environment = command.environment(Path("/here/index"))

    assert "GIT_DIR" not in environment
    assert environment["GIT_INDEX_FILE"] == "/here/index"
    assert "GIT_INDEX_FILE" not in command.environment()


def test_git_is_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without git we say so, instead of "not a repository"."""
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(MachineError, match="git is not installed"):
        command.run(["version"], folder=tmp_path)


def test_folder_is_gone(tmp_path: Path) -> None:
    """A folder that vanished is not taken for a missing git."""
    with pytest.raises(MachineError, match="the folder is gone"):
        command.run(["version"], folder=tmp_path / "gone")
