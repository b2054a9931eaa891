"""The proof that nothing was missed: the disk against the records, file by file.

It goes neither by events nor by git's index, which whoever edits can write: it reads
every file, and asks for what `HEAD` holds. Nothing is remembered, so it may be asked at
any time of a workspace that is quiet.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TypeAlias

from qualitywatch.git import Repository
from qualitywatch.judge import AsCommitted, files
from qualitywatch.reports.safe import encodable
from qualitywatch.watcher import Selection, list_files

Judged: TypeAlias = Mapping[str, str | None]
"""Path to hash as the records have it; `None`: it is gone."""

_LIMIT = 2 * 1024 * 1024  # of a file, in bytes


def missed(root: Path, judged: Judged) -> dict[str, str]:
    """Path to problem: what stands neither as it was *judged* nor as committed."""
    repository = Repository.discover(root)
    assert repository is not None
    with repository:
        selection = Selection(
            root,
            state_dir=repository.state_dir,
            ignored_by_git=repository.ignored,
            held_by_git=repository.holds_folder,
        )
        committed = AsCommitted(root, repository)
        ours = sorted(list_files(root, selection))
        found = {path: _problem(root, path, committed, judged) for path in ours}
    told = {encodable(path): problem for path, problem in found.items() if problem}
    return told | _gone(root, ours, committed, judged)


def _problem(
    root: Path, path: str, committed: AsCommitted, judged: Judged
) -> str | None:
    file = files.read(root, path, limit=_LIMIT)
    name = encodable(path)
    if name in judged:
        is_known = file.sha256 == judged[name]
        return None if is_known else "it was judged with another content"
    if committed.holds(path, file):
        return None
    return "it is not as committed, and was never judged"


def _gone(
    root: Path, ours: Iterable[str], committed: AsCommitted, judged: Judged
) -> dict[str, str]:
    wanted = {path: path for path, sha256 in judged.items() if sha256}
    wanted |= {encodable(path): path for path in committed.ids}
    known = {path for path, sha256 in judged.items() if sha256 is None}
    here = {encodable(path) for path in ours}
    return {
        name: "it is gone, and was not judged so"
        for name in sorted(wanted.keys() - here - known)
        if not os.path.lexists(root / wanted[name])
    }
