"""What files import, each content read once however many commits ask."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

from qualitywatch import config
from qualitywatch.traces import Import
from qualitywatch.workers.once import imports_once

FILES_AT_ONCE = 50  # that one child reads
MAX_KNOWN = 20_000

File = tuple[str, bytes]


class Imports:
    """Reads what files import, in children with *limits*, and remembers it."""

    def __init__(self, limits: config.Analysis) -> None:
        self._limits = limits
        self._known: dict[tuple[str, bytes], tuple[Import, ...]] = {}

    def read(self, files: Sequence[File]) -> Iterable[tuple[Import, ...]]:
        """What each of *files* imports, in order."""
        keys = [(path, _identity(content)) for path, content in files]
        if len(self._known) > MAX_KNOWN:
            self._known.clear()
        new = [
            (key, file)
            for key, file in zip(keys, files, strict=True)
            if key not in self._known
        ]
        for start in range(0, len(new), FILES_AT_ONCE):
            some = new[start : start + FILES_AT_ONCE]
            found = imports_once([file for _, file in some], limits=self._limits)
            self._known.update(zip((key for key, _ in some), found, strict=True))
        return [self._known[key] for key in keys]


def _identity(content: bytes) -> bytes:
    return hashlib.blake2b(content, digest_size=16).digest()
