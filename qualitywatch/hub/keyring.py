"""The live tokens in memory, by hash: a handshake asks no disk.

A thousand clients that come back at once are let in without a question to the store,
and a right token is known however many wrong ones are tried. Only this daemon makes and
revokes tokens while it runs, so the two can not differ.
"""

from __future__ import annotations

from datetime import datetime

from qualitywatch.hub.sessions import Identity
from qualitywatch.protocol import TokenRow
from qualitywatch.store import Store


class Keyring:
    """Who each token stands for."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[str, Identity] | None = None  # None: not read yet

    async def find(self, sha256: str, now: datetime) -> Identity | None:
        """Whose token this is; `None` where it is unknown, revoked or expired."""
        if self._known is None:
            rows = await self._store.live_tokens()
            self._known = {hash: _identity(row) for hash, row in rows}
        known = self._known.get(sha256)
        if known is not None and known.ends <= now.timestamp():
            return None
        return known

    async def look_again(self, sha256: str) -> Identity | None:
        """The same from the store, for a token that another hand has made."""
        row = await self._store.live_token(sha256)
        if row is None:
            return None
        self.add(sha256, row)
        return _identity(row)

    def add(self, sha256: str, row: TokenRow) -> None:
        """A token that was just made."""
        if self._known is not None:
            self._known[sha256] = _identity(row)

    def remove(self, id: str) -> None:
        """A token that was just revoked."""
        if self._known is not None:
            self._known = {
                hash: one for hash, one in self._known.items() if one.token != id
            }


def _identity(row: TokenRow) -> Identity:
    return Identity(
        role=row.role,
        agent=row.agent,
        token=row.id,
        expires=datetime.fromisoformat(row.expires_at),
    )
