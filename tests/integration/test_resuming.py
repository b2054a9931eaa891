"""Following without a gap: whatever breaks, and whatever history is forgotten."""

from __future__ import annotations

import asyncio
import random
from contextlib import AsyncExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from qualitywatch import client
from qualitywatch.hub.server import Server
from qualitywatch.protocol import Role
from qualitywatch.store.retention import Bounds
from tests import hubs
from tests.fuzzing import FREELY
from tests.hubs import Ear, House, Peer
from tests.integration.test_hub import until


class Resuming(RuleBasedStateMachine):
    """Three followers against a model that is a list of numbers.

    A follower knows one thing: the last sequence it was told. Told that it recovered,
    it hears every event after that once and in order; told that it did not, it has a
    snapshot, and goes on from the sequence beside that.
    """

    def __init__(self) -> None:
        super().__init__()
        self._runner = asyncio.Runner()
        self._folder = TemporaryDirectory()
        self._stack = AsyncExitStack()
        self._followers = [Follower() for _ in range(3)]
        self._run(self._begin())

    def teardown(self) -> None:
        for follower in self._followers:
            self._run(follower.leave())
        self._run(self._stack.aclose())
        self._runner.close()
        self._folder.cleanup()

    @rule(count=st.sampled_from([1, 2, 7, 30]))
    def something_happens(self, count: int) -> None:
        self._run(self._house.happen(count))
        self._check()

    @rule(who=st.integers(0, 2))
    def one_follows(self, who: int) -> None:
        self._run(self._followers[who].follow(self._house))
        self._check()

    @rule(who=st.integers(0, 2))
    def one_leaves(self, who: int) -> None:
        self._run(self._followers[who].leave())

    @rule(who=st.integers(0, 2), count=st.integers(1, 40))
    def one_comes_while_much_happens(self, who: int, count: int) -> None:
        async def both() -> None:
            happening = asyncio.create_task(self._house.happen(count))
            await self._followers[who].follow(self._house)
            await happening

        self._run(both())
        self._check()

    @precondition(lambda self: self._house.warden.sequence > 1)
    @rule(share=st.floats(0, 1))
    def history_is_forgotten(self, share: float) -> None:
        first = 1 + int(self._house.warden.sequence * share)
        bounds = Bounds(event=first, change=0, history="", reports="")
        self._run(self._house.store.room.forget(lambda _: bounds))
        self._forgotten = max(self._forgotten, first - 1)

    @rule()
    def the_daemon_starts_again(self) -> None:
        """What was kept in memory is gone; the history is the same."""
        for follower in self._followers:
            self._run(follower.leave())
        self._run(self._stack.aclose())
        self._run(self._begin())

    @rule(who=st.integers(0, 2))
    def history_becomes_another(self, who: int) -> None:
        """A database that was put in its place has another epoch."""
        self._run(self._followers[who].leave())
        self._followers[who].epoch = "another"

    _forgotten = 0

    async def _begin(self) -> None:
        folder = Path(self._folder.name)
        self._house = await self._stack.enter_async_context(hubs.house(folder))

    def _check(self) -> None:
        self._run(asyncio.sleep(0))
        for follower in self._followers:
            if follower.is_here:
                follower.check_told(self._forgotten)
                assert follower.cursor == self._house.warden.sequence

    def _run(self, work: Any) -> Any:
        return self._runner.run(work)


class Follower:
    """One client, with what it would keep over its connections."""

    def __init__(self) -> None:
        self.epoch: str | None = None
        self.cursor: int | None = None
        self.is_here = False
        self._before: int | None = None
        self._told: dict[str, Any] = {}
        self._ear = Ear()
        self._stack = AsyncExitStack()

    async def follow(self, house: House) -> None:
        """Come, and ask for all that it has not heard."""
        if self.is_here:
            return
        peer: Peer = await self._stack.enter_async_context(hubs.peer(house))
        token = await house.token(Role.OBSERVER)
        await peer.result("session.hello", token=token)
        params = {} if self.cursor is None else {"since": self.cursor}
        if self.epoch is not None:
            params["epoch"] = self.epoch  # type: ignore[assignment]
        self._before, self._was = self.cursor, self.epoch
        self._told = await peer.result("events.subscribe", **params)
        self._ear, self.is_here = peer.ear, True
        self._known = house.warden.epoch
        self.cursor = self._told["seq"]
        self.epoch = self._told["epoch"]

    async def leave(self) -> None:
        """Go, remembering the last thing it heard."""
        self._hear()
        self.is_here = False
        await self._stack.aclose()

    def check_told(self, forgotten: int) -> None:
        """What it was told fits what it knew, and what came was without a gap."""
        self._hear()
        told, before = self._told, self._before
        fits = before is not None and self._was == self._known
        assert told["recovered"] == (before is None or told["snapshot"] is None)
        if told["recovered"] and before is not None:
            assert fits
            assert told["seq"] == before
        if not told["recovered"]:
            assert told["snapshot"] is not None
            assert not fits or before < forgotten

    def _hear(self) -> None:
        for sequence in self._ear.sequences:
            assert self.cursor is not None
            assert sequence == self.cursor + 1
            self.cursor = sequence
        self._ear.frames.clear()


