"""Real processes, stopped while their agent is in quarantine and let go on after it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from qualitywatch.enforcement import Process, Stopping, processes
from qualitywatch.errors import PeerError
from qualitywatch.model import Event
from tests import factories
from tests.integration.house import House

pytestmark = pytest.mark.skipif(
    not hasattr(os, "pidfd_open"), reason="processes are only stopped on Linux"
)
# Starts a child, says its id, and ends with its input.
PARENT = (
    "import subprocess, sys;"
    "c = subprocess.Popen([sys.executable, '-c', 'import sys; sys.stdin.read()'],"
    " stdin=subprocess.PIPE);"
    "print(c.pid, flush=True); sys.stdin.read(); c.kill(); c.wait()"
)


class Program:
    """A running program and the child it has started."""

    def __init__(self, **how: bool) -> None:
        is_leader = how.get("own_session", False)
        group = 0 if how.get("own_group", True) and not is_leader else None
        self.popen = subprocess.Popen(
            [sys.executable, "-c", PARENT],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            process_group=group,
            start_new_session=is_leader,
        )
        assert self.popen.stdout is not None
        self.pid = self.popen.pid
        self.child = int(self.popen.stdout.readline())

    def end(self) -> None:
        for pid in (self.pid, self.child):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
        assert self.popen.stdin is not None
        assert self.popen.stdout is not None
        self.popen.stdin.close()
        self.popen.stdout.close()
        self.popen.wait(10)


@pytest.fixture
def start() -> Iterator[Callable[..., Program]]:
    """Starts programs that end with the test."""
    started: list[Program] = []

    def start(**how: bool) -> Program:
        started.append(Program(**how))
        return started[-1]

    yield start
    for program in started:
        program.end()


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    house = House(tmp_path / "state")
    await house.start()
    for id in ("lazy", "kid"):
        parent = "lazy" if id == "kid" else None
        about = factories.agent(id, workspace="/repo", parent=parent)
        await house.warden.seen(about)
    yield house
    await house.stop()


LAZY = factories.agent("lazy", workspace="/repo")
KID = factories.agent("kid", workspace="/repo")
OTHER = factories.agent("other", workspace="/repo")


@asynccontextmanager
async def stopping(house: House, *, is_on: bool = True) -> AsyncIterator[Stopping]:
    """What keeps the processes, as in a daemon that runs."""
    it = Stopping(house.store, house.warden, is_on=is_on)
    await it.restore()
    hear = house.told.append

    def told(event: Event) -> None:
        hear(event)
        it.heard(event)

    house.warden._publish = told
    task = asyncio.create_task(it.watch())
    yield it
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    house.warden._publish = hear


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not true():  # noqa: ASYNC110  # nothing tells when a process stops
            await asyncio.sleep(0.01)


def stands(pid: int) -> bool:
    found = processes.look(pid)
    return found is not None and processes.is_stopped(found)


async def test_who_is_in_quarantine_is_stopped_until_released(
    house: House, start: Callable[..., Program]
) -> None:
    """With what it has started, where it leads its group; all of it is on record."""
    program = start()
    async with stopping(house) as it:
        answer = await it.register(LAZY, program.pid, None)
        await house.warden.impose("lazy", "drops code", "operator")
        await until(lambda: stands(program.pid) and stands(program.child))
        await house.warden.release("lazy", "mended", "operator")
        await until(lambda: not stands(program.pid) and not stands(program.child))
        await until(lambda: "process.resumed" in house.kinds)

    assert (True, True) == (answer.with_group, answer.enabled)
    assert 1 == house.kinds.count("process.stopped")
    audit = [one.action for one in await house.store.audit()]
    expected = {"process.register", "process.stop", "process.go_on"}
    assert expected == {one for one in audit if one.startswith("process.")}


async def test_a_group_of_others_is_left_alone(
    house: House, start: Callable[..., Program]
) -> None:
    """Who does not lead its group is stopped alone: the group is somebody else's."""
    program = start(own_group=False)
    async with stopping(house) as it:
        answer = await it.register(LAZY, program.pid, None)
        await house.warden.impose("lazy", "drops code", "operator")
        await until(lambda: stands(program.pid))

        assert not answer.with_group
        assert not stands(program.child)


async def test_a_subagent_is_stopped_with_its_parent_only(
    house: House, start: Callable[..., Program]
) -> None:
    """The parent's quarantine stops both; the child's own stops the child alone."""
    parent, child = start(), start()
    async with stopping(house) as it:
        await it.register(LAZY, parent.pid, None)
        await it.register(KID, child.pid, None)
        await house.warden.impose("kid", "drops code", "operator")
        await until(lambda: stands(child.pid))
        assert not stands(parent.pid)
        await house.warden.impose("lazy", "drops code", "operator")
        await until(lambda: stands(parent.pid))
        await house.warden.release("kid", "mended", "operator")
        await it.keep()
        assert stands(child.pid)
        await house.warden.release("lazy", "mended", "operator")
        await until(lambda: not stands(parent.pid) and not stands(child.pid))


