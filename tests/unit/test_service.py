"""The hub without transports: who is let in, what is answered, who hears of what."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qualitywatch.errors import PeerError
from qualitywatch.hub.answers import ANSWERS
from qualitywatch.hub.sessions import Session
from qualitywatch.hub.stream import Stream
from qualitywatch.model import Agent, Event
from qualitywatch.protocol import MAX_CONTENT_BYTES, METHODS, Role
from tests import hubs
from tests.hubs import HONEST, LAZY, PASSPHRASE, House, Peer

PARAMS: dict[str, dict[str, Any]] = {
    "session.hello": {},
    "edit.permit": {"path": "app.py"},
    "change.check": {"path": "app.py", "new_content": HONEST},
    "change.report": {"event_id": "e1", "path": "app.py", "new_content": HONEST},
    "agent.status": {},
    "repair.propose": {"changes": [{"path": "app.py", "new_content": HONEST}]},
    "events.subscribe": {},
    "violations.list": {},
    "violation.base": {"violation": "none"},
    "violation.blames": {"violation": "none"},
    "repair.show": {"repair": "none"},
    "process.register": {},
    "agents.list": {},
    "quarantines.list": {},
    "stats": {},
    "trends": {},
    "operator.nonce": {},
    "quarantine.impose": {
        "subject": "codex-1",
        "reason": "looks wrong",
        "nonce": "made up",
    },
    "quarantine.release": {
        "subject": "other-1",
        "reason": "mended",
        "nonce": "made up",
    },
    "violation.dismiss": {
        "violation": "none",
        "reason": "meant so",
        "nonce": "made up",
    },
    "settings.show": {"nonce": "made up"},
    "settings.approve": {"digest": "none", "nonce": "made up"},
    "tokens.create": {"role": "observer", "nonce": "made up"},
    "tokens.list": {"nonce": "made up"},
    "tokens.revoke": {"id": "none", "nonce": "made up"},
    "tokens.rotate": {"id": "none", "nonce": "made up"},
    "audit.list": {"nonce": "made up"},
}


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with hubs.house(tmp_path) as house:
        yield house


async def drop_code(agent: Peer, path: str = "app.py") -> dict[str, Any]:
    """What the agent is answered when it reports dropped code."""
    return await agent.result(
        "change.report", event_id=f"drop {path}", path=path, new_content=LAZY
    )


# Coming in


async def test_nothing_is_answered_before_hello(house: House) -> None:
    """Whatever a stranger asks first is refused, and the door is closed."""
    for method, params in PARAMS.items():
        async with hubs.peer(house) as stranger:
            code = await stranger.refusal(method, **params)

            assert (method, code) == (method, "UNAUTHENTICATED")
            assert stranger.ear.closed == 4401


@pytest.mark.parametrize("role", list(Role))
async def test_token_decides_the_role(house: House, role: Role) -> None:
    async with hubs.peer(house) as it:
        welcome = await it.result("session.hello", token=await house.token(role))

        assert welcome["role"] == role
        assert welcome["agent"] == ("cursor-1" if role is Role.AGENT else None)


@pytest.mark.parametrize("role", list(Role))
async def test_identity_comes_from_the_token_only(house: House, role: Role) -> None:
    """Naming another agent in hello does not make one that agent."""
    async with hubs.peer(house) as it:
        token = await house.token(role)

        assert "IDENTITY_MISMATCH" == await it.refusal(
            "session.hello", token=token, agent="codex-7"
        )
        assert house.warden.agent("codex-7") is None


async def test_forged_token_is_refused(house: House) -> None:
    async with hubs.peer(house) as it:
        token = (await house.token())[:-1] + "#"

        assert await it.refusal("session.hello", token=token) == "UNAUTHENTICATED"


async def test_revoked_token_is_put_out_at_once(house: House) -> None:
    """Open sessions end with the token, and it opens no new one."""
    token = await house.token()
    async with hubs.peer(house) as it, hubs.operator(house) as operator:
        await it.result("session.hello", token=token)
        [row] = [t for t in await house.store.tokens() if t.role is Role.AGENT]

        await operator.operate("tokens.revoke", id=row.id)

        assert it.ear.closed == 4401
        async with hubs.peer(house) as again:
            assert (
                await again.refusal("session.hello", token=token) == "UNAUTHENTICATED"
            )


async def test_token_expires_while_the_session_is_open(house: House) -> None:
    async with hubs.agent(house) as agent:
        house.clock.forward(31 * 86_400)

        assert await agent.refusal("agent.status") == "UNAUTHENTICATED"
        assert agent.ear.closed == 4401


async def test_expired_follower_hears_nothing_more(house: House) -> None:
    async with hubs.agent(house) as agent:
        await agent.result("events.subscribe", since="now")
        house.clock.forward(31 * 86_400)

        await house.happen()

        assert agent.ear.sequences == []
        assert agent.ear.closed == 4401


async def test_session_can_not_change_its_identity(house: House) -> None:
    async with hubs.agent(house) as agent:
        assert await agent.refusal("session.hello", passphrase=PASSPHRASE) == "CONFLICT"
        assert await agent.refusal("operator.nonce") == "FORBIDDEN"


async def test_owner_of_the_socket_may_look_without_a_token(house: House) -> None:
    """Over the Unix socket the permission of the file is the credential."""
    async with hubs.peer(house, local=True) as it:
        assert (await it.result("session.hello"))["role"] == "observer"
        assert await it.refusal("operator.nonce") == "FORBIDDEN"


async def test_agent_has_a_bounded_number_of_sessions(tmp_path: Path) -> None:
    limits = hubs.Hub(max_connections_per_agent=2)
    async with (
        hubs.house(tmp_path, limits=limits) as house,
        hubs.agent(house),
        hubs.agent(house),
        hubs.peer(house) as third,
    ):
        token = await house.token()

        assert await third.refusal("session.hello", token=token) == "TOO_MANY"
        assert third.ear.closed == 1013


async def test_agent_works_in_the_root_unless_it_says_otherwise(
    house: House, tmp_path: Path
) -> None:
    """Named folder, else the one it was seen in last, else the daemon's."""
    async with hubs.agent(house) as agent:
        assert agent.session.workspace == house.root
    async with hubs.agent(house, workspace=str(tmp_path)) as agent:
        assert agent.session.workspace == tmp_path
    async with hubs.agent(house) as agent:
        assert agent.session.workspace == tmp_path


