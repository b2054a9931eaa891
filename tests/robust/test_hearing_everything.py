"""Whoever loses the connection hears the rest: all of it, once, in order."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.robust.following import follow, sequences
from tests.robust.validator import breaches


@pytest.mark.timeout(120)
async def test_a_lost_connection_loses_no_event(tmp_path: Path) -> None:
    trace = await follow(tmp_path, followers=6, events=120, departures=8, seed=1)
    heard = sequences(trace, "viewer-0")

    assert {} == breaches(trace)
    assert heard == list(range(heard[0], heard[0] + len(heard)))
