"""Who may come in: a token or the passphrase becomes an identity, or a refusal."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import msgspec

from qualitywatch import credentials
from qualitywatch.errors import PeerError
from qualitywatch.hub.parts import Parts
from qualitywatch.hub.paths import real_path
from qualitywatch.hub.sessions import Identity, Session
from qualitywatch.model import Agent, QuarantineState
from qualitywatch.protocol import VERSION, Hello, Role, Welcome
from qualitywatch.store import Store

TRIES = 5
WINDOW_SECONDS = 60.0
LONGEST_LOCK_SECONDS = 3600.0


class Lockout:
    """Guesses of the passphrase: five a minute, then a lock that doubles each time."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._failures: list[float] = []
        self._lock_seconds = WINDOW_SECONDS
        self._locked_until = float("-inf")

    def check(self) -> None:
        """Raises LOCKED_OUT while the door is shut, for the right passphrase too."""
        left = self._locked_until - self._monotonic()
        if left > 0:
            raise PeerError(
                "LOCKED_OUT",
                "too many wrong passphrases",
                hint=f"try again in {int(left) + 1} seconds",
            )

    def failed(self) -> None:
        """Count a wrong guess; the last one allowed shuts the door."""
        now = self._monotonic()
        recent = [at for at in self._failures if now - at < WINDOW_SECONDS]
        self._failures = [*recent, now]
        if len(self._failures) >= TRIES:
            self._failures = []
            self._locked_until = now + self._lock_seconds
            self._lock_seconds = min(self._lock_seconds * 2, LONGEST_LOCK_SECONDS)

    def succeeded(self) -> None:
        """Forget the wrong guesses."""
        self._failures = []
        self._lock_seconds = WINDOW_SECONDS


class Door:
    """Turns what a peer shows into an identity."""

    def __init__(self, store: Store, lockout: Lockout) -> None:
        self._store = store
        self._lockout = lockout
        self._one_guess_at_a_time = asyncio.Lock()
        self._tickets: set[str] = set()  # their hashes

    def ticket(self) -> str:
        """A token to look with until this daemon ends; it is written down nowhere."""
        token, sha256 = credentials.new_token(Role.OBSERVER)
        self._tickets.add(sha256)
        return token

    async def by_token(self, token: str) -> Identity:
        """The identity behind *token*; UNAUTHENTICATED where it is not good."""
        sha256 = credentials.hash_token(token)
        if sha256 in self._tickets:
            return Identity(role=Role.OBSERVER)
        row = await self._store.live_token(sha256)
        if row is None:
            raise PeerError(
                "UNAUTHENTICATED",
                "the token is unknown, revoked or expired",
                hint="an operator makes a new one: qualitywatch tokens create",
            )
        return Identity(
            role=row.role,
            agent=row.agent,
            token=row.id,
            expires=datetime.fromisoformat(row.expires_at),
        )

    async def by_passphrase(self, passphrase: str) -> Identity:
        """The operator; WRONG_PASSPHRASE or LOCKED_OUT otherwise."""
        async with self._one_guess_at_a_time:
            self._lockout.check()
            hashed = await self._store.passphrase_hash()
            if hashed is None:
                raise PeerError(
                    "WRONG_PASSPHRASE",
                    "no operator passphrase is set in this repository",
                    hint="set one on the terminal: qualitywatch init",
                )
            if not await asyncio.to_thread(
                credentials.verify_passphrase, hashed, passphrase
            ):
                self._lockout.failed()
                raise PeerError(
                    "WRONG_PASSPHRASE",
                    "this is not the passphrase",
                    hint="it is the one that `init` or the first `watch` set here",
                )
            self._lockout.succeeded()
        return Identity(role=Role.OPERATOR)

    async def opened(self, session: Session, hello: Hello) -> Identity:
        """The identity that *hello* proves, or the handshake before it."""
        if hello.passphrase is not None:
            return await self.by_passphrase(hello.passphrase)
        if hello.token is not None:
            return await self.by_token(hello.token)
        known = session.identity or session.proven
        if known is not None:
            return known
        if session.local:
            return Identity(role=Role.OBSERVER)
        raise PeerError(
            "UNAUTHENTICATED",
            "session.hello needs a token or the operator passphrase",
            hint="an operator makes a token: qualitywatch tokens create --role agent",
        )


