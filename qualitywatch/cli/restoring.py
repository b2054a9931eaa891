"""What the commands that put code back share: the base, the patch, and the writing."""

from __future__ import annotations

import difflib
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import click

from qualitywatch import rulebook
from qualitywatch.cli.operator import SHORT_ID, Session
from qualitywatch.cli.progress import progress
from qualitywatch.cli.terminal import emit, note, safe, say
from qualitywatch.config import Analysis
from qualitywatch.daemon.place import state_dir_of
from qualitywatch.errors import MachineError
from qualitywatch.gate.tree import read_file
from qualitywatch.git import Repository
from qualitywatch.judge import files
from qualitywatch.model import Change, Violation
from qualitywatch.protocol import Agents, FindBase, KeptBase, Nothing
from qualitywatch.regex import regex
from qualitywatch.store.blobs import Blobs
from qualitywatch.store.opening import BLOBS

SEARCHED_COMMITS = 50
MAX_BYTES = 4 * 1024 * 1024
SHORT_COMMIT = 12

_HASH = regex(r"[0-9a-f]{64}")
_COLOURS = {"+": "32", "-": "31", "@": "36"}


class Base(NamedTuple):
    """What a file was compared with, and what to call that."""

    content: bytes
    name: str  # for people: a revision, or where the daemon keeps it


# The base of a recorded violation


class Kept(NamedTuple):
    """Where the code of a violation is, and where the file is now."""

    workspace: Path
    ref: str | None  # as the daemon recorded it


def kept(hub: Session, violation: Violation, root: Path) -> Kept:
    """What the records say of *violation*; its agent's checkout, or *root*."""
    known = hub.call("violation.base", FindBase(violation=violation.id), KeptBase)
    places = [known.workspace, *_workspaces(hub, violation)]
    found = (Path(place) for place in places if place and Path(place).is_dir())
    return Kept(next(found, root), known.base)


def _workspaces(hub: Session, violation: Violation) -> Iterator[str | None]:
    rows = hub.call("agents.list", Nothing(), Agents).agents
    return (row.agent.workspace for row in rows if row.agent.id == violation.agent)


def base_of(violation: Violation, place: Kept) -> Base | None:
    """The base that was recorded; else the newest commit that has what was lost."""
    recorded = _recorded(violation, place)
    return recorded or _guessed(violation, place.workspace)


def _recorded(violation: Violation, place: Kept) -> Base | None:
    if place.ref is None:
        return None
    if _HASH.fullmatch(place.ref):
        folder = state_dir_of(place.workspace) / BLOBS
        content = Blobs(folder).read(place.ref)
        return None if content is None else Base(content, "the daemon's records")
    repository = Repository.discover(place.workspace)
    if repository is None:
        return None
    with repository:
        try:
            content = repository.content(place.ref, violation.path, limit=MAX_BYTES)
        except MachineError:
            return None  # the commit is gone: a rebase, and git tidied up
    return None if content is None else Base(content, place.ref[:SHORT_COMMIT])


def _guessed(violation: Violation, workspace: Path) -> Base | None:
    repository = Repository.discover(workspace)
    if repository is None:
        return None
    now = _lines_now(workspace / violation.path)
    with repository:
        for age in range(SEARCHED_COMMITS):
            revision = f"HEAD~{age}" if age else "HEAD"
            content = repository.content(revision, violation.path, limit=MAX_BYTES)
            if content is not None and _has_lost_code(violation, content, now):
                return Base(content, revision)
    return None


def _lines_now(file: Path) -> frozenset[str]:
    try:
        content = read_file(file, MAX_BYTES) or b""
    except OSError:
        content = b""
    return frozenset(map(str.strip, content.decode("utf-8", "replace").splitlines()))


def _has_lost_code(violation: Violation, base: bytes, now: frozenset[str]) -> bool:
    """True where the evidence fits *base*, and what it speaks of is not there now."""
    lines = [line for _, line in lost_lines(violation, base)]
    text = "\n".join(lines)
    symbols = violation.evidence.lost_symbols if violation.evidence else ()
    if not all(symbol.rpartition(".")[2] in text for symbol in symbols):
        return False
    told = [line.strip() for line in lines if line.strip()]
    return bool(told) and sum(line in now for line in told) * 2 <= len(told)


