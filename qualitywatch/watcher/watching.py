"""`Watcher`: from events and doubts to hints."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Self

from watchdog.events import FileSystemEvent

from qualitywatch.errors import MachineError
from qualitywatch.watcher.feed import Feed
from qualitywatch.watcher.hints import GitMoved, Hint, Saved, WatcherState
from qualitywatch.watcher.pulse import Beat, Pulse
from qualitywatch.watcher.root import Root
from qualitywatch.watcher.selection import Selection
from qualitywatch.watcher.sorter import Sorter
from qualitywatch.watcher.table import RootGone, Table
from qualitywatch.watcher.troubles import Troubles
from qualitywatch.watcher.trust import Trust

RECONCILE_SECONDS = 60.0
POLLING_SECONDS = 5.0  # where events do not reach us
_SHARE = 20  # to look at everything costs at most one part in so many
RETRY_SECONDS = 5.0
_AFTER_LOSS = (0.05, 1.0)  # watchdog renews its watches meanwhile


class Watcher:
    """Watches one workspace while it is entered; iterate over `hints`.

    What waits is a bounded set of paths, and who takes no hints loses none: where more
    waits than the set can hold, everything is looked at.
    """

    def __init__(
        self,
        root: Path,
        *,
        git_dir: Path | None = None,
        ignored_by_git: Callable[[Iterable[str]], set[str]] | None = None,
        held_by_git: Callable[[str], bool] | None = None,
        patterns: Sequence[str] = (),
        state_dir: Path | None = None,
        reconcile_seconds: float = RECONCILE_SECONDS,
        polling_seconds: float = POLLING_SECONDS,
    ) -> None:
        self.root = root
        self.losses = 0  # how often events were dropped
        self.looks = 0  # how often everything was looked at
        self._git_dir = git_dir
        self._state_dir = state_dir
        self._every = reconcile_seconds
        self._polling = min(polling_seconds, reconcile_seconds)
        self._selection = Selection(
            root,
            patterns=patterns,
            state_dir=state_dir,
            ignored_by_git=ignored_by_git,
            held_by_git=held_by_git,
        )
        self._hints: deque[Hint] = deque()
        self._wake = asyncio.Event()
        self._troubles = Troubles(self._tell)
        self._doubts: list[float] = []  # when to look at everything out of turn
        self._why: str | None = None
        self._looked_at: float | None = None
        self._took = 0.0
        self._not_before = 0.0  # what failed is not tried at once
        self._barriers: list[asyncio.Future[None]] = []

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        self._pulse = Pulse.of(self.root, self._state_dir)
        feed = Feed(read=self._read, done=self._wake.set, lost=self._lost)
        self._trust = Trust(
            Root(self.root, self._git_dir),
            feed,
            self._pulse,
            self._troubles,
            doubt=self._doubt,
            polling_seconds=self._polling,
        )
        self._table = Table(self.root, self._selection, self._trust.is_same_root)
        self._sorter = Sorter(
            self.root,
            git_dir=self._git_dir,
            state_dir=self._state_dir,
            pulse=self._pulse.name if self._pulse else None,
            pulsed=self._pulsed,
            ignore_changed=self._ignore_changed,
            root_touched=self._wake.set,
        )
        if self._pulse is not None:
            with suppress(OSError):  # the first beat says so
                await asyncio.to_thread(self._pulse.touch)
        await self._trust.start(self._git_folders())
        with suppress(RootGone):  # said already
            await self._reconcile()
        self._doubts.clear()
        self._minding = asyncio.create_task(self._trust.run())
        self._minding.add_done_callback(lambda _: self._wake.set())
        return self

    async def __aexit__(self, *exception: object) -> None:
        self._minding.cancel()
        await asyncio.gather(self._minding, return_exceptions=True)
        for barrier in self._barriers:
            barrier.cancel()
        await self._trust.stop()

    def files(self) -> list[str]:
        """Every file that is ours to judge, as of the last look at everything."""
        return self._table.paths()

    def differences(self) -> set[str]:
        """The paths of which the table says something else than the disk does now."""
        return self._table.differences()

    def state(self) -> WatcherState:
        """How far it can be trusted now."""
        trust, pulse, looked_at = self._trust, None, self._looked_at
        if self._pulse is not None and trust.goes_by_events:
            pulse = self._pulse.last
        return WatcherState(
            last_cookie_ms=self._ago(pulse),
            last_reconcile_ms=self._ago(looked_at if trust.is_rooted else None),
            overflows=self.losses,
            reconciles=self.looks,
            doubt=self._why,
            polling=trust.is_polling,
            degraded=str(self._troubles) or None,
        )

    def leave_out(self, patterns: Sequence[str]) -> None:
        """Go by other *patterns* from now on, and look at everything at once."""
        self._selection.leave_out(patterns)
        self._ignore_changed()

    async def barrier(self) -> None:
        """Return once every change made before the call was given out and taken.

        Somebody else iterates over `hints`; to ask for the next is to have taken one.
        """
        beat = await self._pulse.beat() if self._pulse is not None else Beat.SILENT
        if beat is not Beat.STEADY:
            self._doubt("a barrier could not go by the events")
        self._sorter.hurry(self._now)
        self._doubts = [min(due, self._now) for due in self._doubts]
        barrier = self._loop.create_future()
        self._barriers.append(barrier)
        self._wake.set()
        await barrier

    async def hints(self) -> AsyncIterator[Hint]:
        """What to look at, as it comes, until the caller stops."""
        while True:
            await self._sleep()
            if self._minding.done():
                self._minding.result()  # it never ends but by an error
            barriers, self._barriers = self._barriers, []
            try:
                await self._collect()
                while self._hints:
                    yield self._hints.popleft()
            finally:
                self._barriers += barriers
            for barrier in barriers:
                self._barriers.remove(barrier)
                if not barrier.done():
                    barrier.set_result(None)

    # What the loop does.

    @property
    def _now(self) -> float:
        return self._loop.time()

    def _ago(self, then: float | None) -> int | None:
        return None if then is None else int((self._now - then) * 1000)

    @property
    def _next_look(self) -> float:
        """When everything is looked at in turn."""
        if not self._trust.is_rooted:
            return self._now + self._every
        every = self._every
        if self._trust.is_polling:
            every = max(self._polling, _SHARE * self._took)
        return max(self._not_before, (self._looked_at or 0.0) + every)

    async def _sleep(self) -> None:
        first = min(self._next_look, *self._doubts, self._sorter.next_due() or 1e18)
        if not self._hints and not self._barriers:
            try:
                async with asyncio.timeout(max(0.0, first - self._now)):
                    await self._wake.wait()
            except TimeoutError:
                pass
        self._wake.clear()

    async def _collect(self) -> None:
        """Turn everything that is due into hints, files before git."""
        if not self._trust.is_rooted:  # its return is a doubt
            self._sorter.clear()
            self._doubts.clear()
            return
        try:
            await self._look(self._now)
        except MachineError as error:  # all that was due is due again
            self._not_before = self._now + RETRY_SECONDS
            self._doubts.append(self._not_before)
            if not isinstance(error, RootGone):
                self._troubles.put("git", error.problem)
            await self._trust.check_root()

    async def _look(self, now: float) -> None:
        sorter = self._sorter
        if self._is_in_doubt(now):
            self._doubts = [due for due in self._doubts if due > now]
            sorter.clear()
            sorter.git_due = self._now
            self._saved(await self._reconcile())
        if folders := sorter.folders.take(now):
            self._trust.have_folders_changed = True
            self._saved(await asyncio.to_thread(self._table.look_below, folders))
        if paths := sorter.files.take(now):
            self._saved(await asyncio.to_thread(self._table.look_at, paths))
        if sorter.git_due is not None and sorter.git_due <= self._now:
            sorter.git_due = None
            self._hints.append(GitMoved())

    def _is_in_doubt(self, now: float) -> bool:
        is_due = any(due <= now for due in (self._next_look, *self._doubts))
        return is_due or self._sorter.is_flooded

    async def _reconcile(self) -> set[str]:
        begun = self._now
        changed = await asyncio.to_thread(self._table.reconcile)
        self._looked_at, self._took = self._now, self._now - begun
        self.looks += 1
        self._trust.have_folders_changed = True
        self._troubles.put("folders", self._table.unlisted)
        self._troubles.put("git", None)
        return changed

    def _saved(self, paths: Iterable[str]) -> None:
        if listed := list(paths):
            self._hints.append(Saved(listed, self._sorter.renames(listed)))

    # What it hears.

    def _read(self, event: FileSystemEvent) -> None:
        self._sorter.read(event, self._now)

    def _pulsed(self) -> None:
        if self._pulse is not None:
            self._pulse.came_back()

    def _ignore_changed(self) -> None:
        self._table.forget()
        self._doubt("what is ignored has changed")

    def _tell(self, hint: Hint) -> None:
        self._hints.append(hint)
        self._wake.set()

    def _doubt(self, reason: str) -> None:
        self._why = reason
        self._doubts.append(self._now)
        self._wake.set()

    def _lost(self) -> None:
        self.losses += 1
        self._why = "events were lost"
        self._doubts += [self._now + delay for delay in _AFTER_LOSS]
        self._trust.shaken()
        self._wake.set()

    def _git_folders(self) -> list[Path]:
        """Where git writes, if that is not below the root: in a linked worktree."""
        if self._git_dir is None or self._git_dir.is_relative_to(self.root):
            return []
        folders = (self._git_dir, self._git_dir / "logs")
        return [folder for folder in folders if folder.is_dir()]
