"""How the gate and the scan read a file of the folder."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from qualitywatch.gate.tree import read_file


@pytest.mark.parametrize(("size", "limit"), [(0, 9), (8, 9), (9, 9), (10, 9)])
def test_no_more_than_the_limit(tmp_path: Path, size: int, limit: int) -> None:
    """A file as large as the limit is read whole, and of a larger one its beginning."""
    place = tmp_path / "a.py"
    place.write_bytes(b"x" * size)

    assert read_file(place, limit) == b"x" * min(size, limit)


def test_a_file_that_holds_more_than_it_says() -> None:
    """As one does that somebody writes meanwhile: nothing of it may be left out."""
    place = Path("/proc/self/environ")
    assert place.stat().st_size == 0

    assert read_file(place, 1_000_000) == place.read_bytes() != b""


def test_no_link_and_no_pipe(tmp_path: Path) -> None:
    """Neither is followed, and for a pipe nobody waits."""
    (tmp_path / "link").symlink_to(__file__)
    os.mkfifo(tmp_path / "pipe")

    for name in ("link", "pipe"):
        with pytest.raises(OSError, match=r"symbolic|regular"):
            read_file(tmp_path / name, 9)
    assert read_file(tmp_path / "nothing", 9) is None
