"""Keeps house while the daemon runs.

The records stay in bounds (age, size, log, lost code), the mirror stays as it was
written, and a store that could not record is tried again.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sys
from collections.abc import Callable
from datetime import datetime
from functools import partial

from qualitywatch.audit import Decision
from qualitywatch.config import Retention
from qualitywatch.errors import MachineError
from qualitywatch.store import Store, retention
from qualitywatch.store.retention import Find, Forgotten
from qualitywatch.warden.committing import STORE
from qualitywatch.warden.warden import Warden

_LOG = logging.getLogger("qualitywatch.daemon")

CARE_SECONDS = 1.0  # for so long hooks can be led astray
LOG_SECONDS = 10.0
SWEEP_SECONDS = 600.0
FIRST_SWEEP_SECONDS = 60.0  # a start has enough to do
BLOB_SECONDS = 3600.0  # lost code is younger than the record that will need it
MEGABYTE = 1024 * 1024
LOG_CUT = 8 * MEGABYTE  # a larger log is copied over and cut
LOG_LIMIT = 64 * MEGABYTE
LOG = "log of the database"  # what is degraded while a reader keeps it from being cut


class Keeper:
    """The housekeeping of one store."""

    def __init__(
        self,
        store: Store,
        warden: Warden,
        *,
        settings: Retention,
        clock: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._warden = warden
        self._settings = settings
        self._clock = clock

    def take(self, settings: Retention) -> None:
        """Keep as long as *settings* say from now on."""
        self._settings = settings

    async def run(self) -> None:
        """Keep house for as long as the daemon runs."""
        loop = asyncio.get_running_loop()
        sweep_at = loop.time() + FIRST_SWEEP_SECONDS
        while True:
            with contextlib.suppress(
                MachineError
            ):  # the warden says it with each write
                await self.cut_log()
                if loop.time() >= sweep_at:
                    sweep_at = loop.time() + SWEEP_SECONDS
                    await self._store.room.look_for_damage()
                    await self.sweep()
            await asyncio.sleep(LOG_SECONDS)

    async def sweep(self) -> Forgotten:
        """Forget what is too old, then the oldest for as long as it is too much."""
        settings, now = self._settings, self._clock()
        limits = retention.by_age(now, settings.days)
        gone = await self._forget(partial(retention.bounds, limits))
        limit = settings.megabytes * MEGABYTE
        if await self._store.room.used_bytes() > limit:
            gone = _added(gone, await self._make_room(now, limit))
        if gone.total:
            await self._warden.note(_decision(gone))
        await self._store.prune_blobs(older_than=BLOB_SECONDS)
        return gone

    async def cut_log(self) -> None:
        """Bound the log, and say who stands in the way where that is impossible."""
        if self._store.log_bytes > LOG_CUT:
            await self._store.room.empty_log()
        size = self._store.log_bytes
        if size > LOG_LIMIT:
            await self._warden.degraded(
                LOG,
                f"it has {size // MEGABYTE} MB, because another program has been"
                " reading the database for a long time: close it",
            )
        else:
            await self._warden.recovered(LOG)

    async def _make_room(self, now: datetime, limit: int) -> Forgotten:
        """Forget the oldest tenth, again and again, until enough room is left."""
        gone = Forgotten()
        while await self._store.room.used_bytes() > limit * retention.LEFT:
            more = await self._forget(partial(retention.oldest_share, now))
            if not more.total:
                break
            gone = _added(gone, more)
        return gone

    async def _forget(self, find: Find) -> Forgotten:
        gone = await self._store.room.forget(find)
        if gone.total:
            await self._store.room.give_back()
        return gone


async def take_care(warden: Warden) -> None:
    """Keep what the hooks go by; tell what no event can: nothing is recorded."""
    told: str | None = None
    while True:
        await asyncio.sleep(CARE_SECONDS)
        await warden.keep_mirror()
        await warden.try_store()
        problem = warden.degraded_now.get(STORE)
        if problem is not None and problem != told:
            _LOG.error("nothing can be recorded", extra={"problem": problem})
            sys.stderr.write(f"qualitywatch: nothing can be recorded: {problem}\n")
            sys.stderr.flush()
        told = problem


def _added(one: Forgotten, other: Forgotten) -> Forgotten:
    names = Forgotten.__struct_fields__
    return Forgotten(**{n: getattr(one, n) + getattr(other, n) for n in names})


def _decision(gone: Forgotten) -> Decision:
    counts = (f"{getattr(gone, n)} {n}" for n in Forgotten.__struct_fields__)
    return Decision(
        action="retention.forget",
        who="daemon",
        object="history",
        result="allowed",
        reason=", ".join(counts),
    )
