"""What an agent can reach: nothing that is an operator's, whatever way it tries."""

from __future__ import annotations

import json
import socket
import subprocess
from pathlib import Path
from typing import Any

import pytest

from qualitywatch import protocol
from qualitywatch.daemon import place
from tests.integration.operating import (
    PASSPHRASE,
    PROGRAM,
    Operator,
    Watching,
    secret,
    states,
)

OPERATOR_METHODS = [
    name
    for name, method in protocol.METHODS.items()
    if method.roles == {protocol.Role.OPERATOR}
]
CALLS = {
    "operator.nonce": {},
    "quarantine.impose": {"subject": "cursor-2", "reason": "x", "nonce": "x"},
    "quarantine.release": {"subject": "cursor-1", "reason": "x", "nonce": "x"},
    "violation.dismiss": {"violation": "0" * 32, "reason": "x", "nonce": "x"},
    "settings.show": {"nonce": "x"},
    "settings.approve": {"digest": "x", "nonce": "x"},
    "tokens.create": {"role": "operator", "nonce": "x"},
    "tokens.list": {"nonce": "x"},
    "tokens.revoke": {"id": "x", "nonce": "x"},
    "tokens.rotate": {"id": "x", "nonce": "x"},
    "audit.list": {"nonce": "x"},
}


def test_every_operator_method_is_tried() -> None:
    """A new operator method needs a row in the table of attempts."""
    assert set(OPERATOR_METHODS) == set(CALLS)


@pytest.mark.parametrize(
    ("identity", "code"),
    [
        ("nobody", "UNAUTHENTICATED"),
        ("observer", "FORBIDDEN"),
        ("observer token", "FORBIDDEN"),
        ("agent", "FORBIDDEN"),
        ("agent in quarantine", "FORBIDDEN"),
    ],
)
def test_only_an_operator_gets_an_operator_method(
    enrolled: Operator, identity: str, code: str
) -> None:
    """Every such method, asked over the real socket, is refused and does nothing."""
    enrolled.do("tokens", "create", "--agent", "cursor-2")
    token = enrolled.do("tokens", "create", "--agent", "cursor-1").out.strip()
    viewer = enrolled.do("tokens", "create", "--role", "observer").out.strip()
    if identity == "agent in quarantine":
        enrolled.do("quarantine", "cursor-1", "--reason", "x")
    with Watching(enrolled):
        before = everything(enrolled)
        hello = {
            "nobody": None,
            "observer": {},
            "observer token": {"token": viewer},
        }.get(identity, {"token": token, "workspace": str(enrolled.root)})

        codes = {method: refusal(enrolled, hello, method) for method in CALLS}

        assert dict.fromkeys(CALLS, code) == codes
        assert before == everything(enrolled)


def test_operators_call_can_not_be_replayed(enrolled: Operator) -> None:
    """A nonce is good once, and only in the session that asked for it."""
    with (
        Watching(enrolled),
        Peer(enrolled.state_dir) as one,
        Peer(enrolled.state_dir) as two,
    ):
        for peer in (one, two):
            peer.ask("session.hello", {"passphrase": PASSPHRASE})
        nonce = one.ask("operator.nonce", {})["result"]["nonce"]
        order = {"subject": "cursor-1", "reason": "x", "nonce": nonce}

        stolen = two.ask("quarantine.impose", order)
        first = one.ask("quarantine.impose", order)
        replayed = one.ask("quarantine.release", order)

    assert "BAD_NONCE" == stolen["error"]["data"]["code"]
    assert "quarantined" == first["result"]["state"]
    assert "BAD_NONCE" == replayed["error"]["data"]["code"]


def test_guesses_are_counted(enrolled: Operator) -> None:
    """After five wrong ones the door is shut to this terminal, right or wrong."""
    wrong = secret(enrolled.root.parent / "wrong", "an agent's guess")
    with Watching(enrolled):
        for _ in range(5):
            assert 2 == enrolled.do("tokens", "list", file=wrong).code

        shut = enrolled.do("tokens", "list")

    assert 2 == shut.code
    assert "too many wrong passphrases" in shut.err


def test_guessing_elsewhere_does_not_shut_out_the_operator(enrolled: Operator) -> None:
    """An agent's harness has a session of its own; the operator's terminal is open."""
    wrong = secret(enrolled.root.parent / "wrong", "an agent's guess")
    words = ["tokens", "list", "--repo", str(enrolled.root)]
    with Watching(enrolled):
        guesses = subprocess.run(
            [
                *("sh", "-c", 'for n in 1 2 3 4 5 6; do "$@"; done', "-"),
                *(*PROGRAM, *words, "--passphrase-file", str(wrong)),
            ],
            capture_output=True,
            text=True,
            start_new_session=True,
        )

        assert 5 == guesses.stderr.count("this is not the passphrase")
        assert 1 == guesses.stderr.count("too many wrong passphrases")
        assert 0 == enrolled.do("tokens", "list").code


class Peer:
    """Somebody who speaks to the daemon's socket by hand."""

    def __init__(self, state_dir: Path) -> None:
        running = place.Running.read(state_dir)
        assert running is not None
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(20)
        self._socket.connect(running.socket)
        self._lines = self._socket.makefile("rwb")

    def __enter__(self) -> Peer:
        return self

    def __exit__(self, *error: object) -> None:
        self._lines.close()
        self._socket.close()

    def ask(self, method: str, params: object) -> dict[str, Any]:
        """The answer to one call."""
        call = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        self._lines.write(json.dumps(call).encode() + b"\n")
        self._lines.flush()
        answer: dict[str, Any] = json.loads(self._lines.readline())
        return answer


def refusal(operator: Operator, hello: object, method: str) -> str:
    """The code with which *method* is refused, on a connection of its own."""
    with Peer(operator.state_dir) as peer:
        if hello is not None:
            assert "result" in peer.ask("session.hello", hello)
        answer = peer.ask(method, CALLS[method])
    return str(answer["error"]["data"]["code"])


def everything(operator: Operator) -> tuple[object, ...]:
    """What an operator could have changed."""
    stopped = {id: state for id, state in states(operator).items() if state != "clear"}
    return operator.do("tokens", "list", "--format", "json").data, stopped
