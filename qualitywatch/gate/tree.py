"""All files of a repository in one state: at a commit, staged, or in the folder."""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from qualitywatch.errors import MachineError

if TYPE_CHECKING:
    from qualitywatch.git import Repository

Words = tuple[str, ...]

_AT_ONCE = 50  # searches: all their words are one expression for git
_LETTERS_AT_ONCE = 15_000  # of their words: escaped, in UTF-8, git is given 128 KiB


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

    def holding(
        self, searches: Iterable[Words], suffixes: Sequence[str]
    ) -> Iterator[tuple[Words, set[str]]]:
        """Each of *searches*, and the files with one of *suffixes* that hold its words.

        Many are looked up in one go of git, and told apart in the few files it finds.
        """
        told = [words for words in searches if all(map(_in_a_line, words))]
        for some in _rounds(told):
            ends = [{_in_a_line(words[at]) for words in some} for at in (0, -1)]
            found = self._repository.holding(
                ends, suffixes, rev=self._rev, staged=self._staged
            )
            yield from self._told_apart(some, found)

    def _told_apart(
        self, searches: Sequence[Words], paths: Collection[str]
    ) -> Iterator[tuple[Words, set[str]]]:
        if len(searches) == 1:
            yield searches[0], set(paths)
            return
        held: dict[Words, set[str]] = {words: set() for words in searches}
        for path in paths:
            content = self.read(path) or b""
            for words in searches:
                if all(_holds(content, word) for word in words):
                    held[words].add(path)
        yield from held.items()

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


def _rounds(searches: Iterable[Words]) -> Iterator[list[Words]]:
    """*searches*, as many together as one argument of a command can hold."""
    some: list[Words] = []
    size = 0
    for words in searches:
        own = sum(map(len, words))
        if some and (len(some) == _AT_ONCE or size + own > _LETTERS_AT_ONCE):
            yield some
            some, size = [], 0
        some.append(words)
        size += own
    if some:
        yield some


def _in_a_line(word: str) -> str:
    """The most of *word* that git can find: it reads line by line."""
    return max(word.split("\n"), key=len)


def _holds(content: bytes, word: str) -> bool:
    """True where *word* stands in *content* as no part of a longer one."""
    own = word.encode("utf-8", "surrogateescape")
    return own in content and (
        re.search(rb"(?<!\w)%s(?!\w)" % re.escape(own), content) is not None
    )


def read_file(path: str | Path, limit: int) -> bytes | None:
    """The first *limit* bytes of a regular file; `None` if there is none.

    Never follows a link in the last place, and never waits for a pipe.
    """
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        descriptor = os.open(path, flags)
    except FileNotFoundError:
        return None
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "not a regular file")
        # For as many bytes as are asked for, memory is taken at once.
        content = file.read(min(limit, status.st_size + 1))
        has_grown = len(content) > status.st_size
        return content + file.read(limit - len(content)) if has_grown else content
