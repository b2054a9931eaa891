"""`connect_sync`: the same client for programs that do not run a loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Coroutine, Iterator, Mapping
from contextlib import ExitStack
from types import TracebackType
from typing import Any, Literal, Self, TypeVar

from qualitywatch.client.asynchronous import Client, connect
from qualitywatch.model import ChangeType, Event, Quarantine, Verdict
from qualitywatch.protocol import Proposed, Status

_Result = TypeVar("_Result")


def connect_sync(
    url: str,
    *,
    agent: str,
    token: str,
    name: str | None = None,
    workspace: str | None = None,
    harness: str | None = None,
    parent: str | None = None,
    timeout: float = 30.0,
    ca_file: str | None = None,
) -> SyncClient:
    """A client to be used with `with`; the arguments are those of `connect`."""
    return SyncClient(
        connect(
            url,
            agent=agent,
            token=token,
            name=name,
            workspace=workspace,
            harness=harness,
            parent=parent,
            timeout=timeout,
            ca_file=ca_file,
        )
    )


class SyncClient:
    """A `Client` on a thread of its own; every method waits for the answer."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(
            target=self._loop.run_forever, name="qualitywatch-client", daemon=True
        )

    def __enter__(self) -> Self:
        self._thread.start()
        with ExitStack() as undo:
            undo.callback(self._stop)
            self._wait(self._client.__aenter__())
            undo.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self._wait(self._client.__aexit__(kind, error, trace))
        finally:
            self._stop()

    @property
    def quarantine(self) -> Quarantine | None:
        """The quarantine the agent is in, or `None`."""
        return self._client.quarantine

    def report_change(
        self,
        *,
        path: str,
        change_type: ChangeType | str = ChangeType.UPDATE,
        new_content: str | None = None,
        old_path: str | None = None,
        task_id: str | None = None,
        event_id: str | None = None,
    ) -> Verdict:
        """The verdict on a change that has been written; see `Client`."""
        return self._wait(
            self._client.report_change(
                path=path,
                change_type=change_type,
                new_content=new_content,
                old_path=old_path,
                task_id=task_id,
                event_id=event_id,
            )
        )

    def check_change(
        self,
        *,
        path: str,
        new_content: str | None = None,
        change_type: ChangeType | str = ChangeType.UPDATE,
        old_path: str | None = None,
    ) -> Verdict:
        """The verdict on a change before it is written; see `Client`."""
        return self._wait(
            self._client.check_change(
                path=path,
                new_content=new_content,
                change_type=change_type,
                old_path=old_path,
            )
        )

    def permit(self, path: str) -> Verdict:
        """Allow, unless the agent is in quarantine: then it raises."""
        return self._wait(self._client.permit(path))

    def status(self) -> Status:
        """Where the agent stands; also answered in quarantine."""
        return self._wait(self._client.status())

    def propose_repair(self, files: Mapping[str, str]) -> Proposed:
        """Offer whole files that put the lost code back, for an operator to see."""
        return self._wait(self._client.propose_repair(files))

    def events(self, since: int | Literal["now"] | None = None) -> Iterator[Event]:
        """Every event after *since*; see `Client`. It waits for the next one."""
        events = self._client.events(since)
        try:
            while (event := self._wait(_next(events))) is not None:
                yield event
        finally:
            self._wait(events.aclose())

    def _wait(self, answer: Coroutine[Any, Any, _Result]) -> _Result:
        return asyncio.run_coroutine_threadsafe(answer, self._loop).result()

    def _stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.close()


async def _next(events: AsyncGenerator[Event, None]) -> Event | None:
    return await anext(events, None)
