"""What the disk holds, by `stat`: compared with what we knew, it shows lost events."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from stat import S_ISDIR, S_ISREG

from qualitywatch import failpoints
from qualitywatch.errors import MachineError
from qualitywatch.watcher.selection import Selection

Stamp = tuple[int, int, int, int]  # ctime shows a restored mtime, inode a replaced file


class RootGone(MachineError):
    """The folder itself is not there: nothing can be said of what it held."""


_GONE = (FileNotFoundError, NotADirectoryError)
_UNREADABLE: Stamp = (-1, -1, -1, -1)  # it is there, and more we may not know


class Table:
    """The stamp of every file below *root* that is ours.

    It does not enter `.git`, what is ignored, other repositories, or symbolic links.
    A name that is known is ours: git is asked about new ones only, until `forget`.
    Every look raises `RootGone`, and leaves the table as it was, where *is_there* says
    that the root is not the folder it was: what it held is not gone with it.
    """

    def __init__(
        self,
        root: Path,
        selection: Selection,
        is_there: Callable[[], bool] = lambda: True,
    ) -> None:
        self.unlisted: str | None = None  # a folder that we may not look into, and why
        self._root = root
        self._selection = selection
        self._is_there = is_there
        self._stamps: dict[str, Stamp] = {}
        self._folders: set[str] = set()  # each with a "/" at its end
        self._is_trusted = True

    def paths(self) -> list[str]:
        """Every file that is known."""
        return list(self._stamps)

    def forget(self) -> None:
        """What is ignored has changed: the next `reconcile` asks about every name."""
        self._is_trusted = False

    def reconcile(self) -> set[str]:
        """Every path that is new, changed or gone since we looked last."""
        known = self._stamps if self._is_trusted else {}
        self.unlisted = None
        found, folders = self._scan([""], known, self._folders if known else set())
        failpoints.reach("mid_reconcile")
        self._is_trusted = True
        known, self._stamps = self._stamps, found
        self._folders = folders
        return _differing(known, found)

    def look_below(self, folders: Iterable[str]) -> set[str]:
        """New, changed and gone paths below *folders*, which may be gone themselves.

        What is said to be a folder may be a link to one: that is a file of ours, and
        what it points to is not.
        """
        listed = _tops(folders)
        links = [top for top in listed if _is_link(self._root / top)]
        tops = self._ours([top for top in listed if not self._is_behind_link(top)])
        found, inside = self._scan(tops, self._stamps, self._folders)
        prefixes = tuple(f"{top}/" for top in (*tops, *links))
        known = {p: s for p, s in self._stamps.items() if p.startswith(prefixes)}
        for path in known.keys() - found.keys():
            del self._stamps[path]
        self._stamps.update(found)
        self._folders |= inside
        return _differing(known, found).union(self.look_at(links))

    def look_at(self, paths: Iterable[str]) -> list[str]:
        """Those of *paths* that are ours; how they stand now is known from now on."""
        listed = list(paths)
        left_out = self._selection.elsewhere(listed)
        new = [p for p in listed if p not in self._stamps and p not in left_out]
        left_out |= self._selection.ignored(new) if new else set()
        kept = [path for path in listed if path not in left_out]
        stamps = {path: _stamp(self._root / path) for path in kept}
        self._require_root()
        for path, stamp in stamps.items():
            if stamp is None:
                self._stamps.pop(path, None)
            else:
                self._stamps[path] = stamp
        return [*kept, *self._other_names(kept)]

    def _other_names(self, paths: list[str]) -> list[str]:
        """The same files by other names: no event tells of those."""
        linked = [path for path in paths if _has_names(self._root / path)]
        inodes = {self._stamps[path][-1] for path in linked if path in self._stamps}
        if not inodes:
            return []
        same = (path for path, stamp in self._stamps.items() if stamp[-1] in inodes)
        others = {path: _stamp(self._root / path) for path in set(same) - set(paths)}
        self._stamps.update({path: stamp for path, stamp in others.items() if stamp})
        return list(others)

    def differences(self) -> set[str]:
        """What `reconcile` would find now; nothing is remembered."""
        found, _ = self._scan([""], self._stamps, self._folders)
        return _differing(self._stamps, found)

    def _ours(self, tops: list[str]) -> list[str]:
        """Those of the folders *tops* that are not ignored and in no other checkout."""
        inside = {f"{top}/": top for top in tops}
        left_out = self._selection.elsewhere(inside)
        new = [name for name in inside if name not in self._folders]
        left_out |= self._selection.ignored(new) if new else set()
        return [top for name, top in inside.items() if name not in left_out]

    def _is_behind_link(self, folder: str) -> bool:
        parts = folder.split("/")
        names = ("/".join(parts[:end]) for end in range(1, len(parts) + 1))
        return any(_is_link(self._root / name) for name in names)

    def _scan(
        self, tops: list[str], known: dict[str, Stamp], folders: set[str]
    ) -> tuple[dict[str, Stamp], set[str]]:
        """The files below *tops*, and the folders; *known* ones need no question."""
        found: dict[str, Stamp] = {}
        inside: set[str] = set()
        level = list(tops)
        while level:
            files: dict[str, Stamp] = {}
            below: list[str] = []
            for folder in level:
                self._list(folder, files, below)
            new = [path for path in files if path not in known]
            new += [name for name in below if name not in folders]
            ignored = self._selection.ignored(new) if new else set()
            found.update((p, s) for p, s in files.items() if p not in ignored)
            below = [name for name in below if name not in ignored]
            inside.update(below)
            level = [name[:-1] for name in below]
        self._require_root()
        return found, inside

    def _require_root(self) -> None:
        if not self._is_there():
            raise RootGone(f"{self._root} is not the folder it was")

    def _list(self, folder: str, files: dict[str, Stamp], below: list[str]) -> None:
        try:
            with os.scandir(self._root / folder) as entries:
                names = list(entries)
        except OSError as error:
            self._can_not_list(folder, error, files)
            return
        has_git = folder != "" and any(entry.name == ".git" for entry in names)
        if has_git and self._selection.is_elsewhere(folder):
            return  # another checkout: it has its own watcher, or none
        for entry in names:
            path = f"{folder}/{entry.name}" if folder else entry.name
            if entry.name == ".git":
                continue
            if entry.is_dir(follow_symlinks=False):
                below.append(f"{path}/")
            elif (stamp := _stamp(self._root / path)) is not None:
                files[path] = stamp

    def _can_not_list(
        self, folder: str, error: OSError, files: dict[str, Stamp]
    ) -> None:
        """What lies below *folder* is gone, or stands as we knew it."""
        if not folder:
            raise RootGone(f"{self._root} can not be listed: {error}") from error
        if not isinstance(error, _GONE):
            self.unlisted = f"{folder} can not be listed: {error.strerror}"
            files.update(self._below(f"{folder}/"))

    def _below(self, prefix: str) -> Iterator[tuple[str, Stamp]]:
        return ((p, s) for p, s in self._stamps.items() if p.startswith(prefix))


def list_files(root: Path, selection: Selection) -> list[str]:
    """Every file below *root* that is ours now, by the same rules as the watcher's."""
    return sorted(Table(root, selection).reconcile())


def _differing(known: dict[str, Stamp], found: dict[str, Stamp]) -> set[str]:
    gone = known.keys() - found.keys()
    return {p for p, stamp in found.items() if known.get(p) != stamp} | gone


def _stamp(path: Path) -> Stamp | None:
    try:
        found = os.lstat(path)
    except _GONE:
        return None
    except OSError:
        return _UNREADABLE
    if S_ISDIR(found.st_mode):
        return None
    return found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino


def _has_names(path: Path) -> bool:
    try:
        found = os.lstat(path)
    except OSError:
        return False
    return found.st_nlink > 1 and S_ISREG(found.st_mode)


def _is_link(path: Path) -> bool:
    try:
        return path.is_symlink()
    except OSError:
        return False


def _tops(folders: Iterable[str]) -> list[str]:
    """*folders* without those that lie below another one of them."""
    tops: list[str] = []
    for folder in sorted(set(folders)):
        if not tops or not folder.startswith(f"{tops[-1]}/"):
            tops.append(folder)
    return tops
