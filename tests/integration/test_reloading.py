"""Settings and rules that an operator approves while the daemon runs."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from qualitywatch import approval, config, rulebook
from qualitywatch.approval import Standing
from qualitywatch.config import Config
from qualitywatch.daemon.reloading import SETTINGS, Reloader
from qualitywatch.daemon.tasks import Tasks
from qualitywatch.errors import MachineError
from qualitywatch.rulebook import Rulebook
from qualitywatch.workers.pool import Workers
from tests.conftest import Repo
from tests.factories import change
from tests.hubs import House, house
from tests.integration.daemons import Daemon
from tests.integration.operating import BASE, LAZY, Operator

ONE = config.Analysis(workers=1)
LOOSE = '[rules]\ndisabled = ["elided-code"]\n[analysis]\nworkers = 1\n'
PORT = "[hub]\nport = 7999\n"
OWN = ".qualitywatch/rules/logic-error"
GONE = "def total():\n" + "".join(f"    x{n} = {n}\n" for n in range(20))
REMARK = "def total():\n    # ... rest of the function unchanged\n    pass\n"


@dataclass
class Home:
    """A reloader with real records and workers; `taken` is what was put in force."""

    hub: House
    reloader: Reloader
    workers: Workers
    taken: list[tuple[Config, Rulebook]] = field(default_factory=list)
    looked_again: int = 0

    @property
    def said(self) -> str | None:
        """What is degraded."""
        return self.hub.warden.degraded_now.get(SETTINGS)

    def write(self, text: str, name: str = config.FILE_NAME) -> None:
        """Change a file of the repository."""
        file = self.hub.root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    async def approve(self) -> approval.InForce:
        """Approve what stands there."""
        return await self.reloader.approved(approval.standing(self.hub.root))


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[Home]:
    async with house(tmp_path) as hub, Tasks(fail) as tasks:

        async def look_again() -> None:
            home.looked_again += 1

        with Workers(rulebook.load(), ONE) as workers:  # its processes start when used
            reloader = Reloader(
                hub.root,
                Standing(),
                warden=hub.warden,
                workers=workers,
                take=lambda settings, rules: home.taken.append((settings, rules)),
                look_again=look_again,
                spawn=tasks.spawn,
            )
            home = Home(hub, reloader, workers)
            yield home


async def fail(error: Exception) -> None:
    pytest.fail(f"a task failed: {error}")


async def test_an_edit_is_said_with_its_digest_and_takes_nothing(home: Home):
    home.write(LOOSE)

    await home.reloader.look()

    digest = approval.standing(home.hub.root).digest
    assert digest[:12] in (home.said or "")
    assert "qualitywatch approve" in (home.said or "")
    assert [] == home.taken


async def test_an_edit_that_is_taken_back_is_well_again(home: Home):
    home.write(LOOSE)
    await home.reloader.look()
    (home.hub.root / config.FILE_NAME).unlink()

    await home.reloader.look()

    assert home.said is None


async def test_what_is_approved_is_taken_and_all_is_judged_once_more(home: Home):
    home.write(LOOSE)

    taken = await home.approve()
    await asyncio.sleep(0)
    found = await home.workers.examine(change(GONE, REMARK))

    ((settings, rules),) = home.taken
    assert (True, None) == (taken.now, taken.problem)
    assert ("elided-code",) == settings.rules.disabled
    assert "elided-code" not in {rule.id for rule in rules.rules}
    assert "elided-code" not in {v.rule for v in found.analysis.violations}
    assert (1, None) == (home.looked_again, home.said)


async def test_what_is_judged_meanwhile_is_answered(home: Home):
    home.write(LOOSE)
    asked = [
        asyncio.create_task(home.workers.examine(change(GONE, REMARK, path=f"a{n}.py")))
        for n in range(20)
    ]
    await asyncio.sleep(0)

    await home.approve()
    found = await asyncio.gather(*asked)

    assert [] == [
        one.analysis.unanalysable for one in found if one.analysis.unanalysable
    ]


async def test_the_port_waits_for_a_restart_and_the_rest_does_not(home: Home):
    home.write("[hub]\nport = 7999\nmax_connections = 5\n")

    taken = await home.approve()

    assert ("hub.port",) == taken.after_restart
    assert 5 == home.taken[0][0].hub.max_connections


BROKEN = [
    ("[rules]\ndisabled = 7\n", config.FILE_NAME, "qualitywatch.toml:2: `rules.dis"),
    ("[watch]\nsettle = 1\n", config.FILE_NAME, "did you mean `settle_ms`?"),
    ("= 7\n", config.FILE_NAME, "qualitywatch.toml"),
]


@pytest.mark.parametrize(("text", "name", "told"), BROKEN)
async def test_a_broken_one_keeps_the_old_and_says_where(home, text, name, told):
    home.write(text, name)

    await home.reloader.look()

    assert told in home.said
    assert [] == home.taken


async def test_what_can_not_be_prepared_leaves_all_as_it_was(
    home: Home, monkeypatch: pytest.MonkeyPatch
):
    home.write(LOOSE)

    def full(workers: Workers) -> None:
        raise MachineError("no memory is left")

    with monkeypatch.context() as machine:
        machine.setattr(Workers, "warm", full)
        refused = await home.approve()
    before = list(home.taken)
    await home.reloader.approved(approval.standing(home.hub.root))

    assert "no memory is left" in (refused.problem or "")
    assert ([], 1) == (before, len(home.taken))
    assert home.said is None


async def test_an_edit_and_an_approval_are_in_the_audit(home: Home):
    home.write(LOOSE)
    await home.reloader.look()
    await home.approve()
    await home.hub.warden.finish_notes()

    records = await home.hub.store.audit()

    assert {"settings.change", "settings.take"} <= {r.action for r in records}


# The whole of it


def test_a_daemon_that_runs_goes_by_what_was_approved(repo: Repo, capsys):
    """Nothing an agent writes is in force, then what the operator takes is, at once."""
    operator = Operator(repo.root, capsys)
    repo.commit(**{"app.py": BASE, "more.py": BASE, "left_out.py": BASE})
    settings = repo.root / config.FILE_NAME
    daemon = Daemon(
        repo.root, "--port", "0", "--passphrase-file", str(operator.passphrase_file)
    )
    try:
        settings.write_text(f'{LOOSE}[watch]\nignore = ["left_out.py"]\n{PORT}')
        said = daemon.event("daemon.degraded", what=SETTINGS)
        repo.write("app.py", LAZY)
        before = daemon.event("violation.recorded")

        done = operator.do("approve", "--yes")
        taken = daemon.event("settings.taken")
        repo.write("left_out.py", LAZY)
        repo.write("more.py", LAZY)
        after = daemon.event("change.analysed", path="more.py")
        violations = operator.look("violations", "list", "--format", "json").data

        settings.write_text("[rules]\ndisabled = 3\n")
        broken = daemon.event("daemon.degraded", what=SETTINGS)
        refused = operator.do("approve", "--yes")
    finally:
        daemon.end()

    assert "qualitywatch approve" in said["reason"]
    assert "elided-code" == before["rule"]
    assert (0, True) == (done.code, "in force now" in done.out), done.err
    assert "after `stop` and `start` also: hub.port" in done.out
    assert taken["digest"][:12] in said["reason"]
    assert "allow" == after.get("decision", "allow")
    assert {"app.py"} == {v["path"] for v in violations if v["rule"] == "elided-code"}
    assert "left_out.py" not in {v["path"] for v in violations}
    assert "qualitywatch.toml:2" in broken["reason"]
    assert (2, True) == (refused.code, "qualitywatch.toml:2" in refused.err)
    assert json.dumps(taken)


def test_a_broken_rule_can_not_be_approved(operator: Operator):
    operator.init("--no-hooks")
    rule = operator.root / OWN / "own.md"
    rule.parent.mkdir(parents=True)
    rule.write_text("no rule\n")

    refused = operator.do("approve", "--yes")

    assert 2 == refused.code
    assert "own.md:1: the title is not the name of the file" in refused.err
