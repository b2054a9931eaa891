"""A file is replaced as a whole, or stays as it was."""

from __future__ import annotations

from pathlib import Path

import pytest

from qualitywatch import whole_file


@pytest.mark.parametrize("durable", [True, False])
def test_the_new_content_takes_the_place_of_the_old(
    tmp_path: Path, durable: bool
) -> None:
    file = tmp_path / "list.json"
    file.write_bytes(b"a much longer old content")

    whole_file.replace(file, b"new", durable=durable)

    assert b"new" == file.read_bytes()
    assert [file] == list(tmp_path.iterdir())


def test_what_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    """Here a folder stands where the file should be."""
    blocker = tmp_path / "list.json"
    blocker.mkdir()

    with pytest.raises(OSError, match="directory"):
        whole_file.replace(blocker, b"new", durable=True)

    assert [blocker] == list(tmp_path.iterdir())
