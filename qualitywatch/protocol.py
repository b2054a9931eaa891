"""The wire: JSON-RPC 2.0 frames to typed messages and back, without any I/O.

The hub and the client share this file, so that they can not disagree. A frame that
arrives becomes a `Request` (hub) or a `Reply` or `Notification` (client), or a
`PeerError` with a stable code. `METHODS` is the whole list of what may be asked, by
whom, and whether it is answered in quarantine: a method with no row is refused.
"""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, Any, Literal, TypeAlias, TypeVar, dataclass_transform

import msgspec

from qualitywatch.errors import PeerError
from qualitywatch.model import (
    Agent,
    ChangeType,
    Event,
    Quarantine,
    QuarantineState,
    Repair,
    Verdict,
    Violation,
)

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


class Hello(Params):
    """Opens a session; the token decides who it is, the rest is for people to read."""

    token: Secret | None = None
    passphrase: Secret | None = None  # the operator's, instead of a token
    agent: Word | None = None  # must be the token's agent where it is given
    name: Word | None = None
    harness: Word | None = None
    workspace: FilePath | None = None  # absolute path of the agent's checkout
    client: Word | None = None  # program and version
    version: int = VERSION


class Welcome(Message):
    """The answer to `session.hello`."""

    session: str
    role: Role
    agent: str | None
    state: QuarantineState
    quarantine: Quarantine | None
    epoch: str  # changes when the history of events is not the same any more
    seq: int  # of the newest event
    version: int = VERSION


class Nothing(Params):
    """A method that needs no parameters."""


class Permit(Params):
    """May I edit this path now?"""

    path: FilePath


class Check(Params):
    """A proposal: judged against the base, not recorded as landed."""

    path: FilePath
    new_content: str | None = None  # absent where `change_type` is delete
    change_type: ChangeType = ChangeType.UPDATE
    old_path: FilePath | None = None


class Report(Params):
    """A change that landed. The file decides; `new_content` is a hint."""

    event_id: Word
    path: FilePath
    change_type: ChangeType = ChangeType.UPDATE
    old_path: FilePath | None = None
    new_content: str | None = None
    task_id: Word | None = None


class Reported(Message):
    """The answer to `change.report`; a repeated `event_id` gets the same one."""

    seq: int
    verdict: Verdict


class ProposedFile(Params):
    """One file of a proposed repair, whole."""

    path: FilePath
    new_content: str


class ProposeRepair(Params):
    """What a quarantined agent offers to put back."""

    changes: Annotated[
        tuple[ProposedFile, ...], msgspec.Meta(min_length=1, max_length=100)
    ]


class Proposed(Message):
    """The repair as it was checked and is now shown to the operator."""

    quarantine: Quarantine
    repairs: tuple[Repair, ...]


class Status(Message):
    """Where the asking agent stands."""

    agent: str
    state: QuarantineState
    quarantine: Quarantine | None


class Subscribe(Params):
    """From where to follow: a sequence, "now", or a snapshot where it is absent."""

    since: Annotated[int, msgspec.Meta(ge=0)] | Literal["now"] | None = None
    epoch: Word | None = None  # of the stream that *since* belongs to


class Snapshot(Message):
    """All that is open now; what follows continues from the `seq` beside it."""

    agents: tuple[Agent, ...]
    quarantines: tuple[Quarantine, ...]
    violations: tuple[Violation, ...]


class Subscribed(Message):
    """`recovered` is true where every event after *since* follows, without a gap."""

    epoch: str
    seq: int
    recovered: bool
    snapshot: Snapshot | None


class ListViolations(Params):
    """Newest first."""

    open: bool = True
    agent: Word | None = None
    path: FilePath | None = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=500)] = 100


class Violations(Message):
    """A page of violations."""

    violations: tuple[Violation, ...]


class FindBase(Params):
    """What an open violation is measured by."""

    violation: Word  # id


