"""Writes `docs/protocol.md` and `docs/asyncapi.json` from the message types.

A test keeps them in step: python docs/generate.py
"""

from __future__ import annotations

import inspect
import types
import typing
from enum import Enum
from pathlib import Path

import msgspec

from qualitywatch import protocol
from qualitywatch.protocol import asyncapi

TARGET = Path(__file__).with_name("protocol.md")
ASYNCAPI = Path(__file__).with_name("asyncapi.json")

_WORDS: dict[object, str] = {
    str: "text",
    int: "integer",
    float: "number",
    bool: "true or false",
    type(None): "null",
}

HEAD = """\
# The wire

JSON-RPC 2.0: one call or answer a text frame over WebSocket at `/ws`, or one a line
over the Unix socket `hub.sock` in the state folder. This page is generated from
`qualitywatch/protocol/`; version {version}. The same as an AsyncAPI 3 document:
[asyncapi.json](asyncapi.json), which the hub serves at `/asyncapi.json`.

```json
{{"jsonrpc": "2.0", "id": 1, "method": "session.hello", "params": {{"token": "..."}}}}
```

A session begins with `session.hello`, unless the handshake carried
`Authorization: Bearer <token>`. Frames are at most {frame} MiB ({hello} KiB before
hello), `new_content` at most {content} MiB. After `events.subscribe` the hub sends
notifications of method `event`, whose parameters are CloudEvents 1.0 objects with a
`sequence`.

An operator's calls carry a `nonce` from `operator.nonce`: good once, for 30 seconds. An
agent in quarantine is answered only where the table says so; everything else is refused
with `QUARANTINED`, the quarantine, and the way out.

## Methods

| method | who | in quarantine | parameters | result |
|---|---|---|---|---|
"""


def render() -> str:
    """The whole page."""
    parts = [_head(), *_methods(), "\n## Errors\n\n", *_errors(), "\n## Messages\n"]
    return "".join([*parts, *_messages()])


def _head() -> str:
    return HEAD.format(
        version=protocol.VERSION,
        frame=protocol.MAX_FRAME_BYTES // 2**20,
        hello=protocol.MAX_HELLO_BYTES // 2**10,
        content=protocol.MAX_CONTENT_BYTES // 2**20,
    )


def _methods() -> list[str]:
    return [
        f"| `{name}` | {', '.join(sorted(method.roles))} "
        f"| {'answered' if method.in_quarantine else 'refused'} "
        f"| {_link(method.params)} | {_link(method.result)} |\n"
        for name, method in protocol.METHODS.items()
    ]


def _errors() -> list[str]:
    head = "`error.data` holds the stable code and a hint.\n\n"
    rows = protocol.ERROR_NUMBERS.items()
    table = "| code | number |\n|---|---|\n"
    return [head, table, *(f"| `{code}` | {number} |\n" for code, number in rows)]


def _messages() -> list[str]:
    shown: dict[type[msgspec.Struct], None] = {}
    for method in protocol.METHODS.values():
        _collect(method.params, shown)
        _collect(method.result, shown)
    return [_message(struct) for struct in sorted(shown, key=lambda s: s.__name__)]


def _collect(
    struct: type[msgspec.Struct], shown: dict[type[msgspec.Struct], None]
) -> None:
    """*struct* and every message inside it."""
    if struct in shown:
        return
    shown[struct] = None
    for field in msgspec.structs.fields(struct):
        for inner in _structs_in(field.type):
            _collect(inner, shown)


def _structs_in(hint: object) -> list[type[msgspec.Struct]]:
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return [hint]
    return [found for inner in typing.get_args(hint) for found in _structs_in(inner)]


def _message(struct: type[msgspec.Struct]) -> str:
    about = (inspect.getdoc(struct) or "").split("\n\n")[0].replace("\n", " ")
    fields = "".join(
        f"| `{field.name}` | {_type(field.type)} "
        f"| {'yes' if field.required else 'no'} |\n"
        for field in msgspec.structs.fields(struct)
    )
    table = f"\n| field | type | required |\n|---|---|---|\n{fields}" if fields else ""
    return f"\n### {struct.__name__}\n\n{about}\n{table}"


def _type(hint: object) -> str:
    """The type in the words of JSON, the same under every Python."""
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Annotated:
        return _type(inner[0])
    if origin in (typing.Union, types.UnionType):
        return " or ".join(_type(part) for part in inner)
    if origin is typing.Literal:
        return " or ".join(f"`{value!r}`" for value in inner)
    if origin in (tuple, list):
        return f"list of {_type(inner[0])}"
    return _WORDS.get(hint) or _named(hint)


def _named(hint: object) -> str:
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return _link(hint)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return " or ".join(f"`{member.value}`" for member in hint)
    return "any"


def _link(struct: type[msgspec.Struct]) -> str:
    return f"[{struct.__name__}](#{struct.__name__.lower()})"


def render_asyncapi() -> str:
    """The AsyncAPI document."""
    document = msgspec.json.encode(asyncapi.document())
    return msgspec.json.format(document, indent=2).decode() + "\n"


if __name__ == "__main__":
    TARGET.write_text(render())
    ASYNCAPI.write_text(render_asyncapi())
    print(f"wrote {TARGET} and {ASYNCAPI}")
