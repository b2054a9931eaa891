"""Keeps the mirror equal to what holds, and notices when another hand was in it."""

from __future__ import annotations

import asyncio
from pathlib import Path

from qualitywatch import mirror
from qualitywatch.errors import MachineError
from qualitywatch.mirror import Mirror


class Mirroring:
    """The mirror of one state folder; hooks believe it, so nobody else may write it."""

    def __init__(self, state_dir: Path) -> None:
        self._state_dir = state_dir
        self._written: Mirror | None = None  # what hooks see now, as far as we know

    async def show(self, current: Mirror) -> None:
        """Write *current* where it is not what hooks see already."""
        if current != self._written:
            self._written = None
            await asyncio.to_thread(mirror.write, self._state_dir, current)
            self._written = current

    async def found(self, current: Mirror) -> str | None:
        """How the mirror that stands there differs from *current*, before our first.

        `None` where it does not, or there never was one.
        """
        return await asyncio.to_thread(_difference, self._state_dir, current)

    async def was_touched(self) -> bool:
        """True where what we wrote is not there any more; `show` then writes anew."""
        if self._written is None:
            return False
        is_there = await asyncio.to_thread(mirror.holds, self._state_dir, self._written)
        if not is_there:
            self._written = None
        return not is_there


def _difference(state_dir: Path, current: Mirror) -> str | None:
    if not (state_dir / mirror.FILE_NAME).exists():
        return "it was removed" if mirror.was_written(state_dir) else None
    try:
        stands = mirror.read(state_dir)
    except MachineError as error:
        return error.problem
    if _essence(stands) == _essence(current):
        return None
    return "it did not say what the records say: changed, or a crash came between"


def _essence(one: Mirror) -> tuple[object, ...]:
    """What a hook decides by; another version of us may write the rest otherwise."""
    return (
        {(known.subject, known.state, known.workspace) for known in one.quarantines},
        set(one.dismissed),
        {(agent.id, agent.workspace) for agent in one.agents},
    )
