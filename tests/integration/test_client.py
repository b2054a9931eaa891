"""The client on real sockets: told at once, connected again, nothing lost or twice."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import qualitywatch
from qualitywatch import AgentQuarantined, HubRefused, HubUnreachable
from qualitywatch.client import connection
from qualitywatch.client.connection import delays
from qualitywatch.hub.server import Server
from qualitywatch.model import Decision, QuarantineState
from qualitywatch.protocol import MAX_CONTENT_BYTES, Snapshot
from tests import hubs
from tests.hubs import HONEST, LAZY, House


class Hub:
    """A house with a server that can be stopped and started on the same port."""

    def __init__(self, house: House) -> None:
        self.house = house
        self._stack = AsyncExitStack()
        self._server: Server | None = None
        self._port = 0
        self.url = ""

    async def start(self) -> None:
        self._server = await self._stack.enter_async_context(
            Server.open(self.house.service, port=self._port)
        )
        self._port, self.url = self._server.port, self._server.websocket_url

    async def stop(self) -> None:
        await self._stack.aclose()

    def drop_connections(self) -> None:
        """Cut every connection, as a network does: without goodbye."""
        assert self._server is not None
        for socket in tuple(self._server._open):
            socket.transport.abort()

    async def client(
        self, agent: str = "cursor-1", **more: float
    ) -> qualitywatch.Client:
        """A client with a fresh token, not connected yet."""
        token = await self.house.token(agent=agent)
        return qualitywatch.connect(self.url, agent=agent, token=token, **more)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reconnect without the long waits, which are tested by themselves."""
    monkeypatch.setattr(connection, "FIRST_DELAY", 0.02)
    monkeypatch.setattr(connection, "LONGEST_DELAY", 0.1)


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[Hub]:
    async with hubs.house(tmp_path) as house:
        hub = Hub(house)
        await hub.start()
        yield hub
        await hub.stop()


# Asking


async def test_honest_change_is_allowed(hub: Hub) -> None:
    async with await hub.client() as client:
        verdict = await client.report_change(path="app.py", new_content=HONEST)

    assert verdict.decision is Decision.ALLOW


async def test_dropped_code_is_denied_then_raises(hub: Hub) -> None:
    """The verdict first; from then on every call, with the evidence."""
    async with await hub.client() as client:
        verdict = await client.report_change(
            path="app.py", change_type="update", new_content=LAZY, task_id="Task 39"
        )
        assert verdict.decision is Decision.DENY

        for call in (
            client.report_change(path="app.py", new_content=HONEST),
            client.check_change(path="app.py", new_content=HONEST),
            client.permit("app.py"),
        ):
            with pytest.raises(AgentQuarantined) as raised:
                await call
            assert raised.value.quarantine.subject == "cursor-1"
            assert raised.value.violations == verdict.violations


async def test_proposal_is_judged_and_not_recorded(hub: Hub) -> None:
    async with await hub.client() as client:
        verdict = await client.check_change(path="app.py", new_content=LAZY)

        assert verdict.decision is Decision.DENY
        assert await hub.house.store.violations() == ()
        assert client.quarantine is None


async def test_call_that_was_too_much_is_sent_again(tmp_path: Path) -> None:
    """The caller only notices that it takes a little longer."""
    limits = hubs.Hub(message_burst=5, messages_per_second=20)
    async with hubs.house(tmp_path, limits=limits) as house:
        hub = Hub(house)
        await hub.start()
        async with await hub.client() as client, _ticking(house):
            verdicts = await asyncio.gather(*(client.permit("a.py") for _ in range(12)))
        await hub.stop()

    assert [Decision.ALLOW] * 12 == [verdict.decision for verdict in verdicts]


