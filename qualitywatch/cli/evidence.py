"""The file of `--evidence`: nobody reads half a proof, or that of another run."""

from __future__ import annotations

import stat
from pathlib import Path

from qualitywatch import whole_file
from qualitywatch.errors import UserError
from qualitywatch.gate.evidence import Document
from qualitywatch.git import Repository
from qualitywatch.reports.safe import json_text


def cleared(name: str, repository: Repository) -> Path:
    """Where the evidence will stand; what stood there goes before anything is judged.

    So a work tree is judged without it. Raises `UserError` where it could not be
    written, or is a file that git keeps.
    """
    import tempfile  # not paid for by who wants no evidence

    path = Path(name).absolute()
    path = path.parent.resolve() / path.name
    if path.is_symlink() or (path.exists() and not stat.S_ISREG(path.stat().st_mode)):
        raise _unwritable(path, "it is no regular file")
    if _is_tracked(path, repository):
        raise _unwritable(path, "it is a file of the repository that is judged")
    try:
        with tempfile.TemporaryFile(dir=path.parent):
            path.unlink(missing_ok=True)
    except OSError as error:
        raise _unwritable(path, error.strerror or str(error)) from error
    return path


def write(path: Path, told: Document) -> None:
    """Put *told* at *path*, whole or not at all."""
    content = json_text(told, indent=2).encode() + b"\n"
    try:
        whole_file.replace(path, content, durable=True, mode=whole_file.usual_mode())
    except OSError as error:
        raise _unwritable(path, error.strerror or str(error)) from error


def _is_tracked(path: Path, repository: Repository) -> bool:
    if repository.root is None or not path.is_relative_to(repository.root.resolve()):
        return False
    return repository.is_tracked(str(path.relative_to(repository.root.resolve())))


def _unwritable(path: Path, reason: str) -> UserError:
    return UserError(
        f"the evidence can not be written: {reason}",
        place=str(path),
        hint="name a file in a folder that exists and that you may write to",
    )
