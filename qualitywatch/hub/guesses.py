"""How the operator's passphrase is guarded against guessing.

Everybody here is the same user on the same machine, so a lock that any process can
close would hand the agents the power to shut the operator out. Therefore:

* five wrong guesses within a minute shut out their own origin (a terminal session, a
  browser), for a minute and then twice as long each time, up to an hour; another
  terminal is not concerned, and where origins can not be told apart none is shut out;
* one guess is verified at a time, in a thread: argon2id takes a tenth of a second, and
  while many are wrong a second passes between two of them;
* of those who wait, whoever has guessed wrong least is next, then whoever has been on
  this machine longest: a crowd of fresh processes stands behind the operator's shell;
* no lock outlives its guesser: when the guessing stops, the right passphrase is
  answered within seconds.

So at most 86,400 guesses a day are possible, about 2^16. What remains is the strength
of the passphrase (a made one has 75 bits) and that it is noticed: every wrong guess is
in the audit, and five within a minute are announced to everybody.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from qualitywatch.errors import PeerError
from qualitywatch.hub.origins import Origin

TRIES = 5
WINDOW_SECONDS = 60.0
LONGEST_LOCK_SECONDS = 3600.0
PAUSE_SECONDS = 1.0  # between two guesses while many are wrong
MAX_WAITING = 16
MAX_ORIGINS = 10_000


@dataclass
class _Record:
    """What is remembered of one origin."""

    failures: deque[float] = field(default_factory=deque)  # of the last minute
    wrong: int = 0  # since the last right one
    lock_seconds: float = WINDOW_SECONDS
    locked_until: float = float("-inf")


class Guesses:
    """Decides who may guess, and when."""

    def __init__(
        self, monotonic: Callable[[], float], *, pause_seconds: float = PAUSE_SECONDS
    ) -> None:
        self._monotonic = monotonic
        self._pause_seconds = pause_seconds
        self._records: dict[str, _Record] = {}
        self._recent: deque[float] = deque(maxlen=TRIES)  # wrong ones of anybody
        self._turns = _Turns()

    async def checked(
        self, origin: Origin, verify: Callable[[], Awaitable[bool]]
    ) -> bool:
        """What *verify* says, when it is the turn of *origin*.

        Raises LOCKED_OUT while the origin is shut out, without verifying anything.
        """
        self._refuse_locked(origin)
        async with self._turns.turn(self._rank(origin)):
            self._refuse_locked(origin)  # others of the origin were before us
            if self.are_many:
                await asyncio.sleep(self._pause_seconds)
            is_right = await verify()
            self._remember(origin, is_right)
            return is_right

    @property
    def are_many(self) -> bool:
        """True while somebody seems to guess: five wrong ones within a minute."""
        full = len(self._recent) == TRIES
        return full and self._monotonic() - self._recent[0] < WINDOW_SECONDS

    def _rank(self, origin: Origin) -> tuple[int, float]:
        """Who is next: least wrong guesses, then longest here."""
        known = self._records.get(origin.key)
        return (known.wrong if known else 0, origin.since)

    def _refuse_locked(self, origin: Origin) -> None:
        known = self._records.get(origin.key)
        left = known.locked_until - self._monotonic() if known else 0.0
        if left > 0:
            raise PeerError(
                "LOCKED_OUT",
                "too many wrong passphrases from this terminal or program",
                hint=f"try again in {int(left) + 1} seconds, or in another terminal",
            )

    def _remember(self, origin: Origin, is_right: bool) -> None:
        if is_right:
            self._records.pop(origin.key, None)
            return
        now = self._monotonic()
        self._recent.append(now)
        known = self._records.setdefault(origin.key, _Record())
        known.wrong += 1
        known.failures.append(now)
        while now - known.failures[0] >= WINDOW_SECONDS:
            known.failures.popleft()
        if len(known.failures) >= TRIES and not origin.shared:
            known.failures.clear()
            known.locked_until = now + known.lock_seconds
            known.lock_seconds = min(known.lock_seconds * 2, LONGEST_LOCK_SECONDS)
        if len(self._records) > MAX_ORIGINS:
            del self._records[next(iter(self._records))]


class _Turns:
    """One at a time, the best first; too many who wait are not let wait."""

    def __init__(self) -> None:
        self._busy = False
        self._waiting: list[_Turn] = []

    def turn(self, rank: tuple[int, float]) -> _Turn:
        """A turn to be waited for with `async with`."""
        return _Turn(self, rank)

    async def begin(self, turn: _Turn) -> None:
        """Return when it is *turn*'s; LOCKED_OUT where too many better ones wait."""
        if not self._busy:
            self._busy = True
            return
        self._waiting.append(turn)
        if len(self._waiting) > MAX_WAITING:
            worst = max(self._waiting, key=lambda one: one.rank)
            self._waiting.remove(worst)
            worst.come.set_exception(_busy())
        try:
            await turn.come
        except asyncio.CancelledError:
            self._give_up(turn)
            raise

    def end(self) -> None:
        """Let the best of those who wait begin."""
        self._busy = bool(self._waiting)
        if self._waiting:
            best = min(self._waiting, key=lambda one: one.rank)
            self._waiting.remove(best)
            best.come.set_result(None)

    def _give_up(self, turn: _Turn) -> None:
        if turn in self._waiting:
            self._waiting.remove(turn)
        elif turn.come.done() and not turn.come.cancelled():
            self.end()  # it was ours just now


class _Turn:
    """One guess that waits."""

    def __init__(self, turns: _Turns, rank: tuple[int, float]) -> None:
        self.rank = rank
        self.come: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._turns = turns

    async def __aenter__(self) -> None:
        await self._turns.begin(self)

    async def __aexit__(self, *error: object) -> None:
        self._turns.end()


def _busy() -> PeerError:
    return PeerError(
        "LOCKED_OUT",
        "many are guessing the passphrase at this moment",
        hint="find and stop who is: qualitywatch status; then try again",
    )
