"""The mirror: what hooks must know while no daemon runs, in one small file.

It is replaced as a whole, so a reader sees the old or the new one, never half. A mirror
that is missing or unreadable is an error, never "nobody is in quarantine". So is one
that another hand wrote, or an older one put back: the user's own folder holds the hash
of the right one, see `enrolment`.
"""

from __future__ import annotations

import contextlib
import time
from pathlib import Path
from typing import Literal

import msgspec

from qualitywatch import whole_file
from qualitywatch.enrolment import DATABASE_NAME, Marks
from qualitywatch.errors import MachineError
from qualitywatch.model import Agent, Noun, Quarantine

FILE_NAME = "quarantines.json"
_PATIENCE = 0.3  # seconds between the file and its mark, where somebody writes just now


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
        return msgspec.json.decode(_content(path), type=Mirror)
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
    content = msgspec.json.encode(mirror)
    try:
        whole_file.replace(path, content, durable=True)
        Marks(state_dir).keep_mirror(_sha256(content))
    except MachineError:
        _remove(path)
        raise
    except OSError as error:
        _remove(path)
        raise MachineError(
            f"the list of quarantines can not be written: {error.strerror}",
            place=str(path),
            hint="make room and check the folder's permissions",
        ) from error


def holds(state_dir: Path, mirror: Mirror) -> bool:
    """True while the file says *mirror*, byte for byte as `write` wrote it."""
    content = msgspec.json.encode(mirror)
    try:
        written = whole_file.read(state_dir / FILE_NAME)
        return written == content and Marks(state_dir).mirror() == _sha256(content)
    except (OSError, MachineError):
        return False


def was_written(state_dir: Path) -> bool:
    """True where a mirror was written before, whether or not it is still there."""
    return Marks(state_dir).mirror() is not None


def is_foreign(state_dir: Path) -> bool:
    """True where the file is there, and not the one that was written last."""
    try:
        known = Marks(state_dir).mirror()
        content = whole_file.read(state_dir / FILE_NAME)
    except (OSError, MachineError):
        return False
    return known is not None and known != _sha256(content)


def _content(path: Path) -> bytes:
    """What stands in the file, which must be what the mark says."""
    deadline = time.monotonic() + _PATIENCE
    while True:
        content = whole_file.read(path)
        marks = Marks(path.parent)
        known = marks.mirror()
        if known == _sha256(content):
            return content
        if known is None:
            _refuse_unmarked(path, marks)
            return content
        if time.monotonic() > deadline:
            raise MachineError(
                "the list of quarantines is not the one that the daemon wrote: somebody"
                " changed it, or put an older one in its place",
                place=str(path),
                hint="a daemon writes it anew and says so: qualitywatch start",
            )
        time.sleep(0.01)


def _refuse_unmarked(path: Path, marks: Marks) -> None:
    """Where a daemon has been, it has left its marks."""
    if path.with_name(DATABASE_NAME).exists():
        raise MachineError(
            "nothing outside this folder says which list of quarantines is the right "
            "one: somebody removed the mark, or this is another user or home",
            place=str(marks.file),
            hint="a daemon makes it anew and says so: qualitywatch start",
        )


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)


def _sha256(content: bytes) -> str:
    import hashlib  # OpenSSL's take long to load, and most judge where no daemon is

    return hashlib.sha256(content).hexdigest()
