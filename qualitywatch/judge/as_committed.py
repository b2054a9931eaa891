"""What `HEAD` holds of a workspace, against what stands there.

It does not go by git's index, which whoever edits can write: it asks for what was
committed, and takes each file as it was read.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from qualitywatch.git import Repository
from qualitywatch.judge import files
from qualitywatch.judge.files import File

_LIMIT = 2 * 1024 * 1024  # of a file, in bytes, where the settings say nothing else


class AsCommitted:
    """What `HEAD` holds of *root*, compared with what stands there."""

    def __init__(self, root: Path, repository: Repository | None) -> None:
        self._root = root
        self._repository = repository
        self._head: str | None = None
        self.ids: dict[str, str] = {}  # of every file that `HEAD` has
        if repository is not None and (head := repository.head()) is not None:
            self._head, self.ids = head, repository.ids(head)

    def others(self, paths: Iterable[str], *, limit: int = _LIMIT) -> list[str]:
        """Those of *paths* that do not stand as they are committed."""
        return [
            path
            for path in paths
            if not self.holds(path, files.read(self._root, path, limit=limit))
        ]

    def holds(self, path: str, file: File) -> bool:
        """*file* is what `HEAD` has as *path*."""
        if self._repository is None or self._head is None:
            return file == File()
        if file.content is not None and self.ids.get(path) == _git_id(file.content):
            return True
        committed = self._repository.content(self._head, path)
        if file.link is not None:
            return file.link == committed
        if file.head:  # too large to be read: its beginning has to do
            return committed is not None and committed.startswith(file.head)
        return file.problem is None and file.content == committed


def _git_id(content: bytes) -> str:
    header = f"blob {len(content)}\0".encode()
    return hashlib.sha1(header + content, usedforsecurity=False).hexdigest()
