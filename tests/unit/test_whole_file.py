"""A file is replaced as a whole, or stays as it was."""

from __future__ import annotations

import os
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


@pytest.mark.parametrize("mode", [0o600, 0o644, 0o755])
def test_the_file_has_the_mode_that_was_asked_for(tmp_path: Path, mode: int) -> None:
    file = tmp_path / "report.json"

    whole_file.replace(file, b"new", durable=False, mode=mode)

    assert mode == file.stat().st_mode & 0o777


def test_the_usual_mode_is_that_of_any_new_file(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        (tmp_path / "new").touch()
        assert 0o640 == whole_file.usual_mode()
    finally:
        os.umask(before)
    assert 0o640 == (tmp_path / "new").stat().st_mode & 0o777


def test_what_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    """Here a folder stands where the file should be."""
    blocker = tmp_path / "list.json"
    blocker.mkdir()

    with pytest.raises(OSError, match="directory"):
        whole_file.replace(blocker, b"new", durable=True)

    assert [blocker] == list(tmp_path.iterdir())


@pytest.mark.parametrize("make", [os.mkfifo, Path.mkdir], ids=["pipe", "folder"])
def test_what_is_no_file_keeps_no_reader_waiting(tmp_path: Path, make) -> None:
    """A pipe without a writer is opened for ever: whoever makes one would stall us."""
    make(tmp_path / "list.json")

    with pytest.raises(OSError, match=r"(regular file|directory)"):
        whole_file.read(tmp_path / "list.json")


def test_the_end_of_a_file_is_read_alone(tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(b"first, last")

    assert b"last" == whole_file.read(tmp_path / "log", last=4)
    assert b"first, last" == whole_file.read(tmp_path / "log", last=400)
