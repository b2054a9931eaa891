"""A warden with its store on a real file, and one line to make what it is given."""

from __future__ import annotations

from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from qualitywatch.attribution import Attribution
from qualitywatch.config import Policy
from qualitywatch.model import (
    Analysis,
    ChangeType,
    Event,
    Grounds,
    QuarantineState,
    Severity,
    Violation,
    When,
)
from qualitywatch.store import Store
from qualitywatch.warden import Judged, Warden
from tests import factories

NOW = datetime(2026, 1, 1, tzinfo=UTC)
CLEAR = QuarantineState.CLEAR
QUARANTINED = QuarantineState.QUARANTINED
PROPOSED = QuarantineState.REPAIR_PROPOSED


def by(agent: str, grounds: Grounds = Grounds.REPORT) -> Attribution:
    """*agent* is proven to have written it."""
    return Attribution(subject=agent, agent=agent, grounds=grounds)


def tree(name: str = "ws:repo") -> Attribution:
    """Nobody is named; the workspace answers."""
    return Attribution(subject=name, agent=None, grounds=Grounds.UNKNOWN)


def drop(**fields: Any) -> Violation:
    """A blocking violation, as analysis hands it over."""
    return factories.violation(**{"id": "", **fields})


LOW = drop(severity=Severity.LOW, fingerprint="low")


def judged(*violations: Violation, **fields: Any) -> Judged:
    """A save by `lazy` in which *violations* were found."""
    return Judged(
        **{
            "workspace": "/repo",
            "path": "app.py",
            "change_type": ChangeType.UPDATE,
            "sha256": "1" * 64,
            "when": When.SAVE,
            "base": "c0ffee",
            "analysis": Analysis(violations=violations),
            "rules_ran": frozenset({"elided-code"}),
            "attribution": by("lazy"),
            **fields,
        }
    )


class House:
    """A warden with its store and what it told, that can be restarted."""

    def __init__(self, folder: Path, **policy: Any) -> None:
        self.folder = folder
        self.policy = Policy(**policy)
        self.told: list[Event] = []
        self.now = NOW
        self._stack = AsyncExitStack()

    async def start(self) -> None:
        opening = Store.open(self.folder / "state.db", lambda: self.now)
        self.store = await self._stack.enter_async_context(opening)
        self.warden = Warden(
            self.store,
            policy=self.policy,
            publish=self.told.append,
            clock=lambda: self.now,
            state_dir=self.folder,
        )
        await self.warden.restore()

    async def stop(self) -> None:
        await self.warden.finish_notes()
        await self._stack.aclose()

    async def restart(self) -> None:
        await self.stop()
        await self.start()

    @property
    def kinds(self) -> list[str]:
        return [event.kind for event in self.told]

    async def fill_disk(self, *, full: bool = True) -> None:
        """Let the database grow no more, or again."""
        pages = 1 if full else 10**6
        await self.store._database.alone(
            lambda connection: connection.execute(f"PRAGMA max_page_count = {pages}")
        )