class KeptBase(Message):
    """Where its lost code is; nothing is known of a closed violation."""

    workspace: str | None  # absolute path
    base: str | None  # commit id, or the sha256 of content in the state folder


class AgentRow(Message):
    """An agent or workspace with where it stands."""

    agent: Agent
    state: QuarantineState
    connected: bool
    open_violations: int


class Agents(Message):
    """Every agent seen so far."""

    agents: tuple[AgentRow, ...]


class Quarantines(Message):
    """Every open quarantine."""

    quarantines: tuple[Quarantine, ...]


class Stats(Message):
    """Counts since the history began, and what is degraded now."""

    changes: int
    violations: int
    open_violations: int
    open_quarantines: int
    agents: int
    connections: int
    degraded: tuple[str, ...]


class Nonce(Message):
    """A word that one operator call must carry; good once, for 30 seconds."""

    nonce: str


class Impose(Params):
    """Put *subject* in quarantine by hand."""

    subject: Word
    reason: Reason
    nonce: Word


class Release(Params):
    """End the quarantine of *subject*."""

    subject: Word
    reason: Reason
    nonce: Word


class Dismiss(Params):
    """Close a violation although the code was not repaired."""

    violation: Word  # id
    reason: Reason
    nonce: Word


class ShowSettings(Params):
    """The settings and rules that an operator approved last."""

    nonce: Word


class ApproveSettings(Params):
    """Approve the settings and rules that stand in the files now.

    `digest` says which: others are refused, so that nobody approves what they have
    not seen.
    """

    digest: Word
    nonce: Word


class ApprovedSettings(Message):
    """What is approved, as one JSON text; empty where nothing is yet."""

    content: str


class CreateToken(Params):
    """A new token; agents need `agent`."""

    role: Role
    nonce: Word
    agent: Word | None = None
    name: Word | None = None
    days: Annotated[int, msgspec.Meta(ge=1, le=3650)] = 30


class TokenRow(Message):
    """A token without its secret."""

    id: str
    role: Role
    agent: str | None
    created_at: str
    expires_at: str
    revoked_at: str | None


class CreatedToken(Message):
    """The only time the token itself is shown."""

    token: str
    row: TokenRow


class ListTokens(Params):
    """All tokens, without their secrets."""

    nonce: Word


class Tokens(Message):
    """Every token ever made."""

    tokens: tuple[TokenRow, ...]


class RevokeToken(Params):
    """End a token at once; its open sessions are closed."""

    id: Word
    nonce: Word


class Method(msgspec.Struct, frozen=True):
    """One row of the table of what may be asked."""

    params: type[Params]
    result: type[msgspec.Struct]
    roles: frozenset[Role]
    in_quarantine: bool = False  # is it answered to an agent in quarantine?


_ANYONE = frozenset(Role)
_AGENT = frozenset({Role.AGENT})
_OPERATOR = frozenset({Role.OPERATOR})

METHODS = MappingProxyType(
    {
        "session.hello": Method(Hello, Welcome, _ANYONE, in_quarantine=True),
        "edit.permit": Method(Permit, Verdict, _AGENT),
        "change.check": Method(Check, Verdict, _AGENT),
        "change.report": Method(Report, Reported, _AGENT),
        "agent.status": Method(Nothing, Status, _AGENT, in_quarantine=True),
        "repair.propose": Method(ProposeRepair, Proposed, _AGENT, in_quarantine=True),
        "events.subscribe": Method(Subscribe, Subscribed, _ANYONE, in_quarantine=True),
        "violations.list": Method(ListViolations, Violations, _ANYONE),
        "violation.base": Method(FindBase, KeptBase, _ANYONE),
        "agents.list": Method(Nothing, Agents, _ANYONE),
        "quarantines.list": Method(Nothing, Quarantines, _ANYONE),
        "stats": Method(Nothing, Stats, _ANYONE),
        "operator.nonce": Method(Nothing, Nonce, _OPERATOR),
        "quarantine.impose": Method(Impose, Quarantine, _OPERATOR),
        "quarantine.release": Method(Release, Quarantine, _OPERATOR),
        "violation.dismiss": Method(Dismiss, Violation, _OPERATOR),
        "settings.show": Method(ShowSettings, ApprovedSettings, _OPERATOR),
        "settings.approve": Method(ApproveSettings, ApprovedSettings, _OPERATOR),
        "tokens.create": Method(CreateToken, CreatedToken, _OPERATOR),
        "tokens.list": Method(ListTokens, Tokens, _OPERATOR),
        "tokens.revoke": Method(RevokeToken, TokenRow, _OPERATOR),
    }
)
"""Every method: its parameters, its answer and who may ask."""


