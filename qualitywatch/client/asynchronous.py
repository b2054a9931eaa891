"""`connect`: an agent's session with the hub that outlives its connections.

A call that was sent when the connection broke is sent again on the next one, under the
same id and, for a report, the same event id: the hub answers a repeated report as it
did the first time. So a call is answered once, or raises when its time is up.
"""

from __future__ import annotations

import asyncio
import itertools
import uuid
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing, suppress
from types import TracebackType
from typing import Literal, Self, TypeVar

import msgspec
from websockets.exceptions import ConnectionClosed

from qualitywatch.client.connection import (
    Account,
    Connection,
    delays,
    retry_after,
    trust,
    websocket_url,
)
from qualitywatch.client.errors import AgentQuarantined, HubRefused, HubUnreachable
from qualitywatch.errors import PeerError, QualityWatchError
from qualitywatch.model import ChangeType, Event, Quarantine, Verdict
from qualitywatch.protocol import (
    MAX_CONTENT_BYTES,
    MAX_FRAME_BYTES,
    Check,
    Hello,
    Nothing,
    Notification,
    Permit,
    Proposed,
    ProposedFile,
    ProposeRepair,
    Reply,
    Report,
    Reported,
    Status,
    Subscribe,
    Subscribed,
    read_quarantine,
    read_result,
    write_call,
)

STEADY_SECONDS = 10.0  # a connection that lasted so long makes the next wait short

_Result = TypeVar("_Result", bound=msgspec.Struct)


def connect(
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
) -> Client:
    """A client to be used with `async with`; it is connected inside the block.

    *url* is the hub's WebSocket or its page; *agent* must be the one the *token* was
    made for; *workspace* is the absolute path of the checkout it works in; *parent* is
    the agent that started it, whose quarantine stops it too. A call that is not
    answered within *timeout* seconds raises `HubUnreachable`. *ca_file* holds the
    certificate to trust where a `wss` or `https` hub has one of its own.
    """
    hello = Hello(
        agent=agent,
        name=name,
        workspace=workspace,
        harness=harness,
        parent=parent,
        client="qualitywatch-python",
    )
    address = websocket_url(url)
    account = Account(
        url=address, token=token, hello=hello, tls=trust(address, ca_file)
    )
    return Client(account, timeout=timeout)


