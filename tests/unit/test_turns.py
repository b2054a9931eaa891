"""Many paths, a few at a time."""

import asyncio

import pytest

from qualitywatch.judge.turns import AT_ONCE, each


async def test_a_burst_of_thousands_is_no_thousands_of_tasks():
    done: list[str] = []
    most = 0

    async def judge(path: str) -> None:
        nonlocal most
        most = max(most, len(asyncio.all_tasks()))
        await asyncio.sleep(0)
        done.append(path)

    paths = [f"{number}.py" for number in range(2000)]
    await each(paths, judge)

    assert sorted(paths) == sorted(done)
    assert most < 3 * AT_ONCE


async def test_what_fails_for_one_path_fails_for_no_other():
    done: list[str] = []

    async def judge(path: str) -> None:
        if path.startswith("bad"):
            raise ValueError(path)
        done.append(path)

    with pytest.raises(ValueError, match="bad"):
        await each([f"bad{n}" for n in range(AT_ONCE + 1)] + ["good"], judge)

    assert ["good"] == done
