"""Who answers: two agents on one file within a second, in every order."""

from __future__ import annotations

from collections.abc import AsyncIterator
from itertools import permutations
from pathlib import Path

import pytest
from msgspec.structs import replace

from qualitywatch.model import Agent
from qualitywatch.workers.pool import Workers
from tests.conftest import Repo
from tests.integration.test_judge import (
    HONEST,
    LAZY,
    SETTINGS,
    WHOLE,
    Scene,
    pool,
    workers,
)

__all__ = ["pool", "workers"]  # its fixtures
TOP = '"""What another agent wrote above it."""\n'
PATIENT = replace(SETTINGS.watch, claim_ms=3000)  # whoever reports is in time
ORDERS = [
    order
    for order in permutations(["a saves", "b saves", "a reports", "b reports"])
    if order.index("a saves") < order.index("b saves")
    and order.index("a saves") < order.index("a reports")
    and order.index("b saves") < order.index("b reports")
]


@pytest.fixture
async def scene(repo: Repo, workers: Workers, tmp_path: Path) -> AsyncIterator[Scene]:
    """A repository with one good file, in which two agents work."""
    repo.commit(**{"app.py": WHOLE})
    scene = Scene(repo.root, tmp_path / "state", workers)
    scene.settings = replace(SETTINGS, watch=PATIENT)
    await scene.start()
    yield scene
    await scene.stop()


class Two:
    """Agents `a` and `b`, who write one after the other."""

    def __init__(self, scene: Scene, texts: dict[str, str]) -> None:
        self.scene = scene
        self.texts = texts
        self.agents: dict[str, Agent] = {}

    async def act(self, order: tuple[str, ...], *, is_seen: bool) -> None:
        """Do it in this *order*; where it *is_seen*, each save is judged."""
        for id in ("a", "b"):
            self.agents[id] = await self.scene.joins(id)
        for act in order:
            who, does = act.split()
            if does == "reports":
                content = self.texts[who]
                await self.scene.report(self.agents[who], "app.py", new_content=content)
            elif is_seen:
                await self.scene.save("app.py", self.texts[who])
            else:
                Repo(self.scene.root).write("app.py", self.texts[who])

    async def stopped(self) -> set[str]:
        """Who is in quarantine once everything that waits has been decided."""

        async def nobody_waits() -> bool:
            return not await self.scene.store.unassigned()

        await self.scene.settled("app.py")
        await self.scene.until(nobody_waits)
        # Kept in one step with who answers; what the warden has in mind follows it.
        return {known.subject for known in await self.scene.store.quarantines()}


@pytest.mark.parametrize("is_seen", [True, False], ids=["seen", "overwritten"])
@pytest.mark.parametrize("order", ORDERS, ids=" ".join)
async def test_who_dropped_it_answers(
    scene: Scene, order: tuple[str, ...], is_seen: bool
) -> None:
    """`a` drops code and `b` writes above it: `a` answers, in whatever order.

    Only where nobody has seen what `a` wrote, and `b` comes forward first, does `b`
    answer too: a later claim takes nobody's blame away.
    """
    two = Two(scene, {"a": LAZY, "b": TOP + LAZY})
    await two.act(order, is_seen=is_seen)
    too_early = not is_seen and order.index("b reports") < order.index("a reports")

    assert ({"a", "b"} if too_early else {"a"}) == await two.stopped()


@pytest.mark.parametrize("is_seen", [True, False], ids=["seen", "overwritten"])
@pytest.mark.parametrize("order", ORDERS, ids=" ".join)
async def test_who_wrote_before_it_does_not_answer(
    scene: Scene, order: tuple[str, ...], is_seen: bool
) -> None:
    """`a` writes honest code and `b` drops some of it: `b` answers alone."""
    two = Two(scene, {"a": HONEST, "b": LAZY})
    await two.act(order, is_seen=is_seen)

    assert {"b"} == await two.stopped()


async def test_both_who_claim_it_answer(scene: Scene) -> None:
    """Two agents say that they wrote the same content: neither frees the other."""
    two = Two(scene, {"a": LAZY, "b": LAZY})
    await two.act(("a saves", "b reports", "a reports"), is_seen=True)

    assert {"a", "b"} == await two.stopped()
    [violation] = await scene.violations()
    blamed = await scene.store.blames(violation.id)
    assert {("a", "report"), ("b", "report")} == {
        (one.subject, one.grounds.value) for one in blamed
    }


@pytest.mark.parametrize(
    ("acts", "author"),
    [
        (("a saves", "a reports"), ("a", "report")),
        (("a saves",), (None, "unknown")),
    ],
)
async def test_the_change_says_who_made_it_and_why(
    scene: Scene, acts: tuple[str, ...], author: tuple[str | None, str]
) -> None:
    """Its row waits as long as the violation does, and is completed with it."""
    two = Two(scene, {"a": LAZY, "b": LAZY})
    await two.act(acts, is_seen=True)
    await two.stopped()
    rows = await scene.store._database.read(
        lambda connection: connection.execute(
            "SELECT agent, grounds FROM changes WHERE moment = 'save' ORDER BY number"
        ).fetchall()
    )

    assert author == tuple(rows[0])


async def test_nobody_comes_forward(scene: Scene) -> None:
    """Agents work here and none claims it: the workspace answers, nobody is guessed."""
    two = Two(scene, {"a": LAZY, "b": LAZY})
    await two.act(("a saves",), is_seen=True)

    assert {"ws:repo"} == await two.stopped()


async def test_a_lie_about_the_content_frees_nobody(scene: Scene) -> None:
    """The file decides what was written; who says otherwise has not claimed it."""
    two = Two(scene, {"a": LAZY, "b": LAZY})
    await two.act(("a saves",), is_seen=False)
    told = await scene.report(two.agents["a"], "app.py", new_content=HONEST)

    assert "deny" == told.verdict.decision
    assert {"ws:repo"} == await two.stopped()


async def test_a_late_claim_adds_its_agent(scene: Scene) -> None:
    """The workspace was stopped already, and stays so: blame is never removed."""
    two = Two(scene, {"a": LAZY, "b": LAZY})
    await two.act(("a saves",), is_seen=True)
    await two.stopped()
    await scene.report(two.agents["a"], "app.py", new_content=LAZY)

    assert {"a", "ws:repo"} == await two.stopped()


async def test_one_content_and_then_the_next(scene: Scene) -> None:
    """An agent that reports only what it wrote last answers for it all the same."""
    two = Two(scene, {"a": LAZY, "b": ""})
    await two.act(("a saves",), is_seen=True)
    two.texts["a"] = LAZY + "\n# more\n"
    await two.act(("a saves", "a reports"), is_seen=True)

    assert {"a"} == await two.stopped()


async def test_a_name_on_a_commit_adds_blame_and_removes_none(scene: Scene) -> None:
    """Whoever commits may sign as anybody: the workspace answers beside the name."""
    for id in ("a", "b"):
        await scene.joins(id)
    repo = Repo(scene.root)
    repo.write("app.py", LAZY)
    repo.git("add", "-A")
    author = "Claude <noreply@anthropic.com>"
    repo.git("commit", "-q", "-m", "drop", f"--author={author}")
    await scene.judge.git_moved(scene.root)
    await scene.settled("app.py")
    await scene.quarantine("claude")

    assert {"claude", "ws:repo"} == {k.subject for k in scene.warden.quarantines}
    [violation] = await scene.violations()
    assert {"commit"} == {
        one.grounds.value for one in await scene.store.blames(violation.id)
    }
