"""Who else in the repository needs what a change took away.

Looked up only when something that others may import is gone: git finds the files that
hold the words, and only those are read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import takewhile

from qualitywatch.gate.tree import Tree
from qualitywatch.traces import Import, Importer, Missing

MAX_FILES = 400  # that may import it; beyond, the nearest ones

File = tuple[str, bytes]
ReadImports = Callable[[Sequence[File]], Iterable[tuple[Import, ...]]]


class References:
    """Finds who imports what is missing, in one *tree*.

    *imports* reads what files import, in processes that can be killed.
    """

    def __init__(self, tree: Tree, imports: ReadImports) -> None:
        self._tree = tree
        self._imports = imports

    def importers(self, missing: Missing) -> tuple[Importer, ...]:
        """The places in other files that still import what is *missing*."""
        from qualitywatch.analysis.symbols import (
            mentions,  # the parsers: only where needed
        )

        if missing.is_gone and missing.path in self._tree.paths:
            return ()
        files = self._files(missing, mentions.searches(missing))
        if not files:
            return ()
        found = zip((path for path, _ in files), self._imports(files), strict=True)
        return mentions.importers(found, missing, self._tree.paths)

    def _files(self, missing: Missing, searches: Iterable[Sequence[str]]) -> list[File]:
        from qualitywatch.analysis.symbols import mentions

        suffixes = mentions.suffixes(missing)
        paths = {
            path for words in searches for path in self._tree.holding(words, suffixes)
        } - {missing.path}
        nearest = sorted(paths, key=lambda path: (-_near(path, missing.path), path))
        read = ((path, self._tree.read(path)) for path in nearest[:MAX_FILES])
        return [(path, content) for path, content in read if content is not None]


def _near(one: str, other: str) -> int:
    pairs = zip(one.split("/"), other.split("/"), strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
