"""The daemon in the background: started, found and stopped from another process.

It is the same `qualitywatch watch`, in a session of its own. What it says while it
starts, and should it crash, goes to `daemon.log` in the state folder; what happens goes
to its log, see `logs`, which is kept small.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

from qualitywatch.daemon.place import Running, is_held, lock_file_of
from qualitywatch.errors import InTheWay, MachineError, QualityWatchError, UserError

LOG_NAME = "daemon.log"
MAX_LOG_BYTES = 4 * 1024 * 1024  # when a start finds more, the old one is put aside
_START_SECONDS = 30.0
_STOP_SECONDS = 15.0
_EVERY = 0.05
_TAIL = 4000  # bytes of the log that tell why it did not start
_ERRORS: dict[int, type[QualityWatchError]] = {2: UserError, 75: InTheWay}


def start(root: Path, state_dir: Path, *, port: int | None) -> Running:
    """The daemon for *root*, ready to be asked.

    Raises what the daemon itself complained of where it does not come up.
    """
    log = state_dir / LOG_NAME
    _put_aside(log)
    begin = log.stat().st_size if log.exists() else 0
    pid = _spawn(root, log, port)
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        running = Running.read(state_dir)
        if running is not None and running.pid == pid:
            return running
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            code = os.waitstatus_to_exitcode(status)
            raise _refusal(code, _since(log, begin), log)
        time.sleep(_EVERY)
    os.kill(pid, signal.SIGTERM)
    raise MachineError(
        f"the daemon was not ready after {_START_SECONDS:g} s", place=str(log)
    )


def stop(state_dir: Path) -> Running | None:
    """The daemon that was stopped, when it has ended; `None` where none ran.

    Raises `MachineError` where it does not end. Only a process that really holds the
    state folder gets a signal: `daemon.json` can be written by anybody.
    """
    running = Running.read(state_dir)
    if running is None:
        return None
    if not _holds(running.pid, lock_file_of(state_dir)):
        raise MachineError(
            f"process {running.pid} does not hold the state folder",
            place=str(state_dir),
            hint="somebody forged daemon.json: find the daemon with `ps` and stop it",
        )
    os.kill(running.pid, signal.SIGTERM)
    deadline = time.monotonic() + _STOP_SECONDS
    while is_held(state_dir):
        if time.monotonic() > deadline:
            raise MachineError(
                f"the daemon did not end within {_STOP_SECONDS:g} s",
                place=str(state_dir),
                hint=f"end it at once: kill -9 {running.pid}",
            )
        time.sleep(_EVERY)
    return running


def _spawn(root: Path, log: Path, port: int | None) -> int:
    """The id of a new daemon, which nothing ties to us."""
    # -P: else a file of the folder we are in could pass for one of our modules.
    words = [sys.executable, "-P", "-m", "qualitywatch", "watch", str(root)]
    words += ["--format", "quiet"]
    if port is not None:
        words += ["--port", str(port)]
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW
    return os.posix_spawn(
        sys.executable,
        words,
        os.environ,
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, str(log), flags, 0o600),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ],
        setsid=True,
    )


def _put_aside(log: Path) -> None:
    """One old log is kept beside the new one."""
    if log.is_file() and log.stat().st_size > MAX_LOG_BYTES:
        log.replace(log.with_suffix(".log.old"))


def _since(log: Path, begin: int) -> str:
    with log.open("rb") as file:
        file.seek(max(begin, log.stat().st_size - _TAIL))
        return file.read().decode("utf-8", "replace").strip()


def _refusal(code: int, said: str, log: Path) -> QualityWatchError:
    kind = _ERRORS.get(code, MachineError)
    problem = said.removeprefix("qualitywatch: ") or f"it ended with {code}"
    return kind(f"the daemon did not start: {problem}", place=str(log))


def _holds(pid: int, lock: Path) -> bool:
    """True when the process *pid* has *lock* open; where nobody can say, too."""
    try:
        wanted = lock.stat()
        opened = list(Path(f"/proc/{pid}/fd").iterdir())
    except OSError:
        return not Path("/proc/self/fd").is_dir()
    for link in opened:
        try:
            found = link.stat()
        except OSError:
            continue
        if (found.st_dev, found.st_ino) == (wanted.st_dev, wanted.st_ino):
            return True
    return False
