"""Which paths of a workspace are ours to judge."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path, PurePosixPath

from pathspec import GitIgnoreSpec

IGNORE_FILES = frozenset({".gitignore"})
_REMEMBERED = 50_000


class Selection:
    """Leaves out what the settings name, what git ignores, and other checkouts.

    *ignored_by_git* answers for many paths in one call of git; a tracked file is never
    ignored, whatever .gitignore says. Without git the folder's own .gitignore counts.
    """

    def __init__(
        self,
        root: Path,
        *,
        patterns: Sequence[str] = (),
        state_dir: Path | None = None,
        ignored_by_git: Callable[[Iterable[str]], set[str]] | None = None,
    ) -> None:
        self._root = root
        self._spec = GitIgnoreSpec.from_lines(patterns)
        self._state = _below(state_dir, root)
        self._by_git = ignored_by_git or self._by_file
        self._judged: set[str] = set()  # known not to be ignored: a call of git saved
        self._lock = threading.Lock()

    def ignored(self, paths: Sequence[str]) -> set[str]:
        """Those of *paths* that nobody looks at; a folder's name ends with "/"."""
        ours = [path for path in paths if not self._is_foreign(path)]
        with self._lock:
            unknown = [path for path in ours if path not in self._judged]
        by_git = self._by_git(unknown) if unknown else set()
        self._remember(path for path in unknown if path not in by_git)
        return (set(paths) - set(ours)) | by_git

    def kept(self, paths: Iterable[str]) -> list[str]:
        """Those of *paths* that are ours, other checkouts inside the root left out."""
        listed = [path for path in paths if not self._is_elsewhere(path)]
        ignored = self.ignored(listed)
        return [path for path in listed if path not in ignored]

    def forget(self) -> None:
        """A .gitignore has changed: ask git anew."""
        with self._lock:
            self._judged.clear()

    def _is_foreign(self, path: str) -> bool:
        if path.startswith(".git/") or self._spec.match_file(_text(path)):
            return True
        state = self._state
        return state is not None and (path + "/").startswith(state)

    def _is_elsewhere(self, path: str) -> bool:
        """*path* lies in another checkout or submodule inside this one."""
        parents = [str(parent) for parent in PurePosixPath(path).parents][:-1]
        return any((self._root / parent / ".git").exists() for parent in parents)

    def _remember(self, paths: Iterable[str]) -> None:
        with self._lock:
            if len(self._judged) > _REMEMBERED:
                self._judged.clear()
            self._judged.update(paths)

    def _by_file(self, paths: Iterable[str]) -> set[str]:
        try:
            lines = (self._root / ".gitignore").read_text("utf-8", "replace")
        except OSError:
            return set()
        spec = GitIgnoreSpec.from_lines(lines.splitlines())
        return {path for path in paths if spec.match_file(_text(path))}


def _below(folder: Path | None, root: Path) -> str | None:
    """*folder* relative to *root* as a prefix, or `None` where it lies elsewhere."""
    if folder is None or not folder.is_relative_to(root):
        return None
    return f"{folder.relative_to(root).as_posix()}/"


def _text(path: str) -> str:
    """*path* for matching: a name that is not UTF-8 may not stop the watcher."""
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
