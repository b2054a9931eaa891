"""Who is in quarantine, as hooks know it: by the mirror, and by the daemon as well.

Whoever forges the mirror while a daemon runs has a moment before it is mended. So a
daemon that can be reached is asked too, and whom either knows of is stopped. A socket
can be forged like a file: what it says can only add to what the mirror says.
"""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from qualitywatch import local_socket, mirror
from qualitywatch.enrolment import SOCKET_NAME
from qualitywatch.mirror import Mirror
from qualitywatch.model import Agent, Quarantine

_SECONDS = 2.0  # a daemon that does not answer is as good as none
_MOST_BYTES = 8 * 1024 * 1024

_T = TypeVar("_T", bound=msgspec.Struct)


class _Quarantines(msgspec.Struct):
    quarantines: tuple[Quarantine, ...]


class _Row(msgspec.Struct):
    agent: Agent


class _Agents(msgspec.Struct):
    agents: tuple[_Row, ...]


class _Answered(msgspec.Struct):
    result: msgspec.Raw = msgspec.Raw(b"null")


def known(state_dir: Path) -> Mirror:
    """What must hold now; `MachineError` where the mirror can not be believed."""
    written = mirror.read(state_dir)
    try:
        quarantines, agents = _asked(state_dir / SOCKET_NAME)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return written  # no daemon, or one that speaks another version
    subjects = {one.subject for one in written.quarantines}
    bound = {agent.id for agent in agents}
    return msgspec.structs.replace(
        written,
        quarantines=(
            *written.quarantines,
            *(one for one in quarantines if one.subject not in subjects),
        ),
        agents=(*agents, *(one for one in written.agents if one.id not in bound)),
    )


def _asked(path: Path) -> tuple[tuple[Quarantine, ...], tuple[Agent, ...]]:
    with local_socket.connect(path, timeout=_SECONDS) as connection:
        _call(connection, "session.hello", msgspec.Struct)
        held = _call(connection, "quarantines.list", _Quarantines)
        rows = _call(connection, "agents.list", _Agents)
    return held.quarantines, tuple(row.agent for row in rows.agents)


def _call(connection: socket.socket, method: str, kind: type[_T]) -> _T:
    question: dict[str, Any] = {"jsonrpc": "2.0", "id": 1, "method": method}
    connection.sendall(msgspec.json.encode({**question, "params": {}}) + b"\n")
    answer = msgspec.json.decode(_line(connection), type=_Answered)
    return msgspec.json.decode(answer.result, type=kind)


def _line(connection: socket.socket) -> bytes:
    read = bytearray()
    while not read.endswith(b"\n"):
        chunk = connection.recv(64 * 1024)
        if not chunk or len(read) > _MOST_BYTES:
            raise ConnectionError("the daemon has left")
        read += chunk
    return bytes(read)
