"""Guesses of the passphrase: whoever guesses shuts out itself, and nobody else."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from qualitywatch.errors import PeerError
from qualitywatch.hub.authentication import MAX_LOOKED_FOR
from qualitywatch.hub.guesses import MAX_WAITING, Guesses
from qualitywatch.hub.origins import ANYBODY, Address, Origin, Process, Unknown
from tests import hubs
from tests.hubs import PASSPHRASE, Clock, House

AGENT = Origin(key="agent", name="process 1 (agent)", since=200.0)
SHELL = Origin(key="shell", name="process 2 (bash)", since=100.0)


class Lock:
    """Guesses against a clock that goes when it is told to."""

    def __init__(self) -> None:
        self.clock = Clock()
        self._guesses = Guesses(self.clock.monotonic, pause_seconds=0.0)

    async def guess(self, *, right: bool = False, origin: Origin = AGENT) -> str:
        """ "right", "wrong", or the code of the refusal."""

        async def verify() -> bool:
            await asyncio.sleep(0)
            return right

        try:
            return "right" if await self._guesses.checked(origin, verify) else "wrong"
        except PeerError as error:
            return error.code

    async def seconds(self) -> int:
        """For how long the agent is shut out."""
        for seconds in range(0, 4000, 60):
            if "LOCKED_OUT" != await self.guess():
                self.clock.forward(61)  # that was a wrong one too: let it be forgotten
                return seconds
            self.clock.forward(60)
        raise AssertionError("it is shut out for ever")


@pytest.fixture
async def lock() -> Lock:
    return Lock()


async def test_five_guesses_shut_out_their_own_origin(lock: Lock) -> None:
    """Then the right one does not help it either, until the time is up."""
    codes = [await lock.guess() for _ in range(6)]

    assert ["wrong"] * 5 + ["LOCKED_OUT"] == codes
    assert "LOCKED_OUT" == await lock.guess(right=True)
    lock.clock.forward(61)
    assert "right" == await lock.guess(right=True)


async def test_guessing_does_not_shut_out_the_operator(lock: Lock) -> None:
    """However long it goes on, the right passphrase is right in another terminal."""
    for _ in range(30):
        await lock.guess()
        lock.clock.forward(20)

    assert "right" == await lock.guess(right=True, origin=SHELL)


async def test_where_origins_can_not_be_told_apart_none_is_shut_out(
    lock: Lock,
) -> None:
    for _ in range(12):
        assert "wrong" == await lock.guess(origin=ANYBODY)

    assert "right" == await lock.guess(right=True, origin=ANYBODY)


async def test_each_lock_is_twice_as_long_up_to_an_hour(lock: Lock) -> None:
    locks = []
    for _ in range(8):
        await asyncio.gather(*(lock.guess() for _ in range(5)))
        locks.append(await lock.seconds())

    assert [60, 120, 240, 480, 960, 1920, 3600, 3600] == locks


async def test_guesses_at_once_are_counted_too(lock: Lock) -> None:
    codes = await asyncio.gather(*(lock.guess() for _ in range(12)))

    assert ["LOCKED_OUT"] * 7 + ["wrong"] * 5 == sorted(codes)


async def test_guessing_is_announced_until_the_operator_comes(tmp_path: Path) -> None:
    """And each wrong guess is in the audit, with who made it."""
    async with hubs.house(tmp_path) as house:
        codes = [await say(house, "a guess") for _ in range(6)]
        assert "passphrase" in house.warden.degraded_now
        assert "" == await say(house, PASSPHRASE, SHELL)
        await house.warden.finish_notes()

        assert ["WRONG_PASSPHRASE"] * 5 + ["LOCKED_OUT"] == codes
        assert "passphrase" not in house.warden.degraded_now
        noted = [(r.action, r.who, r.reason) for r in await house.store.audit()]
        assert ("operator.login", AGENT.name, "WRONG_PASSPHRASE") in noted
        assert ("operator.login", AGENT.name, "LOCKED_OUT") in noted


async def test_a_crowd_of_guessers_is_not_looked_for(tmp_path: Path) -> None:
    """To find a process takes time that nobody else shall wait for."""
    found = 0

    class Slow(At):
        def origin(self) -> Origin:
            nonlocal found
            found += 1
            return super().origin()

    async with hubs.house(tmp_path) as house, AsyncExitStack() as stack:
        await house.store.set_passphrase_hash("none that is slow to compare with")
        peers = [
            await stack.enter_async_context(hubs.peer(house, caller=Slow(AGENT)))
            for _ in range(40)
        ]
        await asyncio.gather(
            *(peer.refusal("session.hello", passphrase="a guess") for peer in peers)
        )

    assert MAX_LOOKED_FOR == found


async def say(house: House, passphrase: str, origin: Origin = AGENT) -> str:
    """The refusal of a hello with this passphrase; "" where it is right."""
    async with hubs.peer(house, caller=At(origin)) as it:
        return await it.refusal("session.hello", passphrase=passphrase)


class At:
    """A caller from a place of our choice."""

    def __init__(self, origin: Origin) -> None:
        self.name = origin.name
        self._origin = origin

    def origin(self) -> Origin:
        return self._origin


async def test_who_has_guessed_least_and_is_here_longest_comes_first() -> None:
    """A crowd of fresh processes stands behind the operator's shell."""
    guesses = Guesses(Clock().monotonic, pause_seconds=0.0)
    order: list[str] = []
    go = asyncio.Event()

    async def one(origin: Origin) -> None:
        async def verify() -> bool:
            await go.wait()
            order.append(origin.key)
            return False

        await guesses.checked(origin, verify)

    fresh = [Origin(key=f"fresh {n}", name="?", since=500.0 + n) for n in range(5)]
    waiting = [asyncio.create_task(one(origin)) for origin in (AGENT, *fresh, SHELL)]
    await asyncio.sleep(0)
    go.set()
    await asyncio.gather(*waiting)

    assert ["agent", "shell", "fresh 0", "fresh 1"] == order[:4]


