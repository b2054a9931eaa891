"""A clock that jumps: order is by number, and no quarantine ends by itself."""

from __future__ import annotations

from datetime import timedelta

import pytest

from qualitywatch.config import Retention
from qualitywatch.warden.keeping import Keeper
from tests.integration import house as houses
from tests.integration.house import NOW, House, drop, judged

DAY = timedelta(days=1)


@pytest.mark.parametrize(
    "jumps",
    [(DAY, -DAY), (-DAY, DAY), (400 * DAY, -400 * DAY), (-3600 * DAY, timedelta())],
    ids=["forth and back", "back and forth", "a year ahead", "ten years back"],
)
async def test_order_and_quarantine_do_not_go_by_the_clock(
    house: House, monkeypatch: pytest.MonkeyPatch, jumps: tuple[timedelta, ...]
) -> None:
    """Events, violations and quarantine are as with a clock that is right."""
    for number, jump in enumerate((timedelta(), *jumps), start=1):
        monkeypatch.setattr(houses, "NOW", NOW + jump)
        found = drop(path=f"{number}.py", fingerprint=str(number))
        await house.warden.record(judged(found, path=f"{number}.py", event_id="e"))
        change = judged(found, path=f"{number}.py", event_id=f"e{number}")
        await house.warden.record(change)
        keeper = Keeper(
            house.store, house.warden, settings=Retention(), clock=lambda: houses.NOW
        )
        await keeper.sweep()
        await house.restart()
    events = [event.sequence for event in await house.store.events(0, limit=1000)]
    (known,) = house.warden.quarantines

    assert events == list(range(events[0], events[-1] + 1))
    assert house.warden.sequence == events[-1]
    newest_first = [violation.path for violation in await house.store.violations()]
    assert newest_first == sorted(newest_first, reverse=True)
    assert {violation.path for violation in known.violations} >= {"2.py", "3.py"}
