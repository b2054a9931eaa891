"""Puts our hooks into a repository, says how they stand, takes them out again.

A hook that was there is kept beside ours as `<name>.qualitywatch-orig`, still runs, and
comes back when ours goes. A hook is known as ours by the line that holds `ID`.
"""

from __future__ import annotations

import os
import shlex
import tempfile
from collections.abc import Iterable, Sequence
from enum import StrEnum
from pathlib import Path

from qualitywatch import mirror, whole_file
from qualitywatch.enrolment import Marks
from qualitywatch.errors import UserError
from qualitywatch.gate import known_state
from qualitywatch.git import Repository
from qualitywatch.mirror import Mirror
from qualitywatch.model import Noun

GIT_HOOKS = ("pre-commit", "pre-push")
SERVER_HOOKS = ("pre-receive",)  # where others push to
ID = "qualitywatch-git-hook-7d1f6b0e"
ORIGINAL_SUFFIX = ".qualitywatch-orig"

_TEMPLATE = Path(__file__).parents[1] / "resources" / "git-hook.sh"
_PYTHON = "PYTHON="
_INSTALL = ("qualitywatch hooks install git", "qualitywatch hooks install git --server")


class Standing(StrEnum):
    """How one hook stands."""

    INSTALLED = "installed"
    MISSING = "missing"
    FOREIGN = "foreign"  # another program's, and ours is not asked
    BROKEN = "broken"  # ours, but git does not run it or its interpreter is gone
    CHANGED = "changed"  # ours, but not as this version writes it


class HookStatus(Noun):
    """One hook of one repository."""

    name: str
    standing: Standing
    path: str
    interpreter: str | None = None
    original: str | None = None  # the hook that was there before ours


def install(
    repository: Repository, *, interpreter: Path, server: bool = False
) -> list[HookStatus]:
    """Put our hooks in, keeping those that are there; doing it again changes nothing.

    With *server* the hook that judges what others push here, and needs no daemon.
    Raises `UserError` with the line to add where another folder of hooks is in use.
    """
    if not server:
        _refuse_bare(repository)
    names = SERVER_HOOKS if server else GIT_HOOKS
    folder = _own_folder(repository, interpreter, names)
    for name in names:
        _refuse_second_stranger(folder / name)
    if not server:
        _ensure_mirror(repository)
    folder.mkdir(exist_ok=True)
    for name in names:
        _install(folder / name, interpreter)
    if not server:
        Marks(repository.state_dir).keep_hooks(names)
    return status(repository)


def uninstall(repository: Repository) -> list[HookStatus]:
    """Take our hooks out and put back what was there before; strangers' stay."""
    for name in (*GIT_HOOKS, *SERVER_HOOKS):
        path = _folder(repository) / name
        original = _original(path)
        if is_ours(path):
            path.unlink()
        if original.exists() and not path.exists():
            original.rename(path)
    marks = Marks(repository.state_dir)
    if marks.hooks():
        marks.keep_hooks(())
    return status(repository)


def status(repository: Repository) -> list[HookStatus]:
    """How each of our hooks stands where git looks for hooks now.

    The server's is told of where there is no work tree, and where it is ours.
    """
    folder = repository.hooks_folder()
    here = () if repository.root is None else GIT_HOOKS
    server = tuple(
        name
        for name in SERVER_HOOKS
        if repository.root is None or is_ours(folder / name)
    )
    return standings(folder, (*here, *server))


def standings(folder: Path, names: Iterable[str]) -> list[HookStatus]:
    """How the hooks *names* stand in *folder*."""
    return [_status(folder / name) for name in names]


def is_ours(path: Path) -> bool:
    """True for a script that `install` has written."""
    try:
        return ID.encode() in whole_file.read(path)
    except OSError:
        return False


