"""A draft: everything that one write will do, gathered before it is done."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import msgspec

from qualitywatch.attribution import Attribution
from qualitywatch.audit import Decision
from qualitywatch.model import (
    Agent,
    Event,
    Grounds,
    Noun,
    Offer,
    Quarantine,
    Violation,
)
from qualitywatch.store import ChangeRow, Closing, OpenViolation, Transaction

Step = Callable[[Transaction], None]


class Draft:
    """Rows to write and events to tell, in order; nothing happens before `write`."""

    def __init__(self, now: str) -> None:
        self.now = now
        self.quarantines: dict[str, Quarantine] = {}  # as they will stand
        self.agents: list[Agent] = []
        self.dismissed: set[str] = set()
        self._steps: list[Step] = []
        self._decisions: list[Decision] = []
        self._events: list[tuple[str, bytes]] = []

    def tell(self, kind: str, data: object) -> None:
        """An event, to be published once it is durable."""
        self._events.append((kind, msgspec.json.encode(data)))

    def decided(self, decision: Decision) -> None:
        """A decision that concerns security, for the audit."""
        self._decisions.append(decision)

    def change(self, row: ChangeRow) -> None:
        """A judged change."""
        self._steps.append(partial(Transaction.add_change, change=row))

    def new_violation(self, row: OpenViolation, path: str) -> None:
        """A violation that was not known."""
        self._steps.append(
            partial(Transaction.add_violation, row=row, path=path, time=self.now)
        )
        self.tell("violation.recorded", row.violation)

    def known_violation(self, row: OpenViolation) -> None:
        """An open violation, brought up to date."""
        self._steps.append(partial(Transaction.put_violation, row=row))

    def blame(self, violation: str, subjects: Sequence[str], grounds: Grounds) -> None:
        """Those who answer for a violation from now on."""
        for subject in subjects:
            self._steps.append(
                partial(
                    Transaction.blame,
                    violation=violation,
                    subject=subject,
                    grounds=grounds,
                    time=self.now,
                )
            )

    def assigned(
        self, violation: Violation, subjects: Sequence[str], grounds: Grounds
    ) -> None:
        """Tell who answers for a violation that was announced without an author."""
        self.tell(
            "violation.assigned",
            _and(violation, subject=next(iter(subjects), None), grounds=grounds),
        )

    def author(self, row: OpenViolation, attribution: Attribution) -> None:
        """Name the author of the change in which a violation was found, afterwards."""
        self._steps.append(
            partial(
                Transaction.name_author,
                row=row,
                agent=attribution.agent,
                grounds=attribution.grounds,
            )
        )

    def close(self, violation: Violation, closing: Closing) -> None:
        """The end of a violation."""
        self._steps.append(
            partial(Transaction.close_violation, violation=violation, closing=closing)
        )
        self.tell("violation.closed", _and(violation, closed=closing))

    def agent(self, agent: Agent) -> None:
        """Who an agent is, as far as we know."""
        self.agents.append(agent)
        self._steps.append(partial(Transaction.put_agent, agent=agent))

    def open_quarantine(
        self, quarantine: Quarantine, by: str, evidence: Sequence[Violation] = ()
    ) -> None:
        """A quarantine that begins, with all its evidence."""
        self.quarantines[quarantine.subject] = quarantine
        self._steps.append(
            partial(Transaction.add_quarantine, quarantine=quarantine, by=by)
        )
        self._evidence(quarantine, evidence)
        self.tell("quarantine.imposed", quarantine)

    def put_quarantine(
        self, quarantine: Quarantine, kind: str, evidence: Sequence[Violation] = ()
    ) -> None:
        """A quarantine that goes on or ends; *kind* says what happened.

        *evidence* is what comes to it.
        """
        self.quarantines[quarantine.subject] = quarantine
        self._steps.append(partial(Transaction.put_quarantine, quarantine=quarantine))
        self._evidence(quarantine, evidence)
        self.tell(kind, quarantine)

    def _evidence(
        self, quarantine: Quarantine, violations: Sequence[Violation]
    ) -> None:
        self._steps.append(
            partial(
                Transaction.add_evidence,
                quarantine=quarantine.id,
                violations=tuple(violations),
            )
        )

    def offer(self, quarantine: Quarantine, offers: Sequence[Offer]) -> None:
        """A quarantine with repairs on offer, whose content is kept beside it."""
        self.put_quarantine(quarantine, "repair.proposed")
        self._steps.append(
            partial(
                Transaction.keep_repairs, quarantine=quarantine.id, offers=tuple(offers)
            )
        )

    def write(
        self,
        transaction: Transaction,
        finish: Callable[[Transaction, tuple[Event, ...]], None] | None = None,
    ) -> tuple[Event, ...]:
        """Do it all; the events with their sequence. *finish* may add to the write."""
        for step in self._steps:
            step(transaction)
        events = tuple(
            transaction.add_event(kind, data, self.now) for kind, data in self._events
        )
        if finish is not None:
            finish(transaction, events)
        for decision in self._decisions:
            transaction.add_audit(decision, self.now)
        return events


def _and(noun: Noun, **more: object) -> dict[str, object]:
    fields: dict[str, object] = msgspec.to_builtins(noun)
    return {**fields, **more}
