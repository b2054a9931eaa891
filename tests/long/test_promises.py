"""The promises of the daemon, tried for hours: `pytest tests/long`.

The same runs as in `tests/robust`, as long as the goals ask for. Every figure is in the
summary at the end; the traces stay in pytest's temporary folder.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from tests.long.conftest import Show, Tell
from tests.robust import escapes, impersonation, self_release
from tests.robust.failing import fail, single
from tests.robust.following import follow
from tests.robust.killing import kill
from tests.robust.mutating import mutate
from tests.robust.soaking import soak
from tests.robust.stand import standing
from tests.robust.tally import Tally
from tests.robust.validator import breaches

pytestmark = pytest.mark.timeout(6 * 3600)

KILLS = 2000
SOAK_MINUTES = 120
MUTATE_MINUTES = 10
MOST_MIB = 512
STEEPEST_MIB = 1.0  # an hour


async def test_killed_2000_times(tmp_path: Path, tell: Tell, show: Show) -> None:
    """Nothing that was acknowledged is lost, nothing differs, nothing is damaged."""
    outcome = await kill(tmp_path, KILLS, seed=1, tell=lambda n: tell(n, KILLS))
    show(f"{outcome.kills} kills, {outcome.acknowledged} acknowledged reports")
    show(f"died at {dict(outcome.died)}")

    assert {} == outcome.breaches
    assert [] == outcome.differences
    assert [] == outcome.bugs


async def test_each_step_fails(tmp_path: Path, tell: Tell, show: Show) -> None:
    """Every failure at every place, each in a life of its own."""
    plans = list(single())
    for number, plan in enumerate(plans):
        tell(number, len(plans))
        outcome = await fail(tmp_path / str(number), [plan], seed=number)
        assert ({}, []) == (outcome.breaches, outcome.differences), plan
    show(f"{len(plans)} failures")


async def test_every_state_is_judged(tmp_path: Path, tell: Tell, show: Show) -> None:
    """Ten minutes of every way to change a file; at each pause all of it is judged."""
    seconds = MUTATE_MINUTES * 60
    pauses = await mutate(tmp_path, seconds, tell=lambda done: tell(done, seconds))
    show(f"{len(pauses)} pauses, the longest until all was judged: {max(pauses):.2f} s")

    assert 2.0 >= sorted(pauses)[int(len(pauses) * 0.99)]


async def test_fifty_restless_followers(tmp_path: Path, show: Show) -> None:
    """Each loses its connection 200 times while 5,000 events happen."""
    trace = await follow(tmp_path, followers=50, events=5000, departures=200, seed=1)
    show(f"{len(trace)} steps")

    assert {} == breaches(trace)


async def test_attacked_ten_times_as_long(tmp_path: Path, show: Show) -> None:
    tally = Tally("everything")
    async with standing(tmp_path) as stand:
        await impersonation.every_field(stand, tally, times=20)
        await escapes.hostile_paths(stand, tally)
        await escapes.races_at_the_hub(stand, tally, times=3000)
        escapes.races_at_the_disk(tmp_path / "race", tally, times=100_000)
        assert [] == escapes.leaks(stand.ground, stand.daemon.log)
        await self_release.again(stand, tally, times=200)
    show(f"{tally.tried} attempts, {len(tally.succeeded)} had success")

    assert [] == tally.succeeded


async def test_a_soak_of_two_hours(tmp_path: Path, tell: Tell, show: Show) -> None:
    seconds = SOAK_MINUTES * 60
    outcome = await soak(tmp_path, seconds, tell=partial(_told, tell, seconds))
    slope = outcome.slope_mib_an_hour
    show(f"at most {outcome.peak_mib:.0f} MiB, {slope:+.2f} an hour")
    show(f"{outcome.edits} edits, {outcome.arrivals} arrivals, more: {outcome.leaked}")

    assert {} == outcome.leaked
    assert MOST_MIB > outcome.peak_mib
    assert STEEPEST_MIB >= slope


def _told(tell: Tell, total: float, done: float) -> None:
    tell(done, total)
