"""The register: what the warden knows without asking the store."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import msgspec

from qualitywatch import quarantine
from qualitywatch.mirror import Mirror
from qualitywatch.model import Agent, Noun, Quarantine, QuarantineState
from qualitywatch.protocol import AgentRow
from qualitywatch.warden.draft import Draft


class Register(Noun):
    """Open quarantines, known agents and dismissed fingerprints at one moment."""

    open: Mapping[str, Quarantine] = {}  # by subject
    agents: Mapping[str, Agent] = {}
    dismissed: frozenset[str] = frozenset()

    def after(self, draft: Draft) -> Register:
        """The register once *draft* is written."""
        quarantines = {**self.open, **draft.quarantines}
        return Register(
            open={
                subject: known
                for subject, known in quarantines.items()
                if known.state is not QuarantineState.CLEAR
            },
            agents={**self.agents, **{agent.id: agent for agent in draft.agents}},
            dismissed=self.dismissed | draft.dismissed,
        )

    def quarantine_for(
        self, agent: str | None, workspace: str | None
    ) -> Quarantine | None:
        """The open quarantine that stops *agent* in *workspace*, or `None`."""
        bound = self.agents.get(agent) if agent is not None else None
        return quarantine.covering(
            self.open.values(),
            agent=agent,
            workspace=workspace,
            agents=() if bound is None else (bound,),
        )

    def state_of(self, subject: str) -> QuarantineState:
        """Where *subject* stands, by its own quarantine or its workspace's."""
        known = self.open.get(subject) or self.quarantine_for(subject, None)
        return QuarantineState.CLEAR if known is None else known.state

    def rows(
        self, counts: Mapping[str, int], connected: Collection[str]
    ) -> tuple[AgentRow, ...]:
        """Every agent, and every other subject in quarantine."""
        others = [
            Agent(id=subject, name=subject, workspace=known.workspace)
            for subject, known in self.open.items()
            if subject not in self.agents
        ]
        return tuple(
            AgentRow(
                agent=agent,
                state=self.state_of(agent.id),
                connected=agent.id in connected,
                open_violations=counts.get(agent.id, 0),
            )
            for agent in (*self.agents.values(), *others)
        )

    def mirror(self) -> Mirror:
        """What hooks must know while no daemon runs."""
        return Mirror(
            quarantines=tuple(self.open.values()),
            dismissed=tuple(sorted(self.dismissed)),
            agents=tuple(
                msgspec.structs.replace(agent, last_seen=None)
                for agent in self.agents.values()
            ),
        )
