"""The mirror: what hooks must know while no daemon runs, in one small file.

It is replaced as a whole, so a reader sees the old or the new one, never half. A mirror
that is missing or unreadable is an error, never "nobody is in quarantine".
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Literal

import msgspec

from qualitywatch import whole_file
from qualitywatch.errors import MachineError
from qualitywatch.model import Agent, Noun, Quarantine

FILE_NAME = "quarantines.json"


class Mirror(Noun):
    """Open quarantines, fingerprints that an operator dismissed, known agents."""

    quarantines: tuple[Quarantine, ...]
    dismissed: tuple[str, ...]
    agents: tuple[Agent, ...]
    version: Literal[1] = 1


def read(state_dir: Path) -> Mirror:
    """What the daemon wrote last; `MachineError` when that can not be known."""
    path = state_dir / FILE_NAME
    try:
        return msgspec.json.decode(path.read_bytes(), type=Mirror)
    except FileNotFoundError as error:
        raise MachineError(
            "the list of quarantines is missing",
            place=str(path),
            hint="start the daemon in this repository: qualitywatch watch",
        ) from error
    except OSError as error:
        raise MachineError(
            f"the list of quarantines can not be read: {error.strerror}",
            place=str(path),
            hint="run as the user who runs the daemon",
        ) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise MachineError(
            f"the list of quarantines is not what qualitywatch writes: {error}",
            place=str(path),
            hint="restart the daemon, it writes the list anew: qualitywatch watch",
        ) from error


def write(state_dir: Path, mirror: Mirror) -> None:
    """Replace the mirror; on `MachineError` there is none, so that hooks refuse.

    The old one would be out of date, and a hook that believed it might let somebody
    pass who is in quarantine by now.
    """
    path = state_dir / FILE_NAME
    try:
        whole_file.replace(path, msgspec.json.encode(mirror), durable=True)
    except OSError as error:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)
        raise MachineError(
            f"the list of quarantines can not be written: {error.strerror}",
            place=str(path),
            hint="make room and check the folder's permissions",
        ) from error


def holds(state_dir: Path, mirror: Mirror) -> bool:
    """True while the file says *mirror*, byte for byte as `write` wrote it."""
    try:
        return (state_dir / FILE_NAME).read_bytes() == msgspec.json.encode(mirror)
    except OSError:
        return False