async def test_quarantine_is_told_between_calls(hub: Hub) -> None:
    """An agent that asks nothing hears of it at once, and of its end."""
    async with await hub.client() as client:
        await hub.house.warden.impose("cursor-1", "why", "test")
        await asyncio.wait_for(client.quarantined.wait(), 5)
        assert client.quarantine is not None
        assert client.quarantine.reason == "why"

        await hub.house.warden.release("cursor-1", "mended", "test")
        verdict = await client.permit("app.py")  # the news may not be here yet

    assert verdict.decision is Decision.ALLOW
    assert client.quarantine is None


async def test_quarantine_is_told_on_connecting(hub: Hub) -> None:
    await hub.house.warden.impose("cursor-1", "why", "test")

    async with await hub.client() as client:
        assert client.quarantined.is_set()
        with pytest.raises(AgentQuarantined):
            await client.permit("app.py")


async def test_agent_in_quarantine_may_offer_the_code(hub: Hub) -> None:
    async with await hub.client() as client:
        await client.report_change(path="app.py", new_content=LAZY)

        proposed = await client.propose_repair({"app.py": HONEST})

        assert proposed.repairs[0].violations == ()
        assert (await client.status()).state is QuarantineState.REPAIR_PROPOSED


async def test_refusal_says_why(hub: Hub) -> None:
    async with await hub.client() as client:
        with pytest.raises(qualitywatch.PeerError) as raised:
            await client.permit("../elsewhere.py")

    assert raised.value.code == "OUTSIDE_WORKSPACE"


async def test_large_content_is_left_to_the_file(hub: Hub) -> None:
    """`new_content` is a hint: what does not fit a frame is not sent."""
    async with await hub.client() as client:
        verdict = await client.report_change(
            path="app.py", new_content="\n" * MAX_CONTENT_BYTES
        )

        assert verdict.decision is Decision.ALLOW
        with pytest.raises(qualitywatch.PeerError, match="frame"):
            await client.check_change(
                path="app.py", new_content="\n" * MAX_CONTENT_BYTES
            )


# Coming in and coming back


