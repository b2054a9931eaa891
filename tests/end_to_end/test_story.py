"""The main job, told once from the save to the release, with nothing replaced."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

import qualitywatch
from qualitywatch.model import Decision, ViolationType
from tests.end_to_end.story import Story, lazy_python, lazy_typescript

PYTHON = "src/click/formatting.py"
TYPESCRIPT = "web/handlers.ts"


def _lazy_typescript(text: str) -> str:
    return lazy_typescript(text, "end(order.id);\n  },\n", "};\n\nexport const server")


LAZY_EDITS = [
    pytest.param(PYTHON, lambda text: lazy_python(text, "write_dl"), id="python"),
    pytest.param(TYPESCRIPT, _lazy_typescript, id="typescript"),
]


@pytest.fixture
def story(tmp_path: Path) -> Story:
    """Repository, remote, two checkouts; hooks installed, passphrase set."""
    return Story(tmp_path)


@pytest.mark.timeout(300)
@pytest.mark.parametrize(("path", "lazy_edit"), LAZY_EDITS)
async def test_dropped_code_stops_the_agent_until_it_is_back(
    story: Story, path: str, lazy_edit: Callable[[str], str]
) -> None:
    """Save, see, record, quarantine, refuse, survive, release, repair, go on."""
    base = (story.main.root / path).read_text()
    lazy_text = lazy_edit(base)
    file = story.lazy.root / path

    with story.daemon() as daemon:
        tokens = {agent: story.token(agent) for agent in ("lazy", "honest")}
        async with (
            _agent(daemon.websocket, tokens, "lazy", story.lazy.root) as lazy,
            _agent(daemon.websocket, tokens, "honest", story.honest.root) as honest,
        ):
            # The honest agent works and pushes.
            (story.honest.root / path).write_text(base + _addition(path))
            verdict = await honest.report_change(path=path, change_type="update")
            assert verdict.decision is Decision.ALLOW, verdict

            # The lazy agent drops code and says what it did.
            file.write_text(lazy_text)
            verdict = await lazy.report_change(
                path=path, change_type="update", new_content=lazy_text, task_id="7"
            )
            assert verdict.decision is Decision.DENY
            [violation] = verdict.violations
            assert violation.type is ViolationType.PLACEHOLDER_DROPPED
            assert violation.agent == "lazy"
            assert violation.excerpt.strip() in lazy_text
            assert violation.evidence is not None
            assert violation.evidence.lost_lines >= 10
            assert violation.evidence.base_ranges

            # From now on it is told so, whatever it asks.
            with pytest.raises(qualitywatch.AgentQuarantined) as raised:
                await lazy.report_change(path=path, change_type="update")
            assert raised.value.quarantine.subject == "lazy"
            assert violation.id in {v.id for v in raised.value.quarantine.violations}

            # The other one is untouched.
            verdict = await honest.report_change(path=path, change_type="update")
            assert verdict.decision is Decision.ALLOW

        committed = story.commit(story.honest, "honest")
        assert committed.returncode == 0, committed.stderr
        assert story.push(story.honest, "honest").returncode == 0

        _expect_refused(story)

        daemon.kill()

    # Nobody watches: still refused. Somebody watches again: still in quarantine.
    _expect_refused(story)
    with story.daemon() as daemon:
        with pytest.raises(qualitywatch.AgentQuarantined):
            async with _agent(daemon.websocket, tokens, "lazy", story.lazy.root) as it:
                await it.permit(path)
        _expect_refused(story)

        wrong = story.release("lazy", "an agent's guess")
        assert wrong.returncode != 0
        assert "passphrase" in wrong.stderr
        _expect_refused(story)

        right = story.release("lazy", "correct horse battery staple")
        assert right.returncode == 0, right.stderr

        # Free, but the code is still gone.
        push = story.push(story.lazy, "lazy")
        assert push.returncode != 0
        assert "NO-GO" in push.stderr
        assert "elided-code" in push.stderr

        # Put back: it goes through, and the agent works on.
        async with _agent(daemon.websocket, tokens, "lazy", story.lazy.root) as lazy:
            file.write_text(base)
            verdict = await lazy.report_change(path=path, change_type="update")
            assert verdict.decision is Decision.ALLOW
        assert story.commit(story.lazy, "lazy").returncode == 0
        push = story.push(story.lazy, "lazy")
        assert push.returncode == 0, push.stderr


@pytest.mark.timeout(180)
async def test_a_silent_save_is_seen(story: Story) -> None:
    """An agent that reports nothing is known by the workspace it works in."""
    base = (story.main.root / TYPESCRIPT).read_text()
    lazy_text = _lazy_typescript(base)

    with story.daemon() as daemon:
        tokens = {"lazy": story.token("lazy")}
        async with _agent(daemon.websocket, tokens, "lazy", story.lazy.root) as lazy:
            (story.lazy.root / TYPESCRIPT).write_text(lazy_text)

            await asyncio.wait_for(lazy.quarantined.wait(), timeout=60)

            assert lazy.quarantine is not None
            [violation] = lazy.quarantine.violations
            assert violation.rule == "elided-code"
            with pytest.raises(qualitywatch.AgentQuarantined):
                await lazy.permit(TYPESCRIPT)


def _agent(
    url: str, tokens: dict[str, str], name: str, workspace: Path
) -> qualitywatch.Client:
    return qualitywatch.connect(
        url, agent=name, name=name.title(), token=tokens[name], workspace=str(workspace)
    )


def _expect_refused(story: Story) -> None:
    """Neither a commit, nor the push of a commit that went past its hook."""
    honest_way = story.commit(story.lazy, "lazy")
    assert honest_way.returncode != 0
    assert "quarantine" in honest_way.stderr

    if story.lazy.git("status", "--porcelain"):
        assert story.commit(story.lazy, "lazy", "--no-verify").returncode == 0
    push = story.push(story.lazy, "lazy")
    assert push.returncode != 0
    assert "quarantine" in push.stderr
    assert "qualitywatch release lazy" in push.stderr


def _addition(path: str) -> str:
    if path.endswith(".py"):
        return "\n\ndef measured_width(text: str) -> int:\n    return len(text)\n"
    return "\nexport function isPaid(order: Order) {\n  return order.paid;\n}\n"
