"""What happened on each day, counted."""

from __future__ import annotations

from pathlib import Path

from tests import factories, hubs
from tests.hubs import LAZY, House, Peer


async def drop(house: House, peer: Peer, path: str) -> None:
    house.judge.found = factories.violation()
    await peer.call("change.report", event_id=path, path=path, new_content=LAZY)


async def test_each_day_is_counted_for_itself(tmp_path: Path):
    async with hubs.house(tmp_path) as house, hubs.operator(house) as operator:
        async with hubs.agent(house) as peer:
            await drop(house, peer, "a.py")
        house.clock.forward(2 * 86_400)
        async with hubs.agent(house, "codex-1") as peer:
            await drop(house, peer, "b.py")
        (found, _) = (await operator.result("violations.list"))["violations"]
        await operator.operate("violation.dismiss", violation=found["id"], reason="x")

        all_days = (await operator.result("trends", days=3))["days"]
        today = (await operator.result("trends", days=1))["days"]

    assert ["2026-01-01", "2026-01-03"] == [day["day"] for day in all_days]
    assert [(1, 1, 0, 1), (1, 1, 1, 1)] == [
        (day["changes"], day["violations"], day["closed"], day["quarantines"])
        for day in all_days
    ]
    dropped = {"type": "PLACEHOLDER_DROPPED", "count": 1}
    assert [dropped] == all_days[0]["by_type"]
    assert all_days[1:] == today


async def test_where_nothing_happened_no_day_is_told(tmp_path: Path):
    async with hubs.house(tmp_path) as house, hubs.operator(house) as operator:
        assert {"days": []} == await operator.result("trends")
