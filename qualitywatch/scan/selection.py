"""Which files of a tree are looked into: what git would keep, or what a folder holds.

No symbolic link is followed, neither in the last place of a path nor before it.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from qualitywatch.errors import UserError
from qualitywatch.gate.tree import read_file
from qualitywatch.git import Repository, attributes
from qualitywatch.model import Skipped, Unanalysable
from qualitywatch.reports.safe import encodable
from qualitywatch.scan.rows import Stamp

_LINK = "symbolic link"
_NESTED = "a repository of its own"
_OWN_DATA = frozenset({".git", ".hg", ".svn", ".jj"})
_PRUNED = frozenset(
    {"node_modules", "bower_components", "site-packages", "__pycache__", ".venv"}
)
_MAX_ATTRIBUTES = 1024 * 1024
_MAX_PATTERNS = 100  # for git; it looks at each of them for each file
_ODD = {
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFBLK: "a device",
    stat.S_IFCHR: "a device",
}


class File(NamedTuple):
    """A file to look into, and by what we see that it has changed."""

    path: str  # below the root, as the file system spells it
    stamp: Stamp


class Selection(NamedTuple):
    """The files of a tree, and what was left out."""

    root: Path
    files: Sequence[File]
    skipped: Sequence[Skipped]
    unread: Sequence[Unanalysable]  # files and folders that nobody let us see
    scope: frozenset[str]  # paths below the root; empty: all of it

    def covers(self, path: str) -> bool:
        """True where *path* lies in what was asked for."""
        return not self.scope or any(part in self.scope for part in _around(path))

    @property
    def empty(self) -> list[str]:
        """What was asked for, and holds nothing at all."""
        seen = [each.path for each in self.files]
        seen += [each.path for each in self.skipped]
        seen += [each.path for each in self.unread]
        found = {part for path in seen for part in _around(path.rstrip("/"))}
        return sorted(self.scope - found)


def selected(paths: Iterable[Path]) -> Selection:
    """The files below *paths*, which lie in one repository or in none.

    Raises `UserError` for a path that is not there.
    """
    places = [_place(path) for path in paths]
    root = _work_tree(places)
    is_git = root is not None
    root = root or _common(places)
    below = {_below(root, place) for place in places}
    scope = frozenset() if "" in below else frozenset(below)
    found = _Found(root)
    for path in _listed(root, scope) if is_git else _walked(root, scope, found):
        if not scope or not scope.isdisjoint(_around(path)):
            found.add(path)
    marked = _marked(root, found.files)
    for path, attribute in marked.items():
        found.skip(path, f"{attribute}, says .gitattributes")
    files = [file for file in found.files if file.path not in marked]
    return Selection(root, files, found.skipped, found.unread, scope)


def _around(path: str) -> Iterator[str]:
    """*path* and every folder around it, as far as the root."""
    while path:
        yield path
        path = path.rpartition("/")[0]


def _place(path: Path) -> Path:
    """The place as the file system knows it; a link to a file stays a link."""
    if not os.path.lexists(path):
        raise UserError("no such file or folder", place=str(path))
    return path.resolve() if path.is_dir() else path.parent.resolve() / path.name


def _work_tree(places: Iterable[Path]) -> Path | None:
    """The folder of the repository around all *places*; `None` outside of any."""
    folders = dict.fromkeys(p if p.is_dir() else p.parent for p in places)
    found = [Repository.discover(folder) for folder in folders]
    roots = {None if each is None else each.root for each in found}
    if len(roots) > 1:
        raise UserError(
            "these paths do not lie in the same repository",
            place=", ".join(str(folder) for folder in folders),
            hint="scan each repository for itself",
        )
    return roots.pop()


def _common(places: Sequence[Path]) -> Path:
    folders = [place if place.is_dir() else place.parent for place in places]
    return Path(os.path.commonpath(folders))


def _below(root: Path, place: Path) -> str:
    relative = os.path.relpath(place, root)
    return "" if relative == os.curdir else relative.replace(os.sep, "/")


def _listed(root: Path, scope: Collection[str]) -> Iterable[str]:
    """What git keeps or would keep: tracked, or neither tracked nor ignored."""
    repository = Repository.discover(root)
    assert repository is not None, root
    with repository:
        parts = sorted(scope) if len(scope) <= _MAX_PATTERNS else ()
        return dict.fromkeys(repository.listed(*parts))  # of a conflict three sides


def _walked(root: Path, scope: Collection[str], found: _Found) -> Iterator[str]:
    """Every file below *root*, and with a slash the folders that are not ours."""
    for path in sorted(scope, reverse=True) or [""]:
        place = root / path
        if path and (place.is_symlink() or not place.is_dir()):
            yield path
        else:
            yield from _inside(root, path, found)


def _inside(root: Path, folder: str, found: _Found) -> Iterator[str]:
    """The same of one *folder*."""
    waiting = [folder]
    while waiting:
        path = waiting.pop()
        try:
            entries = _entries(f"{root}/{path}")
        except OSError as error:
            if path and isinstance(error, (FileNotFoundError, NotADirectoryError)):
                continue  # deleted since its name was read
            found.miss(path or ".", error)
            continue
        for entry in entries:
            name = f"{path}/{entry.name}" if path else entry.name
            if not entry.is_dir(follow_symlinks=False):
                yield name
            elif entry.name in _PRUNED:
                yield f"{name}/"
            elif entry.name not in _OWN_DATA:
                waiting.append(name)


def _entries(folder: str) -> list[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        return list(entries)


class _Found:
    """Sorts what was listed: files to look into, what is none, what nobody can see."""

    def __init__(self, root: Path) -> None:
        self.files: list[File] = []
        self.skipped: list[Skipped] = []
        self.unread: list[Unanalysable] = []
        self._links = _Links(root)
        self._prefix = f"{root}/"

    def add(self, path: str) -> None:
        """Put *path* where it belongs; one that is not there stands nowhere."""
        folder, _, name = path.rpartition("/")
        if not name:
            self.skip(path, _reason_of_folder(folder))
            return
        try:
            if self._links.lead_to(folder):
                self.skip(path, _LINK)
                return
            status = os.lstat(self._prefix + path)
        except (FileNotFoundError, NotADirectoryError):
            return  # tracked, and deleted in the folder
        except OSError as error:
            self.miss(path, error)
            return
        if stat.S_ISREG(status.st_mode):
            self.files.append(File(path, Stamp.of(status)))
        else:
            self.skip(path, _why_not(status.st_mode))

    def skip(self, path: str, reason: str) -> None:
        """List *path* as not ours to judge."""
        self.skipped.append(Skipped(path=encodable(path), reason=reason))

    def miss(self, path: str, error: OSError) -> None:
        """List *path* as what should have been judged."""
        reason = f"can not be read: {error.strerror}"
        self.unread.append(Unanalysable(path=encodable(path), reason=reason))


class _Links:
    """Knows which folders are reached through a symbolic link."""

    def __init__(self, root: Path) -> None:
        self._prefix = f"{root}/"
        self._known: dict[str, bool] = {"": False}

    def lead_to(self, folder: str) -> bool:
        """True where *folder*, or one around it, is a link."""
        known = self._known.get(folder)
        if known is None:
            parent = folder.rpartition("/")[0]
            status = None if self.lead_to(parent) else os.lstat(self._prefix + folder)
            known = status is None or stat.S_ISLNK(status.st_mode)
            self._known[folder] = known
        return known


def _reason_of_folder(folder: str) -> str:
    name = folder.rpartition("/")[2]
    return f"vendored or built: {name}/" if name in _PRUNED else _NESTED


def _why_not(mode: int) -> str:
    if stat.S_ISLNK(mode):
        return _LINK
    if stat.S_ISDIR(mode):
        return "submodule"
    return _ODD.get(stat.S_IFMT(mode), "not a regular file")


def _marked(root: Path, files: Iterable[File]) -> dict[str, str]:
    """The files that the tree itself calls generated or vendored."""
    paths = [file.path for file in files]
    name = attributes.FILE_NAME
    speaking = [p for p in paths if p.endswith(name) and p.rpartition("/")[2] == name]
    read = ((path, _content(root / path)) for path in speaking)
    return attributes.not_ours({path: text for path, text in read if text}, paths)


def _content(path: Path) -> bytes | None:
    try:
        return read_file(path, _MAX_ATTRIBUTES)
    except OSError:
        return None  # it is among the files, and told as unreadable there
