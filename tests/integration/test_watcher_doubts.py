"""Each doubt ends in a look at everything, and in a word where it stays."""

import asyncio
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from qualitywatch.errors import MachineError
from qualitywatch.git import Repository
from qualitywatch.watcher import Recovered, Saved, Trouble, pulse, trust, watching
from tests.conftest import Repo
from tests.integration.watched import watching as watched
from tests.integration.watched import watching_repo, write_all


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for seconds, and the file system of this machine is a good one."""
    monkeypatch.setattr(trust, "blind_filesystem", lambda root: None)
    for name in ("ROOT_SECONDS", "PULSE_SECONDS", "RETRY_SECONDS"):
        monkeypatch.setattr(trust, name, 0.1)
    monkeypatch.setattr(watching, "RETRY_SECONDS", 0.1)


# The limit of watches

LIMITED = """
import asyncio, sys
from pathlib import Path
from qualitywatch.watcher import Saved, Watcher

async def main(root, count):
    seen = set()
    async with Watcher(root, polling_seconds=1) as watcher:
        for n in range(count):
            (root / f"d{n}" / "app.py").write_text("x = 1")
        async for hint in watcher.hints():
            if isinstance(hint, Saved):
                seen.update(hint.paths)
            if len(seen) == count:
                break
        print(watcher.state().polling, watcher.state().degraded)

asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
"""


@pytest.mark.parametrize(
    ("limit", "value", "reason"),
    [
        ("watches", 50, "the system leaves 51 folders unwatched"),
        ("instances", 0, "the system gives no events: inotify instance limit reached"),
    ],
)
def test_what_the_system_refuses_to_watch_is_looked_at(
    tmp_path: Path, limit: str, value: int, reason: str
):
    """Never a part of the tree in silence: watchdog itself would say nothing."""
    for number in range(100):
        (tmp_path / f"d{number}").mkdir()
    setting = f"/proc/sys/user/max_inotify_{limit}"
    program = f'echo {value} > {setting} || exit 77; exec "$@"'
    done = subprocess.run(
        [
            *("unshare", "--user", "--map-root-user", "sh", "-c", program, "sh"),
            *(sys.executable, "-c", LIMITED, str(tmp_path), "100"),
        ],
        capture_output=True,
        text=True,
        timeout=40,
    )
    if done.returncode == 77 or "unshare" in done.stderr:
        pytest.skip("this system lets nobody make a user namespace")

    assert done.stdout.startswith("True events: "), done.stderr
    assert reason in done.stdout


# The stream


async def test_a_stream_that_proves_nothing_is_renewed_then_polled(
    repo: Repo, hasty, monkeypatch: pytest.MonkeyPatch
):
    """Events stop, no thread dies and nothing is logged: nobody else would know."""
    touch = pulse.Pulse.touch
    monkeypatch.setattr(pulse, "PATIENCE_SECONDS", 0.2)
    monkeypatch.setattr(pulse.Pulse.beat, "__defaults__", (0.2,))
    async with watching_repo(repo) as seen:
        monkeypatch.setattr(pulse.Pulse, "touch", lambda self: None)
        await seen.has(Trouble)
        assert seen.watcher.state().polling
        assert seen.watcher.state().last_cookie_ms is None
        assert "did not come back" in (seen.watcher.state().degraded or "")
        monkeypatch.setattr(pulse.Pulse, "touch", touch)
        await seen.has(Recovered)

    assert not seen.watcher.state().polling


async def test_a_pulse_costs_no_write(repo: Repo, hasty):
    """It is looked for for ever: an idle disk must be able to sleep."""
    async with watching_repo(repo) as seen:
        before = _stat(seen.watcher._pulse.name)
        await seen.watcher.barrier()
        await seen.watcher.barrier()
        after = _stat(seen.watcher._pulse.name)

    assert (0, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns)
    assert before.st_ctime_ns == after.st_ctime_ns


def _stat(name: str) -> os.stat_result:
    return Path(name).stat()


async def test_a_linked_checkout_has_a_pulse_and_nothing_is_written_there(
    repo: Repo, tmp_path: Path
):
    repo.commit(**{"app.py": "x = 1\n"})
    repo.git("worktree", "add", "-q", str(tmp_path / "linked"))
    linked = Repo(tmp_path / "linked")
    async with watching_repo(linked) as seen:
        linked.write("new.py", "x = 2\n")
        await seen.watcher.barrier()

        assert seen.watcher.state().last_cookie_ms is not None
        assert {"new.py"} == seen.paths
    assert "?? new.py" == linked.git("status", "--porcelain")


async def test_after_a_barrier_all_that_was_written_before_is_known(repo: Repo):
    """A move out of the tree delays what comes behind it by half a second."""
    write_all(repo.root, ["out/a.py"])
    async with watching_repo(repo) as seen:
        (repo.root / "out").rename(repo.root.with_name("away"))
        write_all(repo.root, [f"d{n}/b.py" for n in range(100)])
        await seen.watcher.barrier()

        assert set() == seen.differences()
        assert set() == seen.watcher.differences()


async def test_a_machine_that_was_asleep_looks_at_everything(
    tmp_path: Path, hasty, monkeypatch: pytest.MonkeyPatch
):
    async with watched(tmp_path) as seen:
        (tmp_path / "app.py").write_text("x = 1\n")
        os.link(tmp_path / "app.py", alias := tmp_path.with_name("alias"))
        await seen.paths_are("app.py")
        seen.hints.clear()
        alias.write_text("no event tells of this")
        monkeypatch.setattr(trust, "_asleep", lambda: 1e9)
        await seen.paths_are("app.py")

    assert "the machine was asleep" == seen.watcher.state().doubt


async def test_git_that_does_not_answer_loses_nothing(tmp_path: Path, hasty):
    """Then nobody can tell what is ignored; what was due then is due again."""
    answers = [MachineError("git is out of memory")] * 2

    def ignored(paths):
        if not is_started or not answers:
            return set()
        raise answers.pop()

    is_started = False
    async with watched(tmp_path, ignored_by_git=ignored) as seen:
        is_started = True
        write_all(tmp_path, ["app.py"])
        await seen.paths_are("app.py")
        await seen.has(Recovered)

    assert ["git"] == seen.troubles


# The folders


async def test_a_folder_moved_out_is_watched_no_longer(tmp_path: Path, hasty):
    """watchdog goes on and tells of it under the name that it had."""
    root, outside = tmp_path / "root", tmp_path / "outside"
    write_all(root, ["src/deep/a.py", "b.py"])
    async with watched(root) as seen:
        (root / "src").rename(outside)
        await seen.until(lambda: "other folders" in (seen.watcher.state().doubt or ""))
        seen.hints.clear()
        write_all(outside, ["deep/c.py"])
        write_all(root, ["d.py"])
        await seen.paths_are("d.py")
        await asyncio.sleep(0.5)

        assert {"d.py"} == seen.paths
        assert 1 == seen.watcher._trust._feed.watches()


async def test_the_number_of_watches_can_be_read(tmp_path: Path):
    """It goes through names that watchdog does not promise."""
    write_all(tmp_path, ["a/b/c.py", "d/e.py"])
    async with watched(tmp_path) as seen:
        assert 4 == seen.watcher._trust._feed.watches()


async def test_a_folder_that_may_not_be_listed_is_not_empty(
    tmp_path: Path, hasty, monkeypatch: pytest.MonkeyPatch
):
    """Its files are not gone, and somebody has to know."""
    write_all(tmp_path, ["src/a.py", "b.py"])
    scandir = os.scandir

    def refuse(folder):
        if str(folder).endswith("src"):
            raise PermissionError(13, "Permission denied")
        return scandir(folder)

    async with watched(tmp_path, reconcile_seconds=0.2) as seen:
        monkeypatch.setattr(os, "scandir", refuse)
        await seen.has(Trouble)
        monkeypatch.setattr(os, "scandir", scandir)
        await seen.has(Recovered)

    assert "src/a.py" not in seen.paths
    assert "src can not be listed: Permission denied" in seen.hints[0].reason


async def test_an_empty_git_folder_hides_nothing_that_is_ours(repo: Repo):
    repo.commit(**{"src/a.py": "x = 1\n"})
    async with watching_repo(repo) as seen:
        (repo.root / "src/.git").mkdir()
        repo.write("src/a.py", "x = 2\n")
        repo.write("src/new/b.py", "x = 3\n")
        await seen.paths_are("src/a.py", "src/new/b.py")
        await seen.watcher.barrier()

        assert "src/a.py" in seen.watcher.files()


async def test_a_submodule_and_another_repository_inside_are_not_ours(repo: Repo):
    other = Repo(repo.root / "inner")
    other.root.mkdir()
    other.git("init", "-q")
    other.commit(**{"a.py": "x = 1\n"})
    repo.git("add", "inner")
    repo.git("commit", "-q", "-m", "a link")
    async with watching_repo(repo) as seen:
        other.write("deep/b.py", "x = 2\n")
        shutil.copytree(other.root, repo.root / "copy")
        repo.write("c.py", "x = 3\n")
        await seen.paths_are("c.py")
        await seen.watcher.barrier()

    assert {"c.py"} == seen.paths


# The root


async def test_a_root_that_was_moved_away_deletes_nothing(tmp_path: Path, hasty):
    """Its watches go on under the old names; nobody deleted a file."""
    root = tmp_path / "root"
    write_all(root, ["a.py", "src/b.py"])
    async with watched(root, reconcile_seconds=0.2) as seen:
        root.rename(tmp_path / "elsewhere")
        write_all(tmp_path / "elsewhere", ["a.py", "new.py", "src/c.py"])
        await seen.has(Trouble)
        await asyncio.sleep(0.5)
        assert not [hint for hint in seen.hints if isinstance(hint, Saved)]
        (tmp_path / "elsewhere").rename(root)
        await seen.has(Recovered)
        await seen.paths_are("a.py", "new.py", "src/c.py")

    assert "src/b.py" not in seen.paths


async def test_a_root_without_its_git_folder_is_no_root(repo: Repo, hasty):
    repo.commit(**{"a.py": "x = 1\n"})
    repository = Repository.discover(repo.root)
    async with watched(repo.root, git_dir=repository.git_dir) as seen:
        (repo.root / ".git").rename(repo.root.with_name("hidden"))
        await seen.has(Trouble)
        repo.write("a.py", "x = 2\n")
        repo.root.with_name("hidden").rename(repo.root / ".git")
        await seen.paths_are("a.py")

    assert ["root"] == seen.troubles


async def test_where_others_write_without_an_event_everything_is_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """On a network, or on a folder shared with the machine around this one."""
    write_all(tmp_path, ["root/a.py"])
    os.link(tmp_path / "root/a.py", tmp_path / "elsewhere")
    monkeypatch.setattr(trust, "blind_filesystem", lambda root: "nfs4")
    async with watched(tmp_path / "root", polling_seconds=0.2) as seen:
        (tmp_path / "elsewhere").write_text("no event tells of this")
        await seen.paths_are("a.py")

    assert seen.watcher.state().polling
    assert "this is a nfs4 file system" in str(seen.watcher.state().degraded)
