"""A tree in which every way to change a file is used, and the pauses in between."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

from tests.robust import quiet
from tests.robust.actors import Stage
from tests.robust.ground import Daemon, bugs
from tests.robust.killing import prepared
from tests.robust.mutator import Mutator
from tests.robust.trace import Recorder

_WORK_SECONDS = 5.0


async def mutate(
    folder: Path,
    seconds: float,
    *,
    tell: Callable[[float], None] = lambda seconds: None,
) -> list[float]:
    """How long it took, at each pause, until each state on the disk was judged."""
    ground, agents = prepared(folder)
    await ground.add_tokens(*agents)
    daemon = Daemon(ground, port=0)
    pauses: list[float] = []
    try:
        assert await daemon.ready() is not None, daemon.log.read_text()
        with (folder / "trace.jsonl").open("w") as lines:
            stage = Stage(ground, Recorder(lines))
            begun = time.monotonic()
            while (done := time.monotonic() - begun) < seconds:
                tell(done)
                stage.is_over = False
                mutator = Mutator(stage, len(pauses), drops_code=False)
                working = asyncio.create_task(mutator.run())
                await asyncio.sleep(min(_WORK_SECONDS, seconds))
                stage.is_over = True
                await working
                pauses.append(await quiet.settled(ground))
                assert [] == bugs(ground)
    finally:
        daemon.process.kill()
        daemon.process.wait()
    return pauses
