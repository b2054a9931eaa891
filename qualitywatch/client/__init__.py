"""What an agent imports to speak to the hub: `connect` and its synchronous twin."""

from qualitywatch.client.asynchronous import Client, connect
from qualitywatch.client.errors import AgentQuarantined, HubRefused, HubUnreachable
from qualitywatch.client.synchronous import SyncClient, connect_sync

__all__ = [
    "AgentQuarantined",
    "Client",
    "HubRefused",
    "HubUnreachable",
    "SyncClient",
    "connect",
    "connect_sync",
]
