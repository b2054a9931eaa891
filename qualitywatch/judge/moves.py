"""How `HEAD` moved: a commit is somebody's edit, a checkout or merge is nobody's."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from qualitywatch import whole_file

# What git writes into the reflog for a step that brings new content of its own.
_EDITS = ("commit", "am")
_NO_EDITS = ("commit (merge)",)
_UNFINISHED = ("MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD")
_FOLDERS = ("rebase-merge", "rebase-apply")
_TAIL = 256 * 1024


class Step(NamedTuple):
    """One movement of `HEAD`."""

    old: str | None  # None: there was no commit yet
    new: str
    is_edit: bool


def steps(reflog: Path, *, since: str | None, to: str) -> list[Step] | None:
    """The steps from *since* to *to*; `None` where the reflog does not hold them."""
    found: list[Step] = []
    for step in reversed(_read(reflog)):
        if not found and step.new != to:
            continue
        found.append(step)
        if step.old == since:
            return found[::-1]
    return None


def unfinished(git_dir: Path) -> bool:
    """True in the middle of a merge, a rebase, a cherry-pick or a revert."""
    return any((git_dir / name).exists() for name in (*_UNFINISHED, *_FOLDERS))


def brought_in(git_dir: Path) -> list[str]:
    """The commits whose content an unfinished operation writes into the files."""
    return [
        revision
        for name in (*_UNFINISHED, "REBASE_HEAD")
        for revision in _words(git_dir / name)
    ]


def parse(line: str) -> Step | None:
    """The step that a line of the reflog tells."""
    head, tab, message = line.rstrip("\n").partition("\t")
    words = head.split(" ")
    if not tab or len(words) < 4:
        return None
    old, new = words[0], words[1]
    is_edit = message.startswith(_EDITS) and not message.startswith(_NO_EDITS)
    return Step(old if old.strip("0") else None, new, is_edit)


def _read(reflog: Path) -> list[Step]:
    try:
        tail = whole_file.read(reflog, last=_TAIL)
    except OSError:
        return []
    lines = tail.decode("utf-8", "replace").splitlines()
    return [step for step in map(parse, lines) if step is not None]


def _words(file: Path) -> list[str]:
    try:
        return whole_file.read(file).decode("ascii", "replace").split()
    except OSError:
        return []
