"""The wire: what is written is read again, and nothing else is."""

from __future__ import annotations

import json
from types import UnionType
from typing import Any, Literal, get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qualitywatch import protocol
from qualitywatch.errors import PeerError
from qualitywatch.model import Agent, Event, Quarantine, QuarantineState
from qualitywatch.protocol import (
    ERROR_NUMBERS,
    METHODS,
    CallError,
    Notification,
    Params,
    Reply,
    Role,
    parse_incoming,
    parse_request,
    read_quarantine,
    read_result,
    write_call,
    write_error,
    write_event,
    write_result,
)

EXAMPLES: dict[str, Params] = {
    "session.hello": protocol.Hello(token="qwa_x", agent="cursor-1", name="Ünï"),
    "edit.permit": protocol.Permit(path="src/ä.py"),
    "change.check": protocol.Check(path="a.py", new_content="x\n"),
    "change.report": protocol.Report(event_id="e", path="a.py", old_path="b.py"),
    "agent.status": protocol.Nothing(),
    "repair.propose": protocol.ProposeRepair(
        changes=(protocol.ProposedFile(path="a.py", new_content=""),)
    ),
    "events.subscribe": protocol.Subscribe(since=7, epoch="e"),
    "violations.list": protocol.ListViolations(agent="cursor-1", limit=5),
    "violation.base": protocol.FindBase(violation="v"),
    "process.register": protocol.RegisterProcess(pid=7),
    "violation.blames": protocol.FindBlames(violation="v"),
    "repair.show": protocol.ShowRepair(repair="r", offset=3),
    "agents.list": protocol.Nothing(),
    "quarantines.list": protocol.Nothing(),
    "stats": protocol.Nothing(),
    "trends": protocol.AskTrends(days=7),
    "operator.nonce": protocol.Nothing(),
    "quarantine.impose": protocol.Impose(subject="a", reason="r", nonce="n"),
    "quarantine.release": protocol.Release(subject="a", reason="r", nonce="n"),
    "violation.dismiss": protocol.Dismiss(violation="v", reason="r", nonce="n"),
    "tokens.create": protocol.CreateToken(role=Role.AGENT, agent="a", nonce="n"),
    "tokens.list": protocol.ListTokens(nonce="n"),
    "settings.show": protocol.ShowSettings(nonce="n"),
    "settings.approve": protocol.ApproveSettings(digest="d", nonce="n"),
    "tokens.revoke": protocol.RevokeToken(id="t", nonce="n"),
    "tokens.rotate": protocol.RotateToken(id="t", nonce="n"),
    "audit.list": protocol.ListAudit(nonce="n", since=3),
}


def frame(method: str = "stats", **fields: Any) -> str:
    """A call, with *fields* instead of what belongs there."""
    return json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, **fields})


@pytest.mark.parametrize("method", METHODS)
def test_call_arrives_as_it_was_sent(method: str) -> None:
    request = parse_request(write_call(3, method, EXAMPLES[method]))

    assert (3, method, EXAMPLES[method]) == (request.id, request.method, request.params)


@pytest.mark.parametrize("method", METHODS)
def test_result_arrives_as_it_was_sent(method: str) -> None:
    """Each answer has a form of its own that survives the wire."""
    kind = METHODS[method].result
    result = example(kind)

    reply = parse_incoming(write_result(3, result))

    assert isinstance(reply, Reply)
    assert (reply.id, read_result(reply, kind)) == (3, result)


@pytest.mark.parametrize("code", ERROR_NUMBERS)
def test_refusal_arrives_with_its_code_and_hint(code: str) -> None:
    written = write_error(3, PeerError(code, "no", hint="do so"), data={"more": 1})

    reply = parse_incoming(written)

    assert isinstance(reply, Reply)
    assert reply.error is not None
    assert (code, "no", "do so") == (
        reply.error.code,
        reply.error.problem,
        reply.error.hint,
    )
    assert reply.data["more"] == 1
    with pytest.raises(PeerError, match="no"):
        read_result(reply, protocol.Nonce)


def test_every_code_has_a_number_of_its_own() -> None:
    assert len(set(ERROR_NUMBERS.values())) == len(ERROR_NUMBERS)


def test_unknown_code_is_still_an_error() -> None:
    assert "-32000" in write_error(1, PeerError("NEW_CODE", "no"))


def test_event_arrives_as_it_was_sent() -> None:
    event = Event(
        sequence=7,
        id="e7",
        kind="agent.connected",
        time="2026-01-01T00:00:00+00:00",
        data=msgspec.Raw(b'{"agent":"cursor-1"}'),
    )

    arrived = parse_incoming(write_event(event))

    assert isinstance(arrived, Notification)
    assert arrived.event == event
    assert arrived.event.field("agent") == "cursor-1"


def test_event_is_a_cloud_event() -> None:
    event = Event(sequence=7, id="e", kind="k", time="t", data=msgspec.Raw(b"{}"))

    params = json.loads(write_event(event))["params"]

    assert params == {
        "specversion": "1.0",
        "id": "e",
        "source": "qualitywatch",
        "type": "k",
        "time": "t",
        "datacontenttype": "application/json",
        "sequence": 7,
        "data": {},
    }


