"""The folder that is watched: known by what it is, not by its name."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TypeAlias

Identity: TypeAlias = tuple[int, int]  # device and inode

_MOUNTS = Path("/proc/self/mountinfo")
_ESCAPED = re.compile(r"\\([0-7]{3})")
# Others can write there without the kernel of this machine seeing it. The overlay of a
# container is not among them: who works inside writes through it.
_BLIND = frozenset(
    {
        *("nfs", "nfs4", "cifs", "smb3", "smbfs", "ncpfs", "afs", "coda", "ceph"),
        *("9p", "virtiofs", "vboxsf", "vmhgfs", "prl_fs", "drvfs", "fuse"),
        *("lustre", "gpfs", "beegfs", "ocfs2", "gfs2", "orangefs"),
    }
)


class Root:
    """A folder whose git folder, where it has one, belongs to it.

    A root that was moved away gives no event, and the watches of its folders go on
    under the old names; without its git folder nothing in it can be judged.
    """

    def __init__(self, path: Path, git_dir: Path | None = None) -> None:
        self.path = path
        self._git_dir = git_dir

    def find(self) -> Identity | None:
        """Which folder stands at the path now; `None` where it, or git's, is gone."""
        try:
            found = self.path.stat()
            has_git = self._git_dir is None or self._git_dir.is_dir()
        except OSError:
            return None
        return (found.st_dev, found.st_ino) if has_git else None


def blind_filesystem(root: Path, mounts: str | None = None) -> str | None:
    """The type of a file system at or below *root* whose writers may be elsewhere.

    Events tell of writes through this machine's own mount only. *mounts* is what
    `/proc/self/mountinfo` says; on systems without it nothing is known.
    """
    if mounts is None:
        try:
            mounts = _MOUNTS.read_text("utf-8", "surrogateescape")
        except OSError:
            return None
    holding: tuple[int, str] = (-1, "")
    below: list[str] = []
    for point, kind in map(_mount, mounts.splitlines()):
        if root.is_relative_to(point):
            holding = max(holding, (len(point), kind), key=lambda found: found[0])
        elif Path(point).is_relative_to(root):
            below.append(kind)
    return next(filter(_is_blind, (holding[1], *below)), None)


def _mount(line: str) -> tuple[str, str]:
    """Where a file system is mounted, and its type."""
    before, _, after = line.partition(" - ")
    point = _ESCAPED.sub(lambda found: chr(int(found[1], 8)), before.split(" ")[4])
    return point, after.partition(" ")[0]


def _is_blind(kind: str) -> bool:
    return kind in _BLIND or kind.startswith("fuse.")
