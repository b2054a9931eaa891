"""Worker processes: a bad file, or a bad day, fails alone."""

import asyncio
import errno
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import psutil
import pytest
from pebble.pool.process import PoolManager, Task

import qualitywatch
from qualitywatch import config, rulebook
from qualitywatch.errors import MachineError
from qualitywatch.model import Change
from qualitywatch.rulebook import Rulebook
from qualitywatch.traces import ALONE, Examined
from qualitywatch.workers import once
from qualitywatch.workers.once import examine_once, imports_once
from qualitywatch.workers.pool import Workers
from qualitywatch.workers.reasons import TOO_LARGE
from tests.factories import change

BEFORE = "def total():\n" + "".join(f"    x{n} = {n}\n" for n in range(20))
AFTER = "def total():\n    # ... rest of the function unchanged\n    pass\n"
LAZY = change(BEFORE, AFTER)
HEAVY = change(None, "x = [1, (2, 3), {4: 5}]\n" * 160_000, path="heavy.py")
MODULE = ("a.py", b"import b\n")
PATIENT = config.Analysis(workers=1, timeout_ms=60_000, max_file_bytes=32 * 2**20)
HASTY = config.Analysis(workers=1, timeout_ms=100, max_file_bytes=32 * 2**20)


@pytest.fixture
async def workers() -> AsyncIterator[Workers]:
    async with Workers(rulebook.load(), PATIENT) as workers:
        yield workers


def processes() -> list[psutil.Process]:
    """The workers: children of the server that forks them."""
    children = psutil.Process().children()
    return [worker for child in children for worker in child.children()]


def is_found(examined: Examined) -> bool:
    return ["elided-code"] == [v.rule for v in examined.analysis.violations]


async def crash_busy_worker() -> None:
    """Wait until a worker parses `HEAVY`, and let it die as by a bug in a parser."""
    async with asyncio.timeout(20):
        while True:
            for worker in filter(_is_parsing, processes()):
                worker.send_signal(signal.SIGSEGV)
                return await asyncio.to_thread(worker.wait)
            await asyncio.sleep(0.01)


def _is_parsing(worker: psutil.Process) -> bool:
    try:
        return worker.memory_info().rss > 100 * 2**20
    except psutil.Error:
        return False


async def test_a_change_is_judged(workers: Workers):
    assert is_found(await workers.examine(LAZY))


async def test_a_worker_is_limited(workers: Workers):
    (worker,) = processes()

    assert 600 * 2**20 == worker.rlimit(psutil.RLIMIT_AS)[0]
    assert 256 * 2**20 == worker.rlimit(psutil.RLIMIT_DATA)[1]
    assert 0 == worker.rlimit(psutil.RLIMIT_CORE)[0]
    assert 0 == worker.rlimit(psutil.RLIMIT_FSIZE)[0]
    assert 64 == worker.rlimit(psutil.RLIMIT_NOFILE)[0]


async def test_a_crash_is_tried_once_more(workers: Workers):
    """A worker may die of something that is not the file's fault."""
    task = asyncio.create_task(workers.examine(HEAVY))
    await crash_busy_worker()
    (unanalysable,) = (await task).analysis.unanalysable

    assert "is too hard to parse" == unanalysable.reason


async def crash_twice(workers: Workers) -> str:
    """The reason why `HEAVY` was given up."""
    task = asyncio.create_task(workers.examine(HEAVY))
    await crash_busy_worker()
    await crash_busy_worker()
    (unanalysable,) = (await task).analysis.unanalysable
    return unanalysable.reason


async def test_content_that_crashes_twice_is_given_up(workers: Workers):
    assert "the parser crashed (SIGSEGV)" == await crash_twice(workers)


async def test_content_that_was_given_up_costs_nothing(workers: Workers):
    await crash_twice(workers)
    await workers.examine(LAZY)  # the next worker is there
    before = [worker.pid for worker in processes()]
    (unanalysable,) = (await workers.examine(HEAVY)).analysis.unanalysable

    assert "crashed on it before" in unanalysable.reason
    assert before == [worker.pid for worker in processes()]


async def test_others_are_judged_after_a_crash(workers: Workers):
    await crash_twice(workers)

    assert is_found(await workers.examine(LAZY))


async def test_an_idle_worker_that_dies_costs_nobody_anything(workers: Workers):
    """The library takes a death without a task for the end of the pool."""
    (worker,) = processes()
    worker.send_signal(signal.SIGKILL)
    await asyncio.to_thread(worker.wait)

    assert is_found(await workers.examine(LAZY))