@pytest.mark.parametrize(
    ("sent", "code", "id"),
    [
        ("", "PARSE_ERROR", None),
        ("{", "PARSE_ERROR", None),
        (b"\xff", "PARSE_ERROR", None),
        ("[" * 100_000, "PARSE_ERROR", None),
        ('"\ud800"', "PARSE_ERROR", None),
        ("[]", "INVALID_REQUEST", None),
        ("1", "INVALID_REQUEST", None),
        (frame(jsonrpc="1.0"), "INVALID_REQUEST", 1),
        (frame(id=None), "INVALID_REQUEST", None),
        (frame(id=True), "INVALID_REQUEST", None),
        (frame(id=[]), "INVALID_REQUEST", None),
        (frame(id="seven", surplus=1), "INVALID_REQUEST", "seven"),
        (frame("no.such"), "UNKNOWN_METHOD", 1),
        (frame("x" * 10_000), "UNKNOWN_METHOD", 1),
        (frame(params=[]), "INVALID_PARAMS", 1),
        (frame(params={"surplus": 1}), "INVALID_PARAMS", 1),
        (frame("edit.permit"), "INVALID_PARAMS", 1),
        (frame("edit.permit", params={"path": 1}), "INVALID_PARAMS", 1),
        (frame("edit.permit", params={"path": ""}), "INVALID_PARAMS", 1),
        (frame("edit.permit", params={"path": "x" * 5000}), "INVALID_PARAMS", 1),
        (frame("events.subscribe", params={"since": -1}), "INVALID_PARAMS", 1),
        (frame("events.subscribe", params={"since": "then"}), "INVALID_PARAMS", 1),
        (frame("violations.list", params={"limit": 501}), "INVALID_PARAMS", 1),
        (frame("violations.list", params={"limit": 0}), "INVALID_PARAMS", 1),
        (
            frame(
                "quarantine.release",
                params={"subject": "a", "reason": " \n", "nonce": "n"},
            ),
            "INVALID_PARAMS",
            1,
        ),
    ],
)
def test_bad_frame_is_named(sent: str | bytes, code: str, id: int | str | None) -> None:
    """With the code to answer, and the id wherever one can be read."""
    with pytest.raises(CallError) as raised:
        parse_request(sent)

    assert (code, id) == (raised.value.code, raised.value.id)
    assert len(raised.value.problem) < 500
    assert raised.value.hint


@given(st.binary() | st.text())
def test_whatever_arrives_is_read_or_refused(sent: str | bytes) -> None:
    for parse in (parse_request, parse_incoming):
        try:
            parse(sent)
        except PeerError:
            continue


@pytest.mark.parametrize(
    "sent", ["", "[]", '{"jsonrpc": "2.0", "method": "event"}', '{"jsonrpc": "1"}']
)
def test_what_is_no_answer_is_refused(sent: str) -> None:
    with pytest.raises(PeerError):
        parse_incoming(sent)


def test_answer_of_another_form_is_refused() -> None:
    reply = parse_incoming(write_result(1, protocol.Nothing()))

    assert isinstance(reply, Reply)
    with pytest.raises(PeerError, match="the hub's answer"):
        read_result(reply, protocol.Nonce)


def test_quarantine_is_read_from_data() -> None:
    quarantine = example(Quarantine)

    assert read_quarantine(msgspec.to_builtins(quarantine)) == quarantine
    assert read_quarantine({"subject": "a"}) is None
    assert read_quarantine(None) is None


def test_newer_peer_may_say_more() -> None:
    """Unknown fields of an answer are no reason to break."""
    reply = parse_incoming('{"jsonrpc":"2.0","id":1,"result":{"nonce":"n","new":1}}')

    assert isinstance(reply, Reply)
    assert read_result(reply, protocol.Nonce).nonce == "n"


def test_secrets_are_only_asked_for_in_hello() -> None:
    """No other method may carry a token or the passphrase."""
    carrying = {
        name
        for name, method in METHODS.items()
        if {"token", "passphrase"} & set(method.params.__struct_fields__)
    }

    assert carrying == {"session.hello"}


def test_operators_need_a_nonce() -> None:
    """Every method of the operator alone carries one, but the one that gives it."""
    without = {
        name
        for name, method in METHODS.items()
        if method.roles == {Role.OPERATOR}
        and "nonce" not in method.params.__struct_fields__
    }

    assert without == {"operator.nonce"}


def example(kind: Any) -> Any:
    """A value of *kind*, with every field filled."""
    fields = msgspec.structs.fields(kind)
    return kind(**{field.name: _value(field.type) for field in fields})


def _value(kind: Any) -> Any:
    simple: dict[Any, Any] = {str: "text", int: 1, bool: True, float: 1.5}
    if isinstance(kind, UnionType):
        return _value(get_args(kind)[0])
    if kind in simple:
        return simple[kind]
    if getattr(kind, "__origin__", None) is tuple:
        inner = [part for part in get_args(kind) if part is not Ellipsis]
        return tuple(_value(part) for part in inner)
    if getattr(kind, "__origin__", None) is Literal:
        return get_args(kind)[0]
    if issubclass(kind, msgspec.Struct):
        return example(kind)
    return next(iter(kind))


def test_examples_are_filled() -> None:
    """The helper above is worth something only if it leaves nothing out."""
    assert set(EXAMPLES) == set(METHODS)
    assert example(Quarantine).state is QuarantineState.CLEAR
    assert example(Agent).workspace == "text"
