"""How much a peer may send: a bucket of messages and a bucket of bytes for each agent.

A bucket fills with time and each message takes from it. Who goes on when it is empty
gets a strike, at most one a second: three within a minute close the connection, many
within an hour put the agent in quarantine. All connections of an agent share one
account, so that opening more of them gains nothing.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from qualitywatch.config import Hub
from qualitywatch.model import Noun
from qualitywatch.protocol import MAX_FRAME_BYTES

STRIKES_TO_CLOSE = 3
STRIKE_SECONDS = 1.0
MINUTE = 60.0
HOUR = 3600.0
SHUT_SECONDS = 5.0  # after it was closed, an agent may not come back for so long
MAX_ACCOUNTS = 10_000


class Excess(Noun):
    """A message too many."""

    wait_seconds: float  # until it would have been in order
    strike: bool  # False: one was given within this second already
    minute: int  # strikes in the last minute ...
    hour: int  # ... and in the last hour


class Bucket:
    """Holds up to *burst*, and gets *rate* a second."""

    __slots__ = ("_at", "_burst", "_level", "_rate")

    def __init__(self, rate: float, burst: float, now: float) -> None:
        self._rate = rate
        self._burst = burst
        self._level = burst
        self._at = now

    def take(self, amount: float, now: float) -> float:
        """0.0 where *amount* was there, else after how many seconds it will be."""
        passed = max(0.0, now - self._at)
        self._level = min(self._burst, self._level + passed * self._rate)
        self._at = now
        missing = min(amount, self._burst) - self._level
        if missing > 0:
            return missing / self._rate
        self._level -= amount
        return 0.0


class _Account:
    """What one agent has sent of late."""

    __slots__ = ("bytes", "messages", "shut_until", "strikes")

    def __init__(self, limits: Hub, now: float) -> None:
        self.messages: Bucket
        self.bytes: Bucket
        self.fill(limits, now)
        self.strikes: deque[float] = deque()
        self.shut_until = float("-inf")

    def fill(self, limits: Hub, now: float) -> None:
        """Begin with full buckets of the size that *limits* says."""
        self.messages = Bucket(limits.messages_per_second, limits.message_burst, now)
        self.bytes = Bucket(limits.bytes_per_second, MAX_FRAME_BYTES, now)


class Rates:
    """The accounts of all who send."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._accounts: dict[str, _Account] = {}

    def take(self, who: str, size: int, limits: Hub) -> Excess | None:
        """`None` where *who* may send a message of *size* bytes now."""
        now = self._monotonic()
        account = self._account(who, limits, now)
        wait = account.messages.take(1, now) or account.bytes.take(size, now)
        return _struck(account, wait, now) if wait else None

    def shut(self, who: str) -> None:
        """*who* was closed: it need not come back at once."""
        account = self._accounts.get(who)
        if account is not None:
            account.shut_until = self._monotonic() + SHUT_SECONDS

    def is_shut(self, who: str) -> bool:
        """True while *who* may not come back yet."""
        account = self._accounts.get(who)
        return account is not None and account.shut_until > self._monotonic()

    def forget(self, who: str) -> None:
        """*who* has left for good."""
        self._accounts.pop(who, None)

    def relimit(self, limits: Hub) -> None:
        """Go by other limits; the strikes stay."""
        now = self._monotonic()
        for account in self._accounts.values():
            account.fill(limits, now)

    def _account(self, who: str, limits: Hub, now: float) -> _Account:
        account = self._accounts.get(who)
        if account is None:
            account = self._accounts[who] = _Account(limits, now)
            if len(self._accounts) > MAX_ACCOUNTS:
                del self._accounts[next(iter(self._accounts))]
        return account


def _struck(account: _Account, wait: float, now: float) -> Excess:
    strikes = account.strikes
    while strikes and now - strikes[0] >= HOUR:
        strikes.popleft()
    fresh = not strikes or now - strikes[-1] >= STRIKE_SECONDS
    if fresh:
        strikes.append(now)
    minute = sum(now - at < MINUTE for at in strikes)
    return Excess(wait_seconds=wait, strike=fresh, minute=minute, hour=len(strikes))
