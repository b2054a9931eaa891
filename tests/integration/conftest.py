"""Somebody in front of a repository, at three moments, and the gate in one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from qualitywatch.cli import main
from qualitywatch.model import GO
from tests.conftest import Repo
from tests.integration.gates import BASE_FILES, Gate
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
