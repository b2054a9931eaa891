"""Each decision that concerns security makes one record: who, what, object, how, why.

The table is the list of decision points; a new one needs a row.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from qualitywatch import protocol
from qualitywatch.audit import Record
from qualitywatch.protocol import Role
from tests import hubs
from tests.hubs import LAZY, PASSPHRASE, House, Peer

Do = Callable[["Scene"], Awaitable[object]]
DROP = {"event_id": "e1", "path": "app.py", "new_content": LAZY}


class Scene:
    """A hub with an agent, an agent in quarantine, an operator and a stranger."""

    agent: Peer
    stopped: Peer
    operator: Peer
    stranger: Peer

    def __init__(self, house: House) -> None:
        self.house = house
        self.tokens: list[str] = []

    async def records(self) -> list[Record]:
        await self.house.warden.finish_notes()
        return list(await self.house.store.audit())


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    async with hubs.house(tmp_path) as house, AsyncExitStack() as stack:
        scene = Scene(house)
        scene.agent = await stack.enter_async_context(hubs.agent(house, "cursor-1"))
        scene.stopped = await stack.enter_async_context(hubs.agent(house, "codex-1"))
        scene.operator = await stack.enter_async_context(hubs.operator(house))
        scene.stranger = await stack.enter_async_context(hubs.peer(house))
        await house.warden.impose("codex-1", "lazy", "operator")
        yield scene


async def drop(scene: Scene) -> None:
    await scene.agent.call("change.report", **DROP)


async def release(scene: Scene) -> None:
    await scene.operator.operate("quarantine.release", subject="codex-1", reason="ok")


async def dismiss(scene: Scene) -> str:
    """After a drop, which is a decision of its own."""
    await drop(scene)
    (violation,) = await scene.house.store.violations()
    await scene.operator.operate(
        "violation.dismiss", violation=violation.id, reason="r"
    )
    return violation.id


async def forbidden(scene: Scene) -> None:
    await scene.agent.call(
        "quarantine.release", subject="codex-1", reason="me", nonce="x"
    )


async def replayed(scene: Scene) -> None:
    nonce = (await scene.operator.result("operator.nonce"))["nonce"]
    await scene.operator.call("tokens.list", nonce=nonce)
    await scene.operator.call("tokens.list", nonce=nonce)


async def revoke(scene: Scene) -> None:
    (row, *_) = await scene.house.store.tokens()
    await scene.operator.operate("tokens.revoke", id=row.id)


async def flood(scene: Scene) -> None:
    """Until somebody notices."""
    frame = b'{"jsonrpc":"2.0","id":1,"method":"agent.status","params":{}}'
    for _ in range(1000):
        await scene.house.service.serve(scene.agent.session, frame)
        if (await scene.house.store.audit())[-1].action == "message":
            return


async def repair(scene: Scene) -> None:
    changes = [{"path": "app.py", "new_content": hubs.HONEST}]
    await scene.stopped.call("repair.propose", changes=changes)


async def another_name(scene: Scene) -> None:
    token = await scene.house.token(agent="cursor-1")
    await scene.stranger.call("session.hello", token=token, agent="codex-1")


@pytest.mark.parametrize(
    ("do", "record"),
    [
        pytest.param(
            lambda s: s.stranger.call("session.hello", token="qwa_nothing"),
            ("login", None, "hub", "refused"),
            id="wrong token",
        ),
        pytest.param(
            lambda s: s.stranger.call("session.hello", passphrase="guess one more"),
            ("operator.login", None, "hub", "refused"),
            id="wrong passphrase",
        ),
        pytest.param(
            lambda s: s.stranger.call("session.hello", passphrase=PASSPHRASE),
            ("operator.login", None, "hub", "allowed"),
            id="right passphrase",
        ),
        pytest.param(
            another_name,
            ("session.hello", None, "hub", "refused"),
            id="another's name",
        ),
        pytest.param(
            lambda s: s.stranger.call("agents.list"),
            ("agents.list", None, "hub", "refused"),
            id="no hello",
        ),
        pytest.param(
            forbidden,
            ("quarantine.release", "cursor-1", "codex-1", "refused"),
            id="an agent releases",
        ),
        pytest.param(
            lambda s: s.stopped.call("edit.permit", path="app.py"),
            ("edit.permit", "codex-1", "app.py", "refused"),
            id="in quarantine",
        ),
        pytest.param(
            lambda s: s.agent.call("edit.permit", path="../../etc/passwd"),
            ("edit.permit", "cursor-1", "../../etc/passwd", "refused"),
            id="outside",
        ),
        pytest.param(
            replayed, ("tokens.list", "operator", "hub", "refused"), id="replayed nonce"
        ),
        pytest.param(flood, ("message", "cursor-1", "hub", "refused"), id="flood"),
        pytest.param(
            drop, ("quarantine.impose", "policy", "cursor-1", "allowed"), id="drop"
        ),
        pytest.param(
            lambda s: s.operator.operate(
                "quarantine.impose", subject="cursor-1", reason="looks wrong"
            ),
            ("quarantine.impose", "operator", "cursor-1", "allowed"),
            id="imposed by hand",
        ),
        pytest.param(
            release,
            ("quarantine.release", "operator", "codex-1", "allowed"),
            id="released",
        ),
        pytest.param(
            repair, ("repair.propose", "codex-1", "codex-1", "allowed"), id="repair"
        ),
        pytest.param(
            dismiss, ("violation.dismiss", "operator", None, "allowed"), id="dismissed"
        ),
        pytest.param(
            lambda s: s.operator.operate("tokens.create", role="observer"),
            ("tokens.create", "operator", None, "allowed"),
            id="token made",
        ),
        pytest.param(
            revoke, ("tokens.revoke", "operator", None, "allowed"), id="token revoked"
        ),
        pytest.param(
            lambda s: s.house.store.set_passphrase_hash("hash of another"),
            ("passphrase.change", "operator", "passphrase", "allowed"),
            id="passphrase changed",
        ),
    ],
)
async def test_a_decision_is_one_record(
    scene: Scene, do: Do, record: tuple[str, str | None, str | None, str]
) -> None:
    """Made when it is decided; `None` in the table: whoever it is, it is named."""
    before = await scene.records()
    await do(scene)
    new = (await scene.records())[len(before) :]
    action, who, about, result = record
    found = [one for one in new if (one.action, one.result) == (action, result)]

    assert 1 == len(found), new
    assert found[0].who if who is None else who == found[0].who, found
    assert found[0].object if about is None else about == found[0].object
    assert "refused" != result or found[0].reason
    assert found[0].time
    assert found[0].monotonic_ms > 0


async def test_every_operator_method_leaves_a_record(scene: Scene) -> None:
    """Those that change something; looking is no decision."""
    looking = {"operator.nonce", "tokens.list", "settings.show", "audit.list"}
    changing = {
        name
        for name, method in protocol.METHODS.items()
        if method.roles == {Role.OPERATOR} and name not in looking
    }

    assert changing == {
        *("quarantine.impose", "quarantine.release", "violation.dismiss"),
        *("tokens.create", "tokens.revoke", "tokens.rotate", "settings.approve"),
    }


async def test_no_secret_is_ever_recorded(scene: Scene) -> None:
    """Tokens and passphrases that were shown, right or wrong, in whatever field."""
    token = await scene.house.token(agent="cursor-1")
    guesses = ["guess one more", PASSPHRASE]
    for guess in guesses:
        await scene.stranger.call("session.hello", passphrase=guess)
    await scene.stranger.call("session.hello", token=token, agent="codex-1")
    await scene.stranger.call("session.hello", token=token[:-1] + "x")
    await scene.agent.call("edit.permit", path=f"../{token}")
    made: dict[str, Any] = await scene.operator.operate(
        "tokens.create", role="observer"
    )
    everything = repr(await scene.records())

    assert [] == [
        one for one in (token, token[:-1], *guesses, made["token"]) if one in everything
    ]


async def test_an_operator_reads_the_audit_page_by_page(scene: Scene) -> None:
    """In order, without gap, with the head that ends it; nobody else may."""
    read: list[dict[str, Any]] = []
    page: dict[str, Any] = {"records": [None]}
    while page["records"]:
        page = await scene.operator.operate("audit.list", since=len(read), limit=2)
        read += page["records"]
    everything = await scene.records()

    assert [one.hash for one in everything] == [one["hash"] for one in read]
    assert everything[-1].hash == page["head"]["hash"]
    assert "FORBIDDEN" == await scene.agent.refusal("audit.list", nonce="x")
