"""Lost code by hash: what a folder without git would otherwise forget."""

from __future__ import annotations

import hashlib
import re
import sqlite3
import time
from collections.abc import Collection
from pathlib import Path

from qualitywatch import failpoints, whole_file
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
                failpoints.reach("mid_blob")
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
            content = whole_file.read(path)
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

    def prune(self, needed: Collection[str], *, older_than: float = 0.0) -> None:
        """Remove what is not *needed* any more.

        What is younger than *older_than* seconds stays: the record that will need it
        may still be on its way.
        """
        latest = time.time() - older_than
        try:
            for path in self._folder.iterdir():
                if path.name not in needed and path.stat().st_mtime <= latest:
                    path.unlink(missing_ok=True)
        except FileNotFoundError:
            return  # somebody else tidied up
        except OSError as error:
            raise MachineError(
                f"kept code can not be removed: {error.strerror}",
                place=str(self._folder),
                hint="check the folder's permissions",
            ) from error


def needed_blobs(connection: sqlite3.Connection) -> frozenset[str]:
    """What an open violation or a last judged file refers to; commits among it."""
    rows = connection.execute(
        "SELECT base FROM violations WHERE closed_at IS NULL"
        " UNION SELECT base FROM judged UNION SELECT sha256 FROM judged"
    )
    return frozenset(row[0] for row in rows if row[0] is not None)
