"""The watcher is right after any doubt: what it has said is what the disk holds."""

import asyncio

import pytest

from tests.changing import Changer, two_branches
from tests.conftest import Repo
from tests.integration.watched import watching_repo

QUICK = {"reconcile_seconds": 1.0}  # what no event tells is found by then


@pytest.mark.parametrize("seed", [1, 2])
async def test_nothing_differs_once_it_is_quiet(repo: Repo, seed: int):
    two_branches(repo)
    changer = Changer(repo, seed)
    async with watching_repo(repo, **QUICK) as seen:
        for _ in range(4):
            await asyncio.to_thread(changer.change, 60)
            try:
                taken = await seen.nothing_differs()
            except TimeoutError:
                some = sorted(seen.differences())[:5]
                pytest.fail(f"{some} after {seen.watcher.state()}")

            assert taken < 5

        await seen.until(lambda: not seen.watcher.differences())
