"""How the daemon does: measured all the time, judged when somebody asks.

Measured are the lag of the event loop, what the database needs for a read and for a
commit, and how far behind the watchers and the outboxes are. A part that has not
proven for ten seconds that it lives is ill.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from typing import Protocol

from qualitywatch.errors import MachineError
from qualitywatch.protocol import Vitals

STALE_SECONDS = 10.0
BEAT_SECONDS = 0.1
PROBE_SECONDS = 2.0
_WINDOW_SECONDS = 60.0
_WINDOW = int(_WINDOW_SECONDS / BEAT_SECONDS)
_LATE_RECONCILE = 6  # times the ordinary interval


class Watching(Protocol):
    """What a watcher says of itself."""

    @property
    def last_cookie_ms(self) -> int | None: ...
    @property
    def last_reconcile_ms(self) -> int | None: ...
    @property
    def overflows(self) -> int: ...
    @property
    def polling(self) -> bool: ...


def ill(vitals: Vitals, *, stale_seconds: float = STALE_SECONDS) -> tuple[str, ...]:
    """The parts that have given no sign of life for too long."""
    found: list[str] = []
    if vitals.database_silent_s > stale_seconds:
        found.append(f"the database is silent for {vitals.database_silent_s:.0f} s")
    if vitals.loop_lag_ms > stale_seconds * 1000:
        found.append(
            f"the event loop was held up for {vitals.loop_lag_ms / 1000:.0f} s"
        )
    cookie = vitals.last_cookie_ms
    if cookie is not None and cookie > stale_seconds * 1000:
        found.append(f"no event of the file system for {cookie / 1000:.0f} s")
    looked = vitals.last_reconcile_ms
    if looked is not None and looked > _LATE_RECONCILE * 60_000:
        found.append(f"the files were last compared {looked / 1000:.0f} s ago")
    return tuple(found)


class Monitor:
    """Measures, as long as `run` runs."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._began = self._answered = monotonic()
        self._lags: deque[float] = deque(maxlen=_WINDOW)
        self._read_ms: float | None = None

    async def run(self, ask: Callable[[], Awaitable[object]]) -> None:
        """Measure the loop, and the database by what *ask* needs."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._beat())
            tasks.create_task(self._probe(ask))

    def vitals(
        self,
        *,
        watching: Sequence[Watching],
        commit_ms: float,
        queue_depth: int,
        sessions: int,
        worker_restarts: int,
    ) -> Vitals:
        """How all does now."""
        now = self._monotonic()
        return Vitals(
            loop_lag_ms=round(self._lags[-1] * 1000, 2) if self._lags else 0.0,
            loop_lag_max_ms=round(max(self._lags, default=0.0) * 1000, 2),
            read_ms=self._read_ms,
            commit_ms=round(commit_ms, 2),
            database_silent_s=round(now - self._answered, 2),
            last_cookie_ms=_furthest(one.last_cookie_ms for one in watching),
            last_reconcile_ms=_furthest(one.last_reconcile_ms for one in watching),
            watcher_overflows=sum(one.overflows for one in watching),
            watchers_polling=sum(one.polling for one in watching),
            queue_depth=queue_depth,
            sessions=sessions,
            worker_restarts=worker_restarts,
            uptime_s=round(now - self._began, 1),
        )

    async def _beat(self) -> None:
        while True:
            before = self._monotonic()
            await asyncio.sleep(BEAT_SECONDS)
            self._lags.append(max(0.0, self._monotonic() - before - BEAT_SECONDS))

    async def _probe(self, ask: Callable[[], Awaitable[object]]) -> None:
        while True:
            before = self._monotonic()
            with suppress(MachineError):  # it is degraded elsewhere, and silent here
                await ask()
                self._answered = self._monotonic()
                self._read_ms = round((self._answered - before) * 1000, 2)
            await asyncio.sleep(PROBE_SECONDS)


def _furthest(values: Iterable[int | None]) -> int | None:
    return max((value for value in values if value is not None), default=None)