@pytest.mark.parametrize("mistake", ["token", "agent", "version"])
async def test_refused_client_is_told_at_once(
    hub: Hub, mistake: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No second try: it would be refused again."""
    token = "qwa_wrong" if mistake == "token" else await hub.house.token()
    name = "codex-9" if mistake == "agent" else "cursor-1"
    client = qualitywatch.connect(hub.url, agent=name, token=token)
    if mistake == "version":
        hello = msgspec.structs.replace(client._account.hello, version=99)
        object.__setattr__(client._account, "hello", hello)

    with pytest.raises(HubRefused):
        await asyncio.wait_for(client.__aenter__(), 2)


async def test_page_address_will_do(hub: Hub) -> None:
    url = hub.url.replace("ws://", "http://").removesuffix("/ws")

    async with qualitywatch.connect(
        url, agent="cursor-1", token=await hub.house.token()
    ) as client:
        assert (await client.status()).agent == "cursor-1"


async def test_nobody_answers(hub: Hub) -> None:
    await hub.stop()

    with pytest.raises(HubUnreachable, match="qualitywatch watch"):
        await (await hub.client(timeout=0.2)).__aenter__()


async def test_client_waits_for_a_hub_that_starts(hub: Hub) -> None:
    await hub.stop()
    entering = asyncio.create_task((await hub.client()).__aenter__())
    await asyncio.sleep(0)
    await hub.start()

    client = await asyncio.wait_for(entering, 5)
    await client.__aexit__(None, None, None)


async def test_call_survives_a_restart(hub: Hub) -> None:
    """A report that meets a closed hub is answered by the next one, once."""
    async with await hub.client() as client:
        await hub.stop()
        report = asyncio.create_task(
            client.report_change(path="app.py", new_content=HONEST)
        )
        await asyncio.sleep(0.05)
        await hub.start()

        assert (await asyncio.wait_for(report, 5)).decision is Decision.ALLOW
    assert (await hub.house.store.counts()).changes == 1


async def test_report_is_recorded_once_though_sent_twice(hub: Hub) -> None:
    """The connection breaks between the record and its answer."""
    judged = hub.house.judge.reported

    async def judge_then_cut(*arguments: object) -> object:
        hub.house.judge.reported = judged  # type: ignore[method-assign]
        answer = await judged(*arguments)  # type: ignore[arg-type]
        hub.drop_connections()
        return answer

    hub.house.judge.reported = judge_then_cut  # type: ignore[method-assign, assignment]
    async with await hub.client() as client:
        verdict = await asyncio.wait_for(
            client.report_change(path="app.py", new_content=HONEST), 5
        )

    assert verdict.decision is Decision.ALLOW
    assert (await hub.house.store.counts()).changes == 1


async def test_revoked_client_ends(hub: Hub) -> None:
    async with await hub.client() as client:
        [row] = await hub.house.store.tokens()
        async with hubs.operator(hub.house) as operator:
            await operator.operate("tokens.revoke", id=row.id)

        with pytest.raises(HubRefused):
            await asyncio.wait_for(_until_refused(client), 5)


async def test_unanswered_call_ends_with_its_time(hub: Hub) -> None:
    async with await hub.client(timeout=2) as client:
        await hub.stop()
        with pytest.raises(HubUnreachable):
            await client.permit("app.py")


def test_waits_double_with_jitter(monkeypatch: pytest.MonkeyPatch) -> None:
    """From half a second to half a minute, spread over the whole range."""
    monkeypatch.undo()
    tries = [
        [wait for wait, _ in zip(delays(), range(9), strict=False)] for _ in range(200)
    ]
    longest = [max(column) for column in zip(*tries, strict=True)]
    bounds = [0.5, 1, 2, 4, 8, 16, 30, 30, 30]

    assert all(
        bound * 0.8 < wait <= bound for wait, bound in zip(longest, bounds, strict=True)
    )
    assert min(tries[0][6], *(t[6] for t in tries)) < 5


# Events


async def test_events_from_the_beginning(hub: Hub) -> None:
    await hub.house.happen(3)
    async with await hub.client() as client:
        assert await _sequences(client, since=0, count=3) == [1, 2, 3]


async def test_events_begin_with_a_snapshot(hub: Hub) -> None:
    await hub.house.warden.impose("codex-1", "why", "test")
    async with await hub.client() as client:
        events = client.events()
        first = await anext(events)
        await events.aclose()

    assert first.kind == "snapshot"
    snapshot = msgspec.json.decode(first.data, type=Snapshot)
    assert [q.subject for q in snapshot.quarantines] == ["codex-1"]


async def test_unknown_history_begins_with_a_snapshot(hub: Hub) -> None:
    async with await hub.client() as client:
        events = client.events(since=10_000)
        first = await asyncio.wait_for(anext(events), 5)
        await events.aclose()

    assert first.kind == "snapshot"


@settings(max_examples=5, deadline=None)
@given(cuts=st.lists(st.integers(0, 60), max_size=6), stored=st.integers(0, 30))
def test_no_event_is_lost_or_told_twice(cuts: list[int], stored: int) -> None:
    """However often the connection breaks: 1..n, in order."""
    sequences = asyncio.run(_followed_through(cuts, stored))

    assert sequences == list(range(1, len(sequences) + 1))
    assert len(sequences) >= stored + 60


async def _followed_through(cuts: list[int], stored: int) -> list[int]:
    """What a client hears that follows from 0 while connections break."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(connection, "FIRST_DELAY", 0.01)
        patch.setattr(connection, "LONGEST_DELAY", 0.02)
        async with AsyncExitStack() as stack:
            folder = Path(stack.enter_context(TemporaryDirectory()))
            house = await stack.enter_async_context(hubs.house(folder))
            hub = Hub(house)
            await hub.start()
            stack.push_async_callback(hub.stop)
            await house.happen(stored)
            client = await stack.enter_async_context(await hub.client())
            heard = asyncio.create_task(_until_quarantine(client))
            for number in range(60):
                await house.happen()
                if number in cuts:
                    hub.drop_connections()
                    await asyncio.sleep(0.01 * (number % 3))
            await house.warden.impose("codex-1", "the end", "test")
            return await asyncio.wait_for(heard, 20)


async def _until_quarantine(client: qualitywatch.Client) -> list[int]:
    sequences = []
    async for event in client.events(since=0):
        sequences.append(event.sequence)
        if event.kind == "quarantine.imposed":
            break
    return sequences


# The twin


def test_synchronous_twin(tmp_path: Path) -> None:
    """The same in a program without a loop, against a hub in another process."""
    with _hub_process(tmp_path) as (url, token):
        twin = qualitywatch.connect_sync(url, agent="cursor-1", token=token)
        with twin as client:
            assert client.permit("app.py").decision is Decision.ALLOW
            checked = client.check_change(path="app.py", new_content=LAZY)
            assert checked.decision is Decision.DENY
            denied = client.report_change(path="app.py", new_content=LAZY)
            assert denied.decision is Decision.DENY
            with pytest.raises(AgentQuarantined):
                client.permit("app.py")
            assert client.quarantine is not None
            assert client.status().state is QuarantineState.QUARANTINED
            client.propose_repair({"app.py": HONEST})
            events = client.events(since=0)
            assert [next(events).sequence for _ in range(3)] == [1, 2, 3]
            events.close()


def test_synchronous_twin_is_refused_cleanly(tmp_path: Path) -> None:
    """No thread stays behind (every test checks that)."""
    with _hub_process(tmp_path) as (url, _):
        client = qualitywatch.connect_sync(url, agent="cursor-1", token="qwa_wrong")
        with pytest.raises(HubRefused):
            client.__enter__()


# The package


def test_public_names_are_exact() -> None:
    """Everything in `__all__` is there, sorted, and nothing loads before its use."""
    code = (
        "import sys, qualitywatch; before = {*sys.modules};"
        "[getattr(qualitywatch, name) for name in qualitywatch.__all__];"
        "print('msgspec' in before, 'websockets' in before)"
    )

    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert done.stdout.split() == ["False", "False"]
    assert sorted(qualitywatch.__all__) == qualitywatch.__all__
    assert set(qualitywatch.__all__) <= set(dir(qualitywatch))
    with pytest.raises(AttributeError):
        _ = qualitywatch.nonsense


# Helpers


@asynccontextmanager
async def _ticking(house: House) -> AsyncIterator[None]:
    """The clock of the hub goes as ours does."""

    async def tick() -> None:
        while True:
            await asyncio.sleep(0.05)
            house.clock.forward(0.05)

    task = asyncio.create_task(tick())
    yield
    task.cancel()


@contextmanager
def _hub_process(folder: Path) -> Iterator[tuple[str, str]]:
    """The address of a hub in another process, and a token for it."""
    process = subprocess.Popen(
        [sys.executable, "-c", _HUB_PROGRAM, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None
        url, token = process.stdout.readline().split()
        yield url, token
        process.communicate()  # the end of its stdin ends it


_HUB_PROGRAM = """
import asyncio, sys
from pathlib import Path
from qualitywatch.hub.server import Server
from tests import hubs

async def main():
    async with hubs.house(Path(sys.argv[1])) as house:
        async with Server.open(house.service) as server:
            print(server.websocket_url, await house.token(), flush=True)
            await asyncio.to_thread(sys.stdin.read)

asyncio.run(main())
"""


async def _until_refused(client: qualitywatch.Client) -> None:
    while True:
        await client.permit("app.py")
        await asyncio.sleep(0.01)


async def _sequences(
    client: qualitywatch.Client, *, since: int, count: int
) -> list[int]:
    events = client.events(since=since)
    heard = [(await asyncio.wait_for(anext(events), 5)).sequence for _ in range(count)]
    await events.aclose()
    return heard
