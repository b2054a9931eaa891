"""Stands in for the daemon while none runs: operators are answered, nobody else."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import NoReturn

from qualitywatch.config import Config
from qualitywatch.daemon import records
from qualitywatch.daemon.place import held, refuse_if_vanished, state_dir_of
from qualitywatch.enrolment import DATABASE_NAME
from qualitywatch.errors import PeerError, UserError
from qualitywatch.hub.service import Service
from qualitywatch.hub.stream import Stream
from qualitywatch.model import Agent, Offer, Verdict
from qualitywatch.protocol import Check, ProposedFile, Report, Reported


@asynccontextmanager
async def offline(root: Path) -> AsyncIterator[Service]:
    """The hub's service without a daemon: the lock is held, nothing listens."""
    state_dir, config = _existing(root), Config()
    async with AsyncExitStack() as stack:
        stack.enter_context(held(state_dir))
        stream = Stream()
        kept = await records.opened(root, config, stream.publish, stack)
        yield kept.service(config, _Nobody(), stream)


class _Nobody:
    """Judges nothing: while no daemon runs, only operators are answered."""

    async def reported(self, agent: Agent, report: Report) -> Reported:
        self._refuse()

    async def proposed(self, agent: Agent, check: Check) -> Verdict:
        self._refuse()

    async def repair(
        self, agent: Agent, changes: Sequence[ProposedFile]
    ) -> tuple[Offer, ...]:
        self._refuse()

    async def bind(self, agent: Agent) -> Path:
        self._refuse()

    def _refuse(self) -> NoReturn:
        raise PeerError(
            "DEGRADED", "no daemon runs here", hint="start it: qualitywatch watch"
        )


def _existing(root: Path) -> Path:
    """The state folder of *root*, which somebody must have made before."""
    state_dir = state_dir_of(root)
    if (state_dir / DATABASE_NAME).exists():
        return state_dir
    refuse_if_vanished(root)
    raise UserError(
        "nothing was ever recorded here",
        place=str(root),
        hint="begin with: qualitywatch init",
    )
