"""Where a peer comes from: the terminal session its process belongs to.

Every local process has the address 127.0.0.1 and, among agents, the same user. What the
kernel says of a process and what it can not choose freely is its session (see setsid):
a terminal, a browser, an agent's harness each have their own. So wrong guesses of one
session need not shut out another. Only Linux tells; elsewhere all peers are one origin.
"""

from __future__ import annotations

import ipaddress
from typing import Protocol

from qualitywatch import proc
from qualitywatch.model import Noun

_STAT_SESSION, _STAT_STARTED = 3, 19  # fields of /proc/PID/stat after the name


class Origin(Noun):
    """Who guesses, as far as the machine can tell."""

    key: str
    name: str  # for people
    since: float = float("inf")  # when its session began, in ticks; unknown: last
    shared: bool = False  # others may stand behind the same key


ANYBODY = Origin(key="anybody", name="a local process", shared=True)


class Caller(Protocol):
    """The other end of a connection."""

    @property
    def name(self) -> str:
        """How the records name it."""

    def origin(self) -> Origin:
        """Where it comes from; reads /proc, so it belongs in a thread."""


class Process:
    """A peer of the Unix socket; the kernel vouches for its id."""

    def __init__(self, pid: int) -> None:
        self._pid = pid

    @property
    def pid(self) -> int:
        """Its id; 0 where the system does not say."""
        return self._pid

    @property
    def name(self) -> str:
        """How the records name it."""
        return f"process {self._pid}" if self._pid else ANYBODY.name

    def origin(self) -> Origin:
        """The session of the process."""
        return _of_process(self._pid)


class Address:
    """A peer over TCP; on this machine its process can be found."""

    def __init__(self, host: str, port: int) -> None:
        self._host = host
        self._port = port

    @property
    def name(self) -> str:
        """How the records name it."""
        return self._host

    def origin(self) -> Origin:
        """The session of its process, or the machine it comes from."""
        try:
            address = ipaddress.ip_address(self._host.partition("%")[0])
        except ValueError:
            return ANYBODY
        if not address.is_loopback:
            return Origin(key=str(address), name=f"the machine {address}")
        inode = _inode_of(address, self._port)
        return _of_process(_owner_of(inode) if inode else 0)


class Unknown:
    """A caller inside this process."""

    name = "this process"

    def origin(self) -> Origin:
        """Nobody to tell apart."""
        return ANYBODY


def _of_process(pid: int) -> Origin:
    stat = proc.stat(pid)
    if stat is None:
        return ANYBODY
    session = int(stat[_STAT_SESSION])
    leader = proc.stat(session)
    since = float("inf") if leader is None else float(leader[_STAT_STARTED])
    return Origin(
        key=f"session {session} {since}",
        name=f"process {pid} ({proc.name(pid)})",
        since=since,
    )


def _inode_of(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address, port: int
) -> str | None:
    """The socket with this local address, as /proc/net names it."""
    table, width = ("tcp", 8) if address.version == 4 else ("tcp6", 32)
    wanted = f"{_hex(address, width)}:{port:04X}"
    rows = proc.sockets(table)
    return next((row[9] for row in rows if len(row) > 9 and row[1] == wanted), None)


def _hex(address: ipaddress.IPv4Address | ipaddress.IPv6Address, width: int) -> str:
    """Each four bytes as the processor keeps them."""
    packed = address.packed
    words = (packed[at : at + 4][::-1] for at in range(0, len(packed), 4))
    return b"".join(words).hex().upper().zfill(width)


def _owner_of(inode: str) -> int:
    """The process that holds the socket; 0 where it is not ours to see."""
    wanted = f"socket:[{inode}]"
    return next((pid for pid in proc.pids() if wanted in proc.open_files(pid)), 0)
