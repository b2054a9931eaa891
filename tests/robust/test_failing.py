"""A daemon in which steps fail goes on, or says that it can not: nothing is lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.robust.failing import fail, together


@pytest.mark.timeout(120)
async def test_steps_may_fail(tmp_path: Path) -> None:
    """A bug, a full disk or a long wait at every place of the work, under load."""
    outcome = await fail(tmp_path, list(together()), seed=1)

    assert {} == outcome.breaches
    assert [] == outcome.differences
