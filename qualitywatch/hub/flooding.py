"""What happens to a peer that sends more than it may: refused, closed, quarantined."""

from __future__ import annotations

from qualitywatch.audit import Decision
from qualitywatch.errors import PeerError
from qualitywatch.hub.frames import Frame
from qualitywatch.hub.parts import Parts
from qualitywatch.hub.rates import STRIKES_TO_CLOSE, Excess, Rates
from qualitywatch.hub.sessions import FLOODING, Session
from qualitywatch.protocol import call_id, write_error

LONGEST_WAIT = 1.0  # before the next message of that connection is read


class Flooding:
    """Counts what every session sends, and acts where it is too much."""

    def __init__(self, rates: Rates) -> None:
        self._rates = rates

    async def refused(
        self, parts: Parts, session: Session, frame: str | bytes
    ) -> float | None:
        """How long to leave the peer unread after a refusal; `None` for one in order.

        While nothing is read the peer's own buffers fill: a flood waits where it is
        made.
        """
        excess = self._rates.take(self._account(session), len(frame), parts.limits)
        if excess is None:
            return None
        await session.outlet.send(_answer(frame, excess))
        if excess.strike:
            await self._strike(parts, session, excess)
        return min(excess.wait_seconds, LONGEST_WAIT)

    def check_back(self, agent: str) -> None:
        """Raises RATE_LIMITED where *agent* was closed for flooding just now."""
        if self._rates.is_shut(agent):
            raise PeerError(
                "RATE_LIMITED",
                f"{agent} was closed because it sent too much",
                hint="send less, and wait some seconds before you connect again",
            )

    def left(self, session: Session) -> None:
        """The session has ended; the account of an agent outlives it."""
        if session.agent is None:
            self._rates.forget(session.id)

    def _account(self, session: Session) -> str:
        known = session.identity or session.proven
        return session.id if known is None or known.agent is None else known.agent

    async def _strike(self, parts: Parts, session: Session, excess: Excess) -> None:
        agent = session.agent
        await parts.warden.note(
            Decision(
                action="message",
                who=session.who,
                object="hub",
                result="refused",
                reason="RATE_LIMITED",
            )
        )
        if excess.minute >= STRIKES_TO_CLOSE:
            self._rates.shut(self._account(session))
            session.outlet.close(FLOODING, "too many messages, again and again")
        most = parts.limits.strikes_to_quarantine
        if agent is None or not most or excess.hour < most:
            return
        if parts.warden.quarantine_of(agent.id) is None:
            reason = f"it flooded the hub: {excess.hour} strikes within an hour"
            await parts.warden.impose(agent.id, reason, "hub")


def _answer(frame: str | bytes, excess: Excess) -> Frame:
    wait = max(1, round(excess.wait_seconds * 1000))
    error = PeerError(
        "RATE_LIMITED",
        "more messages than an agent may send",
        hint=f"send it again in {wait} ms, and slower",
    )
    data = {"retry_after_ms": wait}
    return Frame(write_error(call_id(frame), error, data=data).encode())
