"""Unix sockets at paths of any length."""

from __future__ import annotations

from pathlib import Path

import pytest

from qualitywatch import local_socket


@pytest.mark.parametrize("depth", [0, 4, 20])
def test_both_ends_meet_however_deep_the_folder(tmp_path: Path, depth: int) -> None:
    """A repository in a deep folder can have a daemon."""
    folder = tmp_path.joinpath(*["a-folder-with-a-long-name"] * depth)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "hub.sock"

    with local_socket.bind(path) as listener:
        listener.listen()
        with local_socket.connect(path, timeout=5) as sender:
            receiver, _ = listener.accept()
            with receiver:
                sender.sendall(b"hello")

                assert b"hello" == receiver.recv(5)


def test_a_stale_socket_is_replaced(tmp_path: Path) -> None:
    """A daemon that was killed leaves its socket behind."""
    path = tmp_path / "hub.sock"
    local_socket.bind(path).close()

    with local_socket.bind(path) as listener:
        listener.listen()
        local_socket.connect(path, timeout=5).close()


def test_nobody_there_is_said_as_such(tmp_path: Path) -> None:
    """The caller tells "no daemon" from other troubles by the type."""
    with pytest.raises(FileNotFoundError):
        local_socket.connect(tmp_path / "hub.sock", timeout=5)
