"""Who hears what happens: every event once, in order, to everybody who follows.

A session first reads what happened after its cursor: the last events from memory, older
ones from the store. When it has caught up with the newest event published, in the same
step of the loop, it becomes live: from then on `publish` tells it. Nothing can fall
between the two, and an event that reaches it on both ways is told once, by its
sequence. Each event is encoded once, and framed once, for all who hear it.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import islice
from pathlib import PurePath
from typing import NamedTuple, Protocol

import msgspec

from qualitywatch.hub.frames import Frame, together
from qualitywatch.hub.sessions import OVERLOADED, Session
from qualitywatch.model import WORKSPACE_PREFIX, Agent, Event, workspace_subject
from qualitywatch.protocol import write_event

PAGE = 200
MAX_WRITE = 16 * 1024  # bytes of events that go together, then others have a turn
MAX_KEPT = 2000  # events in memory, for those who come back ...
MAX_KEPT_BYTES = 4 * 1024 * 1024  # ... and how large they are together


class ReadAfter(Protocol):
    """Reads the stored events after a sequence, oldest first."""

    def __call__(self, since: int, *, limit: int) -> Awaitable[Sequence[Event]]: ...


class _Concerned(NamedTuple):
    """Whom an event concerns also where they follow nothing: their own quarantine."""

    subject: str
    place: object  # of the workspace, where that is in quarantine

    def is_about(self, session: Session) -> bool:
        """True where it stops the session's agent, or one above it."""
        own = () if session.agent is None else (session.agent,)
        return any(self._stops(agent) for agent in (*own, *session.line))

    def _stops(self, agent: Agent) -> bool:
        """True where it is of *agent*, or of where that works."""
        if not self.subject.startswith(WORKSPACE_PREFIX):
            return self.subject == agent.id
        if self.place is None and agent.workspace is not None:
            return self.subject == workspace_subject(PurePath(agent.workspace).name)
        return self.place == agent.workspace


class _Told(NamedTuple):
    """An event as it is told."""

    sequence: int
    frame: Frame
    time: float
    concerned: _Concerned | None


class Stream:
    """The open sessions and what they have been told."""

    def __init__(self) -> None:
        self._sessions: set[Session] = set()
        self._pending: list[_Told] = []
        self._is_telling = False  # within this step of the loop
        self._kept: deque[_Told] = deque()
        self._kept_bytes = 0
        self.newest = 0  # the last sequence published

    @property
    def sessions(self) -> frozenset[Session]:
        """Every open session."""
        return frozenset(self._sessions)

    @property
    def queue_depth(self) -> int:
        """Frames that wait for all of them."""
        return sum(getattr(each.outlet, "depth", 0) for each in self._sessions)

    @contextmanager
    def joined(self, session: Session) -> Iterator[Session]:
        """*session* is told what happens while the block runs."""
        self._sessions.add(session)
        try:
            yield session
        finally:
            self._sessions.discard(session)

    def publish(self, event: Event) -> None:
        """Tell every session that should hear it; never waits.

        The first event of a step of the loop is told at once; those that come in the
        same step, as out of one commit, follow together: one write for each session.
        """
        told = _told(event)
        self._keep(told)
        self._pending.append(told)
        if not self._is_telling:
            self._tell_pending()

    def _tell_pending(self) -> None:
        self._is_telling = bool(self._pending)
        if self._is_telling:
            piece = next(_pieces(self._pending))
            self._pending = self._pending[len(piece) :]
            self._tell(piece)
            asyncio.get_running_loop().call_soon(self._tell_pending)

    def _tell(self, batch: Sequence[_Told]) -> None:
        frame = together([told.frame for told in batch])
        first, last = batch[0].sequence, batch[-1].sequence
        concerned = [told for told in batch if told.concerned]
        now = batch[-1].time
        for session in tuple(self._sessions):
            if session.ends <= now:
                session.put_out("the token has expired")
            elif not session.live:
                if session.cursor is None and concerned:
                    _tell_concerned(session, concerned)
            elif session.cursor is not None and session.cursor + 1 < first:
                session.outlet.close(OVERLOADED, "an event was not told: come back")
            elif session.cursor is None or session.cursor < first:
                session.cursor = last
                session.outlet.offer(frame)
            elif session.cursor < last:
                cursor, session.cursor = session.cursor, last
                rest = [told.frame for told in batch if told.sequence > cursor]
                session.outlet.offer(together(rest))

    async def follow(self, session: Session, read_after: ReadAfter) -> None:
        """Tell *session* all it has not heard, then make it live."""
        while session.cursor is not None and not session.live:
            newest = self.newest
            events = await self._page(session.cursor, read_after)
            if events and events[0].sequence != session.cursor + 1:
                # It was compacted while we read.
                return session.outlet.close(OVERLOADED, "history is gone: come back")
            for piece in _pieces(events):
                await session.outlet.send(together([told.frame for told in piece]))
                if session.cursor is None:
                    return None  # put out meanwhile
                session.cursor = piece[-1].sequence
            told = self.newest in (newest, session.cursor)
            session.live = told and len(events) < PAGE
        return None

    async def _page(self, cursor: int, read_after: ReadAfter) -> Sequence[_Told]:
        """What comes next after *cursor*."""
        if self._kept and self._kept[0].sequence <= cursor + 1:
            skipped = cursor + 1 - self._kept[0].sequence
            return tuple(islice(self._kept, skipped, skipped + PAGE))
        return [_told(event) for event in await read_after(cursor, limit=PAGE)]

    def _keep(self, told: _Told) -> None:
        if self._kept and told.sequence != self._kept[-1].sequence + 1:
            self._kept.clear()  # only an unbroken row can be told from memory
            self._kept_bytes = 0
        self.newest = max(self.newest, told.sequence)
        self._kept.append(told)
        self._kept_bytes += len(told.frame)
        while len(self._kept) > MAX_KEPT or self._kept_bytes > MAX_KEPT_BYTES:
            self._kept_bytes -= len(self._kept.popleft().frame)


def _told(event: Event) -> _Told:
    return _Told(
        sequence=event.sequence,
        frame=Frame(write_event(event).encode()),
        time=datetime.fromisoformat(event.time).timestamp(),
        concerned=_concerned(event),
    )


def _pieces(batch: Sequence[_Told]) -> Iterator[Sequence[_Told]]:
    """*batch* in pieces that fit into a write."""
    piece: list[_Told] = []
    size = 0
    for told in batch:
        if piece and size + len(told.frame) > MAX_WRITE:
            yield piece
            piece, size = [], 0
        piece.append(told)
        size += len(told.frame)
    if piece:
        yield piece


def _concerned(event: Event) -> _Concerned | None:
    if not event.kind.startswith("quarantine."):
        return None
    data = _fields(event)
    return _Concerned(str(data.get("subject")), data.get("workspace"))


def _tell_concerned(session: Session, batch: Sequence[_Told]) -> None:
    for told in batch:
        if told.concerned is not None and told.concerned.is_about(session):
            session.outlet.offer(told.frame)


def _fields(event: Event) -> dict[str, object]:
    decoded = msgspec.json.decode(event.data)
    return decoded if isinstance(decoded, dict) else {}
