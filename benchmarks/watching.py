"""Is every change seen, and how soon: bursts, a frozen watcher, a restart, idleness.

    python -m benchmarks.watching [burst] [frozen] [restart] [idle] [--files 20000]

*burst* and *frozen* watch with a process of its own whose reader hashes each file that
it is pointed to, as the judge does; the differences are between those hashes and the
disk. *restart* and *idle* start the real daemon.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from benchmarks.save_to_event import PASSPHRASE, program
from qualitywatch.git import Repository
from qualitywatch.watcher import Saved, Watcher
from tests.missed import missed

FOLDERS = 12_000
MADE = 50  # folders of a burst
IDLE_SECONDS = 30.0
LONGEST = 60.0


def main() -> int:
    """The whole measurement; 1 where a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", nargs="*", default=list(MEASUREMENTS))
    parser.add_argument("--files", type=int, default=20_000)
    options = parser.parse_args()
    missed = 0
    for name in options.what:
        with tempfile.TemporaryDirectory() as folder:
            os.environ["XDG_STATE_HOME"] = f"{folder}/home"
            missed += not MEASUREMENTS[name](Path(folder).resolve(), options.files)
    print(f"load of this machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    return int(missed > 0)


# Two that need a watcher only


def burst(folder: Path, files: int) -> bool:
    """Many new files at once, in new folders too."""
    root = repository(folder, 100)
    with watcher(root) as ask:
        begun = time.monotonic()
        write(root, files)
        print(f"burst: written in {time.monotonic() - begun:.2f} s")
        return tell("burst", time.monotonic(), ask, limit=5.0)


def frozen(folder: Path, files: int) -> bool:
    """The same while the watcher can not read: the kernel forgets most of it."""
    root = repository(folder, 100)
    for number in range(MADE):
        (root / "made" / f"{number}").mkdir(parents=True)
    with watcher(root) as ask:
        ask("stop")
        write(root, files)
        (root / "made" / "0").rename(root / "moved")
        begun = time.monotonic()
        ask("go on")
        return tell("frozen", begun, ask, limit=5.0)


def tell(name: str, begun: float, ask: Callable[[str], Any], *, limit: float) -> bool:
    """Print how long it took until nothing differed."""
    state = ask("compare")
    while state["differences"] and time.monotonic() < begun + LONGEST:
        state = ask("compare")
    taken = time.monotonic() - begun
    print(
        f"{name}: {state['files']} files, {state['differences']} differences after"
        f" {taken:.2f} s, {state['overflows']} overflows,"
        f" {state['reconciles']} looks at everything, {state['rss_mb']:.0f} MB"
    )
    return state["differences"] == 0 and taken <= limit


@contextmanager
def watcher(root: Path) -> Iterator[Callable[[str], Any]]:
    """A process that watches *root*; call it to ask."""
    child = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.watching", CHILD, str(root)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdin is not None
    assert child.stdout is not None
    question, answer = child.stdin, child.stdout

    def ask(what: str) -> Any:
        if what in SIGNALS:
            return child.send_signal(SIGNALS[what])
        print(what, file=question, flush=True)
        return json.loads(answer.readline())

    with child:
        answer.readline()
        yield ask
        child.kill()


CHILD = "--watch"
SIGNALS = {"stop": signal.SIGSTOP, "go on": signal.SIGCONT}


async def watch(root: Path) -> None:
    """What the child does: watch, hash what is pointed to, answer on standard input."""
    found = Repository.discover(root)
    assert found is not None
    found.state_dir.mkdir(exist_ok=True)
    loop = asyncio.get_running_loop()
    with found:
        async with Watcher(
            root,
            git_dir=found.git_dir,
            ignored_by_git=found.ignored,
            held_by_git=found.holds_folder,
            state_dir=found.state_dir,
        ) as watcher:
            known = {path: digest(root / path) for path in watcher.files()}
            reading = asyncio.create_task(read(watcher, known))
            print("ready", flush=True)
            while await loop.run_in_executor(None, sys.stdin.readline):
                await watcher.barrier()
                print(json.dumps(compared(watcher, known)), flush=True)
            reading.cancel()


async def read(watcher: Watcher, known: dict[str, str | None]) -> None:
    """Hash each file that is pointed to."""
    async for hint in watcher.hints():
        if isinstance(hint, Saved):
            for path in hint.paths:
                known[path] = digest(watcher.root / path)


def compared(watcher: Watcher, known: dict[str, str | None]) -> dict[str, Any]:
    """How the hashes and the table differ from the disk."""
    seen = {path: hashed for path, hashed in known.items() if hashed is not None}
    there = {}
    for folder, folders, names in os.walk(watcher.root):
        folders[:] = [name for name in folders if name != ".git"]
        for name in names:
            file = Path(folder, name)
            there[os.path.relpath(file, watcher.root)] = digest(file)
    state = watcher.state()
    differing = {path for path, _ in seen.items() ^ there.items()}
    return {
        "files": len(there),
        "differences": len(differing | watcher.differences()),
        "overflows": state.overflows,
        "reconciles": state.reconciles,
        "rss_mb": psutil.Process().memory_info().rss / 2**20,
    }


# Two that need the daemon


def restart(folder: Path, files: int) -> bool:
    """500 files change while no daemon runs, some of them hidden from git."""
    root = repository(folder, files)
    with daemon(root, folder):
        pass
    changed = {f"src/{n % 200}/file{n}.py" for n in range(0, files, files // 500)}
    hidden = sorted(changed)[:20]
    for path in sorted(changed):
        spoil(root / path)
    run(root, "update-index", "--assume-unchanged", *hidden[:10])
    run(root, "update-index", "--skip-worktree", *hidden[10:])
    before = newest(root)
    begun = time.monotonic()
    with daemon(root, folder) as process:
        ready, used = time.monotonic() - begun, cpu_seconds(process)
        judged = wait_for(root, before, changed)
        taken = time.monotonic() - begun
        left = differences(root)
    print(
        f"restart: {files} files, ready after {ready:.2f} s ({used:.2f} s of CPU),"
        f" {len(judged)} judged ({len(judged ^ changed)} wrong) after {taken:.2f} s,"
        f" {len(left)} differences between disk and records"
    )
    return ready <= 3.0 and judged == changed and not left


def idle(folder: Path, files: int) -> bool:
    """Nothing happens in a tree of many folders."""
    root = repository(folder, files // 10)
    for number in range(FOLDERS):
        (root / "wide" / f"{number % 100}" / f"{number}").mkdir(parents=True)
    with daemon(root, folder) as process:
        time.sleep(5)  # what belongs to the start
        before = cpu_seconds(process)
        time.sleep(IDLE_SECONDS)
        used = cpu_seconds(process) - before
        memory = process.memory_info().rss / 2**20
    share = 100 * used / IDLE_SECONDS
    print(f"idle: {FOLDERS} folders, {share:.2f} % of a core, {memory:.0f} MB")
    return share < 3.0


@contextmanager
def daemon(root: Path, folder: Path) -> Iterator[psutil.Process]:
    """The daemon on *root*, from when it is ready."""
    secret = folder / "secret"
    if not secret.exists():
        secret.touch(mode=0o600)
        secret.write_text(PASSPHRASE)
    process = subprocess.Popen(
        [*program("watch"), str(root), "--port", "0", "--passphrase-file", str(secret)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("ready")
        yield psutil.Process(process.pid)
        process.terminate()


def cpu_seconds(process: psutil.Process) -> float:
    """What *process* and its children have used."""
    family = [process, *process.children(recursive=True)]
    times = [member.cpu_times() for member in family]
    return float(sum(time.user + time.system for time in times))


def newest(root: Path) -> int:
    """The number of the last change in the records."""
    [(number,)] = records(root, "SELECT ifnull(max(number), 0) FROM changes")
    return int(number)


def wait_for(root: Path, before: int, changed: set[str]) -> set[str]:
    """The paths that were judged since, once they are *changed* or time is up."""
    deadline = time.monotonic() + LONGEST
    judged: set[str] = set()
    while judged != changed and time.monotonic() < deadline:
        time.sleep(0.1)
        rows = records(root, "SELECT path FROM changes WHERE number > ?", before)
        judged = {path for (path,) in rows}
    return judged


def differences(root: Path) -> dict[str, str]:
    """The files that stand otherwise than the records say."""
    rows = records(root, "SELECT path, sha256 FROM judged WHERE workspace = ?", root)
    return missed(root, dict(rows))


def records(root: Path, question: str, *values: object) -> list[tuple[Any, ...]]:
    """What the daemon has written down."""
    database = sqlite3.connect(
        f"file:{root}/.git/qualitywatch/state.db?mode=ro", uri=True
    )
    try:
        return database.execute(question, [str(value) for value in values]).fetchall()
    finally:
        database.close()


# Files


def repository(folder: Path, files: int) -> Path:
    """A repository with one commit of *files* files in 200 folders."""
    root = folder / "repo"
    for number in range(200):
        (root / "src" / f"{number}").mkdir(parents=True)
    for number in range(files):
        (root / f"src/{number % 200}/file{number}.py").write_text(source(number))
    run(root, "init", "-q")
    run(root, "add", "-A")
    run(root, "commit", "-q", "-m", "Begin")
    return root


def write(root: Path, files: int) -> None:
    """*files* new files, in folders that are made on the way."""
    for number in range(files):
        folder = root / "made" / f"{number % MADE}"
        if number < MADE:
            folder.mkdir(parents=True, exist_ok=True)
        (folder / f"new{number}.py").write_text(source(number))


def spoil(file: Path) -> None:
    """Another content of the same size, with the time of the old one."""
    before = file.stat()
    file.write_text(file.read_text().replace("value", "other", 1))
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))


def source(number: int) -> str:
    """A small module."""
    return f"value = {number}\n\n\ndef total(rows):\n    return sum(rows) + {number}\n"


def digest(file: Path) -> str | None:
    """The hash of the content; `None` where there is no file."""
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError:
        return None


def run(root: Path, *arguments: str) -> None:
    """Call git."""
    identity = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
    subprocess.run(["git", *identity, *arguments], cwd=root, check=True)


MEASUREMENTS = {"burst": burst, "frozen": frozen, "restart": restart, "idle": idle}

if __name__ == "__main__":
    if sys.argv[1:2] == [CHILD]:
        asyncio.run(watch(Path(sys.argv[2])))
    else:
        sys.exit(main())
