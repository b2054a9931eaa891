"""A sign of life on stderr, for people who wait longer than a second."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TypeVar

_T = TypeVar("_T")
_PATIENCE = 1.0
_EVERY = 0.1
_SIGNS = "|/-\\"
_CLEAR = "\r\033[K"


class Progress:
    """What is being done, and how far it is."""

    def __init__(self, what: str, unit: str = "files") -> None:
        self.what = what
        self._unit = unit
        self._done = 0
        self._total = 0
        self._started = time.monotonic()
        self._drawn = False

    def counted(self, items: Iterable[_T], total: int) -> Iterator[_T]:
        """*items*, counted as they pass."""
        self._done, self._total = 0, total
        for item in items:
            self._done += 1
            yield item

    def at(self, unit: str, done: int, total: int) -> None:
        """*done* of *total* *unit* are behind us."""
        self._unit, self._done, self._total = unit, done, total

    def line(self, now: float) -> str:
        """What to show at the time *now*."""
        sign = _SIGNS[int((now - self._started) / _EVERY) % len(_SIGNS)]
        share = f" {self._done} of {self._total} {self._unit}" if self._total else ""
        return f"{_CLEAR}{sign} {self.what}{share}"

    def tick(self, _signal: int, _frame: FrameType | None) -> None:
        """Draw once; a handler for the alarm clock."""
        self._drawn = True
        sys.stderr.write(self.line(time.monotonic()))
        sys.stderr.flush()

    def wipe(self) -> None:
        """Leave no trace on the terminal."""
        if self._drawn:
            sys.stderr.write(_CLEAR)


@contextmanager
def progress(what: str, unit: str = "files") -> Iterator[Progress]:
    """Shows *what* from the second second on, if stderr is a terminal.

    It runs on the alarm clock: a thread would stand in the way of forking, and a
    forked child has no alarm.
    """
    shown = Progress(what, unit)
    if not sys.stderr.isatty():
        yield shown
        return
    before = signal.signal(signal.SIGALRM, shown.tick)
    signal.setitimer(signal.ITIMER_REAL, _PATIENCE, _EVERY)
    try:
        yield shown
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        shown.wipe()