@pytest.mark.parametrize("workspace", ["relative/path", "/with\0nul"])
async def test_workspace_must_be_an_absolute_path(house: House, workspace: str) -> None:
    async with hubs.peer(house) as it:
        token = await house.token()

        assert "INVALID_PARAMS" == await it.refusal(
            "session.hello", token=token, workspace=workspace
        )


async def test_presence_follows_the_session(house: House) -> None:
    async with hubs.agent(house):
        assert house.warden.is_connected("cursor-1")
    assert not house.warden.is_connected("cursor-1")


async def test_ticket_may_look_and_is_not_stored(house: House) -> None:
    async with hubs.peer(house) as it:
        welcome = await it.result("session.hello", token=house.service.ticket())

        assert welcome["role"] == "observer"
        assert await it.refusal("operator.nonce") == "FORBIDDEN"
        assert await house.store.tokens() == ()


# The passphrase


async def test_right_passphrase_makes_an_operator(house: House) -> None:
    async with hubs.peer(house) as it:
        assert (await it.result("session.hello", passphrase=PASSPHRASE))[
            "role"
        ] == "operator"


# Roles, quarantine, nonces


@pytest.mark.parametrize(
    "standing", ["agent", "agent in quarantine", "observer", "operator"]
)
async def test_every_method_for_everybody(house: House, standing: str) -> None:
    """`METHODS` says who is answered, and so it is."""
    answered = set()
    for method, params in PARAMS.items():
        async with hubs.peer(house) as it:
            await _enter(house, it, standing)
            code = await it.refusal(method, **params | await _fresh_nonce(it, method))
        if code not in {"FORBIDDEN", "QUARANTINED", "BAD_NONCE"}:
            answered.add(method)

    assert {method for method in METHODS if _may(standing, method)} == answered