async def test_a_crowd_is_not_let_wait() -> None:
    """Of too many the one that ranks last is sent away, not the operator."""
    guesses = Guesses(Clock().monotonic, pause_seconds=0.0)
    go = asyncio.Event()

    async def verify() -> bool:
        await go.wait()
        return True

    crowd = [
        asyncio.create_task(
            guesses.checked(Origin(key=f"{n}", name="?", since=500.0 + n), verify)
        )
        for n in range(MAX_WAITING + 5)
    ]
    await asyncio.sleep(0)
    operator = asyncio.create_task(guesses.checked(SHELL, verify))
    await asyncio.sleep(0)
    go.set()

    assert await operator
    ends = await asyncio.gather(*crowd, return_exceptions=True)
    assert 5 == sum(isinstance(end, PeerError) for end in ends)


async def test_who_gives_up_does_not_block_the_others() -> None:
    guesses = Guesses(Clock().monotonic, pause_seconds=0.0)
    go = asyncio.Event()

    async def verify() -> bool:
        await go.wait()
        return True

    first, second, third = (
        asyncio.create_task(guesses.checked(SHELL, verify)) for _ in range(3)
    )
    await asyncio.sleep(0)
    second.cancel()
    await asyncio.sleep(0)
    go.set()

    assert await first
    assert await third


async def test_many_wrong_guesses_are_slowed_down() -> None:
    """Whoever makes them: a pause comes before each further one."""
    guesses = Guesses(Clock().monotonic, pause_seconds=0.05)
    loop = asyncio.get_running_loop()

    async def wrong() -> bool:
        return False

    began = loop.time()
    for number in range(5):
        await guesses.checked(Origin(key=f"{number}", name="?"), wrong)
    quick, began = loop.time() - began, loop.time()
    await guesses.checked(SHELL, wrong)

    assert quick < 0.05 <= loop.time() - began


# Where a peer comes from


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="only Linux tells")
def test_processes_of_one_session_are_one_origin() -> None:
    """A shell and its children; a session of its own is another origin."""
    ours = Process(os.getpid()).origin()
    assert not ours.shared
    with _sleeping() as child:
        assert ours.key == Process(child.pid).origin().key
        child.kill()
    with _sleeping(start_new_session=True) as stranger:
        assert ours.key != Process(stranger.pid).origin().key
        stranger.kill()


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="only Linux tells")
@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
async def test_process_behind_a_port_is_found(host: str) -> None:
    """The same origin as over the Unix socket."""
    server = await asyncio.start_server(lambda reader, writer: writer.close(), host)
    port = server.sockets[0].getsockname()[1]
    _, writer = await asyncio.open_connection(host, port)
    ours = writer.get_extra_info("sockname")[1]

    found = await asyncio.to_thread(Address(host, ours).origin)

    writer.close()
    await writer.wait_closed()
    server.close()
    await server.wait_closed()
    assert Process(os.getpid()).origin() == found


@pytest.mark.parametrize(
    ("caller", "key"),
    [
        (Process(0), "anybody"),
        (Process(2**22 + 7), "anybody"),
        (Address("192.0.2.7", 1), "192.0.2.7"),
        (Address("127.0.0.1", 0), "anybody"),
        (Address("", 0), "anybody"),
        (Unknown(), "anybody"),
    ],
)
def test_who_can_not_be_found_is_anybody(
    caller: Process | Address | Unknown, key: str
) -> None:
    assert key == caller.origin().key


def _sleeping(**options: bool) -> subprocess.Popen[bytes]:
    code = "import time; time.sleep(30)"
    return subprocess.Popen([sys.executable, "-c", code], **options)