def prepare(repository: Repository, hook: str) -> None:
    """Have what *hook* needs where another program's script calls it, not ours.

    Who uses a manager of hooks never runs `install`, which would have seen to it.
    """
    if not is_ours(repository.hooks_folder() / hook):
        _ensure_mirror(repository)


def command_line(interpreter: Path, hook: str) -> str:
    """The line by which any other script can ask us."""
    return f'{shlex.quote(str(interpreter))} -P -m qualitywatch hook git {hook} "$@"'


def _refuse_bare(repository: Repository) -> None:
    if repository.root is None:
        raise UserError(
            "nobody commits in a bare repository: it is pushed to",
            place=str(repository.git_dir),
            hint="guard what is pushed: qualitywatch hooks install git --server",
        )


def _own_folder(
    repository: Repository, interpreter: Path, names: Sequence[str]
) -> Path:
    used = repository.hooks_folder()
    if used != _folder(repository).resolve():
        lines = (
            f"    {used / name}:  {command_line(interpreter, name)} || exit 1"
            for name in names
        )
        raise UserError(
            f"git looks for hooks elsewhere: core.hooksPath is {used}",
            hint="add a line to the hooks there:\n" + "\n".join(lines),
        )
    return _folder(repository)


def _folder(repository: Repository) -> Path:
    return repository.common_dir / "hooks"


def _original(path: Path) -> Path:
    return path.with_name(path.name + ORIGINAL_SUFFIX)


def _refuse_second_stranger(path: Path) -> None:
    if path.exists() and not is_ours(path) and _original(path).exists():
        raise UserError(
            f"another program has put its {path.name} hook over ours, and an older one "
            "is already kept",
            place=str(path),
            hint=f"move one of the two away: {path} or {_original(path)}",
        )


def _ensure_mirror(repository: Repository) -> None:
    """Without the list of quarantines our hooks refuse everything.

    Before the first daemon nobody is in quarantine; a list that was there and is gone
    is an error, and not made anew.
    """
    if known_state(repository) is None:
        repository.state_dir.mkdir(mode=0o700, exist_ok=True)
        mirror.write(
            repository.state_dir, Mirror(quarantines=(), dismissed=(), agents=())
        )


def _install(path: Path, interpreter: Path) -> None:
    if path.is_symlink() or (path.exists() and not is_ours(path)):
        path.rename(_original(path))
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".qualitywatch-")
    with os.fdopen(descriptor, "wb") as file:
        file.write(_script(path.name, str(interpreter)))
        os.fchmod(descriptor, 0o755)
    Path(name).replace(path)


def _script(hook: str, interpreter: str) -> bytes:
    """What `install` writes, to the byte."""
    return os.fsencode(
        _TEMPLATE.read_text("utf-8")
        .replace("@HOOK@", hook)
        .replace("@INSTALL@", _INSTALL[hook in SERVER_HOOKS])
        .replace("@PYTHON@", shlex.quote(interpreter))
    )


def _status(path: Path) -> HookStatus:
    original = _original(path)
    interpreter = _interpreter(path) if is_ours(path) else None
    return HookStatus(
        name=path.name,
        standing=_standing(path, interpreter),
        path=str(path),
        interpreter=interpreter,
        original=str(original) if original.exists() else None,
    )


def _standing(path: Path, interpreter: str | None) -> Standing:
    if not path.exists():
        return Standing.MISSING
    if interpreter is None:
        return Standing.FOREIGN
    runs = os.access(path, os.X_OK) and os.access(interpreter, os.X_OK)
    if not runs:
        return Standing.BROKEN
    is_whole = whole_file.read(path) == _script(path.name, interpreter)
    return Standing.INSTALLED if is_whole else Standing.CHANGED


def _interpreter(path: Path) -> str:
    """The program that the script calls; empty where somebody has edited it out."""
    lines = os.fsdecode(whole_file.read(path)).splitlines()
    found = [line for line in lines if line.startswith(_PYTHON)]
    return "".join(shlex.split(found[0].removeprefix(_PYTHON))) if found else ""
