"""Turns events into paths that want a look: events are hints, never facts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from watchdog.events import FileClosedEvent, FileMovedEvent, FileSystemEvent

from qualitywatch.watcher.dirty import CLOSE_DELAY, Dirty
from qualitywatch.watcher.selection import IGNORE_FILES

_GIT_FILES = ("HEAD", "index", "logs/", "refs/", "packed-refs", "worktrees/")
_RENAMES = 1000  # remembered at most


class Sorter:
    """What waits for a look: files, folders, git, each due at its time.

    *ignore_changed* is called where what git ignores may be different now, *pulsed* at
    the event of the file *pulse*, and *root_touched* where the root itself was hit.
    """

    def __init__(
        self,
        root: Path,
        *,
        git_dir: Path | None,
        state_dir: Path | None,
        pulse: str | None,
        pulsed: Callable[[], None],
        ignore_changed: Callable[[], None],
        root_touched: Callable[[], None],
    ) -> None:
        self.files = Dirty()
        self.folders = Dirty()
        self.git_due: float | None = None
        self._root = f"{root}/"
        self._git = f"{root}/.git/"
        self._git_dir = f"{git_dir}/" if git_dir is not None else self._git
        self._state = f"{state_dir}/" if state_dir is not None else None
        self._pulse = pulse
        self._pulsed = pulsed
        self._ignore_changed = ignore_changed
        self._root_touched = root_touched
        self._renamed: dict[str, str] = {}

    @property
    def is_flooded(self) -> bool:
        """More waited than can be remembered: everything wants a look."""
        return self.files.flooded or self.folders.flooded

    def read(self, event: FileSystemEvent, now: float) -> None:
        """Remember what *event* points to."""
        source, target = str(event.src_path), str(event.dest_path)
        is_closed = isinstance(event, FileClosedEvent)
        if source == self._pulse:
            if is_closed:
                self._pulsed()
            return
        if isinstance(event, FileMovedEvent):
            self._remember_rename(source, target)
        if target:
            is_moved = isinstance(event, FileMovedEvent)
            self._hint(target, now, is_folder=event.is_directory, is_final=is_moved)
        self._hint(source, now, is_folder=event.is_directory, is_final=is_closed)

    def next_due(self) -> float | None:
        """When the next look is due; `None` where nothing waits."""
        dues = (self.files.next_due(), self.folders.next_due(), self.git_due)
        return min((due for due in dues if due is not None), default=None)

    def hurry(self, now: float) -> None:
        """Everything that waits is due now."""
        self.files.hurry(now)
        self.folders.hurry(now)
        if self.git_due is not None:
            self.git_due = now

    def clear(self) -> None:
        """Forget all: the caller looks at everything."""
        self.files.clear()
        self.folders.clear()
        self.git_due = None

    def renames(self, paths: list[str]) -> dict[str, str]:
        """The old path of each of *paths* that was renamed; it is told once."""
        return {p: self._renamed.pop(p) for p in paths if p in self._renamed}

    def _remember_rename(self, source: str, target: str) -> None:
        if len(self._renamed) > _RENAMES:
            self._renamed.clear()
        self._renamed[self._relative(target)] = self._relative(source)

    def _hint(self, name: str, now: float, *, is_folder: bool, is_final: bool) -> None:
        is_ours = self._state is not None and name.startswith(self._state)
        if is_ours or self._is_git(name, now):  # the records are written all the time
            return
        path = self._relative(name)
        if path.rpartition("/")[2] in IGNORE_FILES:
            self._ignore_changed()
        if not path:
            self._root_touched()
        elif is_folder:
            self.folders.touched(path, now)
        elif is_final:
            self.files.closed(path, now)
        else:
            self.files.touched(path, now)

    def _is_git(self, name: str, now: float) -> bool:
        if not name.startswith(self._git_dir):
            return name.startswith(self._git)
        inside = name[len(self._git_dir) :]
        if inside == "info/exclude":
            self._ignore_changed()
        if inside.startswith(_GIT_FILES) and not inside.endswith(".lock"):
            self.git_due = now + CLOSE_DELAY
        return True

    def _relative(self, name: str) -> str:
        return name[len(self._root) :]
