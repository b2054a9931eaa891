"""One process of this machine: is it still the same, whose is it, stop it, go on.

Linux only: a process is named by its id and the moment it started, and is signalled
through a descriptor of it, so that no other that gets its id later is ever hit.
"""

from __future__ import annotations

import os
import signal
from typing import NamedTuple

from qualitywatch import proc
from qualitywatch.model import Noun

_BOOT = proc.ROOT / "sys" / "kernel" / "random" / "boot_id"
_MOST_ANCESTORS = 64
_ENDED = frozenset("ZXx")
_STOPPED = frozenset("Tt")


class Process(Noun):
    """A process, which no other can be taken for."""

    pid: int
    started: str  # the boot of the machine, and the tick since then


class _Stat(NamedTuple):
    """What the kernel says of a process."""

    state: str
    parent: int
    group: int
    session: int
    started: str
    user: int


def look(pid: int) -> Process | None:
    """The process that has this id now; `None` where none lives."""
    stat = _stat(pid)
    if stat is None or stat.state in _ENDED:
        return None
    return Process(pid=pid, started=stat.started)


def lives(process: Process) -> bool:
    """True while it has not ended."""
    return look(process.pid) == process


def is_stopped(process: Process) -> bool:
    """True where it does not run on."""
    stat = _stat(process.pid)
    return stat is not None and stat.state in _STOPPED


def leads_group(process: Process) -> bool:
    """True where it began a process group: what it starts is stopped with it."""
    stat = _stat(process.pid)
    return stat is not None and stat.group == process.pid


def refusal(peer: int, pid: int) -> str | None:
    """Why *peer* may not have the process *pid* stopped; `None` where it may.

    It may name itself, or one above it: of the same user, in the same terminal session
    and not the leader of it (that is a person's shell). Nobody can name a stranger, and
    nobody this program or what started it.
    """
    asking, wanted = _stat(peer), _stat(pid)
    if asking is None or wanted is None:
        return f"there is no process {pid}"
    if asking.user != os.geteuid() or wanted.user != os.geteuid():
        return f"process {pid} belongs to another user"
    if pid in (0, 1, os.getpid(), *_above(os.getpid())):
        return f"process {pid} is one that the daemon depends on"
    if pid == peer:
        return None
    if pid not in _above(peer):
        return f"process {pid} did not start process {peer}, which asks"
    if wanted.session != asking.session or pid == wanted.session:
        return f"process {pid} leads a terminal session, or belongs to another one"
    return None


def stop(process: Process) -> bool:
    """Stop it, with its group where it leads one; false where it has ended."""
    return _send(process, signal.SIGSTOP)


def go_on(process: Process) -> bool:
    """Let it run again, with its group where it leads one; false where it has ended."""
    return _send(process, signal.SIGCONT)


def _send(process: Process, number: signal.Signals) -> bool:
    try:
        descriptor = os.pidfd_open(process.pid)
    except OSError:
        return False
    try:
        if not lives(process):
            return False
        if leads_group(process) and os.getpgrp() != process.pid:
            os.killpg(process.pid, number)  # the id is taken while its leader lives
        else:
            signal.pidfd_send_signal(descriptor, number)
    except (ProcessLookupError, PermissionError):
        return False
    finally:
        os.close(descriptor)
    return True


def _above(pid: int) -> tuple[int, ...]:
    """The ids of those that started *pid*, its parent first."""
    found: list[int] = []
    stat = _stat(pid)
    while stat is not None and stat.parent > 0 and len(found) < _MOST_ANCESTORS:
        found.append(stat.parent)
        stat = _stat(stat.parent)
    return tuple(found)


def _stat(pid: int) -> _Stat | None:
    fields = proc.stat(pid)
    try:
        user = (proc.ROOT / str(pid)).stat().st_uid
        boot = _BOOT.read_text().strip()
    except OSError:
        return None
    if fields is None:
        return None
    return _Stat(
        state=fields[0],
        parent=int(fields[1]),
        group=int(fields[2]),
        session=int(fields[3]),
        started=f"{boot} {fields[19]}",
        user=user,
    )