async def test_quarantine_says_why_and_how_to_get_out(house: House) -> None:
    async with hubs.agent(house) as agent:
        verdict = (await drop_code(agent))["verdict"]
        answer = await agent.call("edit.permit", path="app.py")

    assert verdict["decision"] == "deny"
    assert answer["error"]["data"]["decision"] == "deny"
    assert answer["error"]["data"]["quarantine"]["subject"] == "cursor-1"
    assert "qualitywatch release cursor-1" in answer["error"]["data"]["hint"]


async def test_new_session_does_not_escape(house: House, tmp_path: Path) -> None:
    """Neither a new token nor a new name nor a second connection helps."""
    async with hubs.agent(house) as second, hubs.agent(house) as first:
        await drop_code(first)
        assert await second.refusal("edit.permit", path="a.py") == "QUARANTINED"
    async with hubs.agent(house, name="Somebody Else") as again:
        assert await again.refusal("edit.permit", path="a.py") == "QUARANTINED"


async def test_naming_another_folder_does_not_escape(
    house: House, tmp_path: Path
) -> None:
    """An agent stays bound to a workspace that is in quarantine."""
    async with hubs.agent(house):
        pass
    await house.warden.impose("ws:workspace", "why", "test", workspace=house.root)

    async with hubs.agent(house, workspace=str(tmp_path)) as agent:
        assert await agent.refusal("edit.permit", path="a.py") == "QUARANTINED"
        assert agent.session.workspace == house.root
    async with hubs.agent(house, workspace=str(tmp_path)) as agent:
        assert await agent.refusal("edit.permit", path="a.py") == "QUARANTINED"


async def test_a_folder_of_the_workspace_does_not_escape(house: House) -> None:
    """Who says hello from a folder works in the checkout around it."""
    async with hubs.agent(house, workspace=str(house.root / "src")) as agent:
        await house.warden.impose("ws:workspace", "why", "test", workspace=house.root)

        assert await agent.refusal("edit.permit", path="a.py") == "QUARANTINED"


async def test_paths_begin_in_the_folder_of_the_agent(house: House) -> None:
    """The record calls the file as its checkout does."""
    async with hubs.agent(house, workspace=str(house.root / "src")) as agent:
        reported = await agent.result(
            "change.report", event_id="1", path="a.py", new_content=hubs.LAZY
        )

        assert reported["verdict"]["violations"][0]["path"] == "src/a.py"


