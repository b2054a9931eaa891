"""Gate and hooks show the code that a change took away, as the base has it."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from qualitywatch import mirror
from qualitywatch.cli import gate
from qualitywatch.git import Repository
from qualitywatch.hooks.git import answer_commit
from qualitywatch.hooks.receive import answer_receive
from tests.conftest import Repo

STEPS = "".join(f"    order.step({n}, retries={n})\n" for n in range(20))
KEPT = "    return order.total\n\n\ndef pack(order):\n" + STEPS.replace("step", "pack")
HONEST = f"def pay(order):\n{STEPS}{KEPT}"
LAZY = f"def pay(order):\n    # ... rest of the function unchanged\n{KEPT}"
LOST = "     2 -     order.step(0, retries=0)\n"


def judged(*options: str) -> Result:
    """`qualitywatch gate` in the current folder."""
    return CliRunner().invoke(gate.command, list(options), standalone_mode=False)


def opened(repo: Repo) -> Repository:
    """The repository as our commands know it."""
    found = Repository.discover(repo.root)
    assert found is not None
    return found


@pytest.fixture
def base(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> str:
    """The honest commit; the change that drops code is committed after it."""
    monkeypatch.chdir(repo.root)
    honest = repo.commit(**{"app.py": HONEST})
    repo.commit(**{"app.py": LAZY})
    return honest


def test_gate_of_a_range(base: str) -> None:
    """Folded, and in full where somebody asks."""
    folded = judged("--base", base).output
    whole = judged("--base", base, "--verbose").output

    assert LOST in folded
    assert "… 12 more lines …" in folded
    assert 20 == whole.count(" -     order.step(")


def test_gate_of_a_renamed_file(repo: Repo, base: str) -> None:
    """The code is that of the old name."""
    repo.git("mv", "app.py", "shop.py")
    repo.commit()

    assert LOST in judged("--base", base).output


def test_rules_of_the_repository_speak_in_sarif(repo: Repo, base: str) -> None:
    """The rules that judged are handed on, not only those that we ship."""
    report = Path("qualitywatch.sarif")

    judged("--base", base, "--report", f"sarif={report}")

    (run,) = json.loads(report.read_text())["runs"]
    (rule,) = run["tool"]["driver"]["rules"]
    assert ("elided-code", True) == (rule["id"], "help" in rule)


def test_the_hook_of_a_commit(repo: Repo, base: str) -> None:
    """Who is refused sees what would be lost."""
    repo.git("reset", "-q", "--soft", base)
    with opened(repo) as repository:
        repository.state_dir.mkdir(parents=True, exist_ok=True)
        nobody = mirror.Mirror(quarantines=(), dismissed=(), agents=())
        mirror.write(repository.state_dir, nobody)
        answer = answer_commit(repository, agent=None, clock=time.perf_counter)

    assert not answer.allowed
    assert LOST in answer.text


def test_the_hook_of_a_server(repo: Repo, base: str) -> None:
    """So does who pushes past their own hooks."""
    head = repo.git("rev-parse", "HEAD")
    with opened(repo) as repository:
        line = f"{base} {head} refs/heads/main\n"
        answer = answer_receive(repository, line, clock=time.perf_counter)

    assert not answer.allowed
    assert LOST in answer.text