class Client:
    """An agent's session with the hub."""

    def __init__(self, account: Account, *, timeout: float) -> None:
        self.quarantined = asyncio.Event()  # set while the agent is in quarantine
        self._account = account
        self._timeout = timeout
        self._ids = itertools.count(1)
        self._waiting: dict[int, _Call] = {}
        self._connection: Connection | None = None
        self._streams: set[Connection] = set()
        self._quarantine: Quarantine | None = None
        self._problem: QualityWatchError | None = None  # why there is no connection
        self._settled = asyncio.Event()  # set: connected once, or refused for good
        self._task: asyncio.Task[None] | None = None
        self._left = False

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._stay_connected())
        try:
            async with asyncio.timeout(self._timeout):
                await self._settled.wait()
        except TimeoutError:
            await self._leave()
            raise self._unreachable() from self._problem
        if self._task.done():
            await self._leave()
            raise self._problem or self._unreachable()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._leave()

    @property
    def quarantine(self) -> Quarantine | None:
        """The quarantine the agent is in, or `None`."""
        return self._quarantine

    async def report_change(
        self,
        *,
        path: str,
        change_type: ChangeType | str = ChangeType.UPDATE,
        new_content: str | None = None,
        old_path: str | None = None,
        task_id: str | None = None,
        event_id: str | None = None,
    ) -> Verdict:
        """The verdict on a change that has been written to *path*.

        The file decides; *new_content* spares the hub from reading it. A verdict that
        denies has put the agent in quarantine: the next call raises.
        """
        report = Report(
            event_id=event_id or uuid.uuid4().hex,
            path=path,
            change_type=ChangeType(change_type),
            old_path=old_path,
            new_content=_if_it_fits(new_content),
            task_id=task_id,
        )
        return (await self._ask("change.report", report, Reported)).verdict

    async def check_change(
        self,
        *,
        path: str,
        new_content: str | None = None,
        change_type: ChangeType | str = ChangeType.UPDATE,
        old_path: str | None = None,
    ) -> Verdict:
        """The verdict on a change before it is written; nothing is recorded."""
        check = Check(
            path=path,
            new_content=new_content,
            change_type=ChangeType(change_type),
            old_path=old_path,
        )
        return await self._ask("change.check", check, Verdict)

    async def permit(self, path: str) -> Verdict:
        """Allow, unless the agent is in quarantine: then it raises."""
        return await self._ask("edit.permit", Permit(path=path), Verdict)

    async def status(self) -> Status:
        """Where the agent stands; also answered in quarantine."""
        return await self._ask("agent.status", Nothing(), Status, always=True)

    async def propose_repair(self, files: Mapping[str, str]) -> Proposed:
        """Offer whole files that put the lost code back, for an operator to see."""
        changes = tuple(
            ProposedFile(path=path, new_content=text) for path, text in files.items()
        )
        repair = ProposeRepair(changes=changes)
        return await self._ask("repair.propose", repair, Proposed, always=True)

    async def events(
        self, since: int | Literal["now"] | None = None
    ) -> AsyncGenerator[Event, None]:
        """Every event after *since*, in order and without gap, reconnects included.

        With `None`, and where the hub's history no longer reaches back to *since*, the
        first event is of the kind `snapshot`: its data holds all that is open, and what
        follows continues from there. It uses a connection of its own.
        """
        subscribe = Subscribe(since=since)
        waits = delays()
        while not self._left:
            try:
                connection = await Connection.open(self._account)
            except HubUnreachable:
                await asyncio.sleep(next(waits))
                continue
            self._streams.add(connection)
            try:
                async with aclosing(_followed(connection, subscribe)) as followed:
                    async for event, rest in followed:
                        subscribe, waits = rest, delays()
                        if event is not None:
                            yield event
            except ConnectionClosed:
                await asyncio.sleep(next(waits))
            finally:
                self._streams.discard(connection)
                await connection.close()

    # What keeps it alive

    async def _stay_connected(self) -> None:
        """Connect, answer the calls, connect again; ends only when it is refused."""
        loop = asyncio.get_running_loop()
        waits = delays()
        try:
            while True:
                started = loop.time()
                try:
                    await self._converse(await Connection.open(self._account))
                except HubUnreachable as error:
                    self._problem = error
                if loop.time() - started > STEADY_SECONDS:
                    waits = delays()
                await asyncio.sleep(next(waits))
        except HubRefused as error:  # trying again would not help
            self._problem = error
            self._settled.set()
            self._fail_waiting(error)

    async def _converse(self, connection: Connection) -> None:
        """Send what waits and take what comes, until the connection breaks."""
        self._stand(connection.welcome.quarantine)
        self._connection, self._problem = connection, None
        waiting = list(self._waiting.values())
        self._settled.set()
        try:
            for call in waiting:
                await connection.send(call.frame)
            while True:
                self._take(await connection.receive())
        except (ConnectionClosed, PeerError) as error:  # broken, or not our language
            self._problem = HubUnreachable(str(error), place=self._account.url)
        finally:
            self._connection = None
            await connection.close()

    def _take(self, message: Reply | Notification) -> None:
        if isinstance(message, Notification):
            self._hear(message.event)
        elif isinstance(message.id, int) and message.id in self._waiting:
            answer = self._waiting[message.id].answer
            if not answer.done():
                answer.set_result(message)

    def _hear(self, event: Event) -> None:
        """The hub sends what concerns our own quarantine without being asked."""
        quarantine = read_quarantine(msgspec.json.decode(event.data))
        if quarantine is None:
            return
        if event.kind != "quarantine.released":
            self._stand(quarantine)
        elif self._quarantine is not None and self._quarantine.id == quarantine.id:
            self._stand(None)

    def _stand(self, quarantine: Quarantine | None) -> None:
        self._quarantine = quarantine
        if quarantine is None:
            self.quarantined.clear()
        else:
            self.quarantined.set()

    async def _ask(
        self,
        method: str,
        params: msgspec.Struct,
        kind: type[_Result],
        *,
        always: bool = False,
    ) -> _Result:
        """The answer; raises `AgentQuarantined` unless the method is *always* open.

        The hub decides, since a release may be on its way to us. What we know ourselves
        counts only while there is nobody to ask.
        """
        if self._quarantine is not None and self._connection is None and not always:
            raise AgentQuarantined(self._quarantine)
        reply = await self._answered(method, params)
        quarantine = read_quarantine(reply.data.get("quarantine"))
        if quarantine is not None and reply.error is not None:
            self._stand(quarantine)
            raise AgentQuarantined(quarantine, hint=reply.error.hint)
        return read_result(reply, kind)

    async def _answered(self, method: str, params: msgspec.Struct) -> Reply:
        if self._task is None or self._task.done():
            raise self._problem or self._unreachable()
        id = next(self._ids)
        call = _Call(write_call(id, method, params))
        if len(call.frame.encode()) > MAX_FRAME_BYTES:
            raise PeerError("TOO_LARGE", f"{method}: more than a frame may hold")
        self._waiting[id] = call
        try:
            async with asyncio.timeout(self._timeout):
                while True:
                    if self._connection is not None:
                        with suppress(ConnectionClosed):  # sent again on the next one
                            await self._connection.send(call.frame)
                    reply = await call.answer
                    if (wait := retry_after(reply)) is None:
                        return reply
                    call.again()
                    await asyncio.sleep(wait)
        except TimeoutError as error:
            raise self._unreachable() from error
        finally:
            del self._waiting[id]

    def _unreachable(self) -> HubUnreachable:
        return HubUnreachable(
            f"no answer within {self._timeout:g} seconds",
            place=self._account.url,
            hint="start the daemon: qualitywatch watch",
        )

    def _fail_waiting(self, error: PeerError) -> None:
        for call in self._waiting.values():
            if not call.answer.done():
                call.answer.set_exception(error)

    async def _leave(self) -> None:
        self._left = True
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        for connection in tuple(self._streams):
            await connection.close()


