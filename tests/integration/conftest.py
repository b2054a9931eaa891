"""Somebody in front of a repository, at three moments, and the gate in one."""

from __future__ import annotations

import json
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from qualitywatch.cli import main
from qualitywatch.model import GO
from tests.conftest import Repo
from tests.integration import guarded as guarding
from tests.integration.gates import BASE_FILES, Gate
from tests.integration.guarded import Guarded
from tests.integration.house import House
from tests.integration.operating import BASE, Operator, Watching


@pytest.fixture
def operator(repo: Repo, capsys: pytest.CaptureFixture[str]) -> Operator:
    """Somebody in front of a repository that has one commit."""
    repo.commit(**{"app.py": BASE})
    return Operator(repo.root, capsys)


@pytest.fixture
def enrolled(operator: Operator) -> Operator:
    """The same after `init`, while no daemon runs."""
    assert 0 == operator.init("--no-hooks").code
    return operator


@pytest.fixture(params=["no daemon", "daemon"])
def either(request: pytest.FixtureRequest, enrolled: Operator) -> Iterator[Operator]:
    """`cursor-1` has been seen; with a daemon and without, nobody sees a difference."""
    enrolled.seed()
    if request.param == "no daemon":
        yield enrolled
    else:
        with Watching(enrolled):
            yield enrolled


@pytest.fixture
def base(repo: Repo) -> str:
    """The first commit: honest code in several languages."""
    return repo.commit(**BASE_FILES)


@pytest.fixture
def gate(
    repo: Repo, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Gate:
    """Runs `qualitywatch gate` inside the repository; the JSON that it prints."""

    def run(*arguments: str, at: Path | None = None) -> dict[str, Any]:
        monkeypatch.chdir(at or repo.root)
        code = main.run(["gate", *arguments, "--format", "json"])
        report: dict[str, Any] = json.loads(capsys.readouterr().out)
        assert code == (0 if report["decision"] == GO else 1)
        return report

    return run


@pytest.fixture(scope="session")
def guarded_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made once, because a passphrase takes its time."""
    place = tmp_path_factory.mktemp("guarded")
    guarding.make(place)
    return place


@pytest.fixture
def guarded(
    guarded_template: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Guarded]:
    """A repository with hooks, with an agent and a workspace in quarantine."""
    live = guarded_template / "live"
    shutil.copytree(guarded_template / "kept", live, symlinks=True)
    for name, value in guarding.home(live).items():
        monkeypatch.setenv(name, value)
    yield Guarded(live, capsys)
    shutil.rmtree(live)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """A warden whose records are new."""
    house = House(tmp_path / "state")
    await house.start()
    yield house
    await house.stop()
