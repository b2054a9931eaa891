"""Files and folders that nobody but their owner can look into."""

from __future__ import annotations

import os
from pathlib import Path

from qualitywatch.errors import MachineError

FOLDER_MODE = 0o700
FILE_MODE = 0o600


def private_folder(folder: Path) -> None:
    """Make *folder* where it is missing, and close it to everybody else."""
    folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    if folder.stat().st_uid != os.getuid():
        raise MachineError(
            "the state folder belongs to somebody else",
            place=str(folder),
            hint="run as its owner",
        )
    folder.chmod(FOLDER_MODE)


def new_file(path: Path) -> None:
    """An empty file that only its owner can read; there was none before."""
    flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC
    os.close(os.open(path, flags, FILE_MODE))
