"""How much an agent may send, and what becomes of one that sends more."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qualitywatch.hub.rates import Bucket, Rates
from tests import hubs
from tests.hubs import Clock, Hub, Peer

FEW = Hub(messages_per_second=10, message_burst=20, bytes_per_second=1000)


def test_a_bucket_gives_its_burst_and_then_its_rate() -> None:
    bucket = Bucket(10, 20, now=0.0)

    assert 20 == sum(bucket.take(1, 0.0) == 0.0 for _ in range(50))
    assert pytest.approx(0.1) == bucket.take(1, 0.0)
    assert 5 == sum(bucket.take(1, 0.5) == 0.0 for _ in range(50))


def test_a_clock_that_goes_back_gives_nothing() -> None:
    bucket = Bucket(10, 1, now=100.0)

    assert 0.0 == bucket.take(1, 100.0)
    assert bucket.take(1, 50.0) > 0
    assert 0.0 == bucket.take(1, 50.2)


def test_what_is_larger_than_a_bucket_takes_all_of_it() -> None:
    """Else it could never pass; what follows waits until it is paid."""
    bucket = Bucket(10, 20, now=0.0)

    assert 0.0 == bucket.take(40, 0.0)
    assert pytest.approx(2.1) == bucket.take(1, 0.0)


@given(
    gaps=st.lists(st.floats(min_value=0, max_value=2), max_size=100),
    rate=st.integers(min_value=1, max_value=50),
    burst=st.integers(min_value=1, max_value=50),
)
def test_never_more_than_burst_and_rate(
    gaps: list[float], rate: int, burst: int
) -> None:
    bucket, now, taken = Bucket(rate, burst, 0.0), 0.0, 0
    for gap in gaps:
        now += gap
        taken += bucket.take(1, now) == 0.0

    assert taken <= burst + rate * now + 1e-6


def test_one_strike_a_second() -> None:
    clock, strikes = Clock(), []
    rates = Rates(clock.monotonic)
    for _ in range(60):
        for _ in range(50):
            excess = rates.take("a", 1, FEW)
        assert excess is not None
        strikes.append((excess.minute, excess.hour))
        clock.forward(1.5)

    assert (1, 1) == strikes[0]
    assert (40, 60) == strikes[-1]


def test_bytes_count_too() -> None:
    clock = Clock()
    rates = Rates(clock.monotonic)
    assert rates.take("a", 4 * 1024 * 1024, FEW) is None  # one large frame may come

    excess = rates.take("a", 500, FEW)

    assert excess is not None
    assert pytest.approx(0.5) == excess.wait_seconds
    clock.forward(0.6)
    assert rates.take("a", 500, FEW) is None


def test_other_limits_hold_at_once_and_strikes_stay() -> None:
    rates = Rates(Clock().monotonic)
    for _ in range(30):
        rates.take("a", 1, FEW)
    more = Hub(messages_per_second=10, message_burst=30)

    rates.relimit(more)

    taken = [rates.take("a", 1, more) for _ in range(31)]
    assert [None] * 30 == taken[:30]
    assert taken[30] is not None
    assert 1 == taken[30].hour


# In the hub


async def send_on(agent: Peer, count: int) -> list[str]:
    """The code of each answer; "" where it was answered."""
    return [await agent.refusal("agent.status") for _ in range(count)]


async def exceed(agent: Peer) -> None:
    """Send until it is too much."""
    while "RATE_LIMITED" not in await send_on(agent, 1):
        pass


async def test_too_many_messages_are_refused(tmp_path: Path) -> None:
    """With how long to wait, and under the id of the call."""
    async with hubs.house(tmp_path, limits=FEW) as house, hubs.agent(house) as agent:
        assert [""] * 20 == await send_on(agent, 20)

        answer = await agent.call("agent.status")

        assert "RATE_LIMITED" == answer["error"]["data"]["code"]
        assert (1, 100) == (answer["id"], answer["error"]["data"]["retry_after_ms"])
        house.clock.forward(0.11)
        assert [""] == await send_on(agent, 1)


async def test_connections_of_an_agent_share_one_account(tmp_path: Path) -> None:
    async with (
        hubs.house(tmp_path, limits=FEW) as house,
        hubs.agent(house) as one,
        hubs.agent(house) as two,
        hubs.agent(house, "codex-1") as other,
    ):
        await send_on(one, 20)

        assert ["RATE_LIMITED"] == await send_on(two, 1)
        assert [""] == await send_on(other, 1)


async def test_third_strike_closes(tmp_path: Path) -> None:
    """And nobody of that agent comes back for some seconds."""
    async with hubs.house(tmp_path, limits=FEW) as house, hubs.agent(house) as agent:
        for _ in range(3):
            assert agent.ear.closed is None
            await exceed(agent)
            house.clock.forward(1.5)

        assert 4429 == agent.ear.closed
        async with hubs.peer(house) as again:
            token = await house.token()
            assert "RATE_LIMITED" == await again.refusal("session.hello", token=token)
        house.clock.forward(5)
        async with hubs.agent(house):
            pass


@pytest.mark.parametrize(("strikes", "quarantined"), [(4, True), (0, False)])
async def test_many_strikes_put_the_agent_in_quarantine(
    tmp_path: Path, strikes: int, quarantined: bool
) -> None:
    limits = Hub(
        messages_per_second=10, message_burst=20, strikes_to_quarantine=strikes
    )
    async with hubs.house(tmp_path, limits=limits) as house:
        async with hubs.agent(house) as agent:
            for _ in range(5):
                await exceed(agent)
                house.clock.forward(1.5)

        found = house.warden.quarantine_of("cursor-1")
        assert quarantined == (found is not None)
        if found is not None:
            assert "flooded" in found.reason


async def test_strikes_are_in_the_audit(tmp_path: Path) -> None:
    async with hubs.house(tmp_path, limits=FEW) as house, hubs.agent(house) as agent:
        await exceed(agent)
        await house.warden.finish_notes()

        records = [(r.action, r.who, r.reason) for r in await house.store.audit()]
        assert ("message", "cursor-1", "RATE_LIMITED") in records
