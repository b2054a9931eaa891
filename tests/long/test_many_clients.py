"""Fifty clients, each cut off two hundred times while five thousand things happen."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings

from tests.integration.test_resuming import Resuming, followed


@pytest.mark.timeout(3600)
async def test_nobody_misses_anything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each hears 1, 2, 3 ... n."""
    monkeypatch.setattr("qualitywatch.client.connection.FIRST_DELAY", 0.05)

    heard = await followed(tmp_path, clients=50, cuts=10_000, events=5000)

    assert [list(range(1, len(one) + 1)) for one in heard] == heard
    assert all(len(one) >= 5000 for one in heard)


@pytest.mark.timeout(3600)
class TestResumingForLong(Resuming.TestCase):  # type: ignore[misc, name-defined]
    """The model of following, for ten thousand steps."""

    settings = settings(max_examples=100, stateful_step_count=100, deadline=None)
