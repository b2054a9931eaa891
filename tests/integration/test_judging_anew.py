"""Other rules while something is judged, and what stands there judged by them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from qualitywatch import rulebook
from qualitywatch.config import Analysis
from qualitywatch.traces import Examined
from qualitywatch.workers.pool import Workers
from tests.conftest import Repo
from tests.integration.test_judge import LAZY, WHOLE, Scene

ALL = rulebook.load()
FOUND = ("elided-code", "leftover-remark", "hollowed-body", "remark-for-body")
FEW = ALL.without(FOUND)
ONE = Analysis(workers=1)


@pytest.fixture
async def few() -> AsyncIterator[Workers]:
    """Workers that do not know the rules that would find something."""
    async with Workers(FEW, ONE) as workers:
        yield workers


@pytest.fixture
async def scene(repo: Repo, tmp_path: Path, few: Workers) -> AsyncIterator[Scene]:
    repo.commit(**{"app.py": WHOLE})
    scene = Scene(repo.root, tmp_path / "state", few)
    await scene.start()
    yield scene
    await scene.stop()


async def test_what_stands_there_is_judged_by_the_rules_that_were_taken(
    scene: Scene, few: Workers
):
    scene.judge.take(scene.settings, FEW)
    await scene.save("app.py", LAZY)
    await scene.event("change.analysed", when="settled")
    assert [] == await scene.rules()

    prepared = Workers(ALL, ONE)
    await prepared.__aenter__()
    finish = few.become(prepared)
    scene.judge.take(scene.settings, ALL)
    await scene.judge.look_again(lambda root: [])
    await asyncio.to_thread(finish)
    await scene.event("violation.recorded", rule="elided-code")

    assert ["elided-code"] == await scene.rules()


async def test_rules_that_did_not_run_close_nothing(
    scene: Scene, few: Workers, monkeypatch: pytest.MonkeyPatch
):
    """Taken in the midst of a judgement: the old rules are named, and others ran."""
    prepared = Workers(ALL, ONE)
    await prepared.__aenter__()
    await asyncio.to_thread(few.become(prepared))
    scene.judge.take(scene.settings, ALL)
    await scene.save("app.py", LAZY)
    assert ["elided-code"] == await scene.rules()

    taken: list[object] = []

    async def taken_meanwhile(change: object, **_how: Any) -> Examined:
        if not taken:
            scene.judge.take(scene.settings, FEW)
        taken.append(change)
        return Examined()  # as those rules say

    monkeypatch.setattr(few, "examine", taken_meanwhile)
    await scene.save("app.py", f"{LAZY}\n\nx = 1\n")

    assert len(taken) > 1
    assert ["elided-code"] == await scene.rules()
