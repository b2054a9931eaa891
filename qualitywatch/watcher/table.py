"""What the disk holds, by `stat`: compared with what we knew, it shows lost events."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

Ignored = Callable[[Sequence[str]], set[str]]
Stamp = tuple[int, int, int, int]  # ctime shows a restored mtime, inode a replaced file


class Table:
    """The stamp of every file below *root* that is not ignored.

    It does not enter `.git`, what is *ignored*, other repositories, or symbolic links.
    """

    def __init__(self, root: Path, *, ignored: Ignored) -> None:
        self._root = root
        self._ignored = ignored
        self._stamps: dict[str, Stamp] = {}

    def paths(self) -> list[str]:
        """Every file that is known."""
        return list(self._stamps)

    def reconcile(self) -> set[str]:
        """Every path that is new, changed or gone since we looked last."""
        found = self._scan([""])
        known, self._stamps = self._stamps, found
        gone = known.keys() - found.keys()
        return {p for p, stamp in found.items() if known.get(p) != stamp} | gone

    def look_below(self, folders: Iterable[str]) -> set[str]:
        """New, changed and gone paths below *folders*, which may be gone themselves."""
        tops = _tops(folders)
        found = self._scan(tops)
        prefixes = tuple(f"{top}/" for top in tops)
        known = {p: s for p, s in self._stamps.items() if p.startswith(prefixes)}
        changed = {p for p, stamp in found.items() if known.get(p) != stamp}
        gone = known.keys() - found.keys()
        for path in gone:
            del self._stamps[path]
        self._stamps.update(found)
        return changed | gone

    def look_at(self, paths: Iterable[str]) -> None:
        """Remember how *paths* stand now: they are being judged."""
        for path in paths:
            stamp = _stamp(self._root / path)
            if stamp is None:
                self._stamps.pop(path, None)
            else:
                self._stamps[path] = stamp

    def _scan(self, tops: list[str]) -> dict[str, Stamp]:
        found: dict[str, Stamp] = {}
        level = list(tops)
        while level:
            files: dict[str, Stamp] = {}
            below: list[str] = []
            for folder in level:
                self._list(folder, files, below)
            ignored = self._ignored([*files, *(f"{name}/" for name in below)])
            found.update((p, s) for p, s in files.items() if p not in ignored)
            level = [name for name in below if f"{name}/" not in ignored]
        return found

    def _list(self, folder: str, files: dict[str, Stamp], below: list[str]) -> None:
        try:
            with os.scandir(self._root / folder) as entries:
                names = list(entries)
        except OSError:
            return  # it vanished, or we may not look: the judge says so per file
        if folder and any(entry.name == ".git" for entry in names):
            return  # another checkout: it has its own watcher, or none
        for entry in names:
            path = f"{folder}/{entry.name}" if folder else entry.name
            if entry.name == ".git":
                continue
            if entry.is_dir(follow_symlinks=False):
                below.append(path)
            elif (stamp := _stamp(self._root / path)) is not None:
                files[path] = stamp


def _stamp(path: Path) -> Stamp | None:
    try:
        found = os.lstat(path)
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino


def _tops(folders: Iterable[str]) -> list[str]:
    """*folders* without those that lie below another one of them."""
    tops: list[str] = []
    for folder in sorted(set(folders)):
        if not tops or not folder.startswith(f"{tops[-1]}/"):
            tops.append(folder)
    return tops
