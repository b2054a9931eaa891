"""Who else in the repository needs what a change took away.

Looked up only when something that others may import is gone: git finds the files that
hold the words, and only those are read. What a whole change set misses is looked up
together: searching the repository costs the same for one name and for fifty.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from itertools import takewhile

from qualitywatch.gate.tree import Tree, Words
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
        self._known: dict[str, tuple[Import, ...]] = {}  # by the path of the importer

    def importers(self, missing: Sequence[Missing]) -> list[tuple[Importer, ...]]:
        """For each of *missing*, the places in other files that still import it."""
        held = self._held(missing)
        return [
            self._importers(each, paths)
            for each, paths in zip(missing, held, strict=True)
        ]

    def _held(self, missing: Sequence[Missing]) -> list[set[str]]:
        """For each of *missing*, the other files that hold words of an import of it."""
        from qualitywatch.analysis.symbols import (
            mentions,  # the parsers: only where needed
        )

        held: list[set[str]] = [set() for _ in missing]
        by_suffixes: dict[tuple[str, ...], dict[Words, list[int]]] = {}
        for at, each in enumerate(missing):
            if each.is_gone and each.path in self._tree.paths:
                continue
            searches = by_suffixes.setdefault(mentions.suffixes(each), {})
            for words in mentions.searches(each):
                searches.setdefault(words, []).append(at)
        for suffixes, searches in by_suffixes.items():
            for words, paths in self._tree.holding(searches, suffixes):
                for at in searches[words]:
                    held[at] |= paths - {missing[at].path}
        return held

    def _importers(
        self, missing: Missing, paths: Collection[str]
    ) -> tuple[Importer, ...]:
        """The importers among the files at *paths*."""
        from qualitywatch.analysis.symbols import mentions

        nearest = sorted(paths, key=lambda path: (-_near(path, missing.path), path))
        nearest = nearest[:MAX_FILES]
        self._read(path for path in nearest if path not in self._known)
        found = [(path, self._known[path]) for path in nearest if path in self._known]
        return mentions.importers(found, missing, self._tree.paths) if found else ()

    def _read(self, paths: Iterable[str]) -> None:
        read = ((path, self._tree.read(path)) for path in paths)
        files = [(path, content) for path, content in read if content is not None]
        if files:
            names = (path for path, _ in files)
            self._known.update(zip(names, self._imports(files), strict=True))


def _near(one: str, other: str) -> int:
    pairs = zip(one.split("/"), other.split("/"), strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
