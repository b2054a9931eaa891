"""Files that are replaced as a whole: a reader sees the old one or the new, no half."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from qualitywatch import failpoints

OWNER_ONLY = 0o600

MAX_BYTES = 64 * 1024 * 1024  # more stands in no file of ours


def replace(
    path: Path, content: bytes, *, durable: bool, mode: int = OWNER_ONLY
) -> None:
    """Put *content* at *path*; where that fails with `OSError`, the old file stands.

    What is *durable* is on the disk afterwards, its name too.
    """
    import tempfile  # 5 ms that a command without state has not to pay

    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".new")
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            if mode != OWNER_ONLY:
                os.fchmod(descriptor, mode)
            if durable:
                file.flush()
                os.fsync(descriptor)
        failpoints.reach("mid_replace")
        temporary.replace(path)
    except BaseException:  # a person who breaks it off leaves nothing either
        temporary.unlink(missing_ok=True)
        raise
    if durable:
        sync_folder(path.parent)


def read(path: Path, *, last: int | None = None) -> bytes:
    """What stands in the file *path*, or its *last* bytes; never waits for a writer.

    Raises `OSError` where it is no regular file: a pipe in its place stalls nobody.
    """
    with open(path, "rb", opener=_at_once) as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(errno.EINVAL, "is no regular file", str(path))
        if last is not None:
            file.seek(max(0, file.seek(0, os.SEEK_END) - last))
        return file.read(MAX_BYTES)


def _at_once(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK)


def usual_mode() -> int:
    """The mode of a new file as the user's mask has it."""
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def sync_folder(folder: Path) -> None:
    """Bring the names in *folder* onto the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
