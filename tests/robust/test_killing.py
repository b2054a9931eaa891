"""A daemon that is killed at any moment has lost nothing and lets no one through."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.robust.ground import Daemon, Ground, integrity
from tests.robust.killing import kill

pytestmark = pytest.mark.timeout(300)
KILLS = 6


async def test_it_may_be_killed_at_any_time(tmp_path: Path) -> None:
    """By a signal and at failpoints, while agents, an operator and a stranger work."""
    outcome = await kill(tmp_path, KILLS, seed=1)

    assert {} == outcome.breaches
    assert [] == outcome.differences
    assert [] == outcome.bugs
    assert KILLS <= outcome.kills
    assert outcome.acknowledged


@pytest.mark.parametrize(
    "moment", ["mid_migration", "mid_migration:kill@3", "mid_replace", "while_stopping"]
)
async def test_it_may_be_killed_when_it_begins_or_ends(
    tmp_path: Path, moment: str
) -> None:
    """The first start of all, and the last step of a stop; the next start is sound."""
    ground = Ground.make(tmp_path, ["app.py"])
    first = Daemon(ground, port=0, fail=moment if ":" in moment else f"{moment}:kill")
    if await first.ready() is not None:
        first.process.terminate()
    assert await first.dead(60)
    second = Daemon(ground, port=0)
    try:
        assert await second.ready() is not None, second.log.read_text()
        assert 0 == await second.end(signal.SIGTERM)
    finally:
        second.process.kill()

    assert -signal.SIGKILL == first.process.wait()
    assert "ok" == integrity(ground.database)
