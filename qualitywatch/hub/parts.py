"""What the hub calls: the parts below it, handed over by the daemon."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from qualitywatch.config import Hub
from qualitywatch.hub.stream import Stream
from qualitywatch.model import Agent, Repair, Verdict
from qualitywatch.protocol import Check, ProposedFile, Report, Reported
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
    ) -> tuple[Repair, ...]:
        """A repair, checked against the base."""

    async def bind(self, agent: Agent) -> Path:
        """The checkout that the agent works in, which is watched from now on."""


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
