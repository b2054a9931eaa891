"""What happens, into the log: each event once, with the few fields that name it."""

from __future__ import annotations

import logging
from types import MappingProxyType

import msgspec

from qualitywatch.model import Event

_LOG = logging.getLogger("qualitywatch.events")
_FIELDS = (
    *("agent", "subject", "path", "what", "rule", "severity", "reason"),
    *("released_by", "release_reason", "session", "digest"),
)
_LEVELS = MappingProxyType(
    {
        "change.analysed": logging.DEBUG,
        "quarantine.imposed": logging.WARNING,
        "quarantine.updated": logging.WARNING,
        "daemon.degraded": logging.WARNING,
    }
)


def log(event: Event) -> None:
    """Write *event* into the log; what nobody keeps is not even read."""
    level = _LEVELS.get(event.kind, logging.INFO)
    if not _LOG.isEnabledFor(level):
        return
    data = msgspec.json.decode(event.data)
    named = {name: data[name] for name in _FIELDS if data.get(name) is not None}
    _LOG.log(level, event.kind, extra={"sequence": event.sequence, **named})
