"""Reads one file of a workspace so that nothing in its path can mislead or stall us."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from pathlib import Path
from typing import NamedTuple

from qualitywatch.errors import MachineError

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# NONBLOCK: to open a pipe that nobody writes to would take for ever.
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_CHUNK = 256 * 1024
_ABSENT = (FileNotFoundError, NotADirectoryError)


class File(NamedTuple):
    """A file as it stood when it was read; all `None`: there is none."""

    content: bytes | None = None
    problem: str | None = None  # why it could not be read, though it is there
    head: bytes = b""  # the first bytes of a file that is too large
    link: bytes | None = None  # where a symbolic link points

    @property
    def sha256(self) -> str | None:
        """The hash of the content; `None` where there is none."""
        if self.content is None:
            return None
        return hashlib.sha256(self.content).hexdigest()

    @property
    def mark(self) -> str:
        """Tells this state of the file from every other."""
        link = None if self.link is None else self.link.hex()
        return self.sha256 or f"{self.problem}|{link}"


def read(root: Path, path: str, *, limit: int) -> File:
    """The file *path* below *root*, or what is wrong with it; never follows a link.

    Raises `MachineError` where *root* is gone: its files are not deleted by that.
    """
    try:
        with _Opened(root, path) as descriptor:
            return _read(descriptor, limit)
    except _ABSENT:
        return File()
    except OSError as error:
        if error.errno == errno.ELOOP:
            return _link(root, path)
        return File(problem=f"can not be read: {error.strerror}")


class _Opened:
    """Opens one folder after the other, so that none can be swapped for a link."""

    def __init__(self, root: Path, path: str) -> None:
        self._root = root
        self._parts = path.split("/")
        self._open: list[int] = []

    def __enter__(self) -> int:
        try:
            self._add(_root(self._root))
            for part in self._parts[:-1]:
                self._add(os.open(part, _FOLDER, dir_fd=self._open[-1]))
            self._add(os.open(self._parts[-1], _FILE, dir_fd=self._open[-1]))
        except OSError:
            self.__exit__()
            raise
        return self._open[-1]

    def __exit__(self, *exception: object) -> None:
        while self._open:
            os.close(self._open.pop())

    def _add(self, descriptor: int) -> None:
        self._open.append(descriptor)


def _root(root: Path) -> int:
    try:
        return os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise MachineError(
            f"the workspace can not be opened: {error.strerror}",
            place=str(root),
            hint="put it back, or remove it from git: git worktree prune",
        ) from error


def _read(descriptor: int, limit: int) -> File:
    mode = os.fstat(descriptor).st_mode
    if stat.S_ISDIR(mode):
        return File()
    if not stat.S_ISREG(mode):
        return File(problem="is no regular file")
    content = _at_most(descriptor, limit + 1)
    if len(content) > limit:
        return File(problem=f"is larger than {limit} bytes", head=content[:65536])
    return File(content=content)


def _at_most(descriptor: int, limit: int) -> bytes:
    content = bytearray()
    while len(content) < limit:
        chunk = os.read(descriptor, min(_CHUNK, limit - len(content)))
        if not chunk:
            break
        content += chunk
    return bytes(content)


def _link(root: Path, path: str) -> File:
    try:
        target = os.fsencode((root / path).readlink())
    except OSError:
        return File()  # replaced meanwhile: its own event follows
    return File(problem="is a symbolic link now", link=target)
