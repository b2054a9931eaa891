"""Paths as agents write them: inside their workspace, or refused."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath

from qualitywatch.errors import PeerError
from qualitywatch.protocol import MAX_CONTENT_BYTES


def inside(workspace: Path, path: str) -> str:
    """*path*, normalised; OUTSIDE_WORKSPACE where it would leave *workspace*."""
    pure = PurePosixPath(path)
    if "\0" in path or pure.is_absolute() or ".." in pure.parts or not pure.parts:
        raise _outside(path)
    root = real_path(workspace)
    if not real_path(root / pure).is_relative_to(root):  # a link inside may point out
        raise _outside(path)
    return str(pure)


def real_path(path: Path) -> Path:
    """*path* with its links followed; links in a circle are left as they are.

    `Path.resolve` raises there, and what depends on the version of Python.
    """
    return Path(os.path.realpath(path))


def check_size(*contents: str | None) -> None:
    """Raises TOO_LARGE where the contents together are over the limit."""
    total = sum(len(text.encode()) for text in contents if text is not None)
    if total > MAX_CONTENT_BYTES:
        raise PeerError(
            "TOO_LARGE",
            f"{total} bytes of content, the limit is {MAX_CONTENT_BYTES}",
            hint="leave `new_content` out: the hub reads the file",
        )


def _outside(path: str) -> PeerError:
    return PeerError(
        "OUTSIDE_WORKSPACE",
        f"{path[:200]!r} is not a path inside the workspace",
        hint="give it relative to the workspace, with forward slashes, without `..`",
    )
