"""Many paths, a few at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection

AT_ONCE = 32


async def each(
    paths: Collection[str], judge: Callable[[str], Awaitable[object]]
) -> None:
    """Call *judge* with each of *paths*: a burst of thousands is no thousands of tasks.

    What fails for one path is raised when all others are done.
    """
    waiting = iter(paths)
    errors: list[BaseException] = []

    async def work() -> None:
        for path in waiting:
            [answer] = await asyncio.gather(judge(path), return_exceptions=True)
            if isinstance(answer, BaseException):
                errors.append(answer)

    async with asyncio.TaskGroup() as tasks:
        for _ in range(min(AT_ONCE, len(paths))):
            tasks.create_task(work())
    if errors:
        raise errors[0]
