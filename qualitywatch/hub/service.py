"""The hub without its transports: frames come in, answers and events go out.

Every frame passes the same gate: it must parse, its method must have a row in
`protocol.METHODS`, the session must have proven who it is, the role must be in the row,
an agent in quarantine is answered by few rows, an operator call must carry a fresh
nonce. What is left is answered by the function of that name in `answers`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from qualitywatch import failpoints
from qualitywatch.approval import InForce, Standing, not_running
from qualitywatch.audit import Decision
from qualitywatch.config import Hub
from qualitywatch.errors import PeerError, QualityWatchError
from qualitywatch.hub.admission import check_room, enter
from qualitywatch.hub.answers import ANSWERS, counted, spend_nonce
from qualitywatch.hub.authentication import Authentication
from qualitywatch.hub.desk import LOOKERS, Desk, Instruments
from qualitywatch.hub.flooding import Flooding
from qualitywatch.hub.frames import Frame
from qualitywatch.hub.guesses import PAUSE_SECONDS
from qualitywatch.hub.origins import Caller
from qualitywatch.hub.parts import Judge, Parts, Register, nobody_stops
from qualitywatch.hub.rates import Rates
from qualitywatch.hub.sessions import (
    OVERLOADED,
    UNAUTHENTICATED,
    Identity,
    Nowhere,
    Outlet,
    Session,
)
from qualitywatch.hub.snapshots import Snapshots
from qualitywatch.hub.stream import Stream
from qualitywatch.model import Decision as Answered
from qualitywatch.model import Event, Quarantine
from qualitywatch.protocol import (
    METHODS,
    AgentRow,
    CallError,
    Hello,
    Request,
    Stats,
    parse_request,
    write_error,
    write_result,
)
from qualitywatch.store import Store
from qualitywatch.warden import STORE, Warden

AUDITED = frozenset(
    {
        *("UNAUTHENTICATED", "FORBIDDEN", "QUARANTINED", "BAD_NONCE"),
        *("OUTSIDE_WORKSPACE", "INVALID_REQUEST", "INVALID_PARAMS", "UNKNOWN_METHOD"),
    }
)
"""Refusals that tell of somebody who tries what is not for them."""
_NAMES = ("subject", "violation", "id", "digest", "path")  # say what a call is about


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
        take: Callable[[Standing], Awaitable[InForce]] = not_running,
        register: Register = nobody_stops,
        guess_pause: float = PAUSE_SECONDS,
        instruments: Instruments | None = None,
    ) -> None:
        self.desk = Desk(self, instruments or Instruments())
        self._authentication = Authentication(
            store, warden, clock=clock, monotonic=monotonic, pause_seconds=guess_pause
        )
        self._rates = Rates(monotonic)
        self._flooding = Flooding(self._rates)
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
            take=take,
            vitals=self.desk.vitals,
            register=register,
            keyring=self._authentication.keyring,
            snapshots=Snapshots(warden.snapshot),
        )

    @property
    def limits(self) -> Hub:
        """How many may be connected."""
        return self._parts.limits

    def limit(self, limits: Hub) -> None:
        """Go by other *limits* from now on."""
        self._parts = replace(self._parts, limits=limits)
        self._rates.relimit(limits)

    @property
    def connections(self) -> int:
        """Open sessions."""
        return len(self._parts.stream.sessions)

    @property
    def sessions(self) -> frozenset[Session]:
        """Who is connected."""
        return self._parts.stream.sessions

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

    @property
    def quarantines_open(self) -> int:
        """How many are open."""
        return len(self._parts.warden.quarantines)

    async def stats(self) -> Stats:
        """Counts, and what is degraded."""
        return await counted(self._parts)

    async def agent_rows(self) -> tuple[AgentRow, ...]:
        """Every agent, with where it stands."""
        return await self._parts.warden.agent_rows()

    async def looker(self, token: str, caller: Caller) -> Identity:
        """Who shows *token* to look only; `PeerError` where they may not."""
        identity = await self._authentication.by_token(token, caller)
        if identity.role not in LOOKERS:
            hint = "make a token of role observer: qualitywatch tokens create"
            raise PeerError("FORBIDDEN", "this is not for agents", hint=hint)
        return identity

    def publish(self, event: Event) -> None:
        """Tell everybody who follows; never waits."""
        self._parts.stream.publish(event)

    def ticket(self) -> str:
        """A token for the page that the daemon opens itself: `<url>/#token=<ticket>`.

        Whoever holds it may look until the daemon ends, and do nothing else.
        """
        return self._authentication.ticket()

    async def identify(self, token: str, caller: Caller) -> Identity:
        """Who shows *token* in a handshake; `PeerError` where it may not come in."""
        identity = await self._authentication.by_token(token, caller)
        if identity.agent is not None:
            try:
                self._flooding.check_back(identity.agent)
                check_room(self._parts, identity.agent)
            except PeerError as error:
                await self._record("login", identity.agent, "hub", error)
                raise
        return identity

    def put_out_expired(self) -> None:
        """Close the sessions whose token has ended."""
        now = self._parts.clock()
        for session in self._parts.stream.sessions:
            if session.expired(now):
                session.put_out("the token has expired")

    @asynccontextmanager
    async def session(
        self,
        outlet: Outlet | None = None,
        *,
        local: bool = False,
        proven: Identity | None = None,
        caller: Caller | None = None,
    ) -> AsyncIterator[Session]:
        """A session for one connection, or for a caller in this process."""
        session = Session(
            outlet or Nowhere(), local=local, proven=proven, caller=caller
        )
        with self._parts.stream.joined(session):
            try:
                yield session
            finally:
                self._flooding.left(session)
                if session.agent is not None:
                    await self._parts.warden.disconnected(session.agent.id, session.id)

    async def serve(self, session: Session, frame: str | bytes) -> None:
        """Answer *frame* on the session's outlet, then tell what it subscribed to."""
        wait = await self._flooding.refused(self._parts, session, frame)
        if wait is not None:
            return await asyncio.sleep(wait)
        answer = await self.handle(session, frame)
        failpoints.reach("before_ack")
        await session.outlet.send(Frame(answer.encode()))
        failpoints.reach("after_ack")
        if session.identity is None:
            goodbye = session.goodbye or (UNAUTHENTICATED, "say session.hello first")
            session.outlet.close(*goodbye)
        await self._parts.stream.follow(session, self._parts.store.events)

    async def handle(self, session: Session, frame: str | bytes) -> str:
        """The answer to *frame*, be it what it may."""
        try:
            request = parse_request(frame)
        except CallError as error:
            if error.code in AUDITED:
                await self._note(session, "call", error)
            return write_error(error.id, error)
        try:
            result = await self._answer(session, request)
        except PeerError as error:
            if error.code in AUDITED and not isinstance(request.params, Hello):
                about = _about(request.params)
                await self._note(session, request.method, error, about)
            data = error.data if isinstance(error, InQuarantine) else None
            return write_error(request.id, error, data=data)
        except QualityWatchError as error:
            refused = PeerError("DEGRADED", error.problem, hint=error.hint)
            return write_error(request.id, refused)
        return write_result(request.id, result)

    async def _answer(self, session: Session, request: Request) -> msgspec.Struct:
        self._check_not_expired(session)
        if isinstance(request.params, Hello):
            identity = await self._authentication.opened(session, request.params)
            return await self._enter(session, identity, request.params)
        if session.identity is None and session.proven is not None:
            await self._enter(session, session.proven, Hello())
        self._check_allowed(session, request.method)
        word = getattr(request.params, "nonce", None)
        if word is not None:
            spend_nonce(self._parts, session, word)
        return await ANSWERS[request.method](self._parts, session, request.params)

    async def _enter(
        self, session: Session, identity: Identity, hello: Hello
    ) -> msgspec.Struct:
        try:
            if identity.agent is not None:
                self._flooding.check_back(identity.agent)
            return await enter(self._parts, session, identity, hello)
        except PeerError as error:
            if error.code in ("TOO_MANY", "RATE_LIMITED"):
                session.goodbye = (OVERLOADED, "too many connections of one agent")
            await self._note(session, "session.hello", error)
            raise

    def _check_not_expired(self, session: Session) -> None:
        if session.expired(self._parts.clock()):
            session.identity = session.proven = session.cursor = None
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

    async def _note(
        self, session: Session, action: str, error: PeerError, about: str = "hub"
    ) -> None:
        """A refusal goes into the audit."""
        await self._record(action, session.who, about, error)

    async def _record(
        self, action: str, who: str, about: str, error: PeerError
    ) -> None:
        await self._parts.warden.note(
            Decision(
                action=action,
                who=who,
                object=about,
                result="refused",
                reason=f"{error.code}: {error.problem}",
            )
        )


def _about(params: msgspec.Struct) -> str:
    """What a call is about, by the first of its parameters that names it."""
    named = (getattr(params, name, None) for name in _NAMES)
    return next((one for one in named if isinstance(one, str)), "hub")


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
        self.data = {"decision": Answered.DENY, "quarantine": quarantine}