def lost_lines(violation: Violation, base: bytes) -> list[tuple[int, str]]:
    """The lines of *base* that the evidence names; none where it is no base of it."""
    lines = base.decode("utf-8", "replace").splitlines()
    ranges = violation.evidence.base_ranges if violation.evidence else ()
    if any(last > len(lines) for _, last in ranges):
        return []
    numbers = [number for first, last in ranges for number in range(first, last + 1)]
    return [(number, lines[number - 1]) for number in numbers]


# The patch


def patch(path: str, before: bytes | None, after: bytes | None) -> str:
    """The unified diff from *before* to *after*, as git writes it."""
    name = safe(path).encode("utf-8", "backslashreplace")
    found = difflib.diff_bytes(
        difflib.unified_diff,
        _lines(before or b""),
        _lines(after or b""),
        b"/dev/null" if before is None else b"a/" + name,
        b"/dev/null" if after is None else b"b/" + name,
    )
    return b"".join(map(_ended, found)).decode("utf-8", "replace")


def shown(patch: str, *, colour: bool) -> str:
    """*patch* as it may be printed on a terminal, whatever stands in it."""
    lines = patch.split("\n")[:-1]
    return "".join(f"{_coloured(line, colour=colour)}\n" for line in lines)


def _lines(content: bytes) -> list[bytes]:
    return re.findall(rb"[^\n]*\n|[^\n]+", content)


def _ended(line: bytes) -> bytes:
    return line if line.endswith(b"\n") else line + b"\n\\ No newline at end of file\n"


def _coloured(line: str, *, colour: bool) -> str:
    text = safe(line.removesuffix("\r"))
    code = _COLOURS.get(line[:1])
    return f"\033[{code}m{text}\033[0m" if colour and code else text


def on_terminal() -> bool:
    """True where a person sees what is printed, and can answer."""
    return sys.stdin.isatty() and sys.stdout.isatty()


# The repair


class Repair(NamedTuple):
    """The file now, what it would be, or why not."""

    violation: Violation
    base: str | None
    before: bytes | None
    after: bytes | None = None
    reason: str | None = None
    left: tuple[Violation, ...] = ()

    @property
    def patch(self) -> str | None:
        """What changes; `None` where nothing can."""
        if self.after is None:
            return None
        return patch(self.violation.path, self.before, self.after)


def repair(violation: Violation, place: Kept) -> Repair:
    """What it would be to put back the code of *violation*; nothing is written."""
    from qualitywatch.workers.once import restore_once

    base = base_of(violation, place)
    limits = Analysis()
    file = files.read(place.workspace, violation.path, limit=limits.max_file_bytes)
    if base is None:
        reason = "the base is not known any more: no commit has the lost code"
        return Repair(violation, None, file.content, reason=reason)
    if file.problem is not None:
        reason = f"the file {file.problem}"
        return Repair(violation, base.name, file.content, reason=reason)
    change = Change(path=violation.path, before=base.content, after=file.content)
    with progress("putting back"):
        done = restore_once(change, rulebook.load(), limits=limits, only=violation)
    why = done.problem or next((refused.reason for refused in done.refused), None)
    after = done.content if why is None else None
    return Repair(violation, base.name, file.content, after, why, done.left)


def tell(found: Repair) -> None:
    """Print the patch, or why there is none."""
    place = f"{found.violation.path}:{found.violation.line}"
    if found.patch is not None:
        say(f"{place}  {found.violation.rule}: to put back from {found.base}")
        emit(shown(found.patch, colour=sys.stdout.isatty()))
        return
    note(
        f"{place}: can not be put back: {found.reason}\n"
        "  put it back by hand; `qualitywatch violations show"
        f" {found.violation.id[:SHORT_ID]}` shows what was lost"
    )


def confirmed(violation: Violation) -> bool:
    """What the person at the terminal says."""
    question = f"write this to {safe(violation.path)}?"
    return click.confirm(question, default=False, err=True)


def as_object(found: Repair, *, is_written: bool) -> dict[str, object]:
    """The same for programs."""
    return {
        "violation": found.violation,
        "base": found.base,
        "patch": found.patch,
        "refused": found.reason,
        "written": is_written,
        "left": found.left,
    }


def tell_written(found: Repair) -> None:
    """Say what was done, and what was not."""
    say(f"put back in {found.violation.path}")
    if found.left:
        say(f"the file still has {len(found.left)} other violations: see `check`")
    say("this releases nobody: whoever is in quarantine stays there until a human acts")
