"""Calls as the hub reads them, and the answers that it writes."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from qualitywatch.errors import PeerError
from qualitywatch.protocol.basics import ERROR_NUMBERS, UNREADABLE, Params
from qualitywatch.protocol.methods import METHODS


class Request(msgspec.Struct, frozen=True):
    """A call that arrived, checked against `METHODS`."""

    id: int | str
    method: str
    params: Params


class _Call(msgspec.Struct, forbid_unknown_fields=True):
    method: str
    jsonrpc: Literal["2.0"]
    id: int | str
    params: msgspec.Raw = msgspec.Raw(b"{}")


class _Numbered(msgspec.Struct):
    id: int | str | None = None


_OTHER_NUMBER = -32000  # for a code that has no number of its own
_A_CALL = 'send {"jsonrpc": "2.0", "id": 1, "method": "session.hello", ...}'


class CallError(PeerError):
    """A call that can not be answered, with the id it should be answered under."""

    def __init__(
        self, code: str, problem: str, *, id: int | str | None, hint: str = ""
    ) -> None:
        super().__init__(code, problem, hint=hint)
        self.id = id


def parse_request(frame: str | bytes) -> Request:
    """The call in *frame*; raises `CallError` with the code to answer."""
    try:
        call = msgspec.json.decode(frame, type=_Call)
    except UNREADABLE as error:
        raise _unreadable(frame, error) from error
    method = METHODS.get(call.method)
    if method is None:
        raise CallError(
            "UNKNOWN_METHOD",
            f"no method is called {call.method[:80]!r}",
            id=call.id,
            hint=f"known: {', '.join(METHODS)}",
        )
    try:
        params = msgspec.json.decode(call.params, type=method.params)
    except UNREADABLE as error:
        raise CallError(
            "INVALID_PARAMS",
            f"{call.method}: {error}",
            id=call.id,
            hint=f"fields: {', '.join(method.params.__struct_fields__) or 'none'}",
        ) from error
    return Request(call.id, call.method, params)


def call_id(frame: str | bytes) -> int | str | None:
    """The id of a call of which nothing else is read; `None` where it has none."""
    try:
        return msgspec.json.decode(frame, type=_Numbered).id
    except UNREADABLE:
        return None


def write_result(id: int | str, result: msgspec.Struct) -> str:
    """The frame that answers call *id*."""
    return msgspec.json.encode({"jsonrpc": "2.0", "id": id, "result": result}).decode()


def write_error(
    id: int | str | None, error: PeerError, *, data: dict[str, Any] | None = None
) -> str:
    """The frame that refuses call *id*: stable code, problem and way out."""
    body = {
        "code": ERROR_NUMBERS.get(error.code, _OTHER_NUMBER),
        "message": error.problem,
        "data": {"code": error.code, "hint": error.hint, **(data or {})},
    }
    return msgspec.json.encode({"jsonrpc": "2.0", "id": id, "error": body}).decode()


def _unreadable(frame: str | bytes, error: Exception) -> CallError:
    try:
        message = msgspec.json.decode(frame)
    except UNREADABLE:
        return CallError(
            "PARSE_ERROR", f"the frame is not JSON: {error}", id=None, hint=_A_CALL
        )
    id = message.get("id") if isinstance(message, dict) else None
    return CallError(
        "INVALID_REQUEST",
        f"the frame is not a JSON-RPC 2.0 call: {error}",
        id=id if type(id) in (int, str) else None,
        hint=_A_CALL,
    )
