"""What an event points to: no loop, no disk."""

from pathlib import Path

import pytest
from watchdog.events import (
    DirDeletedEvent,
    DirMovedEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileModifiedEvent,
    FileMovedEvent,
)

from qualitywatch.watcher.sorter import Sorter

ROOT = Path("/work/repo")
LATER = 10.0


@pytest.fixture
def told() -> list[str]:
    """What the sorter has called for."""
    return []


@pytest.fixture
def sorter(told: list[str]) -> Sorter:
    return Sorter(
        ROOT,
        git_dir=ROOT / ".git",
        state_dir=ROOT / ".git/qualitywatch",
        pulse=f"{ROOT}/.git/qualitywatch/pulse",
        pulsed=lambda: told.append("pulse"),
        ignore_changed=lambda: told.append("ignore"),
        root_touched=lambda: told.append("root"),
    )


@pytest.mark.parametrize(
    ("event", "files", "folders"),
    [
        (FileClosedEvent("/work/repo/a.py"), ["a.py"], []),
        (FileCreatedEvent("/work/repo/src/a.py"), ["src/a.py"], []),
        (FileDeletedEvent("/work/repo/a.py"), ["a.py"], []),
        (FileMovedEvent("/work/repo/a.py", "/work/repo/b.py"), ["b.py", "a.py"], []),
        (DirMovedEvent("/work/repo/x", "/work/repo/y"), [], ["y", "x"]),
        (DirDeletedEvent("/work/repo/x"), [], ["x"]),
        (FileModifiedEvent("/work/repo/.git/objects/aa/bb"), [], []),
        (FileModifiedEvent("/work/repo/.git/qualitywatch/state.db-wal"), [], []),
    ],
)
def test_an_event_is_a_path_to_look_at(sorter: Sorter, event, files, folders):
    sorter.read(event, 0.0)

    assert files == sorter.files.take(LATER)
    assert folders == sorter.folders.take(LATER)


@pytest.mark.parametrize(
    ("path", "is_move"),
    [
        ("HEAD", True),
        ("index", True),
        ("refs/heads/main", True),
        ("worktrees/linked/gitdir", True),
        ("index.lock", False),
        ("objects/aa/bb", False),
    ],
)
def test_only_some_of_gits_files_are_a_move(sorter: Sorter, path, is_move):
    sorter.read(FileClosedEvent(f"/work/repo/.git/{path}"), 0.0)

    assert is_move == (sorter.git_due is not None)


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (FileClosedEvent("/work/repo/.git/qualitywatch/pulse"), ["pulse"]),
        (FileCreatedEvent("/work/repo/.git/qualitywatch/pulse"), []),
        (FileClosedEvent("/work/repo/src/.gitignore"), ["ignore"]),
        (FileClosedEvent("/work/repo/.git/info/exclude"), ["ignore"]),
        (DirDeletedEvent("/work/repo"), ["root"]),
    ],
)
def test_some_paths_are_more_than_a_file(sorter: Sorter, told, event, expected):
    sorter.read(event, 0.0)

    assert expected == told


def test_a_rename_is_told_once(sorter: Sorter):
    sorter.read(FileMovedEvent("/work/repo/a.py", "/work/repo/b.py"), 0.0)

    assert {"b.py": "a.py"} == sorter.renames(["b.py", "a.py"])
    assert {} == sorter.renames(["b.py", "a.py"])


def test_what_is_looked_at_as_a_whole_waits_for_nothing(sorter: Sorter):
    for name in ("a.py", ".git/HEAD"):
        sorter.read(FileClosedEvent(f"/work/repo/{name}"), 0.0)
    sorter.clear()

    assert sorter.next_due() is None
