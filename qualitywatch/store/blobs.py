"""Lost code by hash: what a folder without git would otherwise forget."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection
from pathlib import Path

from qualitywatch import whole_file
from qualitywatch.errors import MachineError

_NAME = re.compile(r"[0-9a-f]{64}")


class Blobs:
    """A folder of files that are called like the sha256 of what they hold."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, content: bytes) -> str:
        """The sha256 of *content*, under which it can be read from now on."""
        name = hashlib.sha256(content).hexdigest()
        path = self._folder / name
        if not path.exists():
            try:
                whole_file.replace(path, content, durable=True)
            except OSError as error:
                raise MachineError(
                    f"the lost code can not be kept: {error.strerror}",
                    place=str(path),
                    hint="make room and check the folder's permissions",
                ) from error
        return name

    def read(self, name: str) -> bytes | None:
        """What was kept under *name*, or `None`; a changed file is an error."""
        if not _NAME.fullmatch(name):
            return None
        path = self._folder / name
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise MachineError(
                f"the lost code can not be read: {error.strerror}", place=str(path)
            ) from error
        if hashlib.sha256(content).hexdigest() != name:
            raise MachineError(
                "the kept code is not what was kept",
                place=str(path),
                hint="somebody changed the file; take the code from a backup",
            )
        return content

    def prune(self, needed: Collection[str]) -> None:
        """Remove what is not *needed* any more."""
        try:
            for path in self._folder.iterdir():
                if path.name not in needed:
                    path.unlink(missing_ok=True)
        except OSError as error:
            raise MachineError(
                f"kept code can not be removed: {error.strerror}",
                place=str(self._folder),
                hint="check the folder's permissions",
            ) from error
