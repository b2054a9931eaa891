"""A hundred thousand hostile frames: no traceback, and the right close codes."""

from __future__ import annotations

from pathlib import Path

import pytest

from qualitywatch.hub.server import Server
from tests import fuzzing
from tests.fuzzing import CLOSED_FOR, Fuzz
from tests.hubs import House
from tests.integration.test_fuzz import house, server

__all__ = ["house", "server"]

pytestmark = pytest.mark.timeout(1200)


@pytest.mark.parametrize("seed", range(6))
async def test_messages(house: House, server: Server, seed: int) -> None:
    assert await fuzzing.over_websocket(house, server, Fuzz(seed), 10_000) > 5000


@pytest.mark.parametrize("seed", range(4))
async def test_lines(server: Server, tmp_path: Path, seed: int) -> None:
    path = tmp_path / "hub.sock"

    assert await fuzzing.over_lines(path, Fuzz(100 + seed), 10_000) >= 10_000


@pytest.mark.parametrize("seed", range(4))
async def test_raw_frames(house: House, server: Server, seed: int) -> None:
    codes = await fuzzing.below_websocket(house, server, Fuzz(200 + seed), 2500)

    assert {1002, 1007, 1009} <= set(codes) <= {*CLOSED_FOR, 1000, 1005, 4401}
