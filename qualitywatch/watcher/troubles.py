"""What is in trouble now: each change of it becomes one hint."""

from __future__ import annotations

from collections.abc import Callable

from qualitywatch.watcher.hints import Recovered, Trouble


class Troubles:
    """Keeps the reason of each trouble; *tell* hears when one begins, changes, ends."""

    def __init__(self, tell: Callable[[Trouble | Recovered], None]) -> None:
        self._tell = tell
        self._reasons: dict[str, str] = {}

    def put(self, what: str, reason: str | None) -> None:
        """*reason* is what is wrong with *what* now; `None`: nothing."""
        if self._reasons.get(what) == reason:
            return
        if reason is None:
            del self._reasons[what]
            self._tell(Recovered(what))
        else:
            self._reasons[what] = reason
            self._tell(Trouble(what, reason))

    def __contains__(self, what: str) -> bool:
        return what in self._reasons

    def __str__(self) -> str:
        return "; ".join(f"{what}: {why}" for what, why in self._reasons.items())
