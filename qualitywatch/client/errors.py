"""What can go wrong for a client.

QualityWatchError
├── MachineError
│   └── HubUnreachable     nobody answers; it was tried again until the time was up
└── PeerError              the hub says no; `code` is stable
    ├── HubRefused         it does not let us in: trying again would not help
    └── AgentQuarantined   we are in quarantine until an operator releases us
"""

from __future__ import annotations

from qualitywatch.errors import MachineError, PeerError
from qualitywatch.model import Quarantine, Violation


class HubUnreachable(MachineError):
    """The hub did not answer in time, however often it was tried."""


class HubRefused(PeerError):
    """The hub does not let this client in; it was asked once and not again."""


class AgentQuarantined(PeerError):
    """The agent is in quarantine; stop editing and say so to a human."""

    def __init__(self, quarantine: Quarantine, *, hint: str = "") -> None:
        super().__init__(
            "QUARANTINED",
            f"{quarantine.subject} is in quarantine: {quarantine.reason}",
            hint=hint
            or "stop editing; offer the lost code with propose_repair; an operator "
            f"releases: qualitywatch release {quarantine.subject} --reason ...",
        )
        self.quarantine = quarantine

    @property
    def violations(self) -> tuple[Violation, ...]:
        """The evidence."""
        return self.quarantine.violations
