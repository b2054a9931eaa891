"""How many watches the kernel really gave us: it says nowhere that it refused one."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

_FDINFO = Path("/proc/self/fdinfo")


def count(descriptor: int) -> int | None:
    """The inotify watches behind *descriptor*; `None` where nothing tells."""
    try:
        text = (_FDINFO / str(descriptor)).read_text()
    except OSError:
        return None
    return text.count("inotify wd:")


def folders(root: Path, others: Sequence[Path]) -> int:
    """How many folders there are to be watched: *root*, all below it, and *others*."""
    return sum(1 for _ in os.walk(root)) + len(others)
