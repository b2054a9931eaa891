"""`qualitywatch scan` on real trees: number, lists, cache, exit code."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from qualitywatch import rulebook
from qualitywatch.cli import main
from qualitywatch.scan import scanning
from qualitywatch.scan.judging import Item, row
from qualitywatch.scan.rows import State
from tests.conftest import Repo

REAL = "def total(rows):\n    net = sum(rows)\n    return net * 2\n"
STUB = "def charge(card):\n    # TODO: implement\n    return True\n"
TREE = {
    "src/good.py": REAL,
    "src/bad.py": REAL + STUB,
    "tests/test_good.py": STUB,
    "README.md": "# Project\n",
}

Scan = Callable[..., Any]


@pytest.fixture
def tree(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> Repo:
    """A repository that has rested for a while, and is the current folder."""
    repo.commit(**TREE)
    monkeypatch.chdir(repo.root)
    return repo


@pytest.fixture
def scan(capfd: pytest.CaptureFixture[str]) -> Scan:
    """Runs the command; what it prints as JSON, which must be clean."""

    def run(*arguments: str, code: int = 0) -> Any:
        assert code == main.run(["scan", "--format", "json", *arguments])
        return json.loads(capfd.readouterr().out)

    return run


@pytest.fixture
def age(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Waits until no file is so young that it is read again."""
    monkeypatch.setattr(scanning, "RESTLESS_NS", 50_000_000)
    return lambda: time.sleep(0.06)


def test_number(tree: Repo, scan: Scan) -> None:
    found = scan()

    assert (3, 2, 3, 1) == tuple(
        found[name] for name in ("files", "files_counted", "functions", "stubs")
    )
    assert 0.6666 == found["completeness"]
    assert [("src", 0.6666), ("tests", None)] == [
        (each["path"], each["completeness"]) for each in found["by_folder"]
    ]
    assert {"tests, mocks and examples": 1} == found["apart"]
    assert {"prose": 1} == found["skipped_by_reason"]


def test_stub_and_violation(tree: Repo, scan: Scan) -> None:
    found = scan()

    assert [
        {"path": "src/bad.py", "line": 4, "symbol": "charge", "kind": "constant"}
    ] == found["stub_list"]
    assert ["confessed-stub"] == [each["rule"] for each in found["violations"]]


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ((), 0),
        (("--fail-on", "critical"), 0),
        (("--fail-on", "high"), 1),
        (("--fail-on", "low"), 1),
        (("--min-completeness", "0.66"), 0),
        (("--min-completeness", "0.67"), 1),
        (("--min-completeness", "0.1", "--fail-on", "high"), 1),
    ],
)
def test_exit_code(
    tree: Repo,
    capfd: pytest.CaptureFixture[str],
    options: tuple[str, ...],
    code: int,
) -> None:
    """An inventory passes, unless somebody sets a bar."""
    assert code == main.run(["scan", *options])

    assert (code == 1) == bool(capfd.readouterr().err)


@pytest.mark.parametrize(("options", "code"), [((), 0), (("--fail-on", "low"), 1)])
def test_unknown_file_is_never_good(
    tree: Repo, scan: Scan, options: tuple[str, ...], code: int
) -> None:
    """It is listed, and where there is a bar it fails."""
    tree.write("src/bad.py", REAL)
    tree.write("src/long.py", "x = 1\n" * 200)
    tree.write("qualitywatch.toml", "[analysis]\nmax_file_bytes = 1000\n")

    found = scan(*options, code=code)

    assert ["src/long.py"] == [each["path"] for each in found["unanalysable"]]
    assert 2 == found["functions"]


def test_violation_that_a_comment_allows(tree: Repo, scan: Scan) -> None:
    """A suppression that stands in the tree counts there, and is listed."""
    line = "    # TODO: implement\n"
    allowed = "    # qualitywatch: allow confessed-stub -- waits for the bank\n"
    tree.write("src/bad.py", STUB.replace(line, allowed + line))

    found = scan("--fail-on", "low")

    assert [] == found["violations"]
    assert [("waits for the bank", True)] == [
        (each["reason"], each["counts"]) for each in found["suppressed"]
    ]
    assert 1 == found["stubs"]  # allowed, and still not written


def test_disabled_rule(tree: Repo, scan: Scan) -> None:
    tree.write("qualitywatch.toml", '[rules]\ndisabled = ["confessed-stub"]\n')

    found = scan()

    assert [] == [v for v in found["violations"] if v["path"] == "src/bad.py"]
    assert 1 == found["stubs"]


def test_cache(tree: Repo, scan: Scan, age: Callable[[], None]) -> None:
    """What has not changed is not read again, and the answer is the same."""
    age()
    first = scan()
    second = scan()

    assert (0, 4) == (first.pop("cached"), second.pop("cached"))
    assert first.pop("duration_ms") > second.pop("duration_ms")
    assert first == second
    assert 0 == scan("--no-cache")["cached"]


def _edit(repo: Repo) -> None:
    repo.write("src/bad.py", REAL)


def _edit_behind_the_clock(repo: Repo) -> None:
    """The size and the date stay; nobody can set back when the file changed."""
    file = repo.root / "src" / "bad.py"
    status = file.stat()
    file.write_text((REAL + STUB).replace("return True", "return card"))
    assert status.st_size == file.stat().st_size
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))


def _delete(repo: Repo) -> None:
    (repo.root / "src" / "bad.py").unlink()


def _rename(repo: Repo) -> None:
    """The same content counts otherwise under another name."""
    (repo.root / "src" / "bad.py").rename(repo.root / "tests" / "test_bad.py")


def _settings(repo: Repo) -> None:
    repo.write("qualitywatch.toml", '[rules]\ndisabled = ["confessed-stub"]\n')