async def test_a_refused_hello_binds_to_nothing(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An agent that names a strange folder stays bound to the one it works in."""

    async def refuse(agent: Agent) -> Path:
        raise PeerError("OUTSIDE_WORKSPACE", "no checkout of ours")

    async with hubs.agent(house):
        pass
    monkeypatch.setattr(house.judge, "bind", refuse)
    async with hubs.peer(house) as it:
        token = await house.token()
        await it.refusal("session.hello", token=token, workspace="/elsewhere")

    known = house.warden.agent("cursor-1")
    assert known is not None
    assert known.workspace == str(house.root)


async def test_welcome_tells_of_the_quarantine(house: House) -> None:
    """An agent that was away hears of it before anything else."""
    await house.warden.impose("cursor-1", "why", "test")

    async with hubs.peer(house) as it:
        welcome = await it.result("session.hello", token=await house.token())

    assert welcome["state"] == "quarantined"
    assert welcome["quarantine"]["reason"] == "why"


async def test_open_sessions_hear_of_their_quarantine(house: House) -> None:
    """Also one that follows nothing; and nobody else does."""
    async with hubs.agent(house) as agent, hubs.agent(house, "codex-1") as other:
        await house.warden.impose("cursor-1", "why", "test")
        await house.warden.release("cursor-1", "mended", "test")

        kinds = [event["type"] for event in agent.ear.events]
        assert kinds == ["quarantine.imposed", "quarantine.released"]
        assert other.ear.events == []


async def test_sessions_hear_of_the_quarantine_of_their_workspace(
    house: House, tmp_path: Path
) -> None:
    async with (
        hubs.agent(house) as inside,
        hubs.agent(house, "codex-1", workspace=str(tmp_path)) as outside,
    ):
        await house.warden.impose("ws:workspace", "why", "test", workspace=house.root)

        assert len(inside.ear.events) == 1
        assert outside.ear.events == []


async def test_agent_goes_on_after_release(house: House) -> None:
    async with hubs.agent(house) as agent, hubs.operator(house) as operator:
        await drop_code(agent)

        await operator.operate(
            "quarantine.release", subject="cursor-1", reason="put back by hand"
        )

        assert await agent.refusal("edit.permit", path="app.py") == ""


async def test_proposed_repair_is_checked_and_shown(house: House) -> None:
    async with hubs.agent(house) as agent:
        await drop_code(agent)
        changes = [
            {"path": "app.py", "new_content": HONEST},
            {"path": "b.py", "new_content": LAZY},
        ]

        proposed = await agent.result("repair.propose", changes=changes)

    assert [len(r["violations"]) for r in proposed["repairs"]] == [0, 1]
    assert proposed["quarantine"]["state"] == "repair_proposed"
    [shown] = house.warden.quarantines
    assert [repair.path for repair in shown.repairs] == ["app.py", "b.py"]


async def test_nonce_is_good_once(house: House) -> None:
    async with hubs.operator(house) as operator:
        nonce = (await operator.result("operator.nonce"))["nonce"]

        assert await operator.refusal("tokens.list", nonce=nonce) == ""
        assert await operator.refusal("tokens.list", nonce=nonce) == "BAD_NONCE"


async def test_nonce_is_good_for_half_a_minute(house: House) -> None:
    async with hubs.operator(house) as operator:
        nonce = (await operator.result("operator.nonce"))["nonce"]
        house.clock.forward(30)

        assert await operator.refusal("tokens.list", nonce=nonce) == "BAD_NONCE"


async def test_nonce_is_good_in_its_own_session(house: House) -> None:
    """A frame that was captured can not be replayed elsewhere."""
    async with hubs.operator(house) as one, hubs.operator(house) as other:
        nonce = (await one.result("operator.nonce"))["nonce"]

        assert await other.refusal("tokens.list", nonce=nonce) == "BAD_NONCE"


async def test_token_is_shown_once_and_works(house: House) -> None:
    async with hubs.operator(house) as operator:
        created = await operator.operate(
            "tokens.create", role="agent", agent="codex-1", days=1
        )
        listed = await operator.operate("tokens.list")
    async with hubs.peer(house) as it:
        welcome = await it.result("session.hello", token=created["token"])

    assert welcome["agent"] == "codex-1"
    assert created["token"] not in json.dumps(listed)


@pytest.mark.parametrize(
    "params",
    [
        {"role": "agent"},
        {"role": "agent", "agent": "Not An Id"},
        {"role": "agent", "agent": "ws:main"},
        {"role": "operator", "agent": "codex-1"},
        {"role": "observer", "days": 0},
    ],
)
async def test_impossible_token_is_refused(
    house: House, params: dict[str, Any]
) -> None:
    async with hubs.operator(house) as operator:
        nonce = (await operator.result("operator.nonce"))["nonce"]

        assert "INVALID_PARAMS" == await operator.refusal(
            "tokens.create", **params, nonce=nonce
        )


# Paths and sizes


@pytest.mark.parametrize("method", ["edit.permit", "change.check", "change.report"])
async def test_path_can_not_leave_the_workspace(house: House, method: str) -> None:
    (house.root / "out").symlink_to("/usr")
    for path in ("../x", "a/../../x", "/etc/passwd", ".", "./", "a\0b", "out/x"):
        async with hubs.agent(house) as agent:
            code = await agent.refusal(method, **PARAMS[method] | {"path": path})

            assert (path, code) == (path, "OUTSIDE_WORKSPACE")


@pytest.mark.parametrize("path", ["x" * 300 + "/y", "loop/x.py", "link.py", "a/b.py"])
async def test_odd_path_inside_is_not_our_failure(house: House, path: str) -> None:
    (house.root / "loop").symlink_to("loop")
    (house.root / "link.py").symlink_to("other.py")
    async with hubs.agent(house) as agent:
        assert await agent.refusal("edit.permit", path=path) == ""


@pytest.mark.parametrize("field", ["path", "old_path"])
async def test_each_path_of_a_report_is_checked(house: House, field: str) -> None:
    async with hubs.agent(house) as agent:
        params = PARAMS["change.report"] | {field: "../x.py"}

        assert await agent.refusal("change.report", **params) == "OUTSIDE_WORKSPACE"


@pytest.mark.parametrize(
    ("size", "code"), [(MAX_CONTENT_BYTES, ""), (MAX_CONTENT_BYTES + 1, "TOO_LARGE")]
)
async def test_content_is_limited(house: House, size: int, code: str) -> None:
    async with hubs.agent(house) as agent:
        params = PARAMS["change.report"] | {"new_content": "x" * size}

        assert await agent.refusal("change.report", **params) == code


# Following


async def test_snapshot_then_what_follows(house: House) -> None:
    async with hubs.agent(house) as agent, hubs.operator(house) as operator:
        await drop_code(agent)

        told = await operator.result("events.subscribe")
        await house.happen(2)

    assert [q["subject"] for q in told["snapshot"]["quarantines"]] == ["cursor-1"]
    assert [v["path"] for v in told["snapshot"]["violations"]] == ["app.py"]
    assert [told["seq"] + 1, told["seq"] + 2] == operator.ear.sequences[:2]


@pytest.mark.parametrize("known", [0, 3, 5])
async def test_replay_then_what_follows(house: House, known: int) -> None:
    """Every event after the known one, once and in order."""
    await house.happen(5)
    async with hubs.operator(house) as operator:
        told = await operator.result(
            "events.subscribe", since=known, epoch=house.warden.epoch
        )
        await house.happen(3)

        assert told["recovered"]
        assert told["snapshot"] is None
        assert operator.ear.sequences == list(range(known + 1, 9))


async def test_nothing_falls_between_replay_and_live(house: House) -> None:
    """Events that happen while the store is read come once, in their place."""
    await house.happen(450)
    async with hubs.operator(house) as operator:
        happening = asyncio.create_task(house.happen(50))

        await operator.result("events.subscribe", since=0)
        await happening

        assert operator.ear.sequences == list(range(1, 501))


async def test_event_that_lands_while_the_store_is_read() -> None:
    """It is neither among what was read nor told live: it is read next."""
    stream, ear = Stream(), hubs.Ear()
    session = Session(ear)
    session.cursor = 0
    stored = [_event(1)]

    async def read_after(since: int, *, limit: int) -> list[Event]:
        found = [event for event in stored if event.sequence > since]
        if len(stored) == 1:
            stored.append(_event(2))
            stream.publish(stored[-1])
        return found

    with stream.joined(session):
        await stream.follow(session, read_after)
        stream.publish(_event(3))
        await asyncio.sleep(0)  # what comes in one step of the loop is told together

    assert ear.sequences == [1, 2, 3]


async def test_now_is_from_now_on(house: House) -> None:
    await house.happen(3)
    async with hubs.operator(house) as operator:
        await operator.result("events.subscribe", since="now")
        await house.happen()

        assert operator.ear.sequences == [4]


@pytest.mark.parametrize("since", [{"since": 99}, {"since": 1, "epoch": "another"}])
async def test_history_that_is_not_ours_gets_a_snapshot(
    house: House, since: dict[str, Any]
) -> None:
    await house.happen(3)
    async with hubs.operator(house) as operator:
        told = await operator.result("events.subscribe", **since)

        assert not told["recovered"]
        assert told["snapshot"] is not None
        assert told["seq"] == 3


async def test_nobody_hears_without_subscribing(house: House) -> None:
    async with hubs.operator(house) as operator:
        await house.happen(3)

        assert operator.ear.events == []


async def test_events_of_one_step_are_told_together(house: House) -> None:
    """In order, in few writes; and a large burst leaves others a turn."""
    async with hubs.operator(house) as operator:
        await operator.result("events.subscribe", since="now")
        offered = []
        operator.session.outlet.offer = offered.append  # type: ignore[method-assign]
        for sequence in range(1, 301):
            house.stream.publish(_event(sequence))
        assert 1 == len(offered)
        await asyncio.sleep(0)
        assert 2 == len(offered)
        for _ in range(10):
            await asyncio.sleep(0)

    told = [json.loads(one)["params"] for frame in offered for one in frame.contents]
    assert list(range(1, 301)) == [event["sequence"] for event in told]
    assert len(offered) < 10


# Whatever arrives


FRAMES = st.one_of(
    st.binary(max_size=200),
    st.text(max_size=200),
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=5), inner),
        max_leaves=10,
    ).map(json.dumps),
    st.fixed_dictionaries(
        {
            "jsonrpc": st.just("2.0"),
            "id": st.integers() | st.text(max_size=5) | st.none(),
            "method": st.sampled_from(sorted(METHODS)),
            "params": st.dictionaries(
                st.sampled_from(["path", "since", "token", "reason", "limit", "nonce"]),
                st.none() | st.integers() | st.text(max_size=20),
            ),
        }
    ).map(json.dumps),
)


@pytest.mark.parametrize("standing", ["stranger", "agent", "operator"])
@settings(max_examples=10, deadline=None)
@given(frames=st.lists(FRAMES, min_size=20, max_size=60))
def test_every_frame_gets_one_answer(standing: str, frames: list[str | bytes]) -> None:
    """Never an exception: a result or a stable code, as JSON-RPC."""

    async def answers() -> list[str]:
        with TemporaryDirectory() as folder:
            async with hubs.house(Path(folder)) as house, hubs.peer(house) as it:
                if standing != "stranger":
                    await _enter(house, it, standing)
                return [await house.service.handle(it.session, f) for f in frames]

    for answer in map(json.loads, asyncio.run(answers())):
        assert answer["jsonrpc"] == "2.0"
        assert ("result" in answer) != ("error" in answer)


def test_every_method_has_an_answer() -> None:
    """A row in the protocol's table without a function would be a bug in waiting."""
    assert set(METHODS) - {"session.hello"} == set(ANSWERS)
    assert set(METHODS) == set(PARAMS)


# Helpers


def _event(sequence: int) -> Event:
    return Event(
        sequence=sequence,
        id=str(sequence),
        kind="change.analysed",
        time="2026-01-01T00:00:00+00:00",
        data=msgspec.Raw(b"{}"),
    )


async def _enter(house: House, it: Peer, standing: str) -> None:
    role, *quarantine = standing.split(" in ")
    await it.result("session.hello", token=await house.token(Role(role)))
    if quarantine and house.warden.quarantine_of("cursor-1") is None:
        await house.warden.impose("cursor-1", "why", "test")


async def _fresh_nonce(it: Peer, method: str) -> dict[str, str]:
    if "nonce" not in PARAMS[method]:
        return {}
    answer = await it.call("operator.nonce")
    return {"nonce": answer.get("result", {"nonce": "made up"})["nonce"]}


def _may(standing: str, method: str) -> bool:
    row = METHODS[method]
    role = Role(standing.split()[0])
    return role in row.roles and (row.in_quarantine or "quarantine" not in standing)
