"""`run` is the daemon itself; `offline` stands in for it while none runs."""

from __future__ import annotations

import asyncio
import os
import sys
import time
import traceback
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import NoReturn

from qualitywatch import analysis, approval
from qualitywatch.approval import Effective
from qualitywatch.config import Config
from qualitywatch.daemon.place import (
    DATABASE_NAME,
    SOCKET_NAME,
    Running,
    enrol,
    held,
    mark,
    refuse_if_vanished,
    state_dir_of,
)
from qualitywatch.daemon.tasks import Tasks
from qualitywatch.daemon.workspaces import Workspaces
from qualitywatch.errors import InTheWay, MachineError, PeerError, UserError
from qualitywatch.hub.server import Server
from qualitywatch.hub.service import Service
from qualitywatch.hub.stream import Stream
from qualitywatch.judge import Heads, Judge
from qualitywatch.model import Agent, Event, Noun, Repair, Verdict
from qualitywatch.protocol import Check, ProposedFile, Report, Reported
from qualitywatch.store import Store
from qualitywatch.warden import STORE, Warden
from qualitywatch.workers.pool import Workers

_PORTS_TRIED = 100
_GUARD_SECONDS = 5.0
_SETTINGS = "settings"  # what is degraded while other ones stand in the files
_CARE_SECONDS = 1.0  # for so long hooks can be led astray


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
    state_dir = enrol(root)
    async with AsyncExitStack() as stack:
        stack.enter_context(held(state_dir))
        stream = Stream()

        def publish(event: Event) -> None:
            stream.publish(event)
            on_event(event)

        store, warden = await _records(root, config, publish, stack)
        workers = await stack.enter_async_context(Workers(rules, config.analysis))
        tasks = await stack.enter_async_context(Tasks(partial(_complain, warden)))
        workspaces = Workspaces(
            warden=warden,
            tasks=tasks,
            settings=config.watch,
            state_dir=state_dir,
            main=root,
        )
        judge = Judge(
            warden=warden,
            store=store,
            workers=workers,
            rulebook=rules,
            settings=config,
            heads=Heads(state_dir),
            main=root,
            spawn=tasks.spawn,
            watch=workspaces.find,
            wall=time.time,
        )
        await workspaces.open_all(judge)
        tasks.spawn(_guard(state_dir / DATABASE_NAME, warden))
        tasks.spawn(_take_care(warden))
        service = _service(root, config, warden, judge, store, stream)
        if going_by.problem is not None:
            await warden.degraded(_SETTINGS, going_by.problem)
        server = await _listen(service, config, port, state_dir, stack)
        _announce(server.url, state_dir, stack)
        page = f"{server.url}/#token={service.ticket()}"
        on_ready(Ready(url=server.url, page=page, roots=workspaces.roots))
        await stop.wait()


@asynccontextmanager
async def offline(root: Path) -> AsyncIterator[Service]:
    """The hub's service without a daemon: the lock is held, nothing listens."""
    state_dir = _existing(root)
    config = Config()
    async with AsyncExitStack() as stack:
        stack.enter_context(held(state_dir))
        stream = Stream()
        store, warden = await _records(root, config, stream.publish, stack)
        yield _service(root, config, warden, _Nobody(), store, stream)


class _Nobody:
    """Judges nothing: while no daemon runs, only operators are answered."""

    async def reported(self, agent: Agent, report: Report) -> Reported:
        self._refuse()

    async def proposed(self, agent: Agent, check: Check) -> Verdict:
        self._refuse()

    async def repair(
        self, agent: Agent, changes: Sequence[ProposedFile]
    ) -> tuple[Repair, ...]:
        self._refuse()

    async def bind(self, agent: Agent) -> Path:
        self._refuse()

    def _refuse(self) -> NoReturn:
        raise PeerError(
            "DEGRADED", "no daemon runs here", hint="start it: qualitywatch watch"
        )


# Building


