"""Whether git is at work in a checkout: its lock, and who holds it."""

from __future__ import annotations

from pathlib import Path

from qualitywatch import proc


def is_held(lock: Path) -> bool:
    """True where a process of this user has *lock* open.

    git keeps the lock of its index open while it writes files. One that it left behind
    when it died, or that somebody made by hand, is open nowhere. True too where the
    system does not tell.
    """
    if not proc.is_there():
        return True
    try:
        name = str(lock.resolve(strict=True))
    except OSError:
        return False
    return any(name in proc.open_files(pid) for pid in proc.pids())
