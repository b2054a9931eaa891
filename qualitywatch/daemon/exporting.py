"""The files that an operator has named for the head of the audit, out of reach."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from qualitywatch.audit import Head
from qualitywatch.audit.heads import read_lines
from qualitywatch.enrolment import Marks
from qualitywatch.errors import MachineError, UserError

_TAIL = 4096  # bytes of a file that hold its last line


def exported_heads(
    state_dir: Path, places: Sequence[str]
) -> tuple[list[Head], list[str]]:
    """Every head that was noted or exported, oldest first, and what can not be read."""
    heads, problems = list[Head](), list[str]()
    for place in places:
        try:
            content = Path(place).expanduser().read_bytes()
            heads += read_lines(content, place=place)
        except OSError as error:
            problems.append(f"{place}: {error.strerror}")
        except UserError as error:
            problems.append(str(error))
    try:
        noted = Marks(state_dir).head()
    except MachineError as error:
        problems.append(str(error))
    else:
        heads += [noted] if noted is not None else []
    return heads, problems


def exported_last(places: Sequence[str]) -> Head | None:
    """The head that stands last in every one of the files; `None` where they differ."""
    found = set[Head | None]()
    for place in places:
        try:
            with Path(place).expanduser().open("rb") as file:
                size = file.seek(0, os.SEEK_END)
                file.seek(max(0, size - _TAIL))
                lines = file.read().split(b"\n")
            found.add(read_lines(lines[-2] + b"\n", place=place)[-1])
        except (OSError, UserError, IndexError):
            return None
    return found.pop() if len(found) == 1 else None


def append(places: Sequence[str], content: bytes) -> list[str]:
    """Append to each of the files; what went wrong."""
    problems = []
    for place in places:
        try:
            _append_to(Path(place).expanduser(), content)
        except OSError as error:
            problems.append(f"{place}: {error.strerror}")
    return problems


def _append_to(path: Path, content: bytes) -> None:
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(path, flags | os.O_NONBLOCK, 0o600)
    try:
        os.write(descriptor, content)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
