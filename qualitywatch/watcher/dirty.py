"""Which paths want a look, and when: no clock, no disk, no loop."""

from __future__ import annotations

CLOSE_DELAY = 0.005  # an atomic save is several events: look once
QUIET = 0.2  # a file that is still written to is looked at after this silence ...
LONGEST = 2.0  # ... or after this time, if it is never silent
LIMIT = 50_000


class Dirty:
    """A set of paths, each with the time from which it is due.

    It is bounded: when more than *limit* paths wait, it forgets them and is `flooded`,
    and then everything has to be looked at.
    """

    def __init__(self, *, limit: int = LIMIT) -> None:
        self.flooded = False
        self._limit = limit
        self._due: dict[str, float] = {}
        self._first: dict[str, float] = {}

    def closed(self, path: str, now: float) -> None:
        """Nobody writes to *path* any more: it is due at once."""
        self._put(path, now, now + CLOSE_DELAY)

    def touched(self, path: str, now: float) -> None:
        """Something happened to *path* that may go on: it is due after a silence."""
        first = self._first.get(path, now)
        self._put(path, now, min(first + LONGEST, now + QUIET))

    def take(self, now: float) -> list[str]:
        """The paths that are due, in the order in which they came; they leave."""
        due = [path for path, when in self._due.items() if when <= now]
        for path in due:
            del self._due[path], self._first[path]
        return due

    def next_due(self) -> float | None:
        """When the next path is due; `None` where none waits."""
        return min(self._due.values(), default=None)

    def hurry(self, now: float) -> None:
        """Everything that waits is due at *now*."""
        for path, due in self._due.items():
            self._due[path] = min(due, now)

    def clear(self) -> None:
        """Forget everything, the flood too: the caller looks at everything."""
        self.flooded = False
        self._due.clear()
        self._first.clear()

    def _put(self, path: str, now: float, due: float) -> None:
        if self.flooded:
            return
        if len(self._due) >= self._limit and path not in self._due:
            self.clear()
            self.flooded = True
            return
        self._first.setdefault(path, now)
        self._due[path] = due
