"""The hub of a daemon: on which port, and how others find it."""

from __future__ import annotations

import os
from contextlib import AsyncExitStack
from pathlib import Path

from qualitywatch.config import Hub
from qualitywatch.daemon.place import Running
from qualitywatch.enrolment import SOCKET_NAME
from qualitywatch.errors import InTheWay
from qualitywatch.hub.server import Server
from qualitywatch.hub.service import Service
from qualitywatch.installed import version_of

_PORTS_TRIED = 100


async def listen(
    service: Service,
    settings: Hub,
    port: int | None,
    state_dir: Path,
    stack: AsyncExitStack,
) -> Server:
    """The hub on *port*, or on the first free one from the configured port on.

    Others find it until *stack* is left.
    """
    first = settings.port if port is None else port
    tries = 1 if port is not None or first == 0 else _PORTS_TRIED
    for number in range(first, first + tries):
        opening = Server.open(
            service,
            host=settings.host,
            port=number,
            socket_path=state_dir / SOCKET_NAME,
        )
        try:
            server = await stack.enter_async_context(opening)
        except InTheWay:
            if number == first + tries - 1:
                raise
        else:
            _announce(server.url, state_dir, stack)
            return server
    raise AssertionError("the last try returns or raises")


def _announce(url: str, state_dir: Path, stack: AsyncExitStack) -> None:
    """Others find the daemon as long as it runs."""
    running = Running(
        pid=os.getpid(),
        url=url,
        socket=str(state_dir / SOCKET_NAME),
        version=version_of("qualitywatch"),
    )
    running.write(state_dir)
    stack.callback(Running.forget, state_dir)