async def enter(
    parts: Parts, session: Session, identity: Identity, hello: Hello
) -> Welcome:
    """Let *session* in as *identity*; raises `PeerError` where it may not."""
    _check_hello(session, identity, hello)
    if identity.role is Role.AGENT:
        await _enter_agent(parts, session, identity, hello)
    session.identity = identity
    return welcome(parts, session, identity)


def welcome(parts: Parts, session: Session, identity: Identity) -> Welcome:
    """Where a session stands when it comes in."""
    quarantine = parts.warden.quarantine_for(identity.agent, session.workspace)
    return Welcome(
        session=session.id,
        role=identity.role,
        agent=identity.agent,
        state=quarantine.state if quarantine else QuarantineState.CLEAR,
        quarantine=quarantine,
        epoch=parts.warden.epoch,
        seq=parts.warden.sequence,
    )


def _check_hello(session: Session, identity: Identity, hello: Hello) -> None:
    if hello.version != VERSION:
        raise PeerError(
            "CONFLICT",
            f"the peer speaks version {hello.version}, this hub {VERSION}",
            hint="use the same version of qualitywatch on both sides",
        )
    if hello.agent not in (None, identity.agent):
        raise PeerError(
            "IDENTITY_MISMATCH",
            f"the token is {identity.agent or identity.role}, not {hello.agent}",
            hint="leave `agent` out, or use the token made for that agent",
        )
    if session.identity not in (None, identity):
        raise PeerError(
            "CONFLICT",
            "this session is open under another name",
            hint="open another connection",
        )


async def _enter_agent(
    parts: Parts, session: Session, identity: Identity, hello: Hello
) -> None:
    assert identity.agent is not None, "the store gives no agent token without one"
    _check_room(parts, session, identity.agent)
    described = _described(parts, identity.agent, hello)
    folder = Path(_absolute(hello.workspace or f"{described.workspace}"))
    root = await parts.judge.bind(described)
    agent = msgspec.structs.replace(described, workspace=str(root))
    await parts.warden.seen(agent)
    known, session.agent = session.agent, agent
    session.folder = folder if folder.is_relative_to(root) else root
    if known is None:
        await parts.warden.connected(agent.id, session.id)


def _check_room(parts: Parts, session: Session, agent: str) -> None:
    others = [
        other
        for other in parts.stream.sessions - {session}
        if other.agent is not None and other.agent.id == agent
    ]
    if len(others) >= parts.limits.max_connections_per_agent:
        raise PeerError(
            "TOO_MANY",
            f"{agent} has {len(others)} connections open already",
            hint="close one, or raise hub.max_connections_per_agent",
        )


def _described(parts: Parts, id: str, hello: Hello) -> Agent:
    """What is known of the agent, with what it says of itself now."""
    known = parts.warden.agent(id) or Agent(id=id, name=id)
    claimed = hello.workspace or known.workspace or str(parts.root)
    if known.workspace and parts.warden.quarantine_for(id, Path(known.workspace)):
        claimed = known.workspace  # to name another folder is no way out
    return msgspec.structs.replace(
        known,
        name=hello.name or known.name,
        harness=hello.harness or known.harness,
        workspace=_absolute(claimed),
        last_seen=parts.clock().isoformat(),
    )


def _absolute(path: str) -> str:
    if "\0" in path or not Path(path).is_absolute():
        raise PeerError(
            "INVALID_PARAMS",
            "session.hello: `workspace` is not an absolute path",
            hint="give the absolute path of the checkout, or leave it out",
        )
    return str(real_path(Path(path)))  # one folder, one name
