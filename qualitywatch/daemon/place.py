"""Where a daemon keeps its state, who holds it, and how the others find it.

The state folder belongs to one user (mode 0700) and is locked with `flock` for the
life of a daemon: the kernel frees the lock even after SIGKILL. That a repository is
enrolled is also written into its git config and into the user's state folder, so that
a state folder that vanished is noticed and never quietly made anew.
"""

from __future__ import annotations

import fcntl
import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from qualitywatch import whole_file
from qualitywatch.enrolment import DATABASE_NAME, Marks
from qualitywatch.errors import InTheWay, MachineError
from qualitywatch.git import Repository
from qualitywatch.model import Noun

_DAEMON_NAME = "daemon.json"
_LOCK_NAME = "lock"
ENROLLED = "qualitywatch.enrolled"  # the setting of git that says so too
_LOCK_PATIENCE = 0.4  # somebody may only be looking whether a daemon runs


class Running(Noun):
    """How to reach the daemon that runs now; the content of `daemon.json`."""

    pid: int
    url: str
    socket: str
    version: str

    @classmethod
    def read(cls, state_dir: Path) -> Running | None:
        """The daemon that holds *state_dir*, or `None` where none runs."""
        if not is_held(state_dir):
            return None
        try:
            content = whole_file.read(state_dir / _DAEMON_NAME)
            return msgspec.json.decode(content, type=cls)
        except (OSError, msgspec.DecodeError):
            return None  # it is just starting or stopping

    def write(self, state_dir: Path) -> None:
        """Tell the others, in one step."""
        content = msgspec.json.encode(self)
        whole_file.replace(state_dir / _DAEMON_NAME, content, durable=False)

    @staticmethod
    def forget(state_dir: Path) -> None:
        """Nobody is to look for this daemon any more."""
        (state_dir / _DAEMON_NAME).unlink(missing_ok=True)


def state_dir_of(root: Path) -> Path:
    """Where the state of the repository or folder at *root* belongs."""
    return _state_dir(Repository.discover(root), root)


def enrol(root: Path, *, again: bool = False) -> Path:
    """The state folder of *root*, made where it is new; `mark` follows.

    Raises `MachineError` where a mark says that there was one and it is gone, unless
    *again*: then a human has decided to begin anew, or to go on with what is there.
    """
    if not again:
        refuse_if_vanished(root)
    state_dir = state_dir_of(root)
    _make_private(state_dir)
    if again:
        Marks(state_dir).accept()
    return state_dir


def mark(root: Path) -> None:
    """Note outside the state folder that there is one now, with records in it."""
    repository = Repository.discover(root)
    marks = Marks(_state_dir(repository, root))
    marks.set()
    if repository and repository.setting(ENROLLED) != marks.id:
        repository.set_setting(ENROLLED, marks.id)


def refuse_if_vanished(root: Path) -> None:
    """Raises `MachineError` where *root* is enrolled and its records are gone."""
    repository = Repository.discover(root)
    state_dir = _state_dir(repository, root)
    if (state_dir / DATABASE_NAME).exists():
        return
    in_git = repository and repository.setting(ENROLLED)
    if in_git or Marks(state_dir).is_set():
        raise MachineError(
            "this repository is enrolled, but its state folder is gone: nobody can say "
            "who is in quarantine",
            place=str(state_dir),
            hint="put it back, or begin anew: qualitywatch init --again",
        )


def lock_file_of(state_dir: Path) -> Path:
    """The file that the daemon of *state_dir* keeps open and locked."""
    return state_dir / _LOCK_NAME


def is_held(state_dir: Path) -> bool:
    """True while a daemon (or an operator command in its stead) holds *state_dir*."""
    try:
        descriptor = os.open(lock_file_of(state_dir), os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


@contextmanager
def held(state_dir: Path) -> Iterator[None]:
    """Hold *state_dir* alone; raises `InTheWay` naming the one who holds it."""
    descriptor = _lock_file(state_dir)
    try:
        _lock(descriptor, state_dir)
        os.pwrite(descriptor, f"{os.getpid():<20}".encode(), 0)  # never half of it
        Running.forget(state_dir)  # one that was killed could not say goodbye
        yield
    finally:
        os.close(descriptor)


def _state_dir(repository: Repository | None, root: Path) -> Path:
    folder = repository.state_dir if repository else root / ".qualitywatch" / "state"
    folder = folder.parent.resolve() / folder.name
    if folder.is_symlink():
        raise MachineError(
            "the state folder is a link: it must be a folder of its own, so that nobody"
            " puts another in its place",
            place=str(folder),
            hint="see who made the link; move the folder back to where it was",
        )
    return folder


def _make_private(folder: Path) -> None:
    """Make *folder* if it is missing; nobody else may look into it."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        owner = folder.stat()
        if owner.st_uid != os.geteuid():
            raise MachineError(
                "the state folder belongs to another user",
                place=str(folder),
                hint="run as that user, or remove the folder",
            )
        if stat.S_IMODE(owner.st_mode) != 0o700:
            folder.chmod(0o700)
    except OSError as error:
        raise MachineError(
            f"the state folder can not be made: {error.strerror}", place=str(folder)
        ) from error


def _lock_file(state_dir: Path) -> int:
    try:
        return os.open(lock_file_of(state_dir), os.O_RDWR | os.O_CREAT, mode=0o600)
    except OSError as error:
        raise MachineError(
            f"the state folder can not be locked: {error.strerror}",
            place=str(state_dir),
            hint="run as the user who owns it",
        ) from error


def _lock(descriptor: int, state_dir: Path) -> None:
    deadline = time.monotonic() + _LOCK_PATIENCE
    while True:
        try:
            return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise _in_the_way(descriptor, state_dir) from None
            time.sleep(0.05)


def _in_the_way(descriptor: int, state_dir: Path) -> InTheWay:
    pid = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip()
    running = Running.read(state_dir)
    where = f" at {running.url}" if running else ""
    return InTheWay(
        f"another daemon already watches here: pid {pid or 'unknown'}{where}",
        place=str(state_dir),
        hint="use that one, or stop it first",
    )
