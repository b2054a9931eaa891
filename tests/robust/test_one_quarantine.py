"""One quarantine, however often and from wherever its reason comes; all hear of it."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from tests.robust.ground import lazy, records
from tests.robust.stand import CAUGHT, FREE, PATHS, Stand, code_of, standing

pytestmark = pytest.mark.timeout(120)
TIMES, CONNECTIONS = 30, 6


async def test_many_reports_of_one_loss_are_one_quarantine(tmp_path: Path) -> None:
    """180 reports at once from six connections: one row, one record of the audit."""
    async with standing(tmp_path) as stand:
        (stand.ground.root / PATHS[1]).write_text(lazy(2))
        told = await asyncio.gather(*(_report(stand, n) for n in range(CONNECTIONS)))
        await stand.stop()

    with records(stand.ground.database) as database:
        rows = database.execute(
            "SELECT count(*) FROM quarantines WHERE subject = ?", (FREE,)
        ).fetchone()
    imposed = [r.object for r in stand.audit() if r.action == "quarantine.impose"]
    assert (1,) == rows
    assert [CAUGHT, FREE] == sorted(imposed)
    assert {"", "QUARANTINED"} >= {code for codes in told for code in codes}


async def _report(stand: Stand, number: int) -> list[str]:
    async with stand.known(FREE, ("websocket", "socket")[number % 2]) as wire:
        return [
            code_of(
                await wire.ask(
                    "change.report", event_id=f"{number}-{time_}", path=PATHS[1]
                )
            )
            for time_ in range(TIMES)
        ]


async def test_every_open_connection_hears_of_it_within_a_second(
    tmp_path: Path,
) -> None:
    async with (
        standing(tmp_path) as stand,
        stand.known(FREE) as one,
        stand.known(FREE, "socket") as other,
        stand.known("operator") as operator,
    ):
        nonce = (await operator.ask("operator.nonce"))["result"]["nonce"]
        order = {"subject": FREE, "reason": "x", "nonce": nonce}
        assert "result" in await operator.ask("quarantine.impose", **order)
        begun = time.monotonic()
        events = [await wire.event() for wire in (one, other)]
        taken = time.monotonic() - begun

    assert {"quarantine.imposed"} == {event["params"]["type"] for event in events}
    assert taken < 1


async def test_who_was_away_hears_it_first(tmp_path: Path) -> None:
    """The first answer after the hello is the quarantine, on every way in."""
    async with standing(tmp_path) as stand:
        for way in ("websocket", "socket"):
            async with stand.wire(way) as wire:
                answer = await wire.ask("session.hello", **stand.hello(CAUGHT))
                assert "quarantined" == answer["result"]["state"]
                assert answer["result"]["quarantine"]["violations"]
