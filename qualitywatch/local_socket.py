"""Unix sockets at paths of any length.

The address of a Unix socket holds about 100 bytes, and a state folder can lie deeper
than that. On Linux an open folder has a short name, `/proc/self/fd/N`, and what is
below it is the same file; elsewhere a path that is too long stays an error.
"""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

MAX_ADDRESS_BYTES = 100  # 104 on macOS and 108 on Linux, with the closing zero


def bind(path: Path) -> socket.socket:
    """A socket bound to *path*, not listening yet; a stale one there is replaced."""
    path.unlink(missing_ok=True)
    with _address(path) as address:
        return _opened(lambda one: one.bind(address))


def connect(path: Path, *, timeout: float) -> socket.socket:
    """A connection to whoever listens at *path*, with *timeout* in seconds.

    Raises `OSError` as `socket.connect` does.
    """
    with _address(path) as address:
        return _opened(lambda one: one.connect(address), timeout=timeout)


def peer(connection: socket.socket) -> int:
    """The process at the other end; 0 where the system does not say."""
    if not hasattr(socket, "SO_PEERCRED"):
        return 0
    size = struct.calcsize("3i")
    told = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size)
    return int(struct.unpack("3i", told)[0])


@contextmanager
def _address(path: Path) -> Iterator[str]:
    if len(os.fsencode(path)) <= MAX_ADDRESS_BYTES:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


def _opened(
    use: Callable[[socket.socket], None], *, timeout: float | None = None
) -> socket.socket:
    one = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    one.settimeout(timeout)
    try:
        use(one)
    except OSError:
        one.close()
        raise
    return one
