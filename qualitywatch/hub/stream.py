"""Who hears what happens: every event once, in order, to everybody who follows.

A session first reads what the store holds after its cursor. When it has caught up with
the newest event published, in the same step of the loop, it becomes live: from then on
`publish` tells it. Nothing can fall between the two, and an event that reaches it on
both ways is told once, by its sequence.
"""

from __future__ import annotations

from collections.abc import Awaitable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import PurePath
from typing import Protocol

import msgspec

from qualitywatch.hub.sessions import UNAUTHENTICATED, Session
from qualitywatch.model import WORKSPACE_PREFIX, Event, workspace_subject
from qualitywatch.protocol import write_event

PAGE = 200


class ReadAfter(Protocol):
    """Reads the stored events after a sequence, oldest first."""

    def __call__(self, since: int, *, limit: int) -> Awaitable[Sequence[Event]]: ...


class Stream:
    """The open sessions and what they have been told."""

    def __init__(self) -> None:
        self._sessions: set[Session] = set()
        self.newest = 0  # the last sequence published

    @property
    def sessions(self) -> frozenset[Session]:
        """Every open session."""
        return frozenset(self._sessions)

    @contextmanager
    def joined(self, session: Session) -> Iterator[Session]:
        """*session* is told what happens while the block runs."""
        self._sessions.add(session)
        try:
            yield session
        finally:
            self._sessions.discard(session)

    def publish(self, event: Event) -> None:
        """Tell every session that should hear it; never waits."""
        self.newest = max(self.newest, event.sequence)
        data = _fields(event)
        frame = write_event(event).encode()
        now = datetime.fromisoformat(event.time)
        for session in self.sessions:
            if session.expired(now):
                session.outlet.close(UNAUTHENTICATED, "the token has expired")
            elif _hears(session, event, data):
                session.outlet.offer(frame)

    async def follow(self, session: Session, read_after: ReadAfter) -> None:
        """Tell *session* all it has not heard, then make it live."""
        while session.cursor is not None and not session.live:
            newest = self.newest
            events = await read_after(session.cursor, limit=PAGE)
            for event in events:
                await session.outlet.send(write_event(event).encode())
                session.cursor = event.sequence
            told = self.newest in (newest, session.cursor)
            session.live = told and len(events) < PAGE


def _hears(session: Session, event: Event, data: dict[str, object]) -> bool:
    if session.cursor is None:
        return _concerns(session, event, data)
    if not session.live or event.sequence <= session.cursor:
        return False
    session.cursor = event.sequence
    return True


def _concerns(session: Session, event: Event, data: dict[str, object]) -> bool:
    """An agent hears of its own quarantine also where it follows nothing."""
    if session.agent is None or not event.kind.startswith("quarantine."):
        return False
    subject = str(data.get("subject"))
    if not subject.startswith(WORKSPACE_PREFIX):
        return subject == session.agent.id
    place, ours = data.get("workspace"), session.agent.workspace
    if place is None and ours is not None:
        return subject == workspace_subject(PurePath(ours).name)
    return place == ours


def _fields(event: Event) -> dict[str, object]:
    decoded = msgspec.json.decode(event.data)
    return decoded if isinstance(decoded, dict) else {}
