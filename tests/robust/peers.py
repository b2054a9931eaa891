"""Connections of the real client that write down all that passes through them."""

from __future__ import annotations

import itertools
from typing import TypeVar

import msgspec
from websockets.exceptions import ConnectionClosed

from qualitywatch.client.connection import Account, Connection
from qualitywatch.client.errors import HubUnreachable
from qualitywatch.errors import PeerError
from qualitywatch.model import Verdict
from qualitywatch.protocol import (
    Hello,
    Notification,
    Reported,
    Status,
    Subscribe,
    Subscribed,
    Welcome,
)
from tests.robust import trace as t
from tests.robust.trace import Recorder

LOST = (ConnectionClosed, HubUnreachable)
"""What a call raises whose daemon is gone."""

Result = TypeVar("Result", bound=msgspec.Struct)
_calls = itertools.count(1)


class Peer:
    """One connection of *who*, from its hello on."""

    def __init__(self, who: str, recorder: Recorder, connection: Connection) -> None:
        self.who = who
        self._recorder = recorder
        self._connection = connection

    @classmethod
    async def open(
        cls, who: str, recorder: Recorder, *, url: str, token: str, root: str
    ) -> Peer:
        """A connection that has said hello; raises one of `LOST`, or `PeerError`."""
        is_agent = token.startswith("qwa_")
        hello = Hello(workspace=root if is_agent else None, client="tests")
        call = next(_calls)
        recorder.add(
            t.Sent(at=recorder.next(), call=call, who=who, method="session.hello")
        )
        connection = await Connection.open(Account(url=url, token=token, hello=hello))
        welcome = connection.welcome
        recorder.add(
            t.Answered(
                at=recorder.next(),
                call=call,
                state=str(welcome.state) if is_agent else None,
                agent=welcome.agent,
            )
        )
        return cls(who, recorder, connection)

    async def ask(
        self, method: str, params: msgspec.Struct, kind: type[Result]
    ) -> Result:
        """The answer; raises `PeerError` for a refusal, or one of `LOST`."""
        call = next(_calls)
        self._recorder.add(
            t.Sent(
                at=self._recorder.next(),
                call=call,
                who=self.who,
                method=method,
                event_id=getattr(params, "event_id", None),
                path=getattr(params, "path", None),
                subject=getattr(params, "subject", None),
            )
        )
        try:
            result = await self._connection.ask(method, params, kind)
        except PeerError as error:
            self._recorder.add(
                t.Answered(at=self._recorder.next(), call=call, code=error.code)
            )
            raise
        self._recorder.add(_answer(self._recorder.next(), call, result))
        return result

    async def follow(self, since: int | None) -> Subscribed:
        """Be told what happens after *since*; `hear` waits for it."""
        answer = await self.ask("events.subscribe", Subscribe(since=since), Subscribed)
        self._recorder.add(
            t.Subscribed(
                at=self._recorder.next(),
                who=self.who,
                since=since,
                seq=answer.seq,
                epoch=answer.epoch,
                recovered=answer.recovered,
            )
        )
        return answer

    async def hear(self) -> int:
        """The sequence of the next event; raises one of `LOST`."""
        while True:
            message = await self._connection.receive()
            if isinstance(message, Notification):
                event = message.event
                self._recorder.add(
                    t.Heard(
                        at=self._recorder.next(),
                        who=self.who,
                        sequence=event.sequence,
                        id=event.id,
                        kind=event.kind,
                        subject=subject_of(event.kind, bytes(event.data)),
                    )
                )
                return event.sequence

    async def close(self) -> None:
        """Say goodbye."""
        await self._connection.close()


def subject_of(kind: str, data: bytes) -> str | None:
    """Whose quarantine an event is about."""
    if not kind.startswith("quarantine."):
        return None
    subject: str = msgspec.json.decode(data)["subject"]
    return subject


def _answer(at: int, call: int, result: msgspec.Struct) -> t.Answered:
    match result:
        case Reported():
            decision = str(result.verdict.decision)
            return t.Answered(at=at, call=call, seq=result.seq, decision=decision)
        case Verdict():
            return t.Answered(at=at, call=call, decision=str(result.decision))
        case Status() | Welcome():
            return t.Answered(
                at=at, call=call, state=str(result.state), agent=result.agent
            )
        case _:
            return t.Answered(at=at, call=call)