def _link(repo: Repo) -> None:
    file = repo.root / "src" / "bad.py"
    file.unlink()
    file.symlink_to("good.py")


@pytest.mark.parametrize(
    "change", [_edit, _edit_behind_the_clock, _delete, _rename, _settings, _link]
)
def test_cache_never_lies(
    tree: Repo, scan: Scan, age: Callable[[], None], change: Callable[[Repo], None]
) -> None:
    age()
    scan()
    change(tree)

    found, fresh = scan(), scan("--no-cache")

    for answer in (found, fresh):
        del answer["cached"], answer["duration_ms"]
    assert fresh == found


def test_young_file_is_read_again(tree: Repo, scan: Scan) -> None:
    """An edit within one tick of the clock shows in no date."""
    scan()

    assert 0 == scan()["cached"]


def test_part_of_a_tree_keeps_the_rest(
    tree: Repo, scan: Scan, age: Callable[[], None]
) -> None:
    age()
    scan()
    scan("src")

    assert 4 == scan()["cached"]


def test_spoilt_cache(
    tree: Repo, scan: Scan, age: Callable[[], None], capfd: pytest.CaptureFixture[str]
) -> None:
    age()
    first = scan()
    (file,) = Path(os.environ["XDG_CACHE_HOME"], "qualitywatch", "scan").iterdir()
    file.write_bytes(b"\x00" + file.read_bytes())

    assert first["stub_list"] == scan()["stub_list"]
    assert 4 == scan()["cached"]  # it was made anew


def test_enrols_nobody(tree: Repo, scan: Scan) -> None:
    """The folder of a repository's state says that a daemon guards it."""
    scan()

    assert not (tree.root / ".git" / "qualitywatch").exists()
    assert not (tree.root / ".qualitywatch").exists()


@pytest.mark.parametrize("format", ["text", "json", "jsonl"])
def test_hostile_name(
    tree: Repo, capfd: pytest.CaptureFixture[str], format: str
) -> None:
    """No path can move the cursor, break a line or turn the direction."""
    tree.write("src/\x1b[2J\n\u202e.py", STUB)
    Path(os.fsdecode(os.fsencode(tree.root) + b"/src/\xff.py")).write_text(STUB)

    assert 0 == main.run(["scan", "--format", format, "--verbose"])

    out = capfd.readouterr().out
    assert not {"\x1b", "\u202e", "\udcff"} & set(out)
    assert "3 stubs" in out or '"stubs":' in out.replace(" ", "")


def test_text(tree: Repo, capfd: pytest.CaptureFixture[str]) -> None:
    main.run(["scan"])

    out = capfd.readouterr().out.split("\n\n")
    assert out[0] == (
        "66.6 % implemented: 3 functions, 1 stub\n"
        "    counted in 2 of 3 files\n"
        "    apart: 1 file, tests, mocks and examples"
    )
    assert out[1] == "folders, worst first:\n     66.6 %     1 of 3      src"
    assert out[2] == "stubs:\n    src/bad.py:4  charge  constant"
    assert out[-1] == "skipped: 1 (--verbose lists them)\n         1  prose\n"


def test_lines_of_json(tree: Repo, capfd: pytest.CaptureFixture[str]) -> None:
    main.run(["scan", "--format", "jsonl"])

    lines = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert ["folder", "folder", "stub", "violation", "skipped", "scan"] == [
        next(iter(line)) for line in lines
    ]
    assert 3 == lines[-1]["scan"]["functions"]


@pytest.mark.parametrize("format", ["sarif", "github", "gitlab", "junit", "markdown"])
@pytest.mark.parametrize(("options", "code"), [((), 0), (("--fail-on", "high"), 1)])
def test_shared_formats(
    tree: Repo,
    capfd: pytest.CaptureFixture[str],
    format: str,
    options: tuple[str, ...],
    code: int,
) -> None:
    """The violation and the file that nobody could read are in every one."""
    tree.write("src/long.py", "x = 1\n" * 200)
    tree.write("qualitywatch.toml", "[analysis]\nmax_file_bytes = 1000\n")

    assert code == main.run(["scan", "--format", format, *options])

    out = capfd.readouterr().out
    assert all(word in out for word in ("confessed-stub", "src/bad.py", "src/long.py"))


def test_outside_of_git(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scan: Scan
) -> None:
    (tmp_path / "app.py").write_text(STUB)
    monkeypatch.chdir(tmp_path)

    assert 0.0 == scan()["completeness"]


def test_nothing_to_count(tree: Repo, capfd: pytest.CaptureFixture[str]) -> None:
    """No function: no number, and no bar is missed."""
    assert 0 == main.run(["scan", "README.md", "--min-completeness", "1"])

    assert capfd.readouterr().out.startswith("no function was counted\n")


def test_path_that_git_ignores(tree: Repo, capfd: pytest.CaptureFixture[str]) -> None:
    tree.write(".gitignore", "build/\n")
    tree.write("build/a.py", STUB)

    assert 0 == main.run(["scan", "build"])

    assert "build: nothing there" in capfd.readouterr().err


@pytest.mark.parametrize("options", [("missing",), ("--jobs", "0"), ("--fail-on", "x")])
def test_wrong_usage(tree: Repo, options: tuple[str, ...]) -> None:
    assert main.EXIT_USAGE == main.run(["scan", *options])


def test_file_that_vanishes_or_becomes_a_link(tmp_path: Path) -> None:
    """Between the listing and the reading anything may happen."""
    (tmp_path / "link.py").symlink_to(tmp_path)
    rules = rulebook.load()

    states = [
        row(Item(str(tmp_path), name, 1), rules, max_bytes=10).state
        for name in ("gone.py", "link.py")
    ]

    assert [State.GONE, State.UNREAD] == states
