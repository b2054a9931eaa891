"""Watches over the guard itself while the daemon runs: told once, noted in the audit.

A hook that is taken out, a mark that goes, records that change under our feet: each is
degraded from then on, until it is as it was.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable
from pathlib import Path

from qualitywatch.audit import UNKNOWN, Decision
from qualitywatch.daemon import tampering
from qualitywatch.daemon.audit_head import AuditHead
from qualitywatch.daemon.place import state_dir_of
from qualitywatch.daemon.tampering import Tampering
from qualitywatch.enrolment import Marks
from qualitywatch.errors import MachineError
from qualitywatch.warden import Warden

LOOK_SECONDS = 1.0  # at what can be seen without asking git ...
FULL_SECONDS = 30.0  # ... and at everything, though nothing seems to have changed
VERIFY_SECONDS = 3600.0
GUARD_SECONDS = 5.0
AUDIT = "audit"
EXPORT = "audit export"
_GIVEN_UP = "the git hooks were taken out with `qualitywatch hooks uninstall`"


class Sentinel:
    """Looks for tampering, and says what it has found."""

    def __init__(self, root: Path, audit_head: AuditHead, warden: Warden) -> None:
        self._root = root
        self._audit_head = audit_head
        self._warden = warden
        self._known: dict[str, frozenset[str]] = defaultdict(frozenset)
        self._hooks: frozenset[str] = frozenset()  # that were seen in their place
        self._state_dir = state_dir_of(root)
        self._marks = Marks(self._state_dir)
        self._fingerprint: tuple[object, ...] = ()
        self._next_full_look = 0.0

    async def look(self) -> None:
        """Tell what is not as we left it, and what is again."""
        now = asyncio.get_running_loop().time()
        seen = await asyncio.to_thread(tampering.fingerprint, self._state_dir)
        if seen == self._fingerprint and now < self._next_full_look:
            return
        self._fingerprint, self._next_full_look = seen, now + FULL_SECONDS
        found = await asyncio.to_thread(self._found)
        for kind in tampering.KINDS:
            await self._say(kind, [one for one in found if one.kind == kind])

    async def keep_head(self) -> None:
        """Note the newest record of the audit, and export it where it is time."""
        problem = await self._audit_head.keep()
        if problem is not None:
            return await self._fault(problem)
        places = await self._audit_head.export()
        if places:
            await self._warden.degraded(EXPORT, "; ".join(places))
        else:
            await self._warden.recovered(EXPORT)

    async def verify(self) -> None:
        """Say where the audit as a whole is not as it was written."""
        problem = await self._audit_head.fault()
        if problem is not None:
            await self._fault(problem)

    async def look_around(self) -> None:
        """Until cancelled, tampering is told and the newest record noted in seconds.

        In this order: to note a record makes a mark anew that somebody has removed.
        """
        while True:
            await self._trying(self.look)
            await self._trying(self.keep_head)
            await asyncio.sleep(LOOK_SECONDS)

    async def verify_often(self) -> None:
        """Until cancelled, a fault of the whole audit is told within an hour."""
        while True:
            await self._trying(self.verify)
            await asyncio.sleep(VERIFY_SECONDS)

    async def _trying(self, work: Callable[[], Awaitable[None]]) -> None:
        """Where the machine does not let us look, that is said, and tried again."""
        what = f"looking for tampering ({work.__name__})"
        try:
            await work()
        except (MachineError, OSError) as error:
            problem = error.problem if isinstance(error, MachineError) else f"{error}"
            await self._warden.degraded(what, problem)
        else:
            await self._warden.recovered(what)

    async def _fault(self, problem: str) -> None:
        if self._warden.degraded_now.get(AUDIT) is None:
            await self._warden.degraded(AUDIT, f"{problem}: qualitywatch verify-audit")
            await self._note("audit.changed", problem, "")

    async def _say(self, kind: str, found: list[Tampering]) -> None:
        """Degraded for what stands now; noted once for each thing that is new."""
        problems = frozenset(f"{one.problem} ({one.place})" for one in found)
        before, self._known[kind] = self._known[kind], problems
        for one in found:
            if f"{one.problem} ({one.place})" not in before:
                action = f"{kind.replace(' ', '_')}.changed"
                await self._note(action, one.place, one.problem)
        if not found:
            return await self._warden.recovered(kind)
        hints = dict.fromkeys(one.hint for one in found)
        reason = "; ".join([*sorted(problems), *hints])
        return await self._warden.degraded(kind, reason)

    async def _note(self, action: str, what: str, reason: str) -> None:
        await self._warden.note(
            Decision(
                action=action, who=UNKNOWN, object=what, result="found", reason=reason
            )
        )

    def _found(self) -> list[Tampering]:
        """What is to be seen; hooks that were there once are missed even where a
        command has taken them out, because an agent can give that command too.
        """
        installed = frozenset(self._marks.hooks())
        given_up = self._hooks - installed
        self._hooks |= installed
        found = tampering.seen(self._root, hooks=self._hooks)
        if not given_up:
            return found
        return [_given_up(one) if one.kind == tampering.HOOKS else one for one in found]


def _given_up(one: Tampering) -> Tampering:
    return Tampering(
        kind=one.kind,
        problem=f"{one.problem}: {_GIVEN_UP}",
        place=one.place,
        hint=one.hint,
    )


async def guard(database: Path, warden: Warden) -> None:
    """Say when the records are taken away under our feet."""
    first = await asyncio.to_thread(_inode, database)
    while True:
        await asyncio.sleep(GUARD_SECONDS)
        if await asyncio.to_thread(_inode, database) != first:
            reason = f"{database} was removed or replaced: see why, then restart"
            return await warden.degraded("state", reason)


def _inode(file: Path) -> int | None:
    try:
        return file.stat().st_ino
    except OSError:
        return None
