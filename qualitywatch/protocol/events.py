"""Events on the wire: CloudEvents 1.0 inside a notification."""

from __future__ import annotations

from typing import Literal

import msgspec

from qualitywatch.model import Event
from qualitywatch.protocol.basics import EVENT_SOURCE


class Notification(msgspec.Struct, frozen=True):
    """An event that arrived."""

    event: Event


class CloudEvent(msgspec.Struct):
    """CloudEvents 1.0; `sequence` is the extension of the same name."""

    id: str
    type: str
    time: str
    sequence: int
    data: msgspec.Raw
    specversion: Literal["1.0"] = "1.0"
    source: str = EVENT_SOURCE
    datacontenttype: str = "application/json"


def cloud_event(event: Event) -> msgspec.Struct:
    """*event* as a CloudEvents 1.0 object, for the wire and for exports."""
    return CloudEvent(
        id=event.id,
        type=event.kind,
        time=event.time,
        sequence=event.sequence,
        data=event.data,
    )


def write_event(event: Event) -> str:
    """The notification that carries *event*."""
    note = {"jsonrpc": "2.0", "method": "event", "params": cloud_event(event)}
    return msgspec.json.encode(note).decode()


def read_event(params: msgspec.Raw) -> Event:
    """The event in the parameters of a notification; may raise `UNREADABLE`."""
    cloud = msgspec.json.decode(params, type=CloudEvent)
    return Event(
        sequence=cloud.sequence,
        id=cloud.id,
        kind=cloud.type,
        time=cloud.time,
        data=cloud.data,
    )
