"""Who a peer is: a token or the passphrase becomes an identity."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from datetime import datetime

from qualitywatch import credentials
from qualitywatch.audit import Decision
from qualitywatch.errors import PeerError
from qualitywatch.hub.guesses import PAUSE_SECONDS, Guesses
from qualitywatch.hub.keyring import Keyring
from qualitywatch.hub.origins import ANYBODY, Caller, Origin
from qualitywatch.hub.sessions import Identity, Session
from qualitywatch.protocol import Hello, Role
from qualitywatch.store import Store
from qualitywatch.warden import Warden

MAX_FAILURES = 10  # of one peer in a minute; after that nothing is looked up for it
MAX_LOOKED_FOR = 8  # guessers whose process is being found
WINDOW_SECONDS = 60.0
PASSPHRASE = "passphrase"  # what is degraded while somebody guesses it


class Failures:
    """Wrong tokens of each peer, in the last minute."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._times: dict[str, deque[float]] = {}

    def add(self, peer: str) -> None:
        """One more."""
        times = self._times.setdefault(peer, deque(maxlen=MAX_FAILURES))
        times.append(self._monotonic())
        if len(self._times) > 10_000:
            del self._times[next(iter(self._times))]

    def are_many(self, peer: str) -> bool:
        """True where the peer has failed too often to be looked at again."""
        times = self._times.get(peer)
        if times is None or len(times) < MAX_FAILURES:
            return False
        return self._monotonic() - times[0] < WINDOW_SECONDS


class Authentication:
    """Turns what a peer shows into an identity, and tells the audit where it can not.

    A right token is always let in, however many wrong ones its machine has shown: they
    only cost their own sender, who is soon answered without a look.
    """

    def __init__(
        self,
        store: Store,
        warden: Warden,
        *,
        clock: Callable[[], datetime],
        monotonic: Callable[[], float],
        pause_seconds: float = PAUSE_SECONDS,
    ) -> None:
        self._store = store
        self._warden = warden
        self._clock = clock
        self._failures = Failures(monotonic)
        self._guesses = Guesses(monotonic, pause_seconds=pause_seconds)
        self._one_look_at_a_time = asyncio.Lock()
        self._looked_for = 0
        self._tickets: set[str] = set()  # their hashes
        self.keyring = Keyring(store)

    def ticket(self) -> str:
        """A token to look with until this daemon ends; it is written down nowhere."""
        token, sha256 = credentials.new_token(Role.OBSERVER)
        self._tickets.add(sha256)
        return token

    async def opened(self, session: Session, hello: Hello) -> Identity:
        """The identity that *hello* proves, or the handshake before it."""
        if hello.passphrase is not None:
            return await self.by_passphrase(hello.passphrase, session.caller)
        if hello.token is not None:
            return await self.by_token(hello.token, session.caller)
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

    async def by_token(self, token: str, caller: Caller) -> Identity:
        """The identity behind *token*; UNAUTHENTICATED where it is not good."""
        try:
            sha256 = credentials.hash_token(token)
        except PeerError as error:
            raise await self._refused(caller, error) from None
        if sha256 in self._tickets:
            return Identity(role=Role.OBSERVER)
        known = await self.keyring.find(sha256, self._clock())
        if known is None and not self._failures.are_many(caller.name):
            known = await self.keyring.look_again(sha256)
        if known is None:
            raise await self._refused(
                caller,
                PeerError(
                    "UNAUTHENTICATED",
                    "the token is unknown, revoked or expired",
                    hint="an operator makes a new one: qualitywatch tokens create",
                ),
            )
        return known

    async def by_passphrase(self, passphrase: str, caller: Caller) -> Identity:
        """The operator; WRONG_PASSPHRASE or LOCKED_OUT otherwise."""
        origin = await self._origin(caller)
        hashed = await self._store.passphrase_hash()
        if hashed is None:
            raise PeerError(
                "WRONG_PASSPHRASE",
                "no operator passphrase is set in this repository",
                hint="set one on the terminal: qualitywatch init",
            )

        async def verify() -> bool:
            check = credentials.verify_passphrase
            return await asyncio.to_thread(check, hashed, passphrase)

        try:
            is_right = await self._guesses.checked(origin, verify)
        except PeerError as error:
            await self._note("operator.login", origin.name, error.code)
            raise
        if not is_right:
            await self._guessed_wrong(origin)
        await self._warden.recovered(PASSPHRASE)
        await self._warden.note(
            Decision(
                action="operator.login", who=origin.name, object="hub", result="allowed"
            )
        )
        return Identity(role=Role.OPERATOR)

    async def _origin(self, caller: Caller) -> Origin:
        """Where *caller* comes from; in a crowd nobody is looked for: it waits last."""
        if self._looked_for >= MAX_LOOKED_FOR:
            return ANYBODY
        self._looked_for += 1
        try:
            async with self._one_look_at_a_time:
                return await asyncio.to_thread(caller.origin)
        finally:
            self._looked_for -= 1

    async def _guessed_wrong(self, origin: Origin) -> None:
        await self._note("operator.login", origin.name, "WRONG_PASSPHRASE")
        if self._guesses.are_many:
            await self._warden.degraded(
                PASSPHRASE,
                "somebody guesses the operator passphrase: see the audit, find the"
                " process and stop it",
            )
        raise PeerError(
            "WRONG_PASSPHRASE",
            "this is not the passphrase",
            hint="it is the one that `init` or the first `watch` set here",
        )

    async def _refused(self, caller: Caller, error: PeerError) -> PeerError:
        """What a wrong token is answered; RATE_LIMITED after ten within a minute."""
        self._failures.add(caller.name)
        await self._note("login", caller.name, error.problem)
        if not self._failures.are_many(caller.name):
            return error
        return PeerError(
            "RATE_LIMITED",
            "too many wrong tokens",
            hint="wait a minute, then try again",
        )

    async def _note(self, action: str, who: str, reason: str) -> None:
        decision = Decision(
            action=action, who=who, object="hub", result="refused", reason=reason
        )
        await self._warden.note(decision)
