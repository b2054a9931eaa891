"""What Linux says of processes in `/proc`; elsewhere, and of the ended, nothing."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

ROOT = Path("/proc")


def is_there() -> bool:
    """True where the system tells."""
    return ROOT.is_dir()


def pids() -> Iterator[int]:
    """The processes of this machine."""
    if is_there():
        yield from (int(name) for name in os.listdir(ROOT) if name.isdigit())  # noqa: PTH208 - a Path of each is slow


def name(pid: int) -> str:
    """What the process is called; it may call itself as it likes."""
    try:
        return (ROOT / str(pid) / "comm").read_text(errors="replace").strip()
    except OSError:
        return "ended"


def stat(pid: int) -> list[str] | None:
    """The fields of `stat` after the name, which may hold anything."""
    try:
        text = (ROOT / str(pid) / "stat").read_text(errors="replace")
    except OSError:
        return None
    return text.rpartition(")")[2].split()


def open_files(pid: int) -> Iterator[str]:
    """What the process has open, as far as it is ours to see: paths, `socket:[1]`."""
    folder = f"{ROOT}/{pid}/fd"
    try:
        descriptors = os.listdir(folder)  # noqa: PTH208 - as above
    except OSError:
        return  # another user's, or it has ended
    for descriptor in descriptors:
        try:
            yield os.readlink(f"{folder}/{descriptor}")  # noqa: PTH115 - as above
        except OSError:
            continue  # closed meanwhile


def sockets(table: str) -> list[list[str]]:
    """The rows of `net/tcp` or another *table* there; without its head."""
    try:
        lines = (ROOT / "net" / table).read_text().splitlines()[1:]
    except OSError:
        return []
    return [line.split() for line in lines]
