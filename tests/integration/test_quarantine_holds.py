"""Quarantine as it is lived: on every way, in every order, once and for all."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from qualitywatch.errors import PeerError
from qualitywatch.gate.concern import concerned
from qualitywatch.mirror import Mirror
from qualitywatch.model import Evidence
from qualitywatch.protocol import METHODS, Role
from tests import factories, hubs
from tests.hubs import Ear, House, Peer
from tests.integration import house as houses
from tests.integration.house import drop, judged
from tests.unit.test_service import PARAMS

AGENT_METHODS = [
    name
    for name, method in METHODS.items()
    if Role.AGENT in method.roles and name != "session.hello"
]
ANSWERED = {name for name in AGENT_METHODS if METHODS[name].in_quarantine}


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with hubs.house(tmp_path) as house:
        yield house


@pytest.fixture
async def records(tmp_path: Path) -> AsyncIterator[houses.House]:
    house = houses.House(tmp_path / "records")
    await house.start()
    yield house
    await house.stop()


async def audited(store: Any, action: str, result: str = "allowed") -> int:
    """How many records the audit has of *action*, merged ones counted."""
    return sum(
        one.count
        for one in await store.audit()
        if (one.action, one.result) == (action, result)
    )


# Once


async def test_one_quarantine_however_often_and_from_wherever(
    records: houses.House,
) -> None:
    """5 violations, found 1,000 times by 20 at once: one quarantine, 5 in evidence."""

    async def find(who: int) -> None:
        for turn in range(50):
            path = f"{(who + turn) % 5}.py"
            found = drop(path=path, fingerprint=path)
            await records.warden.record(judged(found, path=path))

    await asyncio.gather(*(find(who) for who in range(20)))
    [known] = await records.store.quarantines(open=False)

    assert 5 == known.violation_count == len(known.violations)
    assert 1 == records.kinds.count("quarantine.imposed")
    assert 1 == await audited(records.store, "quarantine.impose")


async def test_what_happens_to_it_stays_small(records: houses.House) -> None:
    """60 violations: all in evidence, the first named, and each event still small."""
    for number in range(60):
        path = f"{number}.py"
        await records.warden.record(
            judged(drop(path=path, fingerprint=path), path=path)
        )
    [known] = records.warden.quarantines
    before = records.warden.quarantines
    await records.restart()

    assert (60, 20) == (known.violation_count, len(known.violations))
    assert before == records.warden.quarantines
    assert 40_000 > max(len(event.data) for event in records.told)


async def test_what_becomes_worse_is_counted_once(records: houses.House) -> None:
    """It is brought up to date where it is named, and is no second violation."""
    for lost in (10, 30):
        worse = drop(evidence=Evidence(lost_lines=lost))
        await records.warden.record(judged(worse, sha256=f"{lost}"))
    [known] = records.warden.quarantines
    [named] = known.violations

    assert 1 == known.violation_count
    assert named.evidence is not None
    assert 30 == named.evidence.lost_lines


async def test_two_violations_at_once_are_one_quarantine(
    records: houses.House,
) -> None:
    """Whichever is decided first imposes, the other is added."""
    await asyncio.gather(
        *(
            records.warden.record(judged(drop(fingerprint=path), path=path))
            for path in ("a.py", "b.py")
        )
    )
    [known] = records.warden.quarantines

    assert 2 == len(known.violations)
    assert 1 == await audited(records.store, "quarantine.impose")


KILLED = """
import asyncio, sys
from pathlib import Path
from tests.integration.house import House, drop, judged

async def main():
    house = House(Path(sys.argv[1]))
    await house.start()
    print("started", flush=True)
    number = 0
    while True:
        paths = [f"{(number + n) % 7}.py" for n in range(3)]
        found = [drop(path=p, fingerprint=p) for p in paths]
        record = house.warden.record
        await asyncio.gather(*(record(judged(v, path=v.path)) for v in found))
        number += 1

