"""Each state that stands on the disk when all is quiet has been judged."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.robust import quiet
from tests.robust.ground import Daemon, Ground, whole
from tests.robust.mutating import mutate

pytestmark = pytest.mark.timeout(120)


async def test_every_way_to_change_a_file_is_seen(tmp_path: Path) -> None:
    """Saves of every kind, renames, links, moved folders, branches switched."""
    pauses = await mutate(tmp_path, 4.0)

    assert all(pause < quiet.LONGEST for pause in pauses)


async def test_a_file_is_seen_by_each_of_its_names(tmp_path: Path) -> None:
    """The system tells of the name that was written through, and of no other."""
    ground = Ground.make(tmp_path, ["app.py"])
    daemon = Daemon(ground, port=0)
    other = ground.root / "other.py"
    try:
        assert await daemon.ready() is not None, daemon.log.read_text()
        os.link(ground.root / "app.py", other)
        assert quiet.LONGEST > await quiet.settled(ground)
        other.write_text(whole(7))

        assert quiet.LONGEST > await quiet.settled(ground)
    finally:
        daemon.process.kill()
        daemon.process.wait()
