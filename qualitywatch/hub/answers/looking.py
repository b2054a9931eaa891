"""Answers to everybody who may look."""

from __future__ import annotations

from datetime import UTC, timedelta

from qualitywatch import protocol
from qualitywatch.errors import PeerError
from qualitywatch.hub.parts import Parts
from qualitywatch.hub.sessions import Session

PIECE = 128 * 1024  # signs of a repair that one answer shows


async def subscribe(
    parts: Parts, session: Session, params: protocol.Subscribe
) -> protocol.Subscribed:
    """From where the session is told; the service tells it after this answer."""
    since = params.since
    if since == "now":
        return _subscribed(parts, session, parts.warden.sequence, None, recovered=True)
    if since is not None and await _can_replay(parts, since, params.epoch):
        return _subscribed(parts, session, since, None, recovered=True)
    seq, snapshot = await parts.snapshots.take()
    return _subscribed(parts, session, seq, snapshot, recovered=since is None)


async def violations(
    parts: Parts, session: Session, params: protocol.ListViolations
) -> protocol.Violations:
    """The newest violations that match."""
    found = await parts.store.violations(
        open=params.open, agent=params.agent, path=params.path, limit=params.limit
    )
    return protocol.Violations(violations=found)


async def base(
    parts: Parts, session: Session, params: protocol.FindBase
) -> protocol.KeptBase:
    """Where the code is that an open violation took away."""
    rows = await parts.store.open_of([params.violation])
    row = rows[0] if rows else None
    return protocol.KeptBase(
        workspace=None if row is None else row.workspace,
        base=None if row is None else row.base,
    )


async def blames(
    parts: Parts, session: Session, params: protocol.FindBlames
) -> protocol.Blames:
    """Who answers for a violation, and on which grounds."""
    found = await parts.store.blames(params.violation)
    return protocol.Blames(
        blames=tuple(
            protocol.Blame(subject=one.subject, grounds=one.grounds, since=one.time)
            for one in found
        )
    )


async def show_repair(
    parts: Parts, session: Session, params: protocol.ShowRepair
) -> protocol.ShownRepair:
    """A piece of what is on offer."""
    offered = await parts.store.repair(params.repair)
    if offered is None:
        raise PeerError(
            "NOT_FOUND",
            f"no repair {params.repair!r} is on offer (any more)",
            hint="it ends with its quarantine, or when something newer is offered",
        )
    text, end = offered.content.decode("utf-8", "replace"), params.offset + PIECE
    return protocol.ShownRepair(
        repair=offered.repair,
        subject=offered.subject,
        content=text[params.offset : end],
        next=end if end < len(text) else None,
    )


async def agents(
    parts: Parts, session: Session, params: protocol.Nothing
) -> protocol.Agents:
    """Every agent, with where it stands."""
    return protocol.Agents(agents=await parts.warden.agent_rows())


async def quarantines(
    parts: Parts, session: Session, params: protocol.Nothing
) -> protocol.Quarantines:
    """Every open quarantine."""
    return protocol.Quarantines(quarantines=parts.warden.quarantines)


async def stats(
    parts: Parts, session: Session, params: protocol.Nothing
) -> protocol.Stats:
    """Counts, and what is degraded."""
    return await counted(parts)


async def counted(parts: Parts) -> protocol.Stats:
    """The same, for whoever asks by another way."""
    counts = await parts.store.counts()
    return protocol.Stats(
        changes=counts.changes,
        violations=counts.violations,
        open_violations=counts.open_violations,
        open_quarantines=counts.open_quarantines,
        agents=counts.agents,
        connections=len(parts.stream.sessions),
        degraded=tuple(
            f"{what}: {reason}" for what, reason in parts.warden.degraded_now.items()
        ),
        vitals=parts.vitals(),
    )


async def trends(
    parts: Parts, session: Session, params: protocol.AskTrends
) -> protocol.Trends:
    """What happened on each of the last days."""
    first = parts.clock() - timedelta(days=params.days - 1)
    days = await parts.store.trends(f"{first.astimezone(UTC):%Y-%m-%d}")
    return protocol.Trends(days=days)


async def _can_replay(parts: Parts, since: int, epoch: str | None) -> bool:
    """True when every event after *since* is still there."""
    if epoch not in (None, parts.warden.epoch) or since > parts.warden.sequence:
        return False
    return since + 1 >= await parts.store.oldest_sequence()


def _subscribed(
    parts: Parts,
    session: Session,
    seq: int,
    snapshot: protocol.Snapshot | None,
    *,
    recovered: bool,
) -> protocol.Subscribed:
    session.cursor, session.live = seq, False
    return protocol.Subscribed(
        epoch=parts.warden.epoch, seq=seq, recovered=recovered, snapshot=snapshot
    )
