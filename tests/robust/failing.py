"""A daemon in which single steps fail or take long: it says so, and loses nothing.

Every plan is one life of a daemon with everybody at work. At the end one without a plan
has to find everything in order.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path

from qualitywatch import failpoints
from tests.robust import quiet
from tests.robust.actors import Stage
from tests.robust.killing import Lives, Outcome, at_work, prepared
from tests.robust.trace import Recorder

ACTIONS = ("raise", "enospc", "sleep=120ms")
AT_START = frozenset({"mid_migration", "mid_restore", "before_listen", "mid_reconcile"})
"""Where a failure keeps a daemon from starting, as it should."""

_FIRST = {"before_commit": 30, "after_commit": 40, "mid_replace": 25} | dict.fromkeys(
    ("before_enforce", "before_publish", "after_publish"), 35
)
"""The first time that is no longer a part of the start."""

_WORK_SECONDS = 2.5
_CODES = (0, 2, 3)  # a failure while it stops may be its last word


async def fail(folder: Path, plans: Sequence[str], *, seed: int) -> Outcome:
    """One daemon after the other, each with one of *plans*, then a sound one."""
    ground, agents = prepared(folder)
    await ground.add_tokens(*agents)
    outcome = Outcome()
    with (folder / "trace.jsonl").open("w") as lines:
        recorder = Recorder(lines)
        stage = Stage(ground, recorder)
        lives = Lives(stage, outcome, seed)
        try:
            for number, plan in enumerate(plans):
                await _live(lives, stage, plan, seed + number)
                await lives.end(_CODES)
            await lives.begin("")
            outcome.seconds_to_quiet.append(await quiet.settled(ground))
            await lives.end()
            lives.compare()
        finally:
            lives.abandon()
        for step in quiet.stored(ground):
            recorder.add(step)
        outcome.judge(recorder.steps_so_far)
    return outcome


def single() -> Iterator[str]:
    """Every place with every failure, each on its own."""
    for place in failpoints.PLACES:
        for action in ACTIONS:
            for which in ("", "@2", "@5"):
                yield f"{place}:{action}{which}"


def together() -> Iterator[str]:
    """All places of the work in one life for each kind of failure."""
    places = sorted(failpoints.PLACES.keys() - AT_START)
    for action in ACTIONS:
        yield ",".join(f"{p}:{action}@{_FIRST.get(p, 2)}" for p in places)


async def _live(lives: Lives, stage: Stage, plan: str, seed: int) -> None:
    stage.is_over = False
    await lives.begin(plan)
    async with at_work(stage, seed):
        await asyncio.sleep(_WORK_SECONDS)