async def test_off_by_default(house: House, start: Callable[..., Program]) -> None:
    """It may be registered, and is not stopped; once it is asked for, it is."""
    program = start()
    async with stopping(house, is_on=False) as it:
        answer = await it.register(LAZY, program.pid, None)
        await house.warden.impose("lazy", "drops code", "operator")
        await it.keep()
        assert not answer.enabled
        assert not stands(program.pid)
        it.take(is_on=True)
        await until(lambda: stands(program.pid))
        it.take(is_on=False)
        await until(lambda: not stands(program.pid))


async def test_a_daemon_that_starts_again_knows_whom_it_stopped(
    house: House, start: Callable[..., Program]
) -> None:
    """The release is heard by the next one; what it did not stop stays stopped."""
    ours, others = start(), start()
    os.killpg(others.pid, signal.SIGSTOP)
    async with stopping(house) as it:
        await it.register(LAZY, ours.pid, None)
        await it.register(OTHER, others.pid, None)
        await house.warden.impose("lazy", "drops code", "operator")
        await until(lambda: stands(ours.pid))
    await house.restart()
    async with stopping(house) as it:
        assert stands(ours.pid)
        await house.warden.release("lazy", "mended", "operator")
        await until(lambda: not stands(ours.pid))
        await it.keep()
        assert stands(others.pid)


async def test_who_is_let_go_on_by_another_hand_is_stopped_again(
    house: House, start: Callable[..., Program], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process of the same user can wake it; that is seen, told and undone."""
    program = start()
    async with stopping(house) as it:
        await it.register(LAZY, program.pid, None)
        await house.warden.impose("lazy", "drops code", "operator")
        await until(lambda: stands(program.pid))
        os.kill(program.pid, signal.SIGCONT)
        await until(lambda: not stands(program.pid))
        await it.keep()
        assert stands(program.pid)

    assert "somebody had let it go on" in {
        one.reason for one in await house.store.audit()
    }


async def test_what_has_ended_is_forgotten(
    house: House, start: Callable[..., Program]
) -> None:
    """An id that another process has by now is never signalled."""
    program = start()
    async with stopping(house) as it:
        await it.register(LAZY, program.pid, None)
        program.end()
        await it.keep()

        assert () == await house.store.processes()


def test_another_process_of_the_same_id_is_not_hit(
    start: Callable[..., Program],
) -> None:
    """The moment it started belongs to its name."""
    program = start()
    known = processes.look(program.pid)
    assert known is not None
    other = Process(pid=program.pid, started="another boot 1")

    assert not processes.stop(other)
    assert not stands(program.pid)
    assert processes.lives(known)
    assert not processes.lives(other)


async def test_only_oneself_and_those_above_can_be_named(
    house: House, start: Callable[..., Program]
) -> None:
    """Nobody has a stranger stopped, nor the daemon, nor what started it."""
    program, stranger = start(), start()
    leader = start(own_session=True)
    refused = {
        "stranger": stranger.pid,
        "its child": program.child,
        "the daemon": os.getpid(),
        "what started the daemon": os.getppid(),
        "init": 1,
        "nobody": 2**22 - 1,
    }
    async with stopping(house) as it:
        for name, pid in refused.items():
            with pytest.raises(PeerError):
                await it.register(LAZY, program.pid, pid)
            assert () == await house.store.processes(), name
        with pytest.raises(PeerError, match="leads a terminal session"):
            await it.register(LAZY, leader.child, leader.pid)
        await it.register(LAZY, program.child, program.pid)  # its harness
        await it.register(LAZY, leader.pid, None)  # speaks for itself

        assert 2 == len(await house.store.processes())


async def test_processes_of_one_agent_are_bounded(
    house: House, start: Callable[..., Program], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those that have ended make room."""
    monkeypatch.setattr("qualitywatch.enforcement.stopping.MOST", 1)
    first, second = start(), start()
    async with stopping(house) as it:
        await it.register(LAZY, first.pid, None)
        await it.register(LAZY, first.pid, None)
        with pytest.raises(PeerError, match="registered already"):
            await it.register(LAZY, second.pid, None)
        first.end()
        await it.register(LAZY, second.pid, None)


async def test_it_is_stopped_soon(
    house: House, start: Callable[..., Program], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not at the next look, but when the quarantine begins."""
    monkeypatch.setattr("qualitywatch.enforcement.stopping.LOOK_SECONDS", 60)
    program = start()
    async with stopping(house) as it:
        await it.register(LAZY, program.pid, None)
        await it.keep()
        await house.warden.impose("lazy", "drops code", "operator")

        await until(lambda: stands(program.pid))
