"""Says which files of a workspace have changed, and never loses one in silence.

Events are hints to look, not facts. watchdog's threads only collect notes; the loop
puts their paths into a bounded set, and what is due is filtered and given to whoever
iterates over `Watcher.hints`. The table of stamps is compared with the disk after every
doubt (an overflow, a flood, a new folder) and once a minute: that finds what no event
told.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple, Self

from watchdog.events import FileClosedEvent, FileMovedEvent, FileSystemEvent

from qualitywatch.watcher.dirty import CLOSE_DELAY, Dirty
from qualitywatch.watcher.feed import Feed
from qualitywatch.watcher.selection import IGNORE_FILES, Selection
from qualitywatch.watcher.table import Table

RECONCILE_SECONDS = 60.0
POLLING_SECONDS = 5.0  # where events do not reach us
HEARTBEAT_SECONDS = 2.0
_AFTER_LOSS = (0.05, 1.0)  # watchdog renews its watches meanwhile
_GIT_FILES = ("HEAD", "index", "logs/", "refs/", "packed-refs", "worktrees/")


class Saved(NamedTuple):
    """Files that may have new content, or are gone."""

    paths: list[str]
    renamed: dict[str, str]  # new path -> old path, where the system said so


class GitMoved(NamedTuple):
    """git wrote its index or moved `HEAD`: a commit, a checkout, a stash."""


class Trouble(NamedTuple):
    """The workspace can not be watched as it should be."""

    what: str  # a stable word: "root" or "events"
    reason: str


class Recovered(NamedTuple):
    """What `Trouble` said is over."""

    what: str


Hint = Saved | GitMoved | Trouble | Recovered


class Watcher:
    """Watches one workspace while it is entered; iterate over `hints`."""

    def __init__(
        self,
        root: Path,
        *,
        git_dir: Path | None = None,
        ignored_by_git: Callable[[Iterable[str]], set[str]] | None = None,
        patterns: Sequence[str] = (),
        state_dir: Path | None = None,
        reconcile_seconds: float = RECONCILE_SECONDS,
    ) -> None:
        self.root = root
        self.losses = 0  # how often events were dropped
        self._git_dir = git_dir
        self._every = reconcile_seconds
        self._selection = Selection(
            root,
            patterns=patterns,
            state_dir=state_dir,
            ignored_by_git=ignored_by_git,
        )
        self._table = Table(root, ignored=self._selection.ignored)
        self._dirty = Dirty()
        self._folders = Dirty()
        self._renamed: dict[str, str] = {}
        self._git_due: float | None = None
        self._looks: list[float] = []  # when to look at everything out of turn
        self._next_look = 0.0
        self._hints: deque[Hint] = deque()
        self._wake = asyncio.Event()
        self._inode: int | None = None
        self._is_lost = False

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        self._feed = Feed(read=self._sort, done=self._wake.set, lost=self._lost)
        await self._start()
        await asyncio.to_thread(self._table.reconcile)
        self._next_look = self._now + self._every
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self._feed.stop()

    def files(self) -> list[str]:
        """Every file that is ours to judge, as of the last look at everything."""
        return self._table.paths()

    async def hints(self) -> AsyncIterator[Hint]:
        """What to look at, as it comes, until the caller stops."""
        heartbeat = self._now + HEARTBEAT_SECONDS
        while True:
            await self._sleep(heartbeat)
            if self._now >= heartbeat:
                await self._check_root()
                heartbeat = self._now + HEARTBEAT_SECONDS
            await self._collect()
            while self._hints:
                yield self._hints.popleft()

    # What the loop does.

    @property
    def _now(self) -> float:
        return self._loop.time()

    async def _sleep(self, until: float) -> None:
        dues = (self._dirty.next_due(), self._folders.next_due(), self._git_due)
        known = (due for due in dues if due is not None)
        first = min(until, self._next_look, *known, *self._looks)
        try:
            async with asyncio.timeout(max(0.0, first - self._now)):
                await self._wake.wait()
        except TimeoutError:
            pass
        self._wake.clear()

    async def _collect(self) -> None:
        """Turn everything that is due into hints, files before git."""
        now = self._now
        if self._is_in_doubt(now):
            await self._look_at_everything(now)
        if folders := self._folders.take(now):
            self._saved(await asyncio.to_thread(self._table.look_below, folders))
        if paths := self._dirty.take(now):
            self._saved(await asyncio.to_thread(self._look_at, paths))
        if self._git_due is not None and self._git_due <= now:
            self._git_due = None
            self._hints.append(GitMoved())

    def _is_in_doubt(self, now: float) -> bool:
        flooded = self._dirty.flooded or self._folders.flooded
        return flooded or any(look <= now for look in (self._next_look, *self._looks))

    async def _look_at_everything(self, now: float) -> None:
        self._dirty.clear()
        self._folders.clear()
        self._looks = [look for look in self._looks if look > now]
        self._saved(await asyncio.to_thread(self._table.reconcile))
        self._next_look = self._now + self._every
        self._git_due = self._now

    def _look_at(self, paths: list[str]) -> list[str]:
        kept = self._selection.kept(paths)
        self._table.look_at(kept)
        return kept

    def _saved(self, paths: Iterable[str]) -> None:
        listed = list(paths)
        if listed:
            renamed = {p: self._renamed.pop(p) for p in listed if p in self._renamed}
            self._hints.append(Saved(listed, renamed))

    # Trouble.

    async def _start(self) -> None:
        self._inode = await asyncio.to_thread(_inode, self.root)
        gap = await self._feed.start(self.root, self._git_folders())
        if gap is not None:
            self._every = min(self._every, POLLING_SECONDS)
            reason = f"{gap}; looking at every file each {self._every:g} s instead"
            self._hints.append(Trouble("events", reason))

    async def _check_root(self) -> None:
        """A root that was moved away or deleted gives no event of its own."""
        inode = await asyncio.to_thread(_inode, self.root)
        if inode is None and not self._is_lost:
            self._is_lost = True
            self._hints.append(Trouble("root", f"{self.root} is gone"))
        is_well = inode == self._inode and not self._is_lost and self._feed.is_alive
        if inode is None or is_well:
            return
        await self._feed.stop()
        await self._start()
        if self._is_lost:
            self._is_lost = False
            self._hints.append(Recovered("root"))
        self._lost()

    def _lost(self) -> None:
        self.losses += 1
        self._looks.extend(self._now + delay for delay in _AFTER_LOSS)
        self._wake.set()

    # Reading events.

    def _git_folders(self) -> list[Path]:
        """Where git writes, if that is not below the root: in a linked worktree."""
        if self._git_dir is None or self._git_dir.is_relative_to(self.root):
            return []
        folders = (self._git_dir, self._git_dir / "logs")
        return [folder for folder in folders if folder.is_dir()]

    def _sort(self, event: FileSystemEvent) -> None:
        source, target = str(event.src_path), str(event.dest_path)
        is_closed = isinstance(event, FileClosedEvent)
        if isinstance(event, FileMovedEvent):
            self._remember_rename(self._relative(source), self._relative(target))
        if target:
            is_moved = isinstance(event, FileMovedEvent)
            self._hint(target, is_folder=event.is_directory, is_final=is_moved)
        self._hint(source, is_folder=event.is_directory, is_final=is_closed)

    def _remember_rename(self, source: str, target: str) -> None:
        if len(self._renamed) > 1000:
            self._renamed.clear()
        self._renamed[target] = source

    def _hint(self, name: str, *, is_folder: bool, is_final: bool) -> None:
        if self._is_git(name):
            return
        path = self._relative(name)
        if path.rpartition("/")[2] in IGNORE_FILES:
            self._selection.forget()
        if not path:
            self._wake.set()  # the root itself: the heartbeat finds out
        elif is_folder:
            self._folders.touched(path, self._now)
        elif is_final:
            self._dirty.closed(path, self._now)
        else:
            self._dirty.touched(path, self._now)

    def _is_git(self, name: str) -> bool:
        if self._git_dir is None or not name.startswith(f"{self._git_dir}/"):
            return name.startswith(f"{self.root}/.git/")
        inside = name[len(str(self._git_dir)) + 1 :]
        if inside == "info/exclude":
            self._selection.forget()
        if inside.startswith(_GIT_FILES) and not inside.endswith(".lock"):
            self._git_due = self._now + CLOSE_DELAY
        return True

    def _relative(self, name: str) -> str:
        return name[len(str(self.root)) + 1 :]


def _inode(root: Path) -> int | None:
    try:
        return root.stat().st_ino
    except OSError:
        return None
