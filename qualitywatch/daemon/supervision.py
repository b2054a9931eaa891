"""Tells systemd how the daemon does, where systemd has started it (see sd_notify).

It hears that the daemon is ready, that it stops, and every few seconds that it lives. A
daemon whose event loop hangs, or that is ill, says nothing, and is started again.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable, Mapping
from contextlib import suppress

from qualitywatch.reports.safe import safe

_PATIENCE = 0.2  # seconds, with one that does not read
READY, STOPPING, ALIVE = "READY=1", "STOPPING=1", "WATCHDOG=1"


class Supervisor:
    """Whoever listens at `NOTIFY_SOCKET`, or nobody."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        address = environment.get("NOTIFY_SOCKET", "")
        self._address = f"\0{address[1:]}" if address.startswith("@") else address
        self.watchdog_seconds = _watchdog(environment)

    def tell(self, *lines: str) -> None:
        """Send *lines*; a supervisor that does not listen costs nothing."""
        if not self._address:
            return
        with (
            suppress(OSError),
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as way,
        ):
            way.settimeout(_PATIENCE)
            way.connect(self._address)
            way.send("\n".join(safe(line) for line in lines).encode())

    async def keep_alive(self, is_well: Callable[[], bool]) -> None:
        """Say that we live, while we are well; twice as often as is asked for."""
        while self.watchdog_seconds is not None:
            if is_well():
                self.tell(ALIVE)
            await asyncio.sleep(self.watchdog_seconds / 2)


def _watchdog(environment: Mapping[str, str]) -> float | None:
    """In how many seconds it wants to hear of us; `None` where it does not care."""
    if environment.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return None  # meant for our parent
    try:
        microseconds = int(environment.get("WATCHDOG_USEC", ""))
    except ValueError:
        return None
    return microseconds / 1_000_000 if microseconds > 0 else None