class Request(msgspec.Struct, frozen=True):
    """A call that arrived, checked against `METHODS`."""

    id: int | str
    method: str
    params: Params


class Reply(msgspec.Struct, frozen=True):
    """An answer that arrived: a result to be decoded, or an error."""

    id: int | str | None
    result: msgspec.Raw  # empty where it is an error
    error: PeerError | None
    data: dict[str, Any]


class Notification(msgspec.Struct, frozen=True):
    """An event that arrived."""

    event: Event


class _Call(msgspec.Struct, forbid_unknown_fields=True):
    method: str
    jsonrpc: Literal["2.0"]
    id: int | str
    params: msgspec.Raw = msgspec.Raw(b"{}")


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


class _CloudEvent(msgspec.Struct):
    """CloudEvents 1.0; `sequence` is the extension of the same name."""

    id: str
    type: str
    time: str
    sequence: int
    data: msgspec.Raw
    specversion: Literal["1.0"] = "1.0"
    source: str = EVENT_SOURCE
    datacontenttype: str = "application/json"


_Result = TypeVar("_Result", bound=msgspec.Struct)
_UNREADABLE = (msgspec.DecodeError, UnicodeError, RecursionError)
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
    except _UNREADABLE as error:
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
    except _UNREADABLE as error:
        raise CallError(
            "INVALID_PARAMS",
            f"{call.method}: {error}",
            id=call.id,
            hint=f"fields: {', '.join(method.params.__struct_fields__) or 'none'}",
        ) from error
    return Request(call.id, call.method, params)


def write_call(id: int | str, method: str, params: msgspec.Struct) -> str:
    """The frame that calls *method*."""
    call = {"jsonrpc": "2.0", "id": id, "method": method, "params": params}
    return msgspec.json.encode(call).decode()


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


def cloud_event(event: Event) -> msgspec.Struct:
    """*event* as a CloudEvents 1.0 object, for the wire and for exports."""
    return _CloudEvent(
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


def parse_incoming(frame: str | bytes) -> Reply | Notification:
    """What the hub sent; raises `PeerError` where it is neither answer nor event."""
    try:
        message = msgspec.json.decode(frame, type=_Incoming)
        if message.method == "event":
            return Notification(_event(message.params))
    except _UNREADABLE as error:
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
    except _UNREADABLE as error:
        raise PeerError("PARSE_ERROR", f"the hub's answer: {error}") from error


def read_quarantine(data: object) -> Quarantine | None:
    """The quarantine that the data of an error or an event holds, if it holds one."""
    try:
        return msgspec.convert(data, Quarantine)
    except msgspec.ValidationError:
        return None


def _event(params: msgspec.Raw) -> Event:
    cloud = msgspec.json.decode(params, type=_CloudEvent)
    return Event(
        sequence=cloud.sequence,
        id=cloud.id,
        kind=cloud.type,
        time=cloud.time,
        data=cloud.data,
    )


def _unreadable(frame: str | bytes, error: Exception) -> CallError:
    try:
        message = msgspec.json.decode(frame)
    except _UNREADABLE:
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
