"""The register: what the warden knows without asking the store."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import msgspec

from qualitywatch import quarantine
from qualitywatch.mirror import Mirror
from qualitywatch.model import Agent, Noun, Quarantine, QuarantineState
from qualitywatch.protocol import AgentRow, Tally
from qualitywatch.warden.draft import Draft


class Register(Noun):
    """Open quarantines, known agents and dismissed fingerprints at one moment."""

    open: Mapping[str, Quarantine] = {}  # by subject
    agents: Mapping[str, Agent] = {}
    dismissed: frozenset[str] = frozenset()

    def after(self, draft: Draft) -> Register:
        """The register once *draft* is written."""
        if not (draft.quarantines or draft.agents or draft.dismissed):
            return self
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
        if not self.open:
            return None
        return quarantine.covering(
            self.open.values(),
            agent=agent,
            workspace=workspace,
            agents=() if agent is None else quarantine.line_of(agent, self.agents),
        )

    def state_of(self, subject: str) -> QuarantineState:
        """Where *subject* stands, by its own quarantine or its workspace's."""
        known = self.open.get(subject) or self.quarantine_for(subject, None)
        return QuarantineState.CLEAR if known is None else known.state

    def rows(
        self,
        counts: Mapping[str, int],
        connected: Collection[str],
        tallies: Mapping[str, tuple[Tally, ...]],
    ) -> tuple[AgentRow, ...]:
        """Every agent, and every other subject in quarantine."""
        others = [
            Agent(id=subject, name=subject, workspace=known.workspace)
            for subject, known in self.open.items()
            if subject not in self.agents
        ]
        families = quarantine.families(self.agents)
        return tuple(
            self._row(agent, counts, families.get(agent.id, ()), connected, tallies)
            for agent in (*self.agents.values(), *others)
        )

    def _row(
        self,
        agent: Agent,
        counts: Mapping[str, int],
        children: tuple[str, ...],
        connected: Collection[str],
        tallies: Mapping[str, tuple[Tally, ...]],
    ) -> AgentRow:
        return AgentRow(
            agent=agent,
            state=self.state_of(agent.id),
            connected=agent.id in connected,
            open_violations=counts.get(agent.id, 0),
            strikes=tallies.get(agent.id, ()),
            children=children,
            children_in_quarantine=tuple(one for one in children if one in self.open),
            children_violations=sum(counts.get(one, 0) for one in children),
        )

    def mirror(self) -> Mirror:
        """What hooks must know while no daemon runs."""
        return Mirror(
            quarantines=tuple(self.open.values()),
            dismissed=tuple(sorted(self.dismissed)),
            agents=tuple(
                msgspec.structs.replace(agent, last_seen=None, session=None)
                for agent in self.agents.values()
            ),
        )
