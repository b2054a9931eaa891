"""Keeps the registered processes as the quarantines say: stopped, or going on.

What is stopped is written down first: a daemon that ends in between still knows whom it
has to let go on. Only what it has stopped itself does it let go on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import msgspec

from qualitywatch.audit import Decision
from qualitywatch.enforcement import processes
from qualitywatch.enforcement.processes import Process
from qualitywatch.errors import MachineError, PeerError
from qualitywatch.model import Agent, Event, Noun
from qualitywatch.store import ProcessRow, Store
from qualitywatch.warden import Warden

LOOK_SECONDS = 1.0  # between two looks whether what we stopped is still so
MOST = 16  # processes of one agent


class Registered(Noun):
    """A process that is stopped with its agent."""

    pid: int
    with_group: bool  # what it starts is stopped too
    enabled: bool  # false: only once the settings ask for it


class Stopping:
    """The registered processes of one repository; *is_on* as the settings have it."""

    def __init__(self, store: Store, warden: Warden, *, is_on: bool) -> None:
        self._store = store
        self._warden = warden
        self._is_on = is_on
        self._rows: dict[tuple[str, Process], ProcessRow] = {}
        self._one_at_a_time = asyncio.Lock()
        self._changed = asyncio.Event()

    async def restore(self) -> None:
        """Know again what was registered, and what is stopped."""
        rows = await self._store.processes()
        self._rows = {(row.agent, _process(row)): row for row in rows}
        await self.keep()

    def take(self, *, is_on: bool) -> None:
        """Go by other settings from now on."""
        self._is_on = is_on
        self._changed.set()

    def heard(self, event: Event) -> None:
        """A quarantine may have begun or ended."""
        if event.kind.startswith("quarantine."):
            self._changed.set()

    async def watch(self) -> None:
        """Keep everything as it has to be, for as long as the daemon runs."""
        while True:
            await self.keep()
            seconds = LOOK_SECONDS if self._rows else None
            try:
                async with asyncio.timeout(seconds):
                    await self._changed.wait()
            except TimeoutError:
                continue
            self._changed.clear()

    async def register(self, agent: Agent, peer: int, pid: int | None) -> Registered:
        """*agent*, whose process *peer* asks, has itself or *pid* stopped with it.

        Raises `PeerError` where that is not its own process, or are too many.
        """
        wanted = peer if pid is None else pid
        process = await asyncio.to_thread(processes.look, wanted)
        refused = await asyncio.to_thread(processes.refusal, peer, wanted)
        if process is None or refused is not None:
            raise PeerError(
                "FORBIDDEN",
                refused or f"there is no process {wanted}",
                hint="register yourself, or the harness that started you",
            )
        async with self._one_at_a_time:
            await self._add(agent, process)
        self._changed.set()
        return Registered(
            pid=wanted,
            with_group=processes.leads_group(process),
            enabled=self._is_on,
        )

    async def keep(self) -> None:
        """Stop whoever is in quarantine, and let go on whoever is not any more."""
        async with self._one_at_a_time:
            for key in list(self._rows):
                with suppress(MachineError):  # what can't be recorded waits its turn
                    await self._keep(key)

    # One at a time.

    async def _add(self, agent: Agent, process: Process) -> None:
        key = (agent.id, process)
        if key in self._rows:
            return
        for other in [key for key in self._rows if key[0] == agent.id]:
            if not processes.lives(other[1]):
                await self._forget(other)
        if sum(id == agent.id for id, _ in self._rows) >= MOST:
            raise PeerError(
                "TOO_MANY",
                f"{agent.id} has {MOST} processes registered already",
                hint="register the harness alone, not what it starts",
            )
        row = ProcessRow(agent=agent.id, pid=process.pid, started=process.started)
        await self._write(key, row)
        await self._warden.note(
            Decision(
                action="process.register",
                who=agent.id,
                object=f"process {process.pid}",
                result="allowed",
            )
        )

    async def _keep(self, key: tuple[str, Process]) -> None:
        agent, process = key
        row = self._rows[key]
        if not await asyncio.to_thread(processes.lives, process):
            return await self._forget(key)
        wanted = self._is_on and self._is_held(agent)
        if wanted and not row.stopped:
            await self._write(key, msgspec.structs.replace(row, stopped=True))
            await self._signal(key, processes.stop, "process.stop")
        elif wanted and not processes.is_stopped(process):
            await self._signal(key, processes.stop, "process.stop", is_again=True)
        elif row.stopped and not wanted:
            await self._signal(key, processes.go_on, "process.go_on")
            await self._write(key, msgspec.structs.replace(row, stopped=False))

    def _is_held(self, agent: str) -> bool:
        known = self._warden.agent(agent)
        place = Path(known.workspace) if known and known.workspace else None
        return self._warden.quarantine_for(agent, place) is not None

    async def _signal(
        self,
        key: tuple[str, Process],
        send: Callable[[Process], bool],
        action: str,
        *,
        is_again: bool = False,
    ) -> None:
        agent, process = key
        if await asyncio.to_thread(send, process):
            reason = "somebody had let it go on" if is_again else ""
            await self._warden.enforced(action, agent, process.pid, reason)

    async def _write(self, key: tuple[str, Process], row: ProcessRow) -> None:
        await self._store.write(lambda write: write.put_process(row))
        self._rows[key] = row

    async def _forget(self, key: tuple[str, Process]) -> None:
        row = self._rows.pop(key)
        await self._store.write(lambda write: write.forget_process(row))


def _process(row: ProcessRow) -> Process:
    return Process(pid=row.pid, started=row.started)
