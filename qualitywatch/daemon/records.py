"""The records as a daemon opens them, and the service that answers from them."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from qualitywatch import approval
from qualitywatch.approval import InForce, Standing
from qualitywatch.config import Config
from qualitywatch.daemon.audit_head import AuditHead
from qualitywatch.daemon.place import mark, state_dir_of
from qualitywatch.enrolment import DATABASE_NAME
from qualitywatch.hub.desk import Instruments
from qualitywatch.hub.parts import Judge, Register, nobody_stops
from qualitywatch.hub.service import Service
from qualitywatch.hub.stream import Stream
from qualitywatch.installed import version_of
from qualitywatch.model import Event
from qualitywatch.store import Store
from qualitywatch.warden import Warden


class Records(NamedTuple):
    """What is kept, and who keeps it."""

    root: Path
    store: Store
    warden: Warden  # who knows again who is in quarantine
    audit_head: AuditHead

    def service(
        self,
        config: Config,
        judge: Judge,
        stream: Stream,
        *,
        take: Callable[[Standing], Awaitable[InForce]] = approval.not_running,
        instruments: Instruments | None = None,
        register: Register = nobody_stops,
    ) -> Service:
        """The hub's service for these records."""
        return Service(
            warden=self.warden,
            judge=judge,
            store=self.store,
            stream=stream,
            root=self.root,
            clock=now,
            monotonic=time.monotonic,
            limits=config.hub,
            version=version_of("qualitywatch"),
            take=take,
            instruments=instruments,
            register=register,
        )


async def opened(
    root: Path,
    config: Config,
    publish: Callable[[Event], None],
    stack: AsyncExitStack,
) -> Records:
    """The records of *root*, open until *stack* is left.

    Raises `MachineError` where other records stand there than were noted last.
    """
    state_dir = state_dir_of(root)
    database = state_dir / DATABASE_NAME
    store = await stack.enter_async_context(Store.open(database, now))
    approved = approval.read(await store.approved_settings() or "")
    settings = config if approved is None else approved.settings
    audit_head = AuditHead(root, store, settings.audit, now)
    tampered = await audit_head.check()
    mark(root)
    warden = Warden(
        store, policy=config.policy, publish=publish, clock=now, state_dir=state_dir
    )
    stack.push_async_callback(audit_head.finish)
    stack.push_async_callback(warden.finish_notes)
    await warden.restore()
    for decision in tampered:
        await warden.note(decision)
    return Records(root, store, warden, audit_head)


def now() -> datetime:
    """The clock of the records."""
    return datetime.now(UTC)
