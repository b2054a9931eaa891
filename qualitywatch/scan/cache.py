"""What the last scan of a tree found out, kept for the next one.

It stands in the user's cache folder and never in the folder of the repository's state:
that one's mere existence says that a daemon guards the repository. Whoever may edit
the tree may write this file too, so no verdict rests on it; a file that is broken, or
not ours, is left alone and said so.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from qualitywatch import whole_file
from qualitywatch.gate.tree import read_file
from qualitywatch.model import Noun
from qualitywatch.reports.safe import encodable
from qualitywatch.scan.rows import Row

FORMAT = 1
MAX_BYTES = 64 * 1024 * 1024
MAX_TREES = 100  # whose caches are kept, the newest ones

Note = Callable[[str], None]


class _Stored(Noun, frozen=True, array_like=True):
    """The file."""

    key: bytes
    rows: Annotated[dict[str, Row], Meta(max_length=2_000_000)]


_DECODER = msgspec.msgpack.Decoder(_Stored)


class NoCache:
    """Forgets everything."""

    def load(self) -> dict[str, Row]:
        """Nothing."""
        return {}

    def save(self, rows: Mapping[str, Row]) -> None:
        """Nothing happens."""


class Cache:
    """The rows of one tree; *key* says by which rules and programs they were made."""

    def __init__(self, root: Path, key: bytes, note: Note) -> None:
        self._folder = _folder()
        digest = hashlib.blake2b(os.fsencode(root), digest_size=16)
        self._file = self._folder / digest.hexdigest() if self._folder else None
        self._key = key
        self._note = note

    def load(self) -> dict[str, Row]:
        """What is kept, by path; nothing where that can not be relied on."""
        try:
            content = self._content()
            stored = None if content is None else _DECODER.decode(content)
        except OSError as error:
            self._note(f"the cache is not used: {error.strerror or error}")
            return {}
        except (msgspec.DecodeError, ValueError):
            self._note("the cache is broken, and not used")
            return {}
        return {} if stored is None or stored.key != self._key else stored.rows

    def save(self, rows: Mapping[str, Row]) -> None:
        """Keep *rows* in place of what was kept."""
        if self._folder is None or self._file is None:
            return
        kept = {path: row for path, row in rows.items() if _is_storable(path, row)}
        content = msgspec.msgpack.encode(_Stored(key=self._key, rows=kept))
        if len(content) > MAX_BYTES:
            self._note("the cache is not kept: it would be too large")
            return
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            _refuse_foreign(self._folder.lstat(), is_folder=True)
            whole_file.replace(self._file, content, durable=False)
            _drop_oldest(self._folder)
        except OSError as error:
            self._note(f"the cache is not kept: {error.strerror or error}")

    def _content(self) -> bytes | None:
        if self._folder is None or self._file is None or not self._file.exists():
            return None
        _refuse_foreign(self._folder.lstat(), is_folder=True)
        _refuse_foreign(self._file.lstat(), is_folder=False)
        content = read_file(self._file, MAX_BYTES + 1)
        if content is not None and len(content) > MAX_BYTES:
            raise OSError("it is too large")
        return content


def _folder() -> Path | None:
    """The folder of all these caches; `None` for a user without a home."""
    given = os.environ.get("XDG_CACHE_HOME", "")
    try:
        base = Path(given) if given.startswith("/") else Path.home() / ".cache"
    except RuntimeError:
        return None
    return base / "qualitywatch" / "scan"


def _refuse_foreign(status: os.stat_result, *, is_folder: bool) -> None:
    is_kind = stat.S_ISDIR if is_folder else stat.S_ISREG
    if not is_kind(status.st_mode):
        raise OSError("it is not what it was made as")
    if status.st_uid != os.getuid() or status.st_mode & 0o022:
        raise OSError("others may write it")


def _is_storable(path: str, row: Row) -> bool:
    """False for what may be chance, and for names that no text can hold."""
    return bool(row.digest) and (path.isascii() or path == encodable(path))


def _drop_oldest(folder: Path) -> None:
    """Caches of trees that nobody scans any more make room."""
    files = [(entry.stat().st_mtime_ns, entry.path) for entry in os.scandir(folder)]
    for _, path in sorted(files)[:-MAX_TREES]:
        Path(path).unlink(missing_ok=True)