class _Call:
    """A call that waits for its answer, and may have to be sent again."""

    def __init__(self, frame: str) -> None:
        self.frame = frame
        self.again()

    def again(self) -> None:
        """Wait for another answer: the last one said to come back later."""
        self.answer: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()


async def _followed(
    connection: Connection, subscribe: Subscribe
) -> AsyncGenerator[tuple[Event | None, Subscribe], None]:
    """Each event, with the subscription that would continue after it."""
    told = await connection.ask("events.subscribe", subscribe, Subscribed)
    cursor = told.seq
    snapshot = _snapshot(told)
    yield snapshot, Subscribe(since=cursor, epoch=told.epoch)
    while True:
        message = await connection.receive()
        if isinstance(message, Notification) and message.event.sequence > cursor:
            cursor = message.event.sequence
            yield message.event, Subscribe(since=cursor, epoch=told.epoch)


def _snapshot(told: Subscribed) -> Event | None:
    if told.snapshot is None:
        return None
    return Event(
        sequence=told.seq,
        id=f"{told.epoch}-{told.seq}",
        kind="snapshot",
        time="",
        data=msgspec.Raw(msgspec.json.encode(told.snapshot)),
    )


def _if_it_fits(content: str | None) -> str | None:
    """*content*, unless it is too large for a frame: then the hub reads the file."""
    if content is None or len(msgspec.json.encode(content)) > MAX_CONTENT_BYTES:
        return None
    return content
