"""No file can stall or kill the analysis: each gets a verdict, or a reason why not."""

from __future__ import annotations

import asyncio
import os
import socket
import time
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest

from qualitywatch import config, rulebook
from qualitywatch.judge.files import File, read
from qualitywatch.model import Change
from qualitywatch.traces import Examined
from qualitywatch.workers.pool import Workers
from tests.factories import change
from tests.hostile_content import Bomb, bombs

LIMITS = config.Analysis(workers=2)
MEMORY = 512 * 2**20
FAST = (
    "py: parentheses, 1,300 deep",
    "py: calls, 1,300 deep",
    "py: formatted strings, 1,000 deep",
    "py: depth 190 on 20 lines",
    "py: a sum of 300,000",
    "py: 8,300 elif",
    "py: 10 MB of code",
    "py: conflict marks, 100,000",
    "py: 100 KB of random bytes",
    "js: unclosed brackets, 60 KB",
    "js: functions, 10,000 deep",
    "tsx: elements, 16,000 deep",
    "json: arrays, 100,000 deep",
    "yaml: aliases that multiply",
    "yaml: keys without end",
    "rs: brackets, 50,000 deep",
    "cpp: templates, 20,000 deep",
    "php: arrays, 50,000 deep",
    "sh: here-documents on a line",
    "kt: comments inside comments",
)
BOMBS = {bomb.name: bomb for bomb in bombs() if bomb.name in FAST}
HUGE = Bomb(
    "huge", "src/huge.py", b"".join(b"a%d = (%d,)\n" % (n, n) for n in range(80_000))
)
SMALL = change("x = 1\n" * 20, "x = 1\n" * 19 + "y = 2\n", path="src/small.py")


@pytest.fixture
async def workers() -> AsyncIterator[Workers]:
    async with Workers(rulebook.load(), LIMITS) as workers:
        yield workers


def change_of(bomb: Bomb) -> Change:
    return Change(path=bomb.path, before=bomb.before, after=bomb.after)


def memory() -> int:
    """Of this process and everything it started."""
    me = psutil.Process()
    return sum(_rss(process) for process in (me, *me.children(recursive=True)))


def _rss(process: psutil.Process) -> int:
    try:
        return process.memory_info().rss
    except psutil.NoSuchProcess:
        return 0


def is_answer(found: Examined) -> bool:
    """A verdict, or a reason that speaks of the file."""
    reasons = [each.reason for each in found.analysis.unanalysable]
    return not any("failed" in reason or "alive" in reason for reason in reasons)


async def test_each_bomb_is_answered_in_time(workers: Workers):
    """One second more than a task may take: the way to the worker and back."""
    bad = []
    for name, bomb in BOMBS.items():
        started = time.monotonic()
        found = await workers.examine(change_of(bomb))
        taken = time.monotonic() - started
        if not is_answer(found) or taken > LIMITS.timeout_ms / 1000 + 1:
            bad.append((name, taken, found.analysis.unanalysable))

    assert [] == bad


def test_the_bombs_are_those_of_the_corpus():
    assert set(FAST) == set(BOMBS)


async def test_other_files_are_judged_while_bombs_run(workers: Workers):
    hard = [workers.examine(change_of(HUGE)) for _ in range(4)]
    running = asyncio.gather(*hard)
    taken = []
    for _ in range(20):
        started = time.monotonic()
        await workers.examine(SMALL)
        taken.append(time.monotonic() - started)
    await running

    assert max(taken) < 2


async def test_bombs_stay_within_the_memory(workers: Workers):
    before, peak = memory(), 0
    names = ("cpp: templates, 20,000 deep", "js: unclosed brackets, 60 KB")
    running = asyncio.gather(
        *(workers.examine(change_of(bomb)) for bomb in (HUGE, HUGE)),
        *(workers.examine(change_of(BOMBS[name])) for name in names),
    )
    while not running.done():
        peak = max(peak, memory() - before)
        await asyncio.sleep(0.05)
    await running

    assert peak < MEMORY


# Special files


def make_pipe(path: Path) -> None:
    os.mkfifo(path)


def make_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))


def make_device_link(path: Path) -> None:
    path.symlink_to("/dev/zero")


def make_dangling_link(path: Path) -> None:
    path.symlink_to("nowhere.py")


def make_loop(path: Path) -> None:
    path.symlink_to(path)


@pytest.mark.parametrize(
    "make",
    [make_pipe, make_socket, make_device_link, make_dangling_link, make_loop],
)
def test_what_is_no_file_is_never_waited_for(tmp_path: Path, make):
    make(tmp_path / "x.py")
    started = time.monotonic()
    file = read(tmp_path, "x.py", limit=1000)

    assert file.content is None
    assert file.problem is not None
    assert time.monotonic() - started < 1


@pytest.mark.parametrize("name", ["x.py", "x.py/y.py", "gone/x.py"])
def test_what_is_not_there_is_no_file(tmp_path: Path, name: str):
    (tmp_path / "x.py").mkdir()

    assert File() == read(tmp_path, name, limit=1000)


def test_an_empty_file_is_a_file(tmp_path: Path):
    (tmp_path / "x.py").touch()

    assert b"" == read(tmp_path, "x.py", limit=1000).content


def test_a_file_that_can_not_be_opened_says_so(tmp_path: Path, monkeypatch):
    """Under root every file can be opened, so the refusal is played."""
    (tmp_path / "x.py").write_text("x = 1\n")
    opened = os.open

    def refuse(path, *rest, **names):
        if path == "x.py":
            raise PermissionError(13, "Permission denied")
        return opened(path, *rest, **names)

    monkeypatch.setattr(os, "open", refuse)

    assert (
        "can not be read: Permission denied" == read(tmp_path, "x.py", limit=9).problem
    )


def test_a_file_at_the_limit_is_read_whole(tmp_path: Path):
    (tmp_path / "x.py").write_bytes(b"#" * 1000)

    assert 1000 == len(read(tmp_path, "x.py", limit=1000).content or b"")
    assert "larger than 999" in str(read(tmp_path, "x.py", limit=999).problem)
