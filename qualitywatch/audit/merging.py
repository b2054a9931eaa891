"""Keeps a flood of refusals small: equal ones become one record with a count.

The first refusal of its kind is recorded at once. Those that follow are counted, and
come as one when their window ends; the window doubles while they go on. Who sends ever
new kinds is answered by a bucket: when that is empty, their names are not kept.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from qualitywatch.audit.decision import Decision

WINDOW = 1.0  # seconds in which equal refusals become one
LONGEST_WINDOW = 64.0
MOST_KINDS = 32  # recorded by name at once ...
KINDS_A_SECOND = 0.5  # ... and in the long run
CROWD = "(many)"


class _Waiting:
    """Refusals of one kind that are counted until the window ends."""

    def __init__(self, until: float, window: float, count: int = 0) -> None:
        self.until = until
        self.window = window
        self.count = count


class Merging:
    """Says which decisions to record now, and which of the counted ones are due."""

    def __init__(self) -> None:
        self._waiting: dict[Decision, _Waiting] = {}
        self._bucket = float(MOST_KINDS)
        self._filled_at: float | None = None

    def offer(self, decision: Decision, now: float) -> Decision | None:
        """What to record at once; `None` where it was counted instead."""
        if decision.result != "refused":
            return decision
        kind = msgspec.structs.replace(decision, count=1)
        if kind not in self._waiting and not self._may_be_named(now):
            kind = msgspec.structs.replace(kind, who=CROWD, object=CROWD, reason="")
        known = self._waiting.get(kind)
        if known is not None:
            known.count += decision.count
            return None
        self._waiting[kind] = _Waiting(now + WINDOW, WINDOW)
        return msgspec.structs.replace(kind, count=decision.count)

    def due(self, now: float) -> list[Decision]:
        """What was counted in windows that have ended, one of each kind."""
        found = []
        for kind, known in list(self._waiting.items()):
            if known.until > now:
                continue
            if not known.count:
                del self._waiting[kind]
                continue
            found.append(msgspec.structs.replace(kind, count=known.count))
            window = min(known.window * 2, LONGEST_WINDOW)
            self._waiting[kind] = _Waiting(now + window, window)
        return found

    def next_end(self) -> float | None:
        """When the next window ends; `None` where nothing waits."""
        return min((known.until for known in self._waiting.values()), default=None)

    def give_back(self, decisions: Iterable[Decision], now: float) -> None:
        """Count what could not be recorded, so that it comes later."""
        for decision in decisions:
            kind = msgspec.structs.replace(decision, count=1)
            known = self._waiting.setdefault(kind, _Waiting(now + WINDOW, WINDOW))
            known.count += decision.count

    def _may_be_named(self, now: float) -> bool:
        since = now - (now if self._filled_at is None else self._filled_at)
        self._bucket = min(MOST_KINDS, self._bucket + since * KINDS_A_SECOND)
        self._filled_at = now
        if self._bucket < 1:
            return False
        self._bucket -= 1
        return True
