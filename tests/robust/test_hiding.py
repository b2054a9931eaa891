"""Hidden code is found, or the file is said to be unreadable: never silently green."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.robust import hiding


@pytest.mark.timeout(150)
async def test_nothing_is_hidden(tmp_path: Path) -> None:
    """Every trick, at once, under one daemon."""
    assert [] == await hiding.play_all(tmp_path)
    assert 70 <= len(hiding.tricks())
