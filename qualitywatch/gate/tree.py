"""All files of a repository in one state: at a commit, staged, or in the folder."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path

from qualitywatch.errors import MachineError
from qualitywatch.git import Repository


class Tree:
    """All files of one state of a repository: at *rev*, staged, or in the folder."""

    def __init__(
        self,
        repository: Repository,
        *,
        rev: str | None = None,
        staged: bool = False,
        limit: int,
    ) -> None:
        self._repository = repository
        self._rev = rev
        self._staged = staged
        self._limit = limit

    @cached_property
    def paths(self) -> frozenset[str]:
        """Every path."""
        return frozenset(self._repository.paths(self._rev, staged=self._staged))

    def holding(self, words: Sequence[str], suffixes: Iterable[str]) -> list[str]:
        """The files with one of *suffixes* that hold all *words*."""
        return self._repository.holding(
            words, suffixes, rev=self._rev, staged=self._staged
        )

    def read(self, path: str) -> bytes | None:
        """The content of a file; `None` where it can not be read."""
        try:
            if self._rev is not None or self._staged:
                name = f"{self._rev or ''}:{path}"
                return self._repository.blob(name, limit=self._limit)
            root = self._repository.root
            return None if root is None else read_file(root / path, self._limit)
        except (MachineError, OSError):
            return None  # whoever can not be read is judged, or not, for itself


def read_file(path: Path, limit: int) -> bytes | None:
    """The first *limit* bytes of a regular file; `None` if there is none.

    Never follows a link in the last place, and never waits for a pipe.
    """
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        descriptor = os.open(path, flags)
    except FileNotFoundError:
        return None
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "not a regular file")
        return file.read(limit)
