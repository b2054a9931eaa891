"""The watcher on a real file system: nothing is lost, nothing stalls."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from watchdog.observers.inotify_c import InotifyFD

from qualitywatch.watcher import GitMoved, Recovered, Trouble
from tests.conftest import Repo
from tests.integration.watched import watching, watching_repo, write_all


async def test_a_burst_of_files_in_new_folders_is_seen_whole(tmp_path: Path):
    """`mkdir -p` and a file at once, 2,000 times: a race with the new watches."""
    expected = [f"d{n % 200}/e{n}/app.py" for n in range(2000)]
    async with watching(tmp_path) as seen:
        await asyncio.to_thread(write_all, tmp_path, expected)

        await seen.paths_are(*expected)


async def test_an_atomic_save_names_the_real_file(tmp_path: Path):
    async with watching(tmp_path) as seen:
        (tmp_path / "app.py.tmp").write_text("x = 1\n")
        (tmp_path / "app.py.tmp").replace(tmp_path / "app.py")

        await seen.paths_are("app.py")


async def test_a_rename_says_what_it_was(tmp_path: Path):
    (tmp_path / "old.py").write_text("x = 1\n")
    async with watching(tmp_path) as seen:
        (tmp_path / "old.py").rename(tmp_path / "new.py")
        await seen.paths_are("new.py", "old.py")

    assert {"new.py": "old.py"} in [h.renamed for h in seen.hints]


async def test_a_folder_moved_in_is_every_file_it_holds(tmp_path: Path):
    root, outside = tmp_path / "root", tmp_path / "outside"
    root.mkdir()
    write_all(outside, ["a.py", "deep/b.py"])
    async with watching(root) as seen:
        outside.rename(root / "inside")

        await seen.paths_are("inside/a.py", "inside/deep/b.py")


async def test_a_folder_removed_is_every_file_it_held(tmp_path: Path):
    write_all(tmp_path, ["src/a.py", "src/deep/b.py"])
    async with watching(tmp_path) as seen:
        shutil.rmtree(tmp_path / "src")

        await seen.paths_are("src/a.py", "src/deep/b.py")


async def test_a_name_that_is_no_text_is_seen(tmp_path: Path):
    name = os.fsdecode(b"\xff\xfe.py")
    async with watching(tmp_path) as seen:
        (tmp_path / name).write_text("x = 1\n")

        await seen.paths_are(name)


async def test_ignored_files_are_left_out_and_tracked_ones_are_not(repo: Repo):
    """Naming a tracked file in .gitignore does not take it out of judgement."""
    repo.commit(**{"kept.py": "x = 1\n"})
    repo.write(".gitignore", "*.log\nkept.py\n")
    async with watching_repo(repo) as seen:
        repo.write("noise.log", "x")
        repo.write("kept.py", "x = 2\n")
        repo.write("last.py", "x = 3\n")
        await seen.paths_are("kept.py", "last.py")

    assert "noise.log" not in seen.paths


async def test_a_new_ignore_pattern_counts_at_once(repo: Repo):
    async with watching_repo(repo) as seen:
        repo.write("a.log", "1")
        await seen.paths_are("a.log")
        repo.write(".gitignore", "*.log\n")
        await seen.paths_are(".gitignore")
        seen.hints.clear()
        repo.write("a.log", "2")
        repo.write("b.py", "3")
        await seen.paths_are("b.py")

    assert "a.log" not in seen.paths


async def test_a_commit_is_a_hint_and_its_objects_are_not(repo: Repo):
    async with watching_repo(repo) as seen:
        repo.commit(**{"app.py": "x = 1\n"})
        await seen.has(GitMoved)

    assert {"app.py"} == seen.paths


async def test_a_commit_in_a_linked_worktree_is_a_hint(repo: Repo, tmp_path: Path):
    """There git writes outside of the root."""
    repo.commit(**{"app.py": "x = 1\n"})
    repo.git("worktree", "add", "-q", str(tmp_path / "linked"))
    linked = Repo(tmp_path / "linked")
    async with watching_repo(linked) as seen:
        linked.git("commit", "-q", "--allow-empty", "-m", "nothing")

        await seen.has(GitMoved)


async def test_a_root_that_is_gone_is_said_and_its_return_too(tmp_path: Path):
    root = tmp_path / "root"
    root.mkdir()
    async with watching(root) as seen:
        root.rmdir()
        await seen.has(Trouble)
        root.mkdir()
        await seen.has(Recovered)
        (root / "app.py").write_text("x = 1\n")

        await seen.paths_are("app.py")


async def test_a_root_replaced_by_another_folder_is_watched(tmp_path: Path):
    """A renamed root gives no event, and its watches go on under the old name."""
    root = tmp_path / "root"
    root.mkdir()
    async with watching(root) as seen:
        root.rename(tmp_path / "elsewhere")
        root.mkdir()
        (root / "app.py").write_text("x = 1\n")

        await seen.paths_are("app.py")


async def test_a_dead_thread_of_the_library_is_noticed(tmp_path: Path):
    """Else the watcher would be silent for ever, and look well."""
    async with watching(tmp_path) as seen:
        for thread in threading.enumerate():
            if isinstance(thread, InotifyFD):
                thread.stop()
                await asyncio.to_thread(thread.join)
        (tmp_path / "app.py").write_text("x = 1\n")

        await seen.paths_are("app.py")


async def test_what_no_event_tells_is_found_by_the_reconcile(tmp_path: Path):
    """A write through a hard link outside of the root gives no event."""
    root = tmp_path / "root"
    root.mkdir()
    (root / "app.py").write_text("x = 1\n")
    os.link(root / "app.py", tmp_path / "alias.py")
    async with watching(root, reconcile_seconds=0.3) as seen:
        (tmp_path / "alias.py").write_text("x = 22\n")

        await seen.paths_are("app.py")


FROZEN = """
import asyncio, sys
from pathlib import Path
from qualitywatch.watcher import Saved, Watcher

async def main():
    seen = set()
    async with Watcher(Path(sys.argv[1])) as watcher:
        print("ready", flush=True)
        async for hint in watcher.hints():
            if isinstance(hint, Saved):
                seen.update(hint.paths)
            if sum(p.endswith(".py") for p in seen) == int(sys.argv[2]):
                break
        print(watcher.losses, flush=True)

asyncio.run(main())
"""


def test_an_overflow_of_the_kernels_queue_loses_nothing(tmp_path: Path):
    """The watcher is frozen while more is written than the kernel remembers."""
    limit = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text())
    if limit > 50_000:
        pytest.skip("this system remembers too many events")
    count = limit // 3 + 2000  # each file is created, modified and closed
    watcher = subprocess.Popen(
        [sys.executable, "-c", FROZEN, str(tmp_path), str(count)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with watcher:
        assert "ready\n" == watcher.stdout.readline()
        watcher.send_signal(signal.SIGSTOP)
        write_all(tmp_path, [f"f{n}.py" for n in range(count)])
        watcher.send_signal(signal.SIGCONT)

        assert int(watcher.stdout.readline()) > 0


async def test_a_link_to_a_folder_is_a_file_and_not_what_it_holds(tmp_path: Path):
    """watchdog calls it a folder where it comes in with another one."""
    root, outside = tmp_path / "root", tmp_path / "outside"
    root.mkdir()
    write_all(tmp_path, ["secret/key.py", "outside/a.py"])
    (outside / "link").symlink_to(tmp_path / "secret")
    async with watching(root) as seen:
        outside.rename(root / "inside")
        await seen.paths_are("inside/a.py", "inside/link")

    assert {"inside/a.py", "inside/link"} == seen.paths
