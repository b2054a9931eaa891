"""The connections of the hub: how many there are, and who is still a stranger.

A stranger has not said who it is, which takes a peer with a token some milliseconds.
Who stands there for longer than a second while others wait is put out, the oldest
first, until few are left: a crowd that only stands there keeps nobody from coming in.
Nor does a crowd that only looks, for which the socket asks no token: where all places
are taken, whoever has looked longest makes room.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

MAX_STRANGERS = 64
GRACE_SECONDS = 1.0  # in which nobody is put out: a thousand may come back at once


class Stranger(Protocol):
    """A connection, whatever its transport."""

    def put_out(self) -> None:
        """Make room for somebody else."""


class Strangers:
    """The connections of all transports together, and which of them wait outside."""

    def __init__(
        self, most: Callable[[], int], now: Callable[[], float], *, grace: float
    ) -> None:
        self._most = most
        self._now = now
        self._grace = grace
        self._waiting: dict[Stranger, float] = {}  # since when; oldest first
        self._lookers: dict[Stranger, None] = {}  # oldest first
        self._known: set[Stranger] = set()
        self.refused = 0  # since the daemon began
        self.put_out = 0

    def __len__(self) -> int:
        return len(self._waiting) + len(self._lookers) + len(self._known)

    @property
    def waiting(self) -> int:
        """Connections that have not said who they are."""
        return len(self._waiting)

    def arrived(self, peer: Stranger) -> bool:
        """True when *peer* may say who it is."""
        if len(self) >= self._most() and not self._has_made_room():
            self.refused += 1
            return False
        self._waiting[peer] = self._now()
        return True

    def known(self, peer: Stranger, *, looks_only: bool = False) -> None:
        """*peer* has said who it is; who *looks_only* may have to make room."""
        if looks_only and peer in self._waiting:
            del self._waiting[peer]
            self._lookers[peer] = None
        elif not looks_only and (peer in self._waiting or peer in self._lookers):
            self._waiting.pop(peer, None)
            self._lookers.pop(peer, None)
            self._known.add(peer)

    def left(self, peer: Stranger) -> None:
        """*peer* is gone; it may have been put out before."""
        self._waiting.pop(peer, None)
        self._lookers.pop(peer, None)
        self._known.discard(peer)

    def sweep(self) -> None:
        """Put out the strangers that are too many, once their grace is over."""
        while len(self._waiting) > MAX_STRANGERS and self._put_oldest_out():
            pass

    def _has_made_room(self) -> bool:
        if self._put_oldest_out():
            return True
        oldest = next(iter(self._lookers), None)
        if oldest is None:
            return False
        del self._lookers[oldest]
        self.put_out += 1
        oldest.put_out()
        return True

    def _put_oldest_out(self) -> bool:
        """False where there is none, or where it has only just come."""
        oldest, since = next(iter(self._waiting.items()), (None, 0.0))
        if oldest is None or self._now() - since < self._grace:
            return False
        del self._waiting[oldest]
        self.put_out += 1
        oldest.put_out()
        return True
