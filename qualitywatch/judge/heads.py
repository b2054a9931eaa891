"""Which commit each workspace stood on, kept while no daemon runs."""

from __future__ import annotations

from pathlib import Path

import msgspec

from qualitywatch import whole_file
from qualitywatch.errors import MachineError

_NAME = "heads.json"


class Heads:
    """Workspace -> commit, in a small file of the state folder.

    A commit that is made while no daemon runs is judged at the next start, and for that
    the daemon must know where it stood. A lost file means: begin where `HEAD` is now.
    """

    def __init__(self, state_dir: Path) -> None:
        self._file = state_dir / _NAME
        self._known = self._read()

    def __contains__(self, workspace: str) -> bool:
        return workspace in self._known

    @property
    def is_empty(self) -> bool:
        """True when no workspace is known."""
        return not self._known

    def get(self, workspace: str) -> str | None:
        """The commit that *workspace* stood on; `None`: none yet, or not known."""
        return self._known.get(workspace)

    def put(self, workspace: str, head: str | None) -> None:
        """Remember where *workspace* stands now."""
        if workspace in self._known and self._known[workspace] == head:
            return
        known = {**self._known, workspace: head}
        try:
            whole_file.replace(self._file, msgspec.json.encode(known), durable=False)
        except OSError as error:
            raise MachineError(
                f"the list of heads can not be written: {error.strerror}",
                place=str(self._file),
                hint="make room and check the folder's permissions",
            ) from error
        self._known = known

    def _read(self) -> dict[str, str | None]:
        try:
            content = whole_file.read(self._file)
            return msgspec.json.decode(content, type=dict[str, str | None])
        except (OSError, msgspec.DecodeError):
            return {}
