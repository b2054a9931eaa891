"""The hub without its transports: frames come in, answers and events go out.

Every frame passes the same gate: it must parse, its method must have a row in
`protocol.METHODS`, the session must have proven who it is, the role must be in the row,
an agent in quarantine is answered by few rows, an operator call must carry a fresh
nonce. What is left is answered by the function of that name in `answers`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from qualitywatch.config import Hub
from qualitywatch.errors import PeerError, QualityWatchError
from qualitywatch.hub.admission import Door, Lockout, enter
from qualitywatch.hub.answers import ANSWERS, spend_nonce
from qualitywatch.hub.parts import Judge, Parts
from qualitywatch.hub.sessions import (
    OVERLOADED,
    UNAUTHENTICATED,
    Identity,
    Nowhere,
    Outlet,
    Session,
)
from qualitywatch.hub.stream import Stream
from qualitywatch.model import Decision, Event, Quarantine
from qualitywatch.protocol import (
    METHODS,
    CallError,
    Hello,
    Request,
    parse_request,
    write_error,
    write_result,
)
from qualitywatch.store import Store
from qualitywatch.warden import STORE, Warden


class Service:
    """Answers every session of the hub; one for each daemon."""

    def __init__(
        self,
        *,
        warden: Warden,
        judge: Judge,
        store: Store,
        stream: Stream,
        root: Path,
        clock: Callable[[], datetime],
        monotonic: Callable[[], float],
        limits: Hub | None = None,
        version: str = "",
    ) -> None:
        self._parts = Parts(
            warden=warden,
            judge=judge,
            store=store,
            stream=stream,
            root=root,
            clock=clock,
            monotonic=monotonic,
            limits=limits or Hub(),
            version=version,
        )
        self._door = Door(store, Lockout(monotonic))

    @property
    def limits(self) -> Hub:
        """How many may be connected."""
        return self._parts.limits

    @property
    def connections(self) -> int:
        """Open sessions."""
        return len(self._parts.stream.sessions)

    @property
    def strangers(self) -> int:
        """Open sessions that have not proven who they are."""
        return sum(
            session.identity is None and session.proven is None
            for session in self._parts.stream.sessions
        )

    @property
    def health(self) -> dict[str, Any]:
        """What `/healthz` says; `ok` is false while nothing can be stored."""
        degraded = self._parts.warden.degraded_now
        return {
            "ok": STORE not in degraded,
            "version": self._parts.version,
            "degraded": dict(degraded),
            "connections": self.connections,
            "sequence": self._parts.warden.sequence,
        }

    def publish(self, event: Event) -> None:
        """Tell everybody who follows; never waits."""
        self._parts.stream.publish(event)

    def ticket(self) -> str:
        """A token for the page that the daemon opens itself: `<url>/#token=<ticket>`.

        Whoever holds it may look until the daemon ends, and do nothing else.
        """
        return self._door.ticket()

    async def identify(self, token: str) -> Identity:
        """Who shows *token* in a handshake; `PeerError` where it is not good."""
        return await self._door.by_token(token)

    @asynccontextmanager
    async def session(
        self,
        outlet: Outlet | None = None,
        *,
        local: bool = False,
        proven: Identity | None = None,
    ) -> AsyncIterator[Session]:
        """A session for one connection, or for a caller in this process."""
        session = Session(outlet or Nowhere(), local=local, proven=proven)
        with self._parts.stream.joined(session):
            try:
                yield session
            finally:
                if session.agent is not None:
                    await self._parts.warden.disconnected(session.agent.id, session.id)

    async def serve(self, session: Session, frame: str | bytes) -> None:
        """Answer *frame* on the session's outlet, then tell what it subscribed to."""
        answer = await self.handle(session, frame)
        await session.outlet.send(answer.encode())
        if session.identity is None:
            goodbye = session.goodbye or (UNAUTHENTICATED, "say session.hello first")
            session.outlet.close(*goodbye)
        await self._parts.stream.follow(session, self._parts.store.events)

    async def handle(self, session: Session, frame: str | bytes) -> str:
        """The answer to *frame*, be it what it may."""
        try:
            request = parse_request(frame)
        except CallError as error:
            return write_error(error.id, error)
        try:
            result = await self._answer(session, request)
        except InQuarantine as error:
            return write_error(request.id, error, data=error.data)
        except PeerError as error:
            return write_error(request.id, error)
        except QualityWatchError as error:
            refused = PeerError("DEGRADED", error.problem, hint=error.hint)
            return write_error(request.id, refused)
        return write_result(request.id, result)

    async def _answer(self, session: Session, request: Request) -> msgspec.Struct:
        self._check_not_expired(session)
        if isinstance(request.params, Hello):
            return await self._hello(session, request.params)
        if session.identity is None and session.proven is not None:
            await enter(self._parts, session, session.proven, Hello())
        self._check_allowed(session, request.method)
        word = getattr(request.params, "nonce", None)
        if word is not None:
            spend_nonce(self._parts, session, word)
        return await ANSWERS[request.method](self._parts, session, request.params)

    async def _hello(self, session: Session, hello: Hello) -> msgspec.Struct:
        identity = await self._door.opened(session, hello)
        try:
            return await enter(self._parts, session, identity, hello)
        except PeerError as error:
            if error.code == "TOO_MANY":
                session.goodbye = (OVERLOADED, "too many connections of one agent")
            raise

    def _check_not_expired(self, session: Session) -> None:
        if session.expired(self._parts.clock()):
            session.identity = session.proven = None
            raise PeerError(
                "UNAUTHENTICATED",
                "the token has expired",
                hint="an operator makes a new one: qualitywatch tokens create",
            )

    def _check_allowed(self, session: Session, name: str) -> None:
        if session.identity is None:
            raise PeerError(
                "UNAUTHENTICATED",
                f"{name} before session.hello",
                hint="say session.hello with a token or the passphrase first",
            )
        method = METHODS[name]
        if session.identity.role not in method.roles:
            raise PeerError(
                "FORBIDDEN",
                f"{name} is not for the role {session.identity.role}",
                hint=f"it is for: {', '.join(sorted(method.roles))}",
            )
        if session.agent is not None and not method.in_quarantine:
            quarantine = self._parts.warden.quarantine_for(
                session.agent.id, session.workspace
            )
            if quarantine is not None:
                raise InQuarantine(quarantine)


class InQuarantine(PeerError):
    """The agent, or the workspace it works in, is in quarantine."""

    def __init__(self, quarantine: Quarantine) -> None:
        super().__init__(
            "QUARANTINED",
            f"{quarantine.subject} is in quarantine: {quarantine.reason}",
            hint=(
                "stop editing; propose the lost code with repair.propose; an operator "
                f"releases: qualitywatch release {quarantine.subject} --reason ..."
            ),
        )
        self.data = {"decision": Decision.DENY, "quarantine": quarantine}
