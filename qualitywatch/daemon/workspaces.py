"""The workspaces of one repository: each with a watcher, all with one judge."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
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
    """Watches checkouts and takes their hints to the judge, until *stack* is closed."""

    def __init__(
        self,
        *,
        warden: Warden,
        tasks: Tasks,
        stack: AsyncExitStack,
        settings: Watch,
        state_dir: Path,
        main: Path,
    ) -> None:
        self._warden = warden
        self._tasks = tasks
        self._stack = stack
        self._settings = settings
        self._state_dir = state_dir
        self._main = main
        self._open: dict[Path, Repository | None] = {}
        self._opening = asyncio.Lock()

    @property
    def roots(self) -> tuple[Path, ...]:
        """What is watched."""
        return tuple(self._open)

    async def open_all(self, judge: Judge) -> None:
        """Watch every checkout that the repository has now."""
        self._judge = judge
        accept = judge.is_new  # the first start ever: what stands is the beginning
        await self._watch(self._main, accept=accept)
        await self._watch_new(accept=accept)

    async def find(self, folder: Path) -> None:
        """Watch the checkout that holds *folder*, if it is a new one of ours."""
        await self._watch_new(accept=False)

    async def _watch_new(self, *, accept: bool) -> None:
        """Watch the checkouts that were added to the repository meanwhile."""
        main = self._open.get(self._main)
        if main is None:
            return
        async with self._opening:
            for root in await asyncio.to_thread(_checkouts, main):
                if root not in self._open:
                    await self._watch(root, accept=accept)

    async def _watch(self, root: Path, *, accept: bool) -> None:
        repository = await asyncio.to_thread(Repository.discover, root)
        self._open[root] = repository
        if repository is not None:
            self._stack.enter_context(repository)
        watched = await self._stack.enter_async_context(
            Watcher(
                root,
                git_dir=repository.git_dir if repository else None,
                ignored_by_git=repository.ignored if repository else None,
                patterns=self._settings.ignore,
                state_dir=self._state_dir,
            )
        )
        await self._judge.open(root, repository, watched.files(), accept=accept)
        self._tasks.spawn(self._follow(watched))

    async def _follow(self, watched: Watcher) -> None:
        async for hint in watched.hints():
            self._tasks.spawn(self._take(watched.root, hint))

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
                await self._watch_new(accept=False)
            case Trouble(what, reason):
                await self._warden.degraded(_part(root, what), reason)
            case Recovered(what):
                await self._warden.recovered(_part(root, what))


def _part(root: Path, what: str) -> str:
    return f"watching {root.name} ({what})"


def _checkouts(repository: Repository) -> Sequence[Path]:
    return [root.resolve() for root in repository.worktrees() if root.is_dir()]
