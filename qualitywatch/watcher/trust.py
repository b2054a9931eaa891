"""Whether the events can be trusted: the root, the stream, the watches, the clock.

Nothing here looks at files. Where a doubt arises everything wants a look (*doubt*), and
where events can not be had that look is repeated every few seconds: polling.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

from qualitywatch.watcher import watches
from qualitywatch.watcher.feed import Feed
from qualitywatch.watcher.pulse import Beat, Pulse
from qualitywatch.watcher.root import Root, blind_filesystem
from qualitywatch.watcher.troubles import Troubles

ROOT_SECONDS = 1.0
PULSE_SECONDS = 5.0
RETRY_SECONDS = 60.0  # until what the system refused is asked for again
_SLEPT_SECONDS = 1.0
_SHARE = 20  # a look at all folders costs at most one part in so many
_BLIND = (
    "this is a {} file system, where others can write without an event;"
    " looking at every file each {:g} s too"
)


class Trust:
    """Keeps the feed running and says how far it can be trusted.

    Who sees that folders came or went sets `have_folders_changed`.
    """

    def __init__(
        self,
        root: Root,
        feed: Feed,
        pulse: Pulse | None,
        troubles: Troubles,
        *,
        doubt: Callable[[str], None],
        polling_seconds: float,
    ) -> None:
        self.is_rooted = False
        self.have_folders_changed = False
        self._root = root
        self._feed = feed
        self._pulse = pulse
        self._troubles = troubles
        self._doubt = doubt
        self._each = polling_seconds
        self._folders: list[Path] = []
        self._identity: tuple[int, int] | None = None
        self._problems: dict[str, str] = {}  # why there is polling
        self._misses = 0
        self._retry_at = 0.0
        self._count_at = 0.0
        self._clock = _asleep()
        self._soon = asyncio.Event()
        self._turn = asyncio.Lock()  # one starts or stops the feed at a time

    @property
    def is_polling(self) -> bool:
        """Events do not tell everything."""
        return bool(self._problems)

    @property
    def goes_by_events(self) -> bool:
        """Events come, as far as they go; a proof of it is due every few seconds."""
        return self.is_rooted and self._problems.keys().isdisjoint({"feed", "pulse"})

    def is_same_root(self) -> bool:
        """The root is the folder that the feed was started for."""
        return self._root.find() == self._identity is not None

    async def start(self, folders: list[Path]) -> None:
        """Watch the root and *folders*, where git writes outside of it."""
        self._folders = folders
        kind = await asyncio.to_thread(blind_filesystem, self._root.path)
        if kind is not None:
            self._put("filesystem", _BLIND.format(kind, self._each))
        await self._start()

    async def stop(self) -> None:
        """End the feed."""
        await self._feed.stop()

    async def run(self) -> None:
        """Watch over the feed, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._mind_root())
            tasks.create_task(self._mind_stream())

    def shaken(self) -> None:
        """Events were lost: prove as soon as may be that they flow again."""
        self._soon.set()

    # The root.

    async def _mind_root(self) -> None:
        while True:
            await asyncio.sleep(ROOT_SECONDS)
            asleep = _asleep()
            if asleep - self._clock > _SLEPT_SECONDS:
                self._doubt("the machine was asleep")
            self._clock = asleep
            await self.check_root()

    async def check_root(self) -> None:
        """A root that was moved away or deleted gives no event of its own."""
        found = await asyncio.to_thread(self._root.find)
        if found is None:
            self.is_rooted = False
            self._troubles.put("root", f"{self._root.path} is gone, or git's folder")
        elif found != self._identity or not self.is_rooted:
            await self._renew("the root is another folder, or back")
        elif not self._feed.is_alive:
            await self._renew("a thread of the watching library has died")

    # The stream.

    async def _mind_stream(self) -> None:
        while True:
            try:
                async with asyncio.timeout(PULSE_SECONDS):
                    await self._soon.wait()
            except TimeoutError:
                pass
            is_shaken = self._soon.is_set()
            self._soon.clear()
            if self.is_rooted:
                await self._check_stream(is_shaken=is_shaken)

    async def _check_stream(self, *, is_shaken: bool) -> None:
        now = time.monotonic()
        if self._problems and now >= self._retry_at:
            self._retry_at = now + RETRY_SECONDS
            if "feed" in self._problems:
                return await self._renew("events are asked for again")
        if "feed" in self._problems:
            return None
        await self._check_pulse(is_shaken=is_shaken)
        if self.have_folders_changed and now >= self._count_at:
            self.have_folders_changed = False
            await self.count_watches()
        return None

    async def _check_pulse(self, *, is_shaken: bool) -> None:
        if self._pulse is None:
            return
        beat = await self._pulse.beat()
        if not self.is_rooted:
            return
        if beat is not Beat.SILENT:
            self._misses = 0
            self._put("pulse", None)
            if is_shaken:
                self._doubt("events were lost, and flow again")
            return
        self._misses += 1
        why = self._pulse.problem or "an event of our own did not come back"
        if self._misses > 1 or self._pulse.problem:
            self._put("pulse", why)
        await self._renew(why)

    async def count_watches(self) -> None:
        """Compare what the kernel watches with the folders that are there.

        Fewer: it has refused some, or they were lost. More: a folder was moved out of
        the root, and watchdog would go on to report it under its old name.
        """
        if await self._surplus() == 0:
            return self._put("watches", None)
        await asyncio.sleep(ROOT_SECONDS)  # folders may come and go just now
        if await self._surplus() == 0:
            return self._put("watches", None)
        if "watches" not in self._problems or time.monotonic() >= self._retry_at:
            self._retry_at = time.monotonic() + RETRY_SECONDS
            await self._renew("other folders are watched than there are")
        return None

    async def _surplus(self) -> int:
        """How many more folders are watched than there are; 0 where nothing tells."""
        begun = time.monotonic()
        given = await asyncio.to_thread(self._feed.watches)
        if given is None:
            return 0
        wanted = await asyncio.to_thread(
            watches.folders, self._root.path, self._folders
        )
        taken = time.monotonic() - begun
        self._count_at = time.monotonic() + _SHARE * taken
        return given - wanted

    async def _renew(self, reason: str) -> None:
        async with self._turn:
            await self._feed.stop()
            await self._start()
        self._doubt(reason)

    async def _start(self) -> None:
        self._identity = await asyncio.to_thread(self._root.find)
        self.is_rooted = self._identity is not None
        if not self.is_rooted:
            return
        self._troubles.put("root", None)
        folders = [folder for folder in self._folders if folder.is_dir()]
        self._put("feed", await self._feed.start(self._root.path, folders))
        if "feed" in self._problems:
            await self._feed.stop()
        elif (lacking := -await self._surplus()) > 0:
            self._put(
                "watches",
                f"the system leaves {lacking} folders unwatched:"
                " raise fs.inotify.max_user_watches",
            )

    def _put(self, what: str, problem: str | None) -> None:
        if problem is None:
            self._problems.pop(what, None)
        else:
            self._problems[what] = problem
        reasons = "; ".join(self._problems.values())
        if not reasons:
            return self._troubles.put("events", None)
        polling = f"; looking at every file each {self._each:g} s instead"
        is_said = self._problems.keys() <= {"filesystem"}
        return self._troubles.put("events", reasons + ("" if is_said else polling))


def _asleep() -> float:
    """Seconds that this machine has been suspended since it started."""
    boot = getattr(time, "CLOCK_BOOTTIME", None)
    if boot is None:
        return 0.0
    return time.clock_gettime(boot) - time.clock_gettime(time.CLOCK_MONOTONIC)
