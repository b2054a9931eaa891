"""Where two lines of a history parted, from the commits that are known. Pure."""

from __future__ import annotations

import heapq
from collections.abc import Sequence

from qualitywatch.git import Commit

_FIRST, _SECOND, _BOTH = 1, 2, 3


class OutOfSight(Exception):
    """The answer lies among commits that are not known."""


class Ancestry:
    """Commits and their parents; *commits* stand before all of their children."""

    def __init__(self, commits: Sequence[Commit] = ()) -> None:
        self._ages = {commit.id: -at for at, commit in enumerate(commits)}
        self._parents = {commit.id: commit.parents for commit in commits}

    def parted(self, first: str, second: str) -> str | None:
        """The newest commit that both stand on; `None` if they share no history.

        Raises `OutOfSight`. It is `git merge-base`, without a process: newest first,
        each commit hands down which of the two it is reached from.
        """
        marks = {first: _FIRST}
        marks[second] = marks.get(second, 0) | _SECOND
        waiting = [(self._age(id), id) for id in marks]
        heapq.heapify(waiting)
        while waiting:
            _, id = heapq.heappop(waiting)
            if marks[id] == _BOTH:
                return id
            for parent in self._parents[id]:
                mark = marks.get(parent)
                if mark is None:
                    heapq.heappush(waiting, (self._age(parent), parent))
                marks[parent] = (mark or 0) | marks[id]
        return None

    def _age(self, id: str) -> int:
        if id not in self._ages:
            raise OutOfSight
        return self._ages[id]
