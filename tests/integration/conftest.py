"""Somebody in front of a repository, at three moments."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conftest import Repo
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
