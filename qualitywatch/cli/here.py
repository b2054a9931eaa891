"""The repository that a command is run in."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from qualitywatch.errors import UserError
from qualitywatch.git import NOTHING_INCOMING, Repository


def here(
    index_file: str | None = None, *, incoming: Mapping[str, str] = NOTHING_INCOMING
) -> Repository:
    """The repository around the current folder; `UserError` if there is none."""
    folder = Path.cwd()
    index = Path(index_file) if index_file else None
    repository = Repository.discover(folder, index_file=index, incoming=incoming)
    if repository is None:
        raise UserError(
            "this is not a git repository",
            place=str(folder),
            hint="run it inside one, or judge two files: qualitywatch check --help",
        )
    return repository
