"""qualitywatch: sees what AI coding agents drop, and stops the agent.

The names below are loaded on first use: a hook that starts at every commit imports this
package too and must not pay for a client it never opens.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

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

_HOMES = {
    "qualitywatch.errors": {"PeerError", "QualityWatchError"},
    "qualitywatch.model": {"Event", "Quarantine", "Verdict", "Violation"},
}


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    homes = (home for home, names in _HOMES.items() if name in names)
    value = getattr(import_module(next(homes, "qualitywatch.client")), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
