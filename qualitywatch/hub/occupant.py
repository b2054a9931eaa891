"""Who listens on a port already, as far as the kernel tells us."""

from __future__ import annotations

from qualitywatch import proc

_LISTENING = "0A"
_LOCAL, _STATE, _INODE = 1, 3, 9  # columns of /proc/net/tcp


def of_port(port: int) -> str | None:
    """`pid 4711 (python3)`, where the process is ours to see; reads /proc."""
    wanted = {f"socket:[{inode}]" for inode in _listening(port)}
    if not wanted:
        return None
    for pid in proc.pids():
        if not wanted.isdisjoint(proc.open_files(pid)):
            return f"pid {pid} ({proc.name(pid)})"
    return None


def _listening(port: int) -> list[str]:
    """The sockets that listen on *port*, on whichever address."""
    wanted = f":{port:04X}"
    return [
        row[_INODE]
        for row in (*proc.sockets("tcp"), *proc.sockets("tcp6"))
        if len(row) > _INODE
        and row[_STATE] == _LISTENING
        and row[_LOCAL].endswith(wanted)
    ]
