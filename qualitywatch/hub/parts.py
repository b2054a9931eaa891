"""What the hub calls: the parts below it, handed over by the daemon."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol, TypeAlias

from qualitywatch.approval import InForce, Standing, not_running
from qualitywatch.config import Hub
from qualitywatch.enforcement import Registered
from qualitywatch.errors import PeerError
from qualitywatch.hub.keyring import Keyring
from qualitywatch.hub.snapshots import Snapshots
from qualitywatch.hub.stream import Stream
from qualitywatch.model import Agent, Offer, Verdict
from qualitywatch.protocol import Check, ProposedFile, Report, Reported, Vitals
from qualitywatch.store import Store
from qualitywatch.warden import Warden


class Judge(Protocol):
    """Judges what agents send; the daemon gives the real one."""

    async def reported(self, agent: Agent, report: Report) -> Reported:
        """A change that landed: judged, recorded, answered."""

    async def proposed(self, agent: Agent, check: Check) -> Verdict:
        """A change that may land: judged, not recorded."""

    async def repair(
        self, agent: Agent, changes: Sequence[ProposedFile]
    ) -> tuple[Offer, ...]:
        """A repair, checked against the base."""

    async def bind(self, agent: Agent) -> Path:
        """The checkout that the agent works in, which is watched from now on."""


Register: TypeAlias = Callable[[Agent, int, int | None], Awaitable[Registered]]


async def nobody_stops(agent: Agent, peer: int, pid: int | None) -> Registered:
    """No process can be registered while no daemon runs."""
    raise PeerError("DEGRADED", "no daemon runs here", hint="qualitywatch watch")


@dataclass(frozen=True, kw_only=True)
class Parts:
    """Everything an answer may need."""

    warden: Warden
    judge: Judge
    store: Store
    stream: Stream
    root: Path  # the workspace of an agent that names none
    clock: Callable[[], datetime]
    monotonic: Callable[[], float]
    limits: Hub
    version: str
    keyring: Keyring
    snapshots: Snapshots
    take: Callable[[Standing], Awaitable[InForce]] = not_running  # what was approved
    vitals: Callable[[], Vitals | None] = lambda: None
    register: Register = nobody_stops  # a process, to be stopped with its agent
