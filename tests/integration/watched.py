"""A watcher, and everything that it has said so far."""

from __future__ import annotations

import asyncio
import hashlib
import os
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from qualitywatch.git import Repository
from qualitywatch.watcher import Hint, Saved, Trouble, Watcher
from tests.conftest import Repo


class Seen:
    """What *watcher* has said, and a way to wait for more."""

    def __init__(self, watcher: Watcher) -> None:
        self.watcher = watcher
        self.hints: list[Hint] = []
        self.contents = {p: digest(watcher.root / p) for p in watcher.files()}
        self._more = asyncio.Event()

    def add(self, hint: Hint) -> None:
        """Look at once at what is hinted, as the judge does."""
        self.hints.append(hint)
        if isinstance(hint, Saved):
            for path in hint.paths:
                self.contents[path] = digest(self.watcher.root / path)
        self._more.set()

    @property
    def paths(self) -> set[str]:
        saved = (hint for hint in self.hints if isinstance(hint, Saved))
        return {path for hint in saved for path in hint.paths}

    @property
    def troubles(self) -> list[str]:
        return [hint.what for hint in self.hints if isinstance(hint, Trouble)]

    def differences(self) -> set[str]:
        """The files that do not stand as they stood when they were hinted last."""
        known = {path: seen for path, seen in self.contents.items() if seen is not None}
        there = {path: digest(self.watcher.root / path) for path in files(self.watcher)}
        return {path for path, _ in known.items() ^ there.items()}

    async def until(self, true: Callable[[], bool], seconds: float = 30) -> None:
        async with asyncio.timeout(seconds):
            while not true():
                self._more.clear()
                await self._more.wait()

    async def nothing_differs(self, seconds: float = 10) -> float:
        """Wait until nothing differs; how long that took."""
        begun = time.monotonic()
        async with asyncio.timeout(seconds):
            while await asyncio.to_thread(self.differences):
                self._more.clear()
                await self._more.wait()
        return time.monotonic() - begun

    async def paths_are(self, *paths: str) -> None:
        await self.until(lambda: set(paths) <= self.paths)

    async def has(self, kind: type[Hint]) -> None:
        await self.until(lambda: any(isinstance(hint, kind) for hint in self.hints))


@asynccontextmanager
async def watching(root: Path, **options) -> AsyncIterator[Seen]:
    async with Watcher(root, **options) as watcher:
        seen = Seen(watcher)
        task = asyncio.create_task(_collect(watcher, seen))
        try:
            yield seen
        finally:
            task.cancel()
            (end,) = await asyncio.gather(task, return_exceptions=True)
            assert isinstance(end, asyncio.CancelledError), end


async def _collect(watcher: Watcher, seen: Seen) -> None:
    async for hint in watcher.hints():
        seen.add(hint)


@asynccontextmanager
async def watching_repo(repo: Repo, **options) -> AsyncIterator[Seen]:
    repository = Repository.discover(repo.root)
    repository.state_dir.mkdir(exist_ok=True)
    with repository:
        async with watching(
            repo.root,
            git_dir=repository.git_dir,
            ignored_by_git=repository.ignored,
            held_by_git=repository.holds_folder,
            state_dir=repository.state_dir,
            **options,
        ) as seen:
            yield seen


def write_all(root: Path, paths: list[str]) -> None:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text("x = 1\n")


def files(watcher: Watcher) -> set[str]:
    """Every file below the root, by another walk than the watcher's."""
    found = set()
    for folder, folders, names in os.walk(watcher.root):
        folders[:] = [name for name in folders if name != ".git"]
        links = [n for n in folders if Path(folder, n).is_symlink()]
        for name in (*names, *links):
            found.add(os.path.relpath(Path(folder, name), watcher.root))
    return found - {".git"}


def digest(file: Path) -> str | None:
    """The hash of what stands there; `None` where that is no file."""
    if file.is_symlink():
        return f"-> {file.readlink()}"
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError:
        return None
