"""One workspace as the judge knows it: where it stands, what waits, which base."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import NamedTuple, TypeAlias
from weakref import WeakValueDictionary

from pathspec import GitIgnoreSpec

from qualitywatch.analysis.symbols.elsewhere import Elsewhere
from qualitywatch.config import Config
from qualitywatch.git import Repository
from qualitywatch.judge import files, git_lock, moves
from qualitywatch.judge.files import File
from qualitywatch.judge.standing import Judged, Pin, Standing, Standings
from qualitywatch.reports.safe import encodable
from qualitywatch.store import Store
from qualitywatch.traces import Gains

_RECENT_SECONDS = 0.15  # between git's index and its HEAD a checkout takes less
_UNKNOWN = Standing()  # never changed

Stamp: TypeAlias = tuple[int, ...]


class Base(NamedTuple):
    """What a file is compared with; *ref* is a commit, or the hash of kept content."""

    ref: str | None
    content: bytes | None
    old_path: str | None = None


class Checkout:
    """The state of one workspace; it judges nothing."""

    def __init__(
        self,
        root: Path,
        name: str,
        repository: Repository | None,
        store: Store,
        *,
        settings: Config,
        wall: Callable[[], float],
    ) -> None:
        self.root = root
        self.name = name  # the folder's, or one of its own where two are called so
        self.key = str(root)
        self.repository = repository
        self.head: str | None = None
        self.stash: str | None = None
        self.paths = Standings()
        self.elsewhere = Elsewhere()  # what each changed file has gained
        self.failed: set[str] = set()  # to be tried again, and soon empty
        self.changed_at = 0.0
        self.is_settling = False
        self.moving = asyncio.Lock()
        self.wary_until = 0.0  # by the loop's clock: a lock is no reason to wait long
        self.followed: Stamp = ()  # of git's files, when we last followed them
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._store = store
        self._wall = wall
        self.take(settings)

    def take(self, settings: Config) -> None:
        """Go by other settings from now on; what was judged is judged anew."""
        self.limit = settings.analysis.max_file_bytes  # of a file
        self._left_out = GitIgnoreSpec.from_lines(settings.watch.ignore)
        self.paths.judge_anew()

    def lock(self, path: str) -> asyncio.Lock:
        """Whoever judges *path* holds this."""
        lock = self._locks.get(path)
        if lock is None:
            lock = self._locks[path] = asyncio.Lock()
        return lock

    async def read(self, path: str) -> File:
        """The file as it stands now."""
        return await asyncio.to_thread(files.read, self.root, path, limit=self.limit)

    async def leaves_out(self, path: str) -> bool:
        """True for what the settings leave out, whoever points to it.

        What is wrong there already is looked at until it is mended.
        """
        name = encodable(path)
        if not self._left_out.match_file(name):
            return False
        return not await self._store.open_in(self.key, name)

    async def base(self, path: str) -> Base:
        """What *path* is compared with: kept content, else the commit it stands on."""
        known = self.paths.get(path) or _UNKNOWN
        if known.held is not None:
            return Base(known.held, await self._store.blob(known.held))
        commit = self.head if known.pin is None else known.pin.commit
        content = await self.content(commit, path)
        if content is not None or commit is None:
            return Base(commit, content)
        old_path = known.old_path
        moved = await self.content(commit, old_path) if old_path else None
        return Base(commit, moved, old_path if moved is not None else None)

    async def bases(self, path: str) -> list[Base]:
        """The base of *path*, and those of its open violations, each once.

        A violation ends when its own base is satisfied: after a commit of dropped code
        `HEAD` holds no trace of the loss any more.
        """
        current = await self.base(path)
        rows = await self._store.open_in(self.key, encodable(path))
        older = {row.base for row in rows if row.base is not None} - {current.ref}
        return [current, *[await self._old_base(ref, path) for ref in sorted(older)]]

    async def learn_moves(self, paths: Collection[str]) -> None:
        """Find out which of *paths* git takes for files of `HEAD` under another name.

        Who writes the new file and then removes the old one moves nothing, says the
        watcher; once it is committed it is a rename all the same.
        """
        is_gone = [not (self.root / path).exists() for path in paths]
        if self.repository is None or all(is_gone) or not any(is_gone):
            return
        for row in await asyncio.to_thread(self.repository.worktree_changes):
            if row.old_path is not None and row.path in paths:
                known = self.paths.of(row.path)
                known.old_path = known.old_path or row.old_path

    async def is_committed(self, path: str) -> bool:
        """True when `HEAD` has *path*."""
        return await self.content(self.head, path) is not None

    async def content(self, commit: str | None, path: str) -> bytes | None:
        """The file at *commit*, as in a checkout."""
        if commit is None or self.repository is None:
            return None
        content = self.repository.content
        return await asyncio.to_thread(content, commit, path, limit=self.limit + 1)

    def gain(self, path: str, file: File, base: Base, gains: Gains | None) -> None:
        """Remember what *file* has that its *base* has not."""
        self.elsewhere.put(path, gains)
        self.paths.of(path).gained = Judged(file.mark, base.ref)

    def knows_gains(self, path: str, file: File, base: Base) -> bool:
        """True when `gain` was told of this very content."""
        known = self.paths.get(path) or _UNKNOWN
        return known.gained == Judged(file.mark, base.ref)

    def wait_for(self, path: str) -> None:
        """*path* is judged again in the silence, against the `HEAD` of its beginning.

        To commit dropped code must not make it the base.
        """
        known = self.paths.of(path)
        known.pin = known.pin or Pin(self.head)

    def settled(self, path: str, file: File, base: Base) -> None:
        """*file* was judged as part of a finished edit."""
        known = self.paths.of(path)
        known.settled, known.pin = Judged(file.mark, base.ref), None
        if base.ref == self.head and not base.old_path and file == File(base.content):
            self._forget(path)

    async def committed(self, paths: Collection[str]) -> None:
        """`HEAD` holds *paths* as they were judged, or it does not: forget the first.

        Else every path that was ever edited would be remembered for ever.
        """
        if self.repository is None or self.head is None:
            return
        known = {path: self.paths.of(path).last for path in paths}
        for path, mark in (await asyncio.to_thread(self._marks, known)).items():
            if mark == known[path] == self.paths.of(path).last:
                self._forget(path)

    def _marks(self, paths: Iterable[str]) -> dict[str, str]:
        assert self.repository is not None
        read, limit = self.repository.content, self.limit + 1
        return {p: File(read(f"{self.head}", p, limit=limit)).mark for p in paths}

    def _forget(self, path: str) -> None:
        self.elsewhere.put(path, None)
        self.paths.forget(path)

    def is_settled(self, path: str, mark: str | None, base: str | None) -> bool:
        """That content was judged as part of a finished edit, against that base."""
        known = self.paths.get(path) or _UNKNOWN
        return mark is not None and known.settled == Judged(mark, base)

    # What git does.

    async def has_git_moved(self) -> bool:
        """True when git has written since then: no process is started for it."""
        return await self.git_stamp() != self.followed

    async def git_stamp(self) -> Stamp:
        """When git last wrote what it writes in every commit, checkout and stash."""
        if self.repository is None:
            return ()
        return await asyncio.to_thread(_stamp, self.repository.git_dir)

    async def git_is_busy(self) -> bool:
        """True while git writes into this workspace, or has just done so."""
        if self.repository is None:
            return False
        git_dir = self.repository.git_dir
        return await asyncio.to_thread(_is_busy, git_dir, self._wall())

    async def is_lock_held(self) -> bool:
        """True while the process that made the lock of git's index has it open."""
        if self.repository is None:
            return False
        lock = self.repository.git_dir / "index.lock"
        return await asyncio.to_thread(git_lock.is_held, lock)

    async def is_unfinished(self) -> bool:
        """True in the middle of a merge, a rebase, a cherry-pick or a revert."""
        if self.repository is None:
            return False
        return await asyncio.to_thread(moves.unfinished, self.repository.git_dir)

    async def is_brought_in(self, path: str, content: bytes | None) -> bool:
        """True when git itself wrote this content, from a commit or a stash."""
        known = self.paths.get(path) or _UNKNOWN
        if self.repository is None or content is None or known.pin is not None:
            return False
        git_dir = self.repository.git_dir
        brought = await asyncio.to_thread(moves.brought_in, git_dir)
        for revision in filter(None, (self.head, self.stash, *brought)):
            if await self.content(revision, path) == content:
                return True
        return False

    async def steps(self, to: str) -> list[moves.Step]:
        """How `HEAD` came from where we knew it to *to*."""
        assert self.repository is not None
        reflog = self.repository.git_dir / "logs" / "HEAD"
        found = await asyncio.to_thread(moves.steps, reflog, since=self.head, to=to)
        if found is not None:
            return found
        return [moves.Step(self.head, to, is_edit=await self._is_next(to))]

    async def changed(self, step: moves.Step) -> list[str]:
        """The paths that differ between both ends of *step*."""
        assert self.repository is not None
        rows = await asyncio.to_thread(self.repository.changed, step.old, step.new)
        return [row.path for row in rows if not row.is_submodule]

    async def _is_next(self, commit: str) -> bool:
        """Without a reflog: *commit* stands directly on `HEAD`, so it was made here."""
        assert self.repository is not None
        parent = await asyncio.to_thread(self.repository.find_commit, f"{commit}^")
        second = await asyncio.to_thread(self.repository.find_commit, f"{commit}^2")
        return parent == self.head and second is None

    async def _old_base(self, ref: str, path: str) -> Base:
        kept = await self._store.blob(ref)
        return Base(ref, kept if kept is not None else await self.content(ref, path))


def _is_busy(git_dir: Path, now: float) -> bool:
    if (git_dir / "index.lock").exists():
        return True
    return any(abs(now - stamp / 1e9) < _RECENT_SECONDS for stamp in _stamp(git_dir))


def _stamp(git_dir: Path) -> Stamp:
    """When git last wrote what it writes in every commit, checkout and stash."""
    names = ("HEAD", "index", "index.lock", "logs/HEAD", "logs/refs/stash")
    return tuple(_modified(git_dir / name) for name in names)


def _modified(file: Path) -> int:
    try:
        return file.stat().st_mtime_ns
    except OSError:
        return 0
