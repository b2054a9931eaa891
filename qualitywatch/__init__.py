"""qualitywatch: sees what AI coding agents drop, and stops the agent.

The names below are loaded on first use: a hook that starts at every commit imports this
package too and must not pay for a client it never opens.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qualitywatch.loading import on_demand

if TYPE_CHECKING:
    from qualitywatch.client import (
        AgentQuarantined,
        Client,
        HubRefused,
        HubUnreachable,
        SyncClient,
        connect,
        connect_sync,
    )
    from qualitywatch.errors import PeerError, QualityWatchError
    from qualitywatch.model import Event, Quarantine, Verdict, Violation

__all__ = [
    "AgentQuarantined",
    "Client",
    "Event",
    "HubRefused",
    "HubUnreachable",
    "PeerError",
    "QualityWatchError",
    "Quarantine",
    "SyncClient",
    "Verdict",
    "Violation",
    "connect",
    "connect_sync",
]

__getattr__ = on_demand(
    __name__,
    {
        "client": {
            "AgentQuarantined",
            "Client",
            "HubRefused",
            "HubUnreachable",
            "SyncClient",
            "connect",
            "connect_sync",
        },
        "errors": {"PeerError", "QualityWatchError"},
        "model": {"Event", "Quarantine", "Verdict", "Violation"},
    },
)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
