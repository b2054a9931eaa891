"""What the settings leave out is not judged, whoever points to it."""

from __future__ import annotations

from msgspec.structs import replace

from qualitywatch import rulebook
from qualitywatch.config import Config
from tests.conftest import Repo
from tests.integration.test_judge import (
    HONEST,
    LAZY,
    SETTINGS,
    WHOLE,
    Scene,
    pool,
    scene,
    workers,
)

__all__ = ["pool", "scene", "workers"]

RULES = rulebook.load()


def leaving_out(*patterns: str) -> Config:
    """The settings of a scene, with `watch.ignore`."""
    return replace(SETTINGS, watch=replace(SETTINGS.watch, ignore=patterns))


async def seen_of_others(scene: Scene) -> set[object]:
    """The files that were judged, once another one was judged to its end."""
    await scene.save("other.py", WHOLE)
    await scene.settled("other.py")
    return {event.field("path") for event in scene.of("change.analysed")} - {"other.py"}


async def test_a_hint_that_was_on_its_way_judges_nothing(scene: Scene):
    """The watcher says of a file that it leaves out now: it is gone."""
    scene.judge.take(leaving_out("app.py"), RULES)
    await scene.save("app.py", LAZY)

    assert set() == await seen_of_others(scene)


async def test_what_waited_for_the_silence_is_not_judged(scene: Scene):
    await scene.save("app.py", HONEST)
    scene.judge.take(leaving_out("app.py"), RULES)
    Repo(scene.root).write("app.py", LAZY)
    await scene.judge.look_again(lambda root: [])
    await seen_of_others(scene)

    assert ["save"] == [
        event.field("when") for event in scene.of("change.analysed", path="app.py")
    ]
    assert [] == await scene.rules()


async def test_a_commit_of_it_is_not_judged(scene: Scene):
    scene.judge.take(leaving_out("*pp.py"), RULES)
    Repo(scene.root).commit("drop it", **{"app.py": LAZY})
    await scene.judge.git_moved(scene.root)

    assert set() == await seen_of_others(scene)


async def test_the_next_start_does_not_judge_it(scene: Scene):
    await scene.stop()
    Repo(scene.root).write("app.py", LAZY)
    scene.settings = leaving_out("app.py")
    await scene.start()

    assert set() == await seen_of_others(scene)


async def test_what_was_wrong_before_can_still_be_mended(scene: Scene):
    await scene.save("app.py", LAZY)
    await scene.settled("app.py")
    before = await scene.rules()
    scene.judge.take(leaving_out("app.py"), RULES)
    await scene.save("app.py", WHOLE)

    async def is_mended() -> bool:
        return not await scene.rules()

    assert "elided-code" in before
    await scene.until(is_mended)


async def test_what_is_no_longer_left_out_is_judged(scene: Scene):
    scene.judge.take(leaving_out("app.py"), RULES)
    await scene.save("app.py", LAZY)
    scene.judge.take(SETTINGS, RULES)
    await scene.judge.look_again(lambda root: [])
    await scene.settled("app.py")

    assert "elided-code" in await scene.rules()
