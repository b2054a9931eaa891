"""When a path is due, and which paths are ours: no loop, no watchdog."""

from pathlib import Path

import pytest

from qualitywatch.watcher.dirty import CLOSE_DELAY, LONGEST, QUIET, Dirty
from qualitywatch.watcher.selection import Selection
from qualitywatch.watcher.table import Table


def nothing_ignored(paths):
    return set()


@pytest.fixture
def dirty() -> Dirty:
    return Dirty()


def test_a_closed_file_is_due_at_once(dirty):
    """Debounce may not cost an agent its answer."""
    dirty.closed("app.py", 0.0)

    assert ["app.py"] == dirty.take(CLOSE_DELAY)


def test_a_file_still_written_to_waits_for_silence(dirty):
    dirty.touched("app.py", 0.0)
    dirty.touched("app.py", QUIET * 0.9)

    assert [] == dirty.take(QUIET * 1.5)
    assert ["app.py"] == dirty.take(QUIET * 1.9)


def test_a_file_that_is_never_silent_is_looked_at_all_the_same(dirty):
    for step in range(100):
        dirty.touched("log.py", step * LONGEST / 50)

    assert ["log.py"] == dirty.take(LONGEST)


def test_many_events_of_one_path_are_one_look(dirty):
    for _ in range(5):
        dirty.closed("app.py", 0.0)

    assert ["app.py"] == dirty.take(1.0)
    assert [] == dirty.take(1.0)


def test_next_due_is_the_earliest(dirty):
    dirty.touched("late.py", 0.0)
    dirty.closed("soon.py", 0.0)

    assert CLOSE_DELAY == dirty.next_due()


def test_nothing_waiting_is_never_due(dirty):
    assert dirty.next_due() is None


def test_a_flood_is_a_doubt_not_a_loss():
    """More paths than the limit: the set says that everything must be looked at."""
    dirty = Dirty(limit=3)
    for name in "abcd":
        dirty.closed(name, 0.0)

    assert dirty.flooded
    assert dirty.next_due() is None


def test_after_a_flood_it_fills_again():
    dirty = Dirty(limit=1)
    dirty.closed("a", 0.0)
    dirty.closed("b", 0.0)
    dirty.clear()
    dirty.closed("c", 0.0)

    assert not dirty.flooded
    assert ["c"] == dirty.take(1.0)


@pytest.mark.parametrize(
    ("path", "ignored"),
    [
        ("app.py", False),
        ("build/app.py", True),
        ("src/build/app.py", True),
        ("notes.tmp", True),
        (".git/config", True),
        (".gitignore", False),
        (".qualitywatch/state/state.db", True),
        (".qualitywatch/rules/x.md", False),
    ],
)
def test_patterns_git_and_the_state_are_left_out(tmp_path: Path, path, ignored):
    selection = Selection(
        tmp_path,
        patterns=("build/", "*.tmp"),
        state_dir=tmp_path / ".qualitywatch/state",
        ignored_by_git=nothing_ignored,
    )

    assert ignored == (path in selection.ignored([path]))


def test_without_git_the_folders_own_gitignore_counts(tmp_path: Path):
    (tmp_path / ".gitignore").write_text("dist/\n")

    assert {"dist/a.js"} == Selection(tmp_path).ignored(["dist/a.js", "src/a.js"])


def test_git_is_asked_once_for_a_path_that_is_ours(tmp_path: Path):
    """A call of git costs more than the parse: a second save does not pay it."""
    asked: list[str] = []

    def ask(paths):
        asked.extend(paths)
        return set()

    selection = Selection(tmp_path, ignored_by_git=ask)
    selection.ignored(["app.py"])
    selection.ignored(["app.py"])

    assert ["app.py"] == asked


def test_files_of_a_checkout_inside_are_not_ours(tmp_path: Path):
    inner = tmp_path / "trees/inner"
    inner.mkdir(parents=True)
    (inner / ".git").write_text("gitdir: elsewhere")

    selection = Selection(tmp_path, ignored_by_git=nothing_ignored)

    assert ["app.py"] == selection.kept(["app.py", "trees/inner/app.py"])


@pytest.fixture
def table(tmp_path: Path) -> Table:
    (tmp_path / "src").mkdir()
    (tmp_path / "src/app.py").write_text("a = 1\n")
    table = Table(tmp_path, ignored=nothing_ignored)
    table.reconcile()
    return table


def test_a_table_that_knows_everything_reports_nothing(table: Table):
    assert set() == table.reconcile()


@pytest.mark.parametrize(
    ("act", "expected"),
    [
        (lambda r: (r / "src/new.py").write_text("x"), {"src/new.py"}),
        (lambda r: (r / "src/app.py").write_text("changed"), {"src/app.py"}),
        (lambda r: (r / "src/app.py").unlink(), {"src/app.py"}),
        (
            lambda r: (r / "src").rename(r / "lib"),
            {"src/app.py", "lib/app.py"},
        ),
    ],
)
def test_what_no_event_told_is_found(table: Table, tmp_path: Path, act, expected):
    act(tmp_path)

    assert expected == table.reconcile()


def test_a_restored_mtime_and_size_do_not_hide_a_change(table: Table, tmp_path: Path):
    import os

    file = tmp_path / "src/app.py"
    before = file.stat()
    file.write_text("b = 1\n")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))

    assert {"src/app.py"} == table.reconcile()


def test_a_vanished_folder_is_every_file_it_held(table: Table, tmp_path: Path):
    (tmp_path / "src/app.py").unlink()
    (tmp_path / "src").rmdir()

    assert {"src/app.py"} == table.look_below(["src"])


def test_what_is_being_judged_is_not_reported_again(table: Table, tmp_path: Path):
    (tmp_path / "src/app.py").write_text("changed")
    table.look_at(["src/app.py"])

    assert set() == table.reconcile()
