"""Sources that were read a moment ago: one change's new text is the next one's base.

A history, and a second look at a change, ask for the same version of a file again. What
was found out about it, its tree above all, is kept with it, so few are kept at a time.
"""

from __future__ import annotations

from collections import OrderedDict

from qualitywatch.analysis.sources.source import Source
from qualitywatch.languages import Language

MAX_KEPT = 384 * 1024  # bytes of text; with its tree each takes up to a hundred
MAX_ONE = 192 * 1024

_Key = tuple[str, str, bytes, int]


class Kept:
    """The last sources that were read, up to a number of bytes."""

    def __init__(self, most: int = MAX_KEPT) -> None:
        self._most = most
        self._size = 0
        self._sources: OrderedDict[_Key, Source] = OrderedDict()

    def read(
        self, path: str, content: bytes, language: Language, *, max_bytes: int
    ) -> Source:
        """What `Source.read` gives, and raises."""
        if len(content) > MAX_ONE:
            return Source.read(path, content, language, max_bytes=max_bytes)
        key = (path, language.name, content, max_bytes)
        known = self._sources.get(key)
        if known is not None:
            self._sources.move_to_end(key)
            return known
        source = Source.read(path, content, language, max_bytes=max_bytes)
        self._sources[key] = source
        self._size += len(content)
        while self._size > self._most:
            (_, _, content, _), oldest = self._sources.popitem(last=False)
            self._size -= len(content)
            oldest.forget()
        return source

    def leave(self, source: Source) -> None:
        """Nobody asks about *source* any more: it is forgotten, unless it is kept."""
        if not any(source is each for each in self._sources.values()):
            source.forget()
