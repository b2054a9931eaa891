"""What the daemon measures of itself, gathered from its parts as they come up."""

from __future__ import annotations

from qualitywatch.daemon.workspaces import Workspaces
from qualitywatch.hub.api import Archive
from qualitywatch.hub.desk import Instruments
from qualitywatch.hub.health import Monitor, ill
from qualitywatch.hub.metrics import Meter
from qualitywatch.hub.stream import Stream
from qualitywatch.model import Event
from qualitywatch.protocol import Vitals
from qualitywatch.store import Store
from qualitywatch.workers.pool import Workers


class Measuring:
    """The daemon under its own eyes."""

    def __init__(self, stream: Stream) -> None:
        self.instruments = Instruments(meter=Meter())
        self._stream = stream
        self._monitor = Monitor()
        self._store: Store | None = None

    def is_well(self) -> bool:
        """True while every part has given a sign of life."""
        measure = self.instruments.vitals
        return measure is None or not ill(measure())

    def told(self, event: Event) -> None:
        """Count an event that is being published."""
        commit_ms = 0.0 if self._store is None else self._store.last_commit_ms
        self.instruments.meter.told(event, commit_ms)

    async def run(
        self, store: Store, workers: Workers, workspaces: Workspaces, archive: Archive
    ) -> None:
        """Measure for as long as the daemon runs; the first look was taken before."""
        self._store = store
        workers.on_examined = self.instruments.meter.analyses.add

        def vitals() -> Vitals:
            watchers = workspaces.watchers.values()
            return self._monitor.vitals(
                watching=[watcher.state() for watcher in watchers],
                commit_ms=store.last_commit_ms,
                queue_depth=self._stream.queue_depth,
                sessions=len(self._stream.sessions),
                worker_restarts=workers.restarts,
            )

        self.instruments.vitals = vitals
        self.instruments.archive = archive
        self.instruments.is_ready = True
        await self._monitor.run(store.sequence)
