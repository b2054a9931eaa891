"""Settings and rules while the daemon runs: announced, approved, then taken at once.

The files are looked at every second. What differs from what an operator approved is
said aloud and changes nothing. What they approve is prepared completely (rules read,
worker processes warm) and then put in force in one step of the loop, between two
judgements: nobody ever goes by half of it, and what can not be prepared leaves all as
it was.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from qualitywatch import analysis, approval
from qualitywatch.approval import InForce, Standing
from qualitywatch.audit import UNKNOWN, Decision
from qualitywatch.config import Config
from qualitywatch.errors import QualityWatchError
from qualitywatch.rulebook import Rulebook
from qualitywatch.warden import Warden
from qualitywatch.workers.pool import Workers

LOOK_SECONDS = 1.0
RETRY_SECONDS = 5.0
SETTINGS = "settings"  # what is degraded while other ones stand in the files

Take = Callable[[Config, Rulebook], object]
Spawn = Callable[[Coroutine[Any, Any, object]], object]


class Reloader:
    """Keeps what the daemon goes by, which is *in_force* when it starts.

    *take* puts prepared settings and rules in force and may not fail; *look_again*
    judges by them what stands there already.
    """

    def __init__(
        self,
        root: Path,
        in_force: Standing,
        *,
        warden: Warden,
        workers: Workers,
        take: Take,
        look_again: Callable[[], Coroutine[Any, Any, object]],
        spawn: Spawn,
    ) -> None:
        self.in_force = in_force
        self._root = root
        self._listens_by = in_force.settings  # host and port stay as they were
        self._approved = in_force
        self._warden = warden
        self._workers = workers
        self._take = take
        self._look_again = look_again
        self._spawn = spawn
        self._changing = asyncio.Lock()
        self._stamp: object = None

    async def watch(self) -> None:
        """Say what differs from what was approved, for as long as it does."""
        while True:
            if self.in_force is not self._approved:
                await self.approved(self._approved)
            await self.look()
            is_late = self.in_force is not self._approved
            await asyncio.sleep(RETRY_SECONDS if is_late else LOOK_SECONDS)

    async def look(self) -> None:
        """Say how the files stand, where they may have changed since the last look."""
        stamp = await asyncio.to_thread(approval.stamp, self._root)
        if stamp == self._stamp or self.in_force is not self._approved:
            return
        content = approval.write(self.in_force)
        found = await asyncio.to_thread(approval.effective, self._root, content)
        self._stamp = stamp
        if found.problem is None:
            return await self._warden.recovered(SETTINGS)
        if self._warden.degraded_now.get(SETTINGS) != found.problem:
            await self._warden.note(_found(found.problem))
        await self._warden.degraded(SETTINGS, found.problem)

    async def approved(self, standing: Standing) -> InForce:
        """Go by *standing*, which an operator approved; tried again where that fails.

        Returns what became of it; all stays as it was where it can not be prepared.
        """
        async with self._changing:
            self._approved = standing
            if standing == self.in_force:
                self.in_force = standing
            else:
                try:
                    await self._change(standing)
                except QualityWatchError as error:
                    problem = f"approved, but not in force yet: {error}"
                    await self._warden.degraded(SETTINGS, problem)
                    return InForce(now=False, problem=problem)
            waiting = approval.after_restart(self._listens_by, standing.settings)
        self._stamp = None
        await self.look()
        return InForce(now=True, after_restart=waiting)

    async def _change(self, standing: Standing) -> None:
        settings = standing.settings
        rules = await asyncio.to_thread(
            approval.rules_of, standing, known_checks=analysis.CHECKS
        )
        prepared = Workers(rules, settings.analysis)
        await prepared.__aenter__()  # its processes become those of the daemon
        finish = self._workers.become(prepared)
        self._take(settings, rules)
        self.in_force = standing
        self._spawn(asyncio.to_thread(finish))
        self._spawn(self._look_again())
        waiting = approval.after_restart(self._listens_by, settings)
        await self._warden.settings_taken(standing.digest, waiting)


def _found(problem: str) -> Decision:
    return Decision(
        action="settings.change",
        who=UNKNOWN,
        object="settings and rules",
        result="found",
        reason=problem,
    )
