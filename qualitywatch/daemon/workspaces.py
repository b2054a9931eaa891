"""The workspaces of one repository: each with a watcher, all with one judge."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack, suppress
from pathlib import Path

from qualitywatch.config import Watch
from qualitywatch.daemon.tasks import Tasks
from qualitywatch.errors import MachineError, UserError
from qualitywatch.git import Repository
from qualitywatch.judge import AsCommitted, Judge
from qualitywatch.warden import Warden
from qualitywatch.watcher import (
    TROUBLES,
    GitMoved,
    Hint,
    Recovered,
    Saved,
    Trouble,
    Watcher,
)

_AT_ONCE = 64  # paths of a workspace; what waits beyond them waits in its watcher
_CHUNK = 200  # files read without a turn for the others
_RETRY_SECONDS = 1.0
_CHECKOUTS = "the list of checkouts"  # what is degraded while one can not be opened


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
        self._judging: dict[Path, set[asyncio.Task[None]]] = {}
        self._git_moved = asyncio.Event()
        self._watchers: dict[Path, Watcher] = {}
        self._opening = asyncio.Lock()

    @property
    def roots(self) -> tuple[Path, ...]:
        """What is watched."""
        return tuple(self._open)

    @property
    def watchers(self) -> dict[Path, Watcher]:
        """Who watches, by the checkout."""
        return dict(self._watchers)

    def files(self, root: Path) -> list[str]:
        """Every file of the checkout at *root* that is ours to judge."""
        return self._watchers[root].files()

    def take(self, settings: Watch) -> None:
        """Go by other settings from now on; what they leave out is left out."""
        known, self._settings = self._settings, settings
        if known.ignore != settings.ignore:
            for watcher in self._watchers.values():
                watcher.leave_out(settings.ignore)

    async def open_all(self, judge: Judge) -> None:
        """Watch every checkout that the repository has now."""
        self._judge = judge
        accept = await judge.is_new()  # the first start: what stands is the beginning
        await self._watch(self._main, accept=accept)
        await self._keep_up(accept=accept)
        self._tasks.keep(self._keep_up_with_git)

    async def barrier(self) -> None:
        """Return once every file that was written before the call has been judged."""
        for root, watcher in self.watchers.items():
            await watcher.barrier()
            if judging := self._judging.get(root):
                await asyncio.wait(judging)

    async def find(self, folder: Path) -> None:
        """Watch the checkout that holds *folder*, if it is a new one of ours."""
        await self._keep_up(accept=False)

    async def _keep_up_with_git(self) -> None:
        while True:
            await self._git_moved.wait()
            self._git_moved.clear()
            try:
                await self._keep_up(accept=False)
            except (MachineError, UserError) as error:  # git may be in the midst of it
                await self._warden.degraded(_CHECKOUTS, error.problem)
                await asyncio.sleep(_RETRY_SECONDS)
                self._git_moved.set()
            else:
                await self._warden.recovered(_CHECKOUTS)

    async def _keep_up(self, *, accept: bool) -> None:
        """Watch the checkouts that git has now, and leave those it has no longer."""
        main = self._open.get(self._main)
        if main is None:
            return
        async with self._opening:
            listed = await asyncio.to_thread(_checkouts, main)
            for root in sorted(listed - self._open.keys()):
                if (root / ".git").exists():  # else git is about to make it
                    await self._watch(root, accept=accept)
            for root in self._open.keys() - listed - {self._main}:
                await self._leave(root)

    async def _watch(self, root: Path, *, accept: bool) -> None:
        repository = await asyncio.to_thread(Repository.discover, root)
        if root != self._main and (repository is None or repository.root != root):
            raise MachineError("git does not know this checkout yet", place=str(root))
        left_out = self._settings.ignore
        watcher = Watcher(
            root,
            git_dir=repository.git_dir if repository else None,
            ignored_by_git=repository.ignored if repository else None,
            held_by_git=repository.holds_folder if repository else None,
            patterns=left_out,
            state_dir=self._state_dir,
        )
        async with AsyncExitStack() as opening:
            if repository is not None:
                opening.enter_context(repository)
            await opening.enter_async_context(watcher)
            await self._judge.open(root, repository, watcher.files(), accept=accept)
            self._open[root] = repository  # only now: what fails is tried again
            self._watchers[root] = watcher
            if left_out != self._settings.ignore:  # others were approved meanwhile
                watcher.leave_out(self._settings.ignore)
            following = self._follow(watcher, opening.pop_all())
            self._following[root] = self._tasks.spawn(following)
            if repository is not None:  # without git every file was compared already
                files = watcher.files()
                self._tasks.spawn(self._verify(root, repository, files))

    async def _verify(
        self, root: Path, repository: Repository, files: Sequence[str]
    ) -> None:
        """Read every file once: who wrote git's index could have hidden a change."""
        with suppress(MachineError):  # the root is gone, and its watcher says so
            compare = await asyncio.to_thread(AsCommitted, root, repository)
            for start in range(0, len(files), _CHUNK):
                part = files[start : start + _CHUNK]
                for path in await asyncio.to_thread(compare.others, part):
                    await self._judge.saved(root, path)

    async def _leave(self, root: Path) -> None:
        """git has removed the checkout at *root*: nobody works there any more."""
        self._following.pop(root).cancel()
        del self._open[root]
        del self._watchers[root]
        self._judge.close(root)
        for what in TROUBLES:
            await self._warden.recovered(_part(root, what))

    async def _follow(self, watcher: Watcher, opened: AsyncExitStack) -> None:
        """Take what the watcher says as fast as the judge can: it keeps the rest."""
        judging: set[asyncio.Task[None]] = set()
        self._judging[watcher.root] = judging
        try:
            async with opened:
                async for hint in watcher.hints():
                    await self._take(watcher.root, hint, judging)
        finally:
            self._judging.pop(watcher.root, None)

    async def _take(
        self, root: Path, hint: Hint, judging: set[asyncio.Task[None]]
    ) -> None:
        match hint:
            case Saved(paths, renamed):
                for path in paths:
                    if len(judging) >= _AT_ONCE:
                        await _first_of(judging)
                    saved = self._judge.saved(
                        root, path, renamed_from=renamed.get(path)
                    )
                    task = self._tasks.spawn(saved)
                    judging.add(task)
                    task.add_done_callback(judging.discard)
            case GitMoved():
                await self._judge.git_moved(root)
                self._git_moved.set()
            case Trouble(what, reason):
                await self._warden.degraded(_part(root, what), reason)
            case Recovered(what):
                await self._warden.recovered(_part(root, what))


async def _first_of(tasks: set[asyncio.Task[None]]) -> None:
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)


def _part(root: Path, what: str) -> str:
    return f"watching {root} ({what})"  # two may have one name


def _checkouts(repository: Repository) -> frozenset[Path]:
    return frozenset(root.resolve() for root in repository.worktrees())
