"""What is known of processes: of our own, of the ended, and of what vanishes."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from qualitywatch import proc
from qualitywatch.hub import occupant

pytestmark = pytest.mark.skipif(not proc.is_there(), reason="only Linux tells")
NOBODY = 2**22 + 1  # above the highest id there can be


def test_an_open_file_is_seen_until_it_is_closed(tmp_path: Path) -> None:
    file = tmp_path / "held"
    with file.open("w"):
        assert str(file) in proc.open_files(os.getpid())
    assert str(file) not in proc.open_files(os.getpid())


def test_what_is_closed_meanwhile_hides_nothing(tmp_path: Path) -> None:
    """A descriptor that vanishes while they are read does not end the list."""
    folder = tmp_path / str(NOBODY) / "fd"
    folder.mkdir(parents=True)
    (folder / "3").touch()  # can not be read as a link, like one that has vanished
    for number in (1, 2, 4, 5):
        (folder / str(number)).symlink_to(f"/file/{number}")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(proc, "ROOT", tmp_path)
        found = set(proc.open_files(NOBODY))

    assert {f"/file/{number}" for number in (1, 2, 4, 5)} == found


def test_of_nobody_nothing_is_known() -> None:
    assert None is proc.stat(NOBODY)
    assert [] == list(proc.open_files(NOBODY))
    assert "ended" == proc.name(NOBODY)


def test_we_are_among_the_processes() -> None:
    stat = proc.stat(os.getpid())

    assert os.getpid() in proc.pids()
    assert stat is not None
    assert str(os.getppid()) == stat[1]


def test_who_listens_on_a_port_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        assert f"pid {os.getpid()} ({proc.name(os.getpid())})" == occupant.of_port(port)
    assert None is occupant.of_port(port)
