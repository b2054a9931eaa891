"""How long a checkout waits for git: for one at work, and not for who pretends."""

import asyncio
from pathlib import Path

import pytest

from qualitywatch.judge import following, git_lock
from qualitywatch.judge.following import Follower


class Busy:
    """A checkout in which git is busy until *free_at*, by a clock that runs fast."""

    def __init__(self, *, is_held: bool, free_at: float = 1e9) -> None:
        self.wary_until = 0.0
        self._is_held = is_held
        self._free_at = free_at
        self._loop = asyncio.get_running_loop()
        self._begun = self._loop.time()

    async def git_is_busy(self) -> bool:
        return self._loop.time() - self._begun < self._free_at

    async def is_lock_held(self) -> bool:
        return self._is_held


@pytest.fixture(autouse=True)
def fast(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hundred times as fast."""
    for name in ("_TURN", "_PATIENCE", "_LONGEST", "_SAID"):
        monkeypatch.setattr(following, name, getattr(following, name) / 100)


async def waiting(checkout: Busy) -> tuple[float, list[bool]]:
    """How long it was waited, and what was said: waiting, or no longer."""
    said: list[bool] = []

    async def waits(checkout: Busy, seconds: float) -> None:
        said.append(seconds > 0)

    loop = asyncio.get_running_loop()
    begun = loop.time()
    follower = Follower(None, None, waits)
    await follower._until_git_is_done(checkout)
    return 100 * (loop.time() - begun), said


async def test_git_that_is_done_keeps_nobody_waiting():
    waited, said = await waiting(Busy(is_held=True, free_at=0))

    assert waited < 20
    assert [] == said


async def test_a_lock_that_nobody_holds_is_waited_for_in_vain():
    waited, said = await waiting(Busy(is_held=False))

    assert 2 <= waited < 100
    assert [] == said


async def test_a_long_checkout_is_waited_for_and_it_is_said():
    waited, said = await waiting(Busy(is_held=True, free_at=0.3))

    assert 30 <= waited < 110
    assert [True, False] == said


async def test_who_holds_a_lock_for_ever_gains_one_delay_and_no_second():
    checkout = Busy(is_held=True)
    first, _ = await waiting(checkout)
    second, _ = await waiting(checkout)

    assert 120 <= first
    assert second < 100


def test_a_lock_is_held_while_somebody_has_it_open(tmp_path: Path):
    lock = tmp_path / "index.lock"
    assert not git_lock.is_held(lock)
    with lock.open("w"):
        assert git_lock.is_held(lock)

    assert not git_lock.is_held(lock)
