"""One connection, seen without its transport: who it is and what it has been told."""

from __future__ import annotations

import secrets
from datetime import datetime
from pathlib import Path
from typing import Protocol

from qualitywatch.hub.frames import Frame
from qualitywatch.hub.origins import Caller, Unknown
from qualitywatch.model import Agent, Noun
from qualitywatch.protocol import Role

UNAUTHENTICATED = 4401  # close code: no identity, or one that has ended
FLOODING = 4429  # close code: too many messages, again and again
OVERLOADED = 1013  # close code: try again later
RESTARTING = 1012  # close code: the daemon is stopping
FOREVER = float("inf")


class Outlet(Protocol):
    """The way out to one peer; a transport gives it, the service only uses it."""

    def offer(self, frame: Frame) -> None:
        """Write or queue *frame* at once; a peer that is too far behind is closed."""

    async def send(self, frame: Frame) -> None:
        """Write or queue *frame* when there is room for it."""

    def close(self, code: int, reason: str) -> None:
        """Say what is queued, then goodbye."""


class Nowhere:
    """The outlet of a caller in the same process, who reads the answers itself."""

    def offer(self, frame: Frame) -> None:
        """Events are not for it."""

    async def send(self, frame: Frame) -> None:
        """Neither are answers on this way."""

    def close(self, code: int, reason: str) -> None:
        """There is nothing to close."""


class Identity(Noun):
    """What a token or the passphrase proves."""

    role: Role
    agent: str | None = None
    token: str | None = None  # id of the token
    expires: datetime | None = None

    @property
    def by(self) -> str:
        """How the records name whoever acts under it."""
        return f"{self.role} token {self.token}" if self.token else str(self.role)

    @property
    def ends(self) -> float:
        """When it expires, in seconds since 1970."""
        return FOREVER if self.expires is None else self.expires.timestamp()


class Session:
    """A connection from its first frame to its last."""

    def __init__(
        self,
        outlet: Outlet,
        *,
        local: bool = False,
        proven: Identity | None = None,
        caller: Caller | None = None,
    ) -> None:
        self.id = secrets.token_hex(8)
        self.outlet = outlet
        self.local = local  # over the Unix socket: file permission is a credential
        self.proven = proven  # by the handshake, before the first frame
        self.caller: Caller = caller or Unknown()
        self.identity: Identity | None = None  # None until it has said hello
        self.ends = FOREVER if proven is None else proven.ends
        self.agent: Agent | None = None  # set where the role is agent
        self.line: tuple[Agent, ...] = ()  # that agent, and those above it
        self.folder: Path | None = None  # in its checkout, where its paths begin
        self.cursor: int | None = None  # last sequence told; None: not subscribed
        self.live = False  # True: `publish` tells it, False: `follow` still does
        self.goodbye: tuple[int, str] | None = None  # said after the next answer
        self.nonces: dict[str, float] = {}  # word -> when it ends, monotonic

    @property
    def workspace(self) -> Path | None:
        """The checkout its agent works in."""
        if self.agent is None or self.agent.workspace is None:
            return None
        return Path(self.agent.workspace)

    @property
    def who(self) -> str:
        """How the records name it; also the account that its messages count for."""
        known = self.identity or self.proven
        if known is None:
            return self.caller.name
        return known.agent or known.by

    @property
    def looks_only(self) -> bool:
        """True for one who may change nothing, whether or not it has a token."""
        return self.identity is not None and self.identity.role is Role.OBSERVER

    def enter(self, identity: Identity) -> None:
        """It has proven who it is."""
        self.identity, self.ends = identity, identity.ends

    def put_out(self, reason: str) -> None:
        """It has lost the right to be here: nothing is answered or told any more."""
        self.identity = self.proven = self.cursor = None
        self.live = False
        self.outlet.close(UNAUTHENTICATED, reason)

    def expired(self, now: datetime) -> bool:
        """True when its token has ended since it came in."""
        return self.ends <= now.timestamp()
