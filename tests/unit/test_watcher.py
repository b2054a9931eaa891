"""When a path is due, and which paths are ours: no loop, no watchdog."""

from pathlib import Path

import pytest

from qualitywatch.watcher import Recovered, Trouble
from qualitywatch.watcher.dirty import CLOSE_DELAY, LONGEST, QUIET, Dirty
from qualitywatch.watcher.root import blind_filesystem
from qualitywatch.watcher.selection import Selection
from qualitywatch.watcher.table import RootGone, Table
from qualitywatch.watcher.troubles import Troubles


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


@pytest.mark.parametrize(
    ("held", "kept"), [(False, {"a.py"}), (True, {"a.py", "t/b.py"})]
)
def test_files_of_a_checkout_inside_are_not_ours(tmp_path: Path, held, kept):
    """But who only puts a `.git` into a folder that git holds hides nothing."""
    (tmp_path / "t/.git").mkdir(parents=True)
    selection = Selection(tmp_path, held_by_git=lambda folder: held)
    paths = {"a.py", "t/b.py"}

    assert kept == paths - selection.elsewhere(paths)


@pytest.fixture
def table(tmp_path: Path) -> Table:
    (tmp_path / "src").mkdir()
    (tmp_path / "src/app.py").write_text("a = 1\n")
    table = Table(tmp_path, Selection(tmp_path))
    table.reconcile()
    return table


def test_a_table_that_knows_everything_reports_nothing(table: Table):
    assert set() == table.differences()
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


def test_git_is_asked_once_for_a_name_that_is_ours(tmp_path: Path):
    """A call of git costs more than the parse: a second save does not pay it."""
    asked: list[str] = []

    def ask(paths):
        asked.extend(paths)
        return set()

    (tmp_path / "src").mkdir()
    (tmp_path / "src/app.py").touch()
    table = Table(tmp_path, Selection(tmp_path, ignored_by_git=ask))
    table.reconcile()
    table.reconcile()
    table.look_at(["src/app.py"])

    assert ["src/", "src/app.py"] == asked


def test_after_what_is_ignored_has_changed_git_is_asked_again(tmp_path: Path):
    ignored: set[str] = set()
    (tmp_path / "app.log").touch()
    table = Table(tmp_path, Selection(tmp_path, ignored_by_git=lambda paths: ignored))
    table.reconcile()
    ignored.add("app.log")
    table.forget()

    assert {"app.log"} == table.reconcile()
    assert [] == table.paths()


def test_a_root_that_is_another_folder_takes_nothing_with_it(tmp_path: Path):
    """What is not there was not deleted: it has to be judged when it is back."""
    is_there = True
    (tmp_path / "app.py").touch()
    table = Table(tmp_path, Selection(tmp_path), lambda: is_there)
    table.reconcile()
    is_there = False
    (tmp_path / "app.py").unlink()

    for look in (table.reconcile, lambda: table.look_at(["app.py"])):
        with pytest.raises(RootGone):
            look()
    assert ["app.py"] == table.paths()


def test_a_file_that_became_a_folder_is_no_file(table: Table, tmp_path: Path):
    (tmp_path / "src/app.py").unlink()
    (tmp_path / "src/app.py").mkdir()

    assert ["src/app.py"] == table.look_at(["src/app.py"])
    assert [] == table.paths()


def test_hurry_makes_due_what_waits(dirty):
    dirty.touched("app.py", 0.0)
    dirty.hurry(0.0)

    assert ["app.py"] == dirty.take(0.0)


MOUNTS = r"""22 1 254:0 / / rw,relatime - ext4 /dev/vda rw
30 22 0:25 / /home/ada/far\040away rw - nfs4 server:/x rw
31 22 0:26 / /work rw,relatime shared:1 - overlay overlay rw
32 31 0:27 / /work/near rw - ext4 /dev/vdb rw
33 22 0:28 / /mnt/c rw - fuse.sshfs me@there: rw
34 22 0:29 / /mnt/ntfs rw - fuseblk /dev/sdc rw
"""


@pytest.mark.parametrize(
    ("root", "kind"),
    [
        ("/home/ada/repo", None),
        ("/home/ada", "nfs4"),  # a part of it is elsewhere
        ("/home/ada/far away/repo", "nfs4"),
        ("/work/repo", None),  # a container's own
        ("/work/near/repo", None),
        ("/workshop", None),
        ("/mnt/c/repo", "fuse.sshfs"),
        ("/mnt/ntfs/repo", None),
    ],
)
def test_where_others_write_without_an_event(root, kind):
    assert kind == blind_filesystem(Path(root), MOUNTS)


def test_a_trouble_is_told_when_it_begins_changes_and_ends():
    told: list[object] = []
    troubles = Troubles(told.append)
    for reason in (None, "slow", "slow", "slower", None, None):
        troubles.put("events", reason)

    expected = [Trouble("events", "slow"), Trouble("events", "slower")]
    assert [*expected, Recovered("events")] == told