def hear_too_late(workers: Workers, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pool that breaks ends what it knows of, and hears of one more afterwards."""
    on_time = PoolManager.schedule
    broken = workers._pool._pool_manager

    def too_late(manager: PoolManager, task: Task) -> None:
        while manager is broken and manager.context.alive:
            time.sleep(0.01)
        on_time(manager, task)

    monkeypatch.setattr(PoolManager, "schedule", too_late)


async def test_what_is_given_to_a_pool_while_it_breaks_is_judged(
    workers: Workers, monkeypatch: pytest.MonkeyPatch
):
    hear_too_late(workers, monkeypatch)
    (worker,) = processes()
    asked = asyncio.create_task(workers.examine(LAZY))
    await asyncio.sleep(0)  # the pool has it
    worker.send_signal(signal.SIGKILL)

    assert is_found(await asyncio.wait_for(asked, 20))
    assert 1 == workers.restarts


async def test_who_is_lost_with_a_pool_has_not_crashed(
    monkeypatch: pytest.MonkeyPatch,
):
    """However late it is: what counts as a crash twice is not tried any more."""
    impatient = config.Analysis(workers=1, timeout_ms=900)
    async with Workers(rulebook.load(), impatient) as workers:
        hear_too_late(workers, monkeypatch)
        (worker,) = processes()
        asked = asyncio.create_task(workers.examine(LAZY))
        await asyncio.sleep(0.6)  # more than half of the time is over
        worker.send_signal(signal.SIGKILL)

        await asyncio.wait_for(asked, 20)

    assert not workers._crashes


async def test_who_ends_them_has_ended_them(workers: Workers):
    """What a thread asks for later may start no process that nobody stops."""
    await workers.__aexit__()

    with pytest.raises(MachineError, match="do not start"):
        list(workers.imports_all([MODULE]))
    assert [] == processes()


async def test_without_processes_a_change_waits_for_another_time(
    workers: Workers, monkeypatch: pytest.MonkeyPatch
):
    """The judge tries again what the machine does not allow."""

    def full(*_: object) -> None:
        raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")

    monkeypatch.setattr("pebble.pool.process.launch_process", full)
    (worker,) = processes()
    worker.send_signal(signal.SIGKILL)
    await asyncio.to_thread(worker.wait)

    with pytest.raises(MachineError, match="do not start"):
        await workers.examine(LAZY)
    with pytest.raises(MachineError, match="do not start"):
        await Workers(rulebook.load(), PATIENT).__aenter__()


async def test_processes_that_keep_us_waiting_are_replaced(
    workers: Workers, monkeypatch: pytest.MonkeyPatch
):
    """One that dies while it speaks leaves a lock behind that nobody opens."""
    (worker,) = processes()
    patience = property(lambda _: 0.5 if worker.is_running() else 60.0)
    monkeypatch.setattr(Workers, "_patience", patience)
    worker.suspend()

    (found,) = await asyncio.to_thread(list, workers.imports_all([MODULE]))

    assert ["b"] == [one.module for one in found]
    assert worker not in processes()


async def test_a_hang_ends_at_the_time_limit_and_fails_alone():
    limits = config.Analysis(workers=2, timeout_ms=500)
    async with Workers(rulebook.load(), limits) as workers:
        stuck = processes()[0]
        stuck.suspend()
        answers = await asyncio.gather(*(workers.examine(LAZY) for _ in range(6)))

    assert all(is_found(answer) for answer in answers)


async def test_a_task_that_is_too_slow_says_so():
    async with Workers(rulebook.load(), HASTY) as workers:
        (unanalysable,) = (await workers.examine(HEAVY)).analysis.unanalysable

    assert "the parser used more than 0.1 s" == unanalysable.reason


async def test_unreadable_is_not_clean(workers: Workers):
    broken = Change(path="a.py", before=None, after=None, problem="is no regular file")
    (unanalysable,) = (await workers.examine(broken)).analysis.unanalysable

    assert "is no regular file" == unanalysable.reason


async def test_many_imports_come_back_in_order(workers: Workers):
    files = [(f"{n}.py", f"import b{n}\n".encode()) for n in range(30)]
    found = await asyncio.to_thread(list, workers.imports_all(files))

    assert [f"b{n}" for n in range(30)] == [one.module for (one,) in found]


PARENT = """
import time
import psutil
from qualitywatch import config, rulebook
from qualitywatch.workers.pool import Workers

if __name__ == "__main__":
    with Workers(rulebook.load(), config.Analysis(workers=1)) as workers:
        workers.warm()
        (worker,) = [w for c in psutil.Process().children() for w in c.children()]
        print(worker.pid, flush=True)
        time.sleep(60)
"""


def test_workers_die_with_their_parent(tmp_path: Path):
    """SIGKILL of the daemon may not leave processes behind."""
    script = tmp_path / "parent.py"
    script.write_text(PARENT)
    parent = subprocess.Popen(
        [sys.executable, script],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path(qualitywatch.__file__).parents[1])},
    )
    with parent:
        worker = psutil.Process(int(parent.stdout.readline()))
        parent.kill()

    worker.wait(timeout=10)


def test_imports_are_read_in_a_child_of_its_own():
    (found,) = imports_once([MODULE], limits=config.Analysis())

    assert ["b"] == [one.module for one in found]


def test_the_child_ends_at_the_time_limit():
    assert [()] == imports_once([(HEAVY.path, HEAVY.after)], limits=HASTY)


def test_a_change_alone_is_judged_in_a_child_of_its_own():
    """It is judged as by all others; what takes too long has no analysis."""
    rules = rulebook.load()
    (found,) = examine_once([(LAZY, ALONE)], rules, limits=PATIENT)
    (late,) = examine_once([(HEAVY, ALONE)], rules, limits=HASTY)

    assert is_found(found)
    assert [HEAVY.path] == [one.path for one in late.analysis.unanalysable]


def test_the_child_is_not_believed(monkeypatch):
    """What it says has a size and a type, or counts as no answer."""

    def reason(said: bytes) -> str:
        monkeypatch.setattr(once, "_examined", lambda *_: msgspec.Raw(said))
        (found,) = examine_once([(LAZY, ALONE)], Rulebook(), limits=PATIENT)
        return found.analysis.unanalysable[0].reason

    assert "ValidationError" in reason(b"\xc0")
    monkeypatch.setattr(once, "MAX_ANSWER_BYTES", 10)
    assert TOO_LARGE == reason(b"\xc0" * 99)


def test_the_child_leaves_no_descriptor_and_no_zombie():
    before = psutil.Process().num_fds()
    imports_once([MODULE], limits=config.Analysis())

    assert before == psutil.Process().num_fds()
    states = [child.status() for child in psutil.Process().children()]
    assert psutil.STATUS_ZOMBIE not in states
