"""Calls as a client writes them, and what it reads in return."""

from __future__ import annotations

from typing import Any, Literal, TypeVar

import msgspec

from qualitywatch.errors import PeerError
from qualitywatch.model import Quarantine
from qualitywatch.protocol.basics import UNREADABLE
from qualitywatch.protocol.events import Notification, read_event


class Reply(msgspec.Struct, frozen=True):
    """An answer that arrived: a result to be decoded, or an error."""

    id: int | str | None
    result: msgspec.Raw  # empty where it is an error
    error: PeerError | None
    data: dict[str, Any]


class _Error(msgspec.Struct):
    code: int
    message: str
    data: dict[str, Any] = {}


class _Incoming(msgspec.Struct):
    jsonrpc: Literal["2.0"]
    id: int | str | None = None
    method: str | None = None
    params: msgspec.Raw = msgspec.Raw()  # empty where the frame has none
    result: msgspec.Raw = msgspec.Raw()
    error: _Error | None = None


_Result = TypeVar("_Result", bound=msgspec.Struct)


def write_call(id: int | str, method: str, params: msgspec.Struct) -> str:
    """The frame that calls *method*."""
    call = {"jsonrpc": "2.0", "id": id, "method": method, "params": params}
    return msgspec.json.encode(call).decode()


def parse_incoming(frame: str | bytes) -> Reply | Notification:
    """What the hub sent; raises `PeerError` where it is neither answer nor event."""
    try:
        message = msgspec.json.decode(frame, type=_Incoming)
        if message.method == "event":
            return Notification(read_event(message.params))
    except UNREADABLE as error:
        raise PeerError("PARSE_ERROR", f"the hub sent no message: {error}") from error
    if message.error is None:
        return Reply(message.id, message.result, None, {})
    data = message.error.data
    refused = PeerError(
        str(data.get("code", "INTERNAL")),
        message.error.message,
        hint=str(data.get("hint", "")),
    )
    return Reply(message.id, msgspec.Raw(), refused, data)


def read_result(reply: Reply, kind: type[_Result]) -> _Result:
    """The result in *reply*; raises its error, or `PeerError` where it is no *kind*."""
    if reply.error is not None:
        raise reply.error
    try:
        return msgspec.json.decode(reply.result, type=kind)
    except UNREADABLE as error:
        raise PeerError("PARSE_ERROR", f"the hub's answer: {error}") from error


def read_quarantine(data: object) -> Quarantine | None:
    """The quarantine that the data of an error or an event holds, if it holds one."""
    try:
        return msgspec.convert(data, Quarantine)
    except msgspec.ValidationError:
        return None
