"""What another hand has done to the guard itself, as far as files can show it.

Agents run as the same user: they can take the hooks out, open the state folder or
remove its marks. Nothing here prevents that; it is seen, named and said how to mend.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from qualitywatch import mirror
from qualitywatch.daemon.place import ENROLLED, state_dir_of
from qualitywatch.enrolment import DATABASE_NAME, Marks
from qualitywatch.errors import MachineError
from qualitywatch.git import Repository
from qualitywatch.hooks.installation import (
    GIT_HOOKS,
    HookStatus,
    Standing,
    standings,
)
from qualitywatch.model import Noun

HOOKS = "git hooks"
MARKS = "enrolment"
FOLDER = "state folder"
MIRROR = "list of quarantines"
KINDS = (HOOKS, MARKS, FOLDER, MIRROR)

_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_HOW = {
    Standing.MISSING: "is gone",
    Standing.FOREIGN: "was replaced by another program's",
    Standing.BROKEN: "can not run any more",
    Standing.CHANGED: "was changed",
}
_PUT_BACK = "put them back: qualitywatch hooks install"


class Tampering(Noun):
    """One thing that is not as we left it."""

    kind: str  # one of KINDS
    problem: str
    place: str
    hint: str


def seen(root: Path, *, hooks: frozenset[str] = frozenset()) -> list[Tampering]:
    """What is not as we left it at *root*; *hooks* must be there whatever marks say."""
    state_dir = state_dir_of(root)
    marks = Marks(state_dir)
    repository = Repository.discover(root)
    found = [*_folder(state_dir), *_mirror(state_dir)]
    if (state_dir / DATABASE_NAME).exists():
        found += _marks(marks, repository)
    if repository is not None:
        with repository:
            found += _hooks(repository, hooks | set(marks.hooks()))
    return found


def fingerprint(state_dir: Path) -> tuple[object, ...]:
    """What is another after most kinds of tampering; asks no other program."""
    marks = Marks(state_dir)
    around = state_dir.parent  # the folder of git, where this is a repository
    files = [
        *(state_dir, state_dir / mirror.FILE_NAME, around / "config"),
        *(around / "hooks", *(around / "hooks" / name for name in GIT_HOOKS)),
        *(marks.file, *marks.files()),
    ]
    return tuple(map(_stamp, files))


def _stamp(file: Path) -> tuple[int, ...] | None:
    try:
        status = file.lstat()
    except OSError:
        return None
    return (status.st_ino, status.st_mtime_ns, status.st_ctime_ns, status.st_mode)


def _hooks(repository: Repository, expected: frozenset[str]) -> Iterator[Tampering]:
    """The hooks that were installed, in each worktree: each has settings of git."""
    if not expected:
        return
    for folder in repository.worktrees():
        worktree = Repository.discover(folder) if folder.is_dir() else None
        if worktree is None:
            continue  # deleted, and git has not noticed yet
        with worktree:
            try:
                yield from _hooks_in(worktree, expected)
            except MachineError as error:
                yield Tampering(
                    kind=HOOKS,
                    problem=f"git does not say where its hooks are: {error.problem}",
                    place=str(folder),
                    hint="see what is wrong: git config --list",
                )


def _hooks_in(worktree: Repository, expected: frozenset[str]) -> Iterator[Tampering]:
    own = worktree.common_dir / "hooks"
    used = worktree.hooks_folder()
    if used != own.resolve():
        yield Tampering(
            kind=HOOKS,
            problem=f"git looks for hooks in another folder: core.hooksPath is {used}",
            place=str(worktree.root),
            hint="find who set it: git config --show-origin core.hooksPath",
        )
    for hook in standings(own, expected):
        if hook.standing is not Standing.INSTALLED:
            yield _hook(hook)


def _hook(hook: HookStatus) -> Tampering:
    problem = f"the hook {hook.name} {_HOW[hook.standing]}"
    return Tampering(kind=HOOKS, problem=problem, place=hook.path, hint=_PUT_BACK)


def _marks(marks: Marks, repository: Repository | None) -> Iterator[Tampering]:
    """What the daemon wrote outside the state folder when it enrolled it."""
    hint = "a daemon makes them anew and says so: qualitywatch start"
    try:
        is_whole = marks.is_set() and marks.head() is not None
    except MachineError as error:
        is_whole, hint = False, error.hint
    if not is_whole:
        yield Tampering(
            kind=MARKS,
            problem="the marks in your own state folder were removed",
            place=str(marks.file),
            hint=hint,
        )
    if repository is not None and repository.setting(ENROLLED) != marks.id:
        yield Tampering(
            kind=MARKS,
            problem="the mark in the settings of git was removed or changed",
            place=f"git config {ENROLLED}",
            hint=hint,
        )


def _folder(state_dir: Path) -> Iterator[Tampering]:
    try:
        status = state_dir.lstat()
    except OSError:
        return  # gone, or never made: `refuse_if_vanished` tells them apart
    if status.st_uid != os.geteuid():
        yield Tampering(
            kind=FOLDER,
            problem="it belongs to another user",
            place=str(state_dir),
            hint="run as that user, or give it back with chown",
        )
    elif stat.S_IMODE(status.st_mode) & _OTHERS:
        yield Tampering(
            kind=FOLDER,
            problem="others may look into it",
            place=str(state_dir),
            hint=f"chmod 700 {state_dir}",
        )


def _mirror(state_dir: Path) -> Iterator[Tampering]:
    if mirror.is_foreign(state_dir):
        yield Tampering(
            kind=MIRROR,
            problem="it is not the one that the daemon wrote: hooks refuse",
            place=str(state_dir / mirror.FILE_NAME),
            hint="a daemon writes it anew: qualitywatch start",
        )
