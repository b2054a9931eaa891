"""`run` is the daemon itself: it builds every part, in order, and takes them down."""

from __future__ import annotations

import asyncio
import gc
import logging
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

from qualitywatch import analysis, approval, failpoints, logs
from qualitywatch.approval import Effective
from qualitywatch.config import Config
from qualitywatch.daemon import event_log, records
from qualitywatch.daemon.listening import listen
from qualitywatch.daemon.measuring import Measuring
from qualitywatch.daemon.place import enrol, held
from qualitywatch.daemon.records import Records
from qualitywatch.daemon.reloading import Reloader
from qualitywatch.daemon.sentinel import Sentinel, guard
from qualitywatch.daemon.supervision import READY, STOPPING, Supervisor
from qualitywatch.daemon.tasks import Tasks, complain
from qualitywatch.daemon.workspaces import Workspaces
from qualitywatch.enforcement import Stopping
from qualitywatch.enrolment import DATABASE_NAME
from qualitywatch.hub.api import Archive
from qualitywatch.hub.service import Service
from qualitywatch.hub.stream import Stream
from qualitywatch.judge import Heads, Judge
from qualitywatch.model import Event, Noun
from qualitywatch.rulebook import Rulebook
from qualitywatch.warden.keeping import Keeper, take_care
from qualitywatch.workers.pool import Workers

_LOG = logging.getLogger("qualitywatch.daemon")


class Ready(Noun):
    """The daemon listens, and everything before that has worked."""

    url: str
    page: str  # the same with a ticket: who opens it may look, and no more
    roots: tuple[Path, ...]


async def run(
    root: Path,
    going_by: Effective,
    *,
    port: int | None,
    on_ready: Callable[[Ready], None],
    on_event: Callable[[Event], None],
    stop: asyncio.Event,
) -> None:
    """Watch *root* by the settings and rules of *going_by* until *stop* is set.

    Raises `InTheWay` where another daemon runs or *port* is taken; without *port* the
    next free one is used. Raises `RuleError` before anything has started.
    """
    config = going_by.standing.settings
    rules = approval.rules_of(going_by.standing, known_checks=analysis.CHECKS)
    state_dir, supervisor = enrol(root), Supervisor()
    async with AsyncExitStack() as stack:
        stack.enter_context(held(state_dir))
        stack.enter_context(logs.setup(state_dir, config.log.level))
        daemon = _Daemon(root, state_dir, going_by, on_event)
        await daemon.open(rules, stack)
        daemon.tasks.spawn(supervisor.keep_alive(daemon.measuring.is_well))
        gc.collect()
        gc.freeze()  # what a daemon begins with stays: no search for garbage walks it
        failpoints.reach("before_listen")
        server = await listen(daemon.service, config.hub, port, state_dir, stack)
        _LOG.info("ready", extra={"url": server.url, "root": str(root)})
        page = f"{server.url}/#token={daemon.service.ticket()}"
        on_ready(Ready(url=server.url, page=page, roots=daemon.workspaces.roots))
        supervisor.tell(READY, f"STATUS=watching {root} at {server.url}")
        await stop.wait()
        supervisor.tell(STOPPING)
        _LOG.info("stopping")
        failpoints.reach("while_stopping")


class _Daemon:
    """Every part of a daemon but the server, each built upon those before it."""

    service: Service
    tasks: Tasks
    workspaces: Workspaces

    def __init__(
        self,
        root: Path,
        state_dir: Path,
        going_by: Effective,
        on_event: Callable[[Event], None],
    ) -> None:
        self.stream = Stream()
        self.measuring = Measuring(self.stream)
        self._root = root
        self._state_dir = state_dir
        self._standing = going_by.standing
        self._config = going_by.standing.settings
        self._hear = [
            self.stream.publish,
            self.measuring.told,
            event_log.log,
            on_event,
        ]

    async def open(self, rules: Rulebook, stack: AsyncExitStack) -> None:
        """Build all, and let it work; what is open is closed by *stack*."""
        kept = await records.opened(self._root, self._config, self._publish, stack)
        self._records = kept
        self._workers = await stack.enter_async_context(
            Workers(rules, self._config.analysis)
        )
        self.tasks = await stack.enter_async_context(
            Tasks(partial(complain, kept.warden))
        )
        await self._enforce(kept)
        await self._watch(kept, rules)
        self._take_care(kept)
        await self._serve(kept)
        if failpoints.is_armed():
            await kept.warden.degraded("failpoints", failpoints.WARNING)

    def _publish(self, event: Event) -> None:
        for hear in self._hear:
            hear(event)

    async def _enforce(self, kept: Records) -> None:
        is_on = self._config.enforcement.stop
        self._stopping = Stopping(kept.store, kept.warden, is_on=is_on)
        await self._stopping.restore()
        self._hear.append(self._stopping.heard)
        self.tasks.keep(self._stopping.watch)

    async def _watch(self, kept: Records, rules: Rulebook) -> None:
        self.workspaces = Workspaces(
            warden=kept.warden,
            tasks=self.tasks,
            settings=self._config.watch,
            state_dir=self._state_dir,
            main=self._root,
        )
        self._judge = Judge(
            warden=kept.warden,
            store=kept.store,
            workers=self._workers,
            rulebook=rules,
            settings=self._config,
            heads=Heads(self._state_dir),
            main=self._root,
            spawn=self.tasks.spawn,
            watch=self.workspaces.find,
            wall=time.time,
        )
        await self.workspaces.open_all(self._judge)

    def _take_care(self, kept: Records) -> None:
        keep, settings = self.tasks.keep, self._config.retention
        keep(partial(guard, self._state_dir / DATABASE_NAME, kept.warden))
        keep(partial(take_care, kept.warden))
        self._keeper = Keeper(
            kept.store, kept.warden, settings=settings, clock=records.now
        )
        keep(self._keeper.run)
        sentinel = Sentinel(self._root, kept.audit_head, kept.warden)
        keep(sentinel.look_around)
        keep(sentinel.verify_often)

    async def _serve(self, kept: Records) -> None:
        reloader = Reloader(
            self._root,
            self._standing,
            warden=kept.warden,
            workers=self._workers,
            take=self._take,
            look_again=partial(self._judge.look_again, self.workspaces.files),
            spawn=self.tasks.spawn,
        )
        self.service = kept.service(
            self._config,
            self._judge,
            self.stream,
            take=reloader.approved,
            instruments=self.measuring.instruments,
            register=self._stopping.register,
        )
        archive = Archive(self._state_dir / DATABASE_NAME)
        self.tasks.spawn(
            self.measuring.run(kept.store, self._workers, self.workspaces, archive)
        )
        await reloader.look()
        self.tasks.keep(reloader.watch)

    def _take(self, settings: Config, rules: Rulebook) -> None:
        """Go by other settings and rules from now on: each part, in one step."""
        self._judge.take(settings, rules)
        self.workspaces.take(settings.watch)
        self.service.limit(settings.hub)
        self._records.warden.policy = settings.policy
        self._stopping.take(is_on=settings.enforcement.stop)
        self._records.audit_head.take(settings.audit)
        self._keeper.take(settings.retention)
        logs.set_level(settings.log.level)