async def _records(
    root: Path,
    config: Config,
    publish: Callable[[Event], None],
    stack: AsyncExitStack,
) -> tuple[Store, Warden]:
    """The store and the warden, who knows again who is in quarantine."""
    state_dir = state_dir_of(root)
    database = state_dir / DATABASE_NAME
    store = await stack.enter_async_context(Store.open(database, _now))
    mark(root)
    warden = Warden(
        store, policy=config.policy, publish=publish, clock=_now, state_dir=state_dir
    )
    await warden.restore()
    return store, warden


def _service(
    root: Path,
    config: Config,
    warden: Warden,
    judge: Judge | _Nobody,
    store: Store,
    stream: Stream,
) -> Service:
    return Service(
        warden=warden,
        judge=judge,
        store=store,
        stream=stream,
        root=root,
        clock=_now,
        monotonic=time.monotonic,
        limits=config.hub,
        version=_version(),
    )


async def _listen(
    service: Service,
    config: Config,
    port: int | None,
    state_dir: Path,
    stack: AsyncExitStack,
) -> Server:
    """The hub on *port*, or on the first free one from the configured port on."""
    socket_path = state_dir / SOCKET_NAME
    first = config.hub.port if port is None else port
    tries = 1 if port is not None or first == 0 else _PORTS_TRIED
    for number in range(first, first + tries):
        opening = Server.open(
            service, host=config.hub.host, port=number, socket_path=socket_path
        )
        try:
            return await stack.enter_async_context(opening)
        except InTheWay:
            if number == first + tries - 1:
                raise
    raise AssertionError("the last try returns or raises")


def _announce(url: str, state_dir: Path, stack: AsyncExitStack) -> None:
    """Others find the daemon as long as it runs."""
    running = Running(
        pid=os.getpid(),
        url=url,
        socket=str(state_dir / SOCKET_NAME),
        version=_version(),
    )
    running.write(state_dir)
    stack.callback(Running.forget, state_dir)


async def _complain(warden: Warden, error: Exception) -> None:
    """What one task could not do is told to everybody; a bug with its traceback."""
    if isinstance(error, MachineError):
        return await warden.degraded("machine", error.problem)
    traceback.print_exception(error, file=sys.stderr)
    reason = f"{type(error).__name__}: {error}"[:500]
    return await warden.degraded("a bug in qualitywatch", reason)


async def _guard(database: Path, warden: Warden) -> None:
    """Say when the records are taken away under our feet."""
    first = await asyncio.to_thread(_inode, database)
    while True:
        await asyncio.sleep(_GUARD_SECONDS)
        if await asyncio.to_thread(_inode, database) != first:
            reason = f"{database} was removed or replaced: see why, then restart"
            return await warden.degraded("state", reason)


async def _take_care(warden: Warden) -> None:
    """Keep what the hooks go by; tell what no event can: nothing is recorded."""
    told: str | None = None
    while True:
        await asyncio.sleep(_CARE_SECONDS)
        await warden.keep_mirror()
        await warden.try_store()
        problem = warden.degraded_now.get(STORE)
        if problem is not None and problem != told:
            sys.stderr.write(f"qualitywatch: nothing can be recorded: {problem}\n")
            sys.stderr.flush()
        told = problem


def _inode(file: Path) -> int | None:
    try:
        return file.stat().st_ino
    except OSError:
        return None


def _existing(root: Path) -> Path:
    """The state folder of *root*, which somebody must have made before."""
    state_dir = state_dir_of(root)
    if (state_dir / DATABASE_NAME).exists():
        return state_dir
    refuse_if_vanished(root)
    raise UserError(
        "nothing was ever recorded here",
        place=str(root),
        hint="begin with: qualitywatch init",
    )


def _version() -> str:
    try:
        return version("qualitywatch")
    except PackageNotFoundError:  # started from sources that are not installed
        return "unknown"


def _now() -> datetime:
    return datetime.now(UTC)
