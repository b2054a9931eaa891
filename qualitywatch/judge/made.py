"""Commits that were made here, whatever git's log says of how `HEAD` came to them.

The reflog is a file, and its words are those of whoever runs git. A commit made beside
the work tree (`git commit-tree`) and then checked out, reset or merged to, or one that
calls itself a rebase, would be nobody's edit. But a checkout brings what was there
before: a commit that no ref had when we began to look, no workspace stood on since, and
no other machine gave us, was made here, and is somebody's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from qualitywatch import whole_file
from qualitywatch.git import Repository
from qualitywatch.judge.moves import Step

_MOST = 100  # steps of one move that are looked at one by one
_KEPT = 20_000  # commits of a repository that are remembered
_FETCHED = re.compile(r"([0-9a-f]{40,64})\t.* of (?!file:)[^\s/.][^\s]*:")


class Made:
    """Remembers, for each repository, which commits were there before."""

    def __init__(self) -> None:
        self._known: dict[Path, dict[str, None]] = {}

    def begin(self, repository: Repository) -> None:
        """What *repository* has now was there before; the first time only."""
        if repository.common_dir not in self._known:
            ids = repository.tips(limit=_KEPT)
            self._known[repository.common_dir] = dict.fromkeys(ids)

    def stood_on(self, repository: Repository, commit: str) -> None:
        """A workspace stood on *commit*, and what that brought was judged."""
        known = self._known.setdefault(repository.common_dir, {})
        known[commit] = None
        if len(known) > 2 * _KEPT:
            del known[next(iter(known))]

    def steps(self, repository: Repository, old: str | None, new: str) -> list[Step]:
        """The edits up to *new* that nobody has had before, oldest first."""
        known = self._known.get(repository.common_dir, {})
        fetched = _fetched(repository.git_dir)
        ids = repository.made(new, old=old, known=(*known, *fetched))
        if not ids:
            return []
        if len(ids) > _MOST:
            return [Step(_parent(repository, ids[0]), new, is_edit=True)]
        return [Step(_parent(repository, id), id, is_edit=True) for id in ids]


def _parent(repository: Repository, commit: str) -> str | None:
    return next(iter(repository.parents(commit)), None)


def _fetched(git_dir: Path) -> Iterable[str]:
    """What was fetched last from another machine, without a ref of its own."""
    try:
        content = whole_file.read(git_dir / "FETCH_HEAD")
    except OSError:
        return []
    lines = content.decode("utf-8", "replace").splitlines()
    return [found[1] for found in map(_FETCHED.match, lines) if found]
