"""The wire as an AsyncAPI 3 document, made from `METHODS` and the message types.

Each method is an operation that the hub receives, with its answer as the reply; events
are an operation that it sends. The document is generated, so it can not say anything
that the types do not.
"""

from __future__ import annotations

from typing import Any

import msgspec

from qualitywatch.protocol.basics import ERROR_NUMBERS, MAX_FRAME_BYTES, VERSION
from qualitywatch.protocol.events import CloudEvent
from qualitywatch.protocol.methods import METHODS, Method

_SCHEMAS = "#/components/schemas/{name}"
_CHANNEL = "#/channels/hub"
_REFUSED = "Refused"
_EVENT = "event"

ABOUT = """\
JSON-RPC 2.0 over WebSocket: one call, answer or event a text frame. The first call is
session.hello, unless the handshake carried `Authorization: Bearer <token>`. What an
operator calls carries a nonce from operator.nonce, good once."""


def document() -> dict[str, Any]:
    """The document, as it is served at /asyncapi.json."""
    messages = _messages()
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "qualitywatch hub",
            "version": f"{VERSION}",
            "description": ABOUT,
            "license": {"name": "MIT"},
        },
        "defaultContentType": "application/json",
        "servers": {
            "local": {
                "host": "127.0.0.1:7433",
                "protocol": "ws",
                "description": "wss where hub.certificate is set",
                "security": [{"$ref": "#/components/securitySchemes/token"}],
            }
        },
        "channels": {
            "hub": {
                "address": "/ws",
                "messages": {
                    name: {"$ref": f"#/components/messages/{name}"} for name in messages
                },
                "x-max-frame-bytes": MAX_FRAME_BYTES,
            }
        },
        "operations": _operations(),
        "components": {
            "messages": messages,
            "schemas": _schemas(),
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operations() -> dict[str, Any]:
    called = {
        _word(name): {
            "action": "receive",
            "channel": {"$ref": _CHANNEL},
            "title": name,
            "summary": f"For {', '.join(sorted(method.roles))}"
            + (", also in quarantine." if method.in_quarantine else "."),
            "messages": [_in_channel(_call_name(name))],
            "reply": {
                "channel": {"$ref": _CHANNEL},
                "messages": [_in_channel(_answer_name(name)), _in_channel(_REFUSED)],
            },
        }
        for name, method in METHODS.items()
    }
    told = {
        "action": "send",
        "channel": {"$ref": _CHANNEL},
        "title": "what happened",
        "summary": "After events.subscribe: every event once, in order, without gap.",
        "messages": [_in_channel(_EVENT)],
    }
    return {**called, _EVENT: told}


def _messages() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, method in METHODS.items():
        found[_call_name(name)] = _message(name, _call(name, method))
        answer = {"id": _ID, "result": _reference(method.result)}
        found[_answer_name(name)] = _message(f"answer to {name}", _object(answer))
    found[_REFUSED] = _message("any refusal", _refusal())
    event = {"method": {"const": "event"}, "params": _reference(CloudEvent)}
    found[_EVENT] = _message("an event", _object(event))
    return found


_ID = {"type": ["integer", "string"]}


def _call(name: str, method: Method) -> dict[str, Any]:
    fields = {"id": _ID, "method": {"const": name}, "params": _reference(method.params)}
    needs_none = not any(
        field.required for field in msgspec.structs.fields(method.params)
    )
    return _object(fields, optional={"params"} if needs_none else set())


def _refusal() -> dict[str, Any]:
    data = {
        "code": {"enum": sorted(ERROR_NUMBERS)},
        "hint": {"type": "string"},
    }
    error = {
        "code": {"type": "integer"},
        "message": {"type": "string"},
        "data": {"type": "object", "properties": data, "required": list(data)},
    }
    inner = {"type": "object", "properties": error, "required": list(error)}
    return _object({"id": {"type": ["integer", "string", "null"]}, "error": inner})


def _object(
    fields: dict[str, Any], *, optional: set[str] | None = None
) -> dict[str, Any]:
    properties = {"jsonrpc": {"const": "2.0"}, **fields}
    required = [name for name in properties if name not in (optional or set())]
    return {"type": "object", "properties": properties, "required": required}


def _message(title: str, payload: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": title,
        "title": title,
        "contentType": "application/json",
        "payload": payload,
    }


def _schemas() -> dict[str, Any]:
    types: list[type] = [CloudEvent]
    for method in METHODS.values():
        types += [method.params, method.result]
    _, found = msgspec.json.schema_components(types, ref_template=_SCHEMAS)
    return dict(sorted(found.items()))


def _reference(kind: type) -> dict[str, Any]:
    return {"$ref": _SCHEMAS.format(name=kind.__name__)}


def _in_channel(message: str) -> dict[str, str]:
    return {"$ref": f"{_CHANNEL}/messages/{message}"}


def _call_name(method: str) -> str:
    return f"{_word(method)}Call"


def _answer_name(method: str) -> str:
    return f"{_word(method)}Answer"


def _word(method: str) -> str:
    """`session.hello` as one word, as AsyncAPI wants its keys."""
    first, *rest = method.split(".")
    return first + "".join(part.capitalize() for part in rest)
