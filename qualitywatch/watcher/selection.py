"""Which paths of a workspace are ours to judge."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from pathspec import GitIgnoreSpec

from qualitywatch import whole_file

IGNORE_FILES = frozenset({".gitignore"})


class Selection:
    """Leaves out what the settings name, what git ignores, and other checkouts.

    *ignored_by_git* answers for many paths in one call of git; a tracked file is never
    ignored, whatever .gitignore says. Without git the folder's own .gitignore counts.
    *held_by_git* says whether git keeps files of a folder as ours.
    """

    def __init__(
        self,
        root: Path,
        *,
        patterns: Sequence[str] = (),
        state_dir: Path | None = None,
        ignored_by_git: Callable[[Iterable[str]], set[str]] | None = None,
        held_by_git: Callable[[str], bool] | None = None,
    ) -> None:
        self._root = root
        self._spec = GitIgnoreSpec.from_lines(patterns)
        self._state = _below(state_dir, root)
        self._by_git = ignored_by_git or self._by_file
        self._held = held_by_git or _never

    def ignored(self, paths: Sequence[str]) -> set[str]:
        """Those of *paths* that nobody looks at; a folder's name ends with "/"."""
        ours = [path for path in paths if not self._is_foreign(path)]
        by_git = self._by_git(ours) if ours else set()
        return (set(paths) - set(ours)) | by_git

    def is_elsewhere(self, folder: str) -> bool:
        """*folder*, which holds a `.git`, is another checkout or a submodule.

        Else whoever puts an empty `.git` into a folder of ours would hide it from us.
        """
        return not self._held(folder)

    def elsewhere(self, paths: Iterable[str]) -> set[str]:
        """Those of *paths* that lie in another checkout or submodule inside."""
        known: dict[str, bool] = {"": False, ".": False}
        return {path for path in paths if self._is_below_other(path, known)}

    def leave_out(self, patterns: Sequence[str]) -> None:
        """Go by other *patterns* of the settings from now on."""
        self._spec = GitIgnoreSpec.from_lines(patterns)

    def _is_foreign(self, path: str) -> bool:
        if path.startswith(".git/") or self._spec.match_file(_text(path)):
            return True
        state = self._state
        return state is not None and (path + "/").startswith(state)

    def _is_below_other(self, path: str, known: dict[str, bool]) -> bool:
        folder = path.rpartition("/")[0]
        if folder not in known:
            known[folder] = self._is_below_other(folder, known) or (
                os.path.lexists(self._root / folder / ".git")
                and self.is_elsewhere(folder)
            )
        return known[folder]

    def _by_file(self, paths: Iterable[str]) -> set[str]:
        try:
            content = whole_file.read(self._root / ".gitignore")
        except OSError:
            return set()
        lines = content.decode("utf-8", "replace").splitlines()
        spec = GitIgnoreSpec.from_lines(lines)
        return {path for path in paths if spec.match_file(_text(path))}


def _never(folder: str) -> bool:
    return False


def _below(folder: Path | None, root: Path) -> str | None:
    """*folder* relative to *root* as a prefix, or `None` where it lies elsewhere."""
    if folder is None or not folder.is_relative_to(root):
        return None
    return f"{folder.relative_to(root).as_posix()}/"


def _text(path: str) -> str:
    """*path* for matching: a name that is not UTF-8 may not stop the watcher."""
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
