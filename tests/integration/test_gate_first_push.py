"""A history that nobody has judged: what was dropped on its way."""

from __future__ import annotations

import pytest

from qualitywatch.gate import analyser, dropped_inside, first_push, trusted
from qualitywatch.model import Analysis
from tests.conftest import Repo
from tests.integration.gates import CALLED, HOLLOW, opened


def _dropped(repo: Repo) -> Analysis:
    with opened(repo) as repository:
        trust = trusted(repository, None)
        commits = repository.commits("HEAD")
        with analyser(trust) as analyse:
            return dropped_inside(repository, commits, commits[0].id, trust, analyse)


def test_dropped_on_the_way(repo: Repo, base: str) -> None:
    """It is found under the name that the file has at the end."""
    repo.commit(**{"app.py": HOLLOW})
    repo.git("mv", "app.py", "moved.py")
    repo.commit()

    [violation] = _dropped(repo).violations

    assert ("hollowed-body", "moved.py") == (violation.rule, violation.path)


@pytest.mark.parametrize("end", [CALLED, "", None])
def test_put_back_or_gone(repo: Repo, base: str, end: str | None) -> None:
    """What has come back is not lost, and of a file that went no function is."""
    repo.commit(**{"app.py": HOLLOW})
    if end is None:
        repo.git("rm", "-q", "app.py")
    else:
        repo.write("app.py", end)
    repo.commit(**{"use.py": "a = 1\n"})

    assert () == _dropped(repo).violations


def test_a_long_history(repo: Repo, base: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the bound nothing is judged one by one, and nobody may say GO."""
    monkeypatch.setattr(first_push, "MAX_COMMITS", 2)
    repo.commit(**{"app.py": HOLLOW})
    for number in range(2):
        repo.commit(**{"a.py": f"a = {number}\n"})

    told = _dropped(repo)

    assert () == told.violations
    assert ["1 older commit"] == [each.path for each in told.unanalysable]
    assert "push older ones before" in told.unanalysable[0].reason


def test_empty_commits_hide_nothing(
    repo: Repo, base: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many lie on top of the one that dropped."""
    monkeypatch.setattr(first_push, "MAX_COMMITS", 2)
    repo.commit(**{"app.py": HOLLOW})
    for _ in range(4):
        repo.git("commit", "-q", "--allow-empty", "-m", "x")

    told = _dropped(repo)

    assert ["hollowed-body"] == [each.rule for each in told.violations]
    assert () == told.unanalysable
