"""Two ways to the hub: through the daemon's socket, or in this process without one.

Either way a frame goes in and its answer comes out, and the same `Service` answers, so
that nothing above this file knows the difference. Without a daemon its lock is held
meanwhile: the two never write at the same time.
"""

from __future__ import annotations

import os
import socket
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, ExitStack, contextmanager
from pathlib import Path

from qualitywatch import local_socket
from qualitywatch.daemon.place import Running, lock_file_of, state_dir_of
from qualitywatch.errors import InTheWay, MachineError

ANSWER_SECONDS = 60
START_SECONDS = 5  # between a daemon's lock and its socket

Exchange = Callable[[str], str]
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def reach(root: Path, stack: ExitStack) -> Exchange:
    """The daemon, or its place; a daemon that is just starting is waited for."""
    state_dir = state_dir_of(root)
    _refuse_foreign(state_dir)
    deadline = time.monotonic() + START_SECONDS
    while True:
        running = Running.read(state_dir)
        connection = _connected(Path(running.socket)) if running else None
        if connection is not None:
            exchange = stack.enter_context(_through(connection))
            _refuse_impostor(connection, state_dir)
            return exchange
        try:
            return stack.enter_context(_without_daemon(root))
        except InTheWay:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def _connected(path: Path) -> socket.socket | None:
    """A connection to the daemon; `None` where no daemon listens (any more)."""
    try:
        return local_socket.connect(path, timeout=ANSWER_SECONDS)
    except (FileNotFoundError, ConnectionRefusedError):
        return None
    except OSError as error:
        raise MachineError(
            f"the daemon can not be reached: {error}", place=str(path)
        ) from error


@contextmanager
def _through(connection: socket.socket) -> Iterator[Exchange]:
    with connection, connection.makefile("rb") as answers:

        def exchange(frame: str) -> str:
            try:
                connection.sendall(frame.encode() + b"\n")
                answer = answers.readline()
            except OSError as error:
                raise _silent(str(error)) from error
            if not answer.endswith(b"\n"):
                raise _silent("it closed the connection")
            return answer.decode()

        yield exchange


def _refuse_impostor(connection: socket.socket, state_dir: Path) -> None:
    """Who put another socket in the place of ours must not be told the passphrase.

    The daemon holds the lock, and the kernel says who does: no file can be forged.
    """
    peer, holders = local_socket.peer(connection), _holders(lock_file_of(state_dir))
    if peer and holders and peer not in holders:
        raise MachineError(
            f"process {peer} listens there, and is not the daemon: somebody may want"
            " your passphrase",
            place=str(connection.getpeername()),
            hint="find that process and stop it; then: qualitywatch stop, start",
        )


def _holders(lock: Path) -> set[int]:
    """The processes that hold *lock*; none where the system does not say."""
    try:
        inode = str(lock.stat().st_ino)
        lines = Path("/proc/locks").read_text().splitlines()
    except OSError:
        return set()
    rows = (line.split() for line in lines)
    held = (row for row in rows if len(row) > 5 and row[1] == "FLOCK")
    return {int(row[4]) for row in held if row[5].rpartition(":")[2] == inode} - {0, -1}


def _silent(why: str) -> MachineError:
    return MachineError(
        f"the daemon does not answer: {why}",
        hint="look at its terminal; if it hangs, stop it and start it again",
    )


@contextmanager
def _without_daemon(root: Path) -> Iterator[Exchange]:
    import asyncio  # a running daemon makes all of this unnecessary

    from qualitywatch.daemon.offline import offline

    with asyncio.Runner() as runner:
        contexts = AsyncExitStack()
        try:
            opening = contexts.enter_async_context(offline(root))
            service = runner.run(opening)
            joining = contexts.enter_async_context(service.session(local=True))
            session = runner.run(joining)
            yield lambda frame: runner.run(service.handle(session, frame))
        finally:
            runner.run(contexts.aclose())


def _refuse_foreign(state_dir: Path) -> None:
    """Another user's daemon must not be told the passphrase."""
    status = state_dir.stat()
    if status.st_uid != os.geteuid():
        raise MachineError(
            "the state folder belongs to another user",
            place=str(state_dir),
            hint="run this as the user who runs the daemon",
        )
    if stat.S_IMODE(status.st_mode) & _OTHERS:
        raise MachineError(
            "others may look into the state folder",
            place=str(state_dir),
            hint=f"chmod 700 {state_dir}",
        )