asyncio.run(main())
"""


def test_a_kill_in_the_middle_leaves_one(tmp_path: Path) -> None:
    """Killed again and again while it records: never none, never two, never a half."""
    for _ in range(3):
        process = subprocess.Popen(
            [sys.executable, "-c", KILLED, str(tmp_path / "state")],
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
            env={**os.environ, "PYTHONPATH": "."},
        )
        assert process.stdout is not None
        assert "started\n" == process.stdout.readline()
        try:
            process.wait(0.2)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
        assert -signal.SIGKILL == process.wait(10)
        process.stdout.close()
    asyncio.run(_one_stands(tmp_path / "state"))


async def _one_stands(folder: Path) -> None:
    house = houses.House(folder)
    await house.start()
    [known] = await house.store.quarantines(open=False)
    violations = await house.store.violations()
    imposed = await audited(house.store, "quarantine.impose")
    await house.stop()

    assert len(violations) == known.violation_count
    assert len(violations) == len({one.fingerprint for one in violations})
    assert 1 == imposed


# On every way


async def _own(house: House) -> None:
    await house.warden.impose("cursor-1", "drops code", "operator")


async def _workspace(house: House) -> None:
    await house.warden.impose(
        "ws:workspace", "drops code", "operator", workspace=house.root
    )


async def _parent(house: House) -> None:
    await house.warden.impose("boss", "drops code", "operator")


@pytest.mark.parametrize("impose", [_own, _workspace, _parent])
async def test_nothing_is_answered_on_any_way(
    house: House, tmp_path: Path, impose: Callable[[House], Awaitable[None]]
) -> None:
    """Each method, on sockets open before and after, by another token, name, place."""
    boss = factories.agent("boss", workspace=str(house.root))
    await house.warden.seen(boss)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    async with (
        hubs.agent(house, parent="boss") as first,
        hubs.agent(house) as second,
    ):
        await impose(house)
        told = [_is_told(peer.ear) for peer in (first, second)]
        async with (
            hubs.agent(house) as later,
            hubs.agent(house, name="Somebody Else", harness="other") as renamed,
            hubs.agent(house, workspace=str(elsewhere)) as moved,
        ):
            for peer in (first, second, later, renamed, moved):
                answered = {
                    name
                    for name in AGENT_METHODS
                    if await peer.refusal(name, **PARAMS[name]) != "QUARANTINED"
                }
                assert ANSWERED == answered
                house.clock.forward(60)  # no flood

    assert [True, True] == told


def _is_told(ear: Ear) -> bool:
    """An open socket that follows nothing hears of what stops its agent."""
    return any(one["type"] == "quarantine.imposed" for one in ear.events)


async def test_the_first_answer_says_where_it_stands(house: House) -> None:
    """Imposed while nobody was connected: hello is answered with it."""
    await house.warden.impose("cursor-1", "drops code", "operator")
    async with hubs.peer(house) as peer:
        welcome = await peer.result("session.hello", token=await house.token())

    assert "quarantined" == welcome["state"]
    assert "drops code" == welcome["quarantine"]["reason"]
    assert 1 == len(peer.ear.frames)


@pytest.mark.parametrize("who", ["boss", "kid"])
def test_hooks_stop_a_parents_subagents_too(tmp_path: Path, who: str) -> None:
    """Without a daemon, by the mirror: by name and by folder, and not the other way."""
    places = {name: tmp_path / name for name in ("boss", "kid")}
    state = Mirror(
        quarantines=(_quarantine(who),),
        dismissed=(),
        agents=(
            factories.agent("boss", workspace=str(places["boss"])),
            factories.agent("kid", workspace=str(places["kid"]), parent="boss"),
        ),
    )
    by_name = {name: _stopped(state, agent=name) for name in places}
    by_folder = {name: _stopped(state, place=place) for name, place in places.items()}

    assert {"boss": who == "boss", "kid": True} == by_name == by_folder


def _stopped(state: Mirror, agent: str = "", place: Path | None = None) -> bool:
    places = [] if place is None else [place]
    return bool(concerned(state, agent=agent or None, workspaces=places))


def _quarantine(subject: str) -> Any:
    from qualitywatch.model import Quarantine, QuarantineState

    return Quarantine(
        id="q",
        subject=subject,
        state=QuarantineState.QUARANTINED,
        reason="drops code",
        since="2026-01-01T00:00:00+00:00",
    )


# Subagents


async def test_a_subagent_is_known_by_its_parent(house: House) -> None:
    """Said once, it holds for every session after it; the parent shows what it left."""
    async with (
        hubs.agent(house, "boss"),
        hubs.agent(house, "kid", parent="boss") as kid,
    ):
        await kid.result("change.report", **_drop())
    async with hubs.agent(house, "kid"), hubs.operator(house) as operator:
        rows = (await operator.result("agents.list"))["agents"]
    boss, kid_row = sorted(rows, key=lambda row: row["agent"]["id"])

    assert "boss" == kid_row["agent"]["parent"]
    assert ["kid"] == boss["children"] == boss["children_in_quarantine"]
    assert (0, 1) == (boss["open_violations"], boss["children_violations"])
    assert "clear" == boss["state"]  # it answers for what it does itself


@pytest.mark.parametrize(
    ("parent", "why"),
    [
        ("nobody", "no agent is called"),
        ("kid", "is kid itself"),
        ("grandkid", "one of its own subagents"),
        ("stranger", "works elsewhere and is not connected"),
        ("other", "is a subagent of boss and stays one"),
    ],
)
async def test_nobody_is_named_a_parent_who_is_none(
    house: House, tmp_path: Path, parent: str, why: str
) -> None:
    """It would free a subagent, go in circles, or show a stranger its faults."""
    root = str(house.root)
    about = {
        "stranger": {"workspace": str(tmp_path / "far")},
        "boss": {"workspace": root},
        "other": {"workspace": root},
        "grandkid": {"workspace": root, "parent": "kid"},
    }
    if parent == "other":
        about["kid"] = {"workspace": root, "parent": "boss"}
    for id, fields in about.items():
        await house.warden.seen(factories.agent(id, **fields))
    async with hubs.peer(house) as peer:
        token = await house.token(agent="kid")
        answer = await peer.call("session.hello", token=token, parent=parent)

    assert "IDENTITY_MISMATCH" == answer["error"]["data"]["code"]
    assert why in answer["error"]["message"]
    known = house.warden.agent("kid")
    assert (known.parent if known else None) in (None, "boss")


async def test_a_subagent_can_not_leave_its_parent(house: House) -> None:
    """To leave it out, or another session, or another checkout, changes nothing."""
    async with hubs.agent(house, "boss"), hubs.agent(house, "kid", parent="boss"):
        await house.warden.impose("boss", "drops code", "operator")
    async with hubs.agent(house, "kid") as kid:
        assert "QUARANTINED" == await kid.refusal("edit.permit", path="app.py")


# Release


async def test_two_releases_at_once_are_one_and_on_record(house: House) -> None:
    """From the terminal and the page: one ends it, the other hears that it is ended."""
    await house.warden.impose("cursor-1", "drops code", "operator")

    async def release(peer: Peer) -> dict[str, Any]:
        nonce = (await peer.result("operator.nonce"))["nonce"]
        order = {"subject": "cursor-1", "reason": "mended", "nonce": nonce}
        return await peer.call("quarantine.release", **order)

    async with hubs.operator(house) as one, hubs.operator(house) as two:
        answers = await asyncio.gather(release(one), release(two))
    refused = [answer["error"] for answer in answers if "error" in answer]

    assert ["NOT_FOUND"] == [error["data"]["code"] for error in refused]
    assert "is released already, by operator" in refused[0]["message"]
    assert 1 == await audited(house.store, "quarantine.release")
    assert 1 == await audited(house.store, "quarantine.release", "refused")
    assert () == house.warden.quarantines


async def test_what_was_released_does_not_come_back(records: houses.House) -> None:
    """Nor does a restart forget who released it and why."""
    await records.warden.record(judged(drop()))
    await records.warden.release("lazy", "looked at it", "ada")
    await records.restart()
    [ended] = await records.store.quarantines(open=False)

    assert () == records.warden.quarantines
    assert ("ada", "looked at it") == (ended.released_by, ended.release_reason)


async def test_a_subagents_release_says_who_holds_it(records: houses.House) -> None:
    """It is not in quarantine itself: the way out is its parent's."""
    await records.warden.seen(factories.agent("boss"))
    await records.warden.seen(factories.agent("kid", parent="boss"))
    await records.warden.impose("boss", "drops code", "ada")

    with pytest.raises(PeerError) as refused:
        await records.warden.release("kid", "looked at it", "ada")
    assert "stopped with boss" in refused.value.hint


def _drop() -> dict[str, str]:
    return {"event_id": "drop", "path": "app.py", "new_content": hubs.LAZY}
