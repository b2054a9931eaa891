"""What every message is made of: limits, error codes, roles, two kinds of struct."""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, TypeAlias, dataclass_transform

import msgspec

VERSION = 1
MAX_FRAME_BYTES = 4 * 1024 * 1024
MAX_HELLO_BYTES = 64 * 1024
MAX_CONTENT_BYTES = 2 * 1024 * 1024
EVENT_SOURCE = "qualitywatch"

Word: TypeAlias = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
FilePath: TypeAlias = Annotated[str, msgspec.Meta(min_length=1, max_length=4096)]
Secret: TypeAlias = Annotated[str, msgspec.Meta(min_length=1, max_length=1024)]
Reason: TypeAlias = Annotated[
    str, msgspec.Meta(min_length=1, max_length=2000, pattern=r"\S")
]

ERROR_NUMBERS = MappingProxyType(
    {
        "PARSE_ERROR": -32700,
        "INVALID_REQUEST": -32600,
        "UNKNOWN_METHOD": -32601,
        "INVALID_PARAMS": -32602,
        "INTERNAL": -32603,
        "UNAUTHENTICATED": -32001,
        "FORBIDDEN": -32002,
        "QUARANTINED": -32003,
        "IDENTITY_MISMATCH": -32004,
        "NOT_FOUND": -32005,
        "BAD_NONCE": -32006,
        "WRONG_PASSPHRASE": -32007,
        "LOCKED_OUT": -32008,
        "TOO_LARGE": -32009,
        "OUTSIDE_WORKSPACE": -32010,
        "CONFLICT": -32011,
        "DEGRADED": -32012,
        "TOO_MANY": -32013,
        "RATE_LIMITED": -32014,
    }
)
"""Our stable codes, with the number JSON-RPC asks for beside them."""


class Role(StrEnum):
    """What a session may do."""

    OBSERVER = "observer"
    AGENT = "agent"
    OPERATOR = "operator"


@dataclass_transform(frozen_default=True, kw_only_default=True)
class Message(msgspec.Struct, frozen=True, kw_only=True):
    """What we send: absent values stay in, so that a reader sees every field."""


@dataclass_transform(frozen_default=True, kw_only_default=True)
class Params(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What arrives: an unknown field is an error, not a guess."""


UNREADABLE = (msgspec.DecodeError, UnicodeError, RecursionError)
"""What reading a frame may raise."""
