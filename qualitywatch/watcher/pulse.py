"""Proof that the stream of events flows: what we do comes back through it.

The idea is Watchman's cookie. Events arrive in order: when that of our own act is here,
so are those of everything that was done before it.
"""

from __future__ import annotations

import asyncio
import os
import sys
from enum import Enum, auto
from pathlib import Path

PATIENCE_SECONDS = 10.0
_AGAIN_SECONDS = 1.0
_IS_LINUX = sys.platform == "linux"
_FLAGS = os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
_NAME = "pulse"


class Beat(Enum):
    """How an act of ours came back."""

    STEADY = auto()  # everything done before it is known
    LATE = auto()  # the stream flows, but something may have been lost
    SILENT = auto()  # the stream does not flow


class Pulse:
    """Opens and closes a watched file, and waits for the event of it.

    The file is not the user's: it lies in the state folder, or it is the `.git` file of
    a linked checkout. Opening for writing and writing nothing is an event for the
    kernel and no work for the disk.
    """

    def __init__(self, file: Path, *, is_ours: bool) -> None:
        self.name = str(file)
        self.last: float | None = None  # when it came back, by the loop's clock
        self.problem: str | None = None
        self._flags = _FLAGS | (os.O_CREAT if is_ours else 0)
        self._is_ours = is_ours
        self._back = asyncio.Event()
        self._turn = asyncio.Lock()
        self._underway = 0

    @classmethod
    def of(cls, root: Path, state_dir: Path | None) -> Pulse | None:
        """A pulse for *root*, or `None` where no file may be touched."""
        if state_dir is not None and state_dir.is_relative_to(root):
            return cls(state_dir / _NAME, is_ours=True)
        if _IS_LINUX and (root / ".git").is_file():
            return cls(root / ".git", is_ours=False)
        return None

    def came_back(self) -> None:
        """The event is here."""
        self._underway = max(0, self._underway - 1)
        self._back.set()

    async def beat(self, patience: float = PATIENCE_SECONDS) -> Beat:
        """Act, and wait for the event; act again while none comes."""
        loop = asyncio.get_running_loop()
        async with self._turn:
            answer = Beat.LATE if self._underway else Beat.STEADY
            self._underway = 0
            self._back.clear()
            deadline = loop.time() + patience
            while loop.time() < deadline:
                if await self._is_answered(min(_AGAIN_SECONDS, patience)):
                    self.last = loop.time()
                    return answer
                answer = Beat.LATE
            return Beat.SILENT

    def touch(self) -> None:
        """Make the event; `OSError` where the file can not be opened."""
        descriptor = os.open(self.name, self._flags, 0o600)
        try:
            if self._is_ours and not _IS_LINUX:
                os.write(descriptor, b".")  # elsewhere only a write is an event
        finally:
            os.close(descriptor)

    async def _is_answered(self, seconds: float) -> bool:
        try:
            await asyncio.to_thread(self.touch)
            self.problem = None
        except OSError as error:
            self.problem = f"{self.name} can not be opened: {error.strerror}"
        self._underway += 1
        try:
            async with asyncio.timeout(seconds):
                await self._back.wait()
        except TimeoutError:
            return False
        return True
