"""The workspaces of one repository: each with a watcher, all with one judge."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

from qualitywatch.config import Watch
from qualitywatch.daemon.tasks import Tasks
from qualitywatch.git import Repository
from qualitywatch.judge import Judge
from qualitywatch.warden import Warden
from qualitywatch.watcher import GitMoved, Hint, Recovered, Saved, Trouble, Watcher

_CHUNK = 100  # hints judged at once; a burst of thousands is no thousands of tasks


class Workspaces:
    """Watches checkouts and takes their hints to the judge, until *tasks* end."""

    def __init__(
        self,
        *,
        warden: Warden,
        tasks: Tasks,
        settings: Watch,
        state_dir: Path,
        main: Path,
    ) -> None:
        self._warden = warden
        self._tasks = tasks
        self._settings = settings
        self._state_dir = state_dir
        self._main = main
        self._open: dict[Path, Repository | None] = {}
        self._following: dict[Path, asyncio.Task[None]] = {}
        self._opening = asyncio.Lock()

    @property
    def roots(self) -> tuple[Path, ...]:
        """What is watched."""
        return tuple(self._open)

    async def open_all(self, judge: Judge) -> None:
        """Watch every checkout that the repository has now."""
        self._judge = judge
        accept = await judge.is_new()  # the first start: what stands is the beginning
        await self._watch(self._main, accept=accept)
        await self._keep_up(accept=accept)

    async def find(self, folder: Path) -> None:
        """Watch the checkout that holds *folder*, if it is a new one of ours."""
        await self._keep_up(accept=False)

    async def _keep_up(self, *, accept: bool) -> None:
        """Watch the checkouts that git has now, and leave those it has no longer."""
        main = self._open.get(self._main)
        if main is None:
            return
        async with self._opening:
            listed = await asyncio.to_thread(_checkouts, main)
            for root in sorted(listed - self._open.keys()):
                if root.is_dir():
                    await self._watch(root, accept=accept)
            for root in self._open.keys() - listed - {self._main}:
                await self._leave(root)

    async def _watch(self, root: Path, *, accept: bool) -> None:
        repository = await asyncio.to_thread(Repository.discover, root)
        watcher = Watcher(
            root,
            git_dir=repository.git_dir if repository else None,
            ignored_by_git=repository.ignored if repository else None,
            patterns=self._settings.ignore,
            state_dir=self._state_dir,
        )
        async with AsyncExitStack() as opening:
            if repository is not None:
                opening.enter_context(repository)
            await opening.enter_async_context(watcher)
            await self._judge.open(root, repository, watcher.files(), accept=accept)
            self._open[root] = repository  # only now: what fails is tried again
            following = self._follow(watcher, opening.pop_all())
            self._following[root] = self._tasks.spawn(following)

    async def _leave(self, root: Path) -> None:
        """git has removed the checkout at *root*: nobody works there any more."""
        self._following.pop(root).cancel()
        del self._open[root]
        self._judge.close(root)
        await self._warden.recovered(_part(root, "root"))

    async def _follow(self, watcher: Watcher, opened: AsyncExitStack) -> None:
        async with opened:
            async for hint in watcher.hints():
                self._tasks.spawn(self._take(watcher.root, hint))

    async def _take(self, root: Path, hint: Hint) -> None:
        match hint:
            case Saved(paths, renamed):
                for start in range(0, len(paths), _CHUNK):
                    part = paths[start : start + _CHUNK]
                    await asyncio.gather(
                        *(
                            self._judge.saved(root, p, renamed_from=renamed.get(p))
                            for p in part
                        )
                    )
            case GitMoved():
                await self._judge.git_moved(root)
                await self._keep_up(accept=False)
            case Trouble(what, reason):
                await self._warden.degraded(_part(root, what), reason)
            case Recovered(what):
                await self._warden.recovered(_part(root, what))


def _part(root: Path, what: str) -> str:
    return f"watching {root.name} ({what})"


def _checkouts(repository: Repository) -> frozenset[Path]:
    return frozenset(root.resolve() for root in repository.worktrees())