TestResuming = Resuming.TestCase
TestResuming.settings = settings(max_examples=8, stateful_step_count=20, deadline=None)


async def test_a_long_history_is_read_page_by_page(tmp_path: Path) -> None:
    """After a new start nothing is in memory yet."""
    async with hubs.house(tmp_path) as house:
        await house.happen(450)
    async with hubs.house(tmp_path) as house, hubs.operator(house) as operator:
        await operator.result("events.subscribe", since=0)
        await house.happen(2)

        assert list(range(1, 453)) == operator.ear.sequences


async def test_history_that_is_forgotten_while_it_is_read_ends_the_following(
    tmp_path: Path,
) -> None:
    """Never a gap that nobody sees: the follower comes back for a snapshot."""
    async with hubs.house(tmp_path) as house:
        await house.happen(30)
    async with hubs.house(tmp_path) as house, hubs.operator(house) as operator:
        session = operator.session
        session.cursor = 5
        await house.store.room.forget(lambda _: Bounds(20, 0, "", ""))

        await house.stream.follow(session, house.store.events)

        assert (1013, []) == (operator.ear.closed, operator.ear.sequences)


async def test_a_crowd_shares_one_snapshot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And each goes on from the sequence of the one that it got."""
    async with hubs.house(tmp_path) as house, AsyncExitStack() as stack:
        made = 0
        violations = house.store.violations

        async def counted(**which: Any) -> Any:
            nonlocal made
            made += 1
            return await violations(**which)

        monkeypatch.setattr(house.store, "violations", counted)
        token = await house.token(Role.OBSERVER)
        crowd = [await stack.enter_async_context(hubs.peer(house)) for _ in range(50)]
        for peer in crowd:
            await peer.result("session.hello", token=token)
        await asyncio.gather(
            house.happen(5), *(peer.result("events.subscribe") for peer in crowd)
        )

        assert made < 5
        for peer in crowd:
            heard = peer.ear.sequences
            assert heard == list(range(house.warden.sequence + 1))[-len(heard) or 99 :]


async def test_every_client_hears_everything_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ten real clients that are cut off again and again."""
    monkeypatch.setattr("qualitywatch.client.connection.FIRST_DELAY", 0.01)

    heard = await followed(tmp_path, clients=10, cuts=100, events=400)

    assert [list(range(1, len(one) + 1)) for one in heard] == heard
    assert all(len(one) >= 400 for one in heard)


async def followed(
    folder: Path, *, clients: int, cuts: int, events: int
) -> list[list[int]]:
    """What each of *clients* hears of *events* while *cuts* connections are cut."""
    dice = random.Random(5)
    heard: list[list[int]] = [[] for _ in range(clients)]
    async with (
        hubs.house(folder, limits=FREELY) as house,
        Server.open(house.service) as server,
    ):
        tasks = [
            asyncio.create_task(_listen(house, server, number, heard[number]))
            for number in range(clients)
        ]
        for number in range(events):
            await house.happen()
            for _ in range((number + 1) * cuts // events - number * cuts // events):
                if sessions := sorted(house.stream.sessions, key=id):
                    _cut(dice.choice(sessions))
        last = house.warden.sequence
        await until(lambda: all(one and one[-1] >= last for one in heard), seconds=60)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return heard


async def _listen(house: House, server: Server, number: int, heard: list[int]) -> None:
    agent = f"agent-{number}"
    connecting = client.connect(
        server.url, agent=agent, token=await house.token(agent=agent)
    )
    async for event in connecting.events(since=0):
        heard.append(event.sequence)


def _cut(session: Any) -> None:
    session.outlet._wire.abort()
