"""A file below a folder replaced as a whole: never through a link, never unseen."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class Changed(Exception):
    """The file is not the one that was judged or shown; nothing was written."""


def put(root: Path, path: str, content: bytes, *, instead: bytes | None) -> None:
    """Write *content* to *path* below *root*, which must still hold *instead*.

    The file is replaced as a whole and keeps its mode; no link is followed on the way.
    Raises `Changed`, or `OSError` where it can not be written.
    """
    parts = path.split("/")
    if any(part in ("", ".", "..") for part in parts):
        raise ValueError(f"{path!r} is no path inside a folder")
    with _folder(root, parts[:-1], make=instead is None) as folder:
        _replace(folder, parts[-1], content, instead)


@contextmanager
def _folder(root: Path, parts: list[str], *, make: bool) -> Iterator[int]:
    """A descriptor of the folder *parts* below *root*, reached without any link."""
    opened = [os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)]
    try:
        for part in parts:
            if make:
                _make(part, opened[-1])
            opened.append(os.open(part, _FOLDER, dir_fd=opened[-1]))
        yield opened[-1]
    finally:
        for descriptor in opened:
            os.close(descriptor)


def _make(part: str, folder: int) -> None:
    try:
        os.mkdir(part, dir_fd=folder)
    except FileExistsError:
        return


def _replace(folder: int, name: str, content: bytes, instead: bytes | None) -> None:
    temporary = f".{name[:100]}.{os.getpid()}.new"
    descriptor = os.open(temporary, _NEW, 0o666, dir_fd=folder)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(descriptor)
            mode = _checked(folder, name, instead)
            if mode is not None:
                os.fchmod(descriptor, mode)
        os.rename(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
    except BaseException:
        os.unlink(temporary, dir_fd=folder)
        raise


def _checked(folder: int, name: str, instead: bytes | None) -> int | None:
    """The mode of the file; raises `Changed` where it does not hold *instead*."""
    try:
        descriptor = os.open(name, _FILE, dir_fd=folder)
    except FileNotFoundError:
        if instead is None:
            return None
        raise Changed from None
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or instead is None:
            raise Changed
        if _digest(file.read(len(instead) + 1)) != _digest(instead):
            raise Changed
        return stat.S_IMODE(status.st_mode)


def _digest(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()
