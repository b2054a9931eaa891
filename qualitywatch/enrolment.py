"""What says outside a state folder that there is one, and what stood in it last.

The marks lie in the user's own state folder, away from the repository. Whoever deletes
or replaces what lies in the repository leaves them behind, and so is noticed: they say
that it is enrolled, which record of its audit is the newest, which list of quarantines
the daemon wrote, and which git hooks were installed. Each is one small file that one
kind of process writes, and is replaced as a whole.
"""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from qualitywatch import whole_file
from qualitywatch.audit import Head
from qualitywatch.errors import MachineError
from qualitywatch.regex import regex

DATABASE_NAME = "state.db"  # in the state folder
SOCKET_NAME = "hub.sock"  # there too, while a daemon runs
_HEAD, _MIRROR, _HOOKS = ".head", ".mirror", ".hooks"
_ACCEPTED = b"null"
_MAX_BYTES = 64 * 1024
_ID = regex("[0-9a-f]{16}")


class Marks:
    """The marks of one state folder."""

    def __init__(self, state_dir: Path) -> None:
        import hashlib  # OpenSSL's take long to load, and most judge where no daemon is

        # A link in its place leads to another folder, and must not lead to its marks.
        self._state_dir = state_dir = state_dir.parent.resolve() / state_dir.name
        self.id = hashlib.sha256(os.fsencode(state_dir)).hexdigest()[:16]
        self.folder = _folder()

    @property
    def file(self) -> Path:
        """The file that says that there is such a state folder."""
        return self.folder / self.id

    def files(self) -> list[Path]:
        """The files that say what stood in it last."""
        return [self._path(kind) for kind in (_HEAD, _MIRROR, _HOOKS)]

    def is_set(self) -> bool:
        """True where this state folder was enrolled here before."""
        return self.file.exists()

    def set(self) -> None:
        """Say that there is such a state folder."""
        if not self.is_set():
            self._keep("", os.fsencode(self._state_dir))

    def before(self, id: str) -> Marks | None:
        """The marks called *id*, where the state folder stood before it was moved."""
        if not _ID.fullmatch(id) or id == self.id:
            return None
        try:
            content = whole_file.read(self.folder / id)
        except OSError:
            return None
        found = Marks(Path(os.fsdecode(content)))
        return found if found.id == id else None

    @property
    def state_dir(self) -> Path:
        """The state folder that these are the marks of."""
        return self._state_dir

    def adopt(self, before: Marks) -> None:
        """Take over which list and hooks are the right ones: they came along."""
        mirror = before.mirror()
        if mirror is not None:
            self.keep_mirror(mirror)
        if before.hooks():
            self.keep_hooks(before.hooks())

    def head(self) -> Head | None:
        """The newest record of the audit as far as it was noted; `None`: never."""
        content = self._read(_HEAD)
        return None if content is None else self._decoded(content)

    def is_accepted(self) -> bool:
        """True where a person has said to go on with whatever stands there now."""
        return self._read(_HEAD) == _ACCEPTED

    def accept(self) -> None:
        """Go on with whatever stands in the state folder now."""
        self._keep(_HEAD, _ACCEPTED)

    def keep_head(self, head: Head) -> None:
        """Note the newest record of the audit."""
        self._keep(_HEAD, msgspec.json.encode(head))

    def mirror(self) -> str | None:
        """The sha256 of the list of quarantines that was written last."""
        content = self._read(_MIRROR)
        return None if content is None else content.decode("ascii", "replace")

    def keep_mirror(self, sha256: str) -> None:
        """Note which list of quarantines is the right one."""
        self._keep(_MIRROR, sha256.encode())

    def hooks(self) -> tuple[str, ...]:
        """The names of the git hooks that were installed."""
        content = self._read(_HOOKS) or b""
        return tuple(sorted(content.decode("utf-8", "replace").split()))

    def keep_hooks(self, names: tuple[str, ...]) -> None:
        """Note which git hooks are to be there from now on."""
        self._keep(_HOOKS, " ".join(sorted(names)).encode())

    def _decoded(self, content: bytes) -> Head | None:
        try:
            return msgspec.json.decode(content, type=Head | None)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise MachineError(
                "the note of the newest record is not what qualitywatch writes",
                place=str(self._path(_HEAD)),
                hint="see whether the audit holds: qualitywatch verify-audit; then"
                " take it as it is: qualitywatch init --again",
            ) from error

    def _path(self, kind: str) -> Path:
        return self.folder / f"{self.id}{kind}"

    def _read(self, kind: str) -> bytes | None:
        path = self._path(kind)
        try:
            return whole_file.read(path)[:_MAX_BYTES]
        except FileNotFoundError:
            return None
        except OSError as error:
            raise MachineError(
                f"what is noted about this repository can not be read: "
                f"{error.strerror}",
                place=str(path),
                hint="it must belong to you and be readable",
            ) from error

    def _keep(self, kind: str, content: bytes) -> None:
        path = self._path(kind)
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            whole_file.replace(path, content, durable=False)
        except OSError as error:
            raise MachineError(
                f"the repository can not be marked as enrolled: {error.strerror}",
                place=str(path),
                hint="make the folder writable, or name another: XDG_STATE_HOME",
            ) from error


def _folder() -> Path:
    home = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(home) / "qualitywatch"
