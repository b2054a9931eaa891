"""Strikes that outlive the daemon, and repairs whose content travels with nobody."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from qualitywatch import mirror
from qualitywatch.config import Strikes
from qualitywatch.errors import PeerError
from qualitywatch.model import Confidence, Severity, Violation
from qualitywatch.warden import repairs
from tests import factories, hubs
from tests.integration.house import House, by, drop, judged

THREE = Strikes(
    name="three", severity=Severity.MEDIUM, confidence=Confidence.LIKELY, minutes=60
)
ONE = Strikes(name="tests", rules=("weakened-test",), count=1)
MARK = "what stands in the repair and nowhere else"


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    house = House(tmp_path / "state", strikes=(THREE, ONE))
    await house.start()
    yield house
    await house.stop()


def lesser(path: str, rule: str = "swallowed-exception") -> Violation:
    return drop(path=path, fingerprint=path, rule=rule, severity=Severity.MEDIUM)


async def strike(house: House, *paths: str, agent: str = "lazy") -> None:
    """A lesser violation in each of *paths*, ten minutes apart."""
    for path in paths:
        house.now += timedelta(minutes=10)
        found = lesser(path)
        await house.warden.record(judged(found, path=path, attribution=by(agent)))


def is_stopped(house: House, agent: str = "lazy") -> bool:
    return house.warden.quarantine_of(agent) is not None


async def test_three_within_an_hour_lead_to_quarantine(house: House) -> None:
    """The third one does; the reason, the evidence and the audit name the policy."""
    await strike(house, "a.py", "b.py")
    assert not is_stopped(house)
    await strike(house, "c.py")
    known = house.warden.quarantine_of("lazy")
    [imposed] = [
        one for one in await house.store.audit() if one.action == "quarantine.impose"
    ]

    assert known is not None
    assert "policy three" == known.imposed_by == imposed.who
    assert known.reason.startswith("policy three: 3 violations within 60 minutes")
    assert {"a.py", "b.py", "c.py"} == {one.path for one in known.violations}


async def test_strikes_outlive_the_daemon(house: House) -> None:
    """They are counted from the records, not from memory."""
    await strike(house, "a.py", "b.py")
    await house.restart()
    await strike(house, "c.py")

    assert is_stopped(house)


async def test_an_old_strike_does_not_count(house: House) -> None:
    """The window ends with the newest one."""
    await strike(house, "a.py", "b.py")
    house.now += timedelta(minutes=50)
    await strike(house, "c.py")

    assert not is_stopped(house)


async def test_the_same_violation_again_is_no_other_strike(house: House) -> None:
    """However often it is saved."""
    await strike(house, "a.py", "a.py", "a.py", "a.py")

    assert not is_stopped(house)


async def test_strikes_are_each_agents_own(house: House) -> None:
    """Nobody is stopped for what another did."""
    await strike(house, "a.py", "b.py")
    await strike(house, "c.py", agent="other")

    assert () == house.warden.quarantines


async def test_what_was_dismissed_is_no_strike(house: House) -> None:
    """A person has said that it was meant so."""
    await strike(house, "a.py", "b.py")
    for violation in await house.store.violations():
        await house.warden.dismiss(violation.id, "meant so", "ada")
    await strike(house, "c.py")

    assert not is_stopped(house)


async def test_what_was_repaired_is_still_a_strike(house: House) -> None:
    """To break and mend all day long is what is counted."""
    await strike(house, "a.py", "b.py")
    rules = frozenset({"swallowed-exception"})
    await house.warden.record(judged(path="a.py", sha256="2", rules_ran=rules))
    await strike(house, "c.py")

    assert is_stopped(house)


async def test_a_release_begins_anew(house: House) -> None:
    """Somebody has looked at those before it."""
    await strike(house, "a.py", "b.py", "c.py")
    house.now += timedelta(minutes=1)
    await house.warden.release("lazy", "looked at it", "ada")
    await strike(house, "d.py", "e.py")
    assert not is_stopped(house)
    await strike(house, "f.py")

    assert is_stopped(house)


async def test_one_row_may_stop_at_once(house: House) -> None:
    """What it names is denied as any blocking violation is."""
    found = lesser("a.py", rule="weakened-test")
    recorded = await house.warden.record(judged(found, path="a.py"))

    assert "deny" == recorded.verdict.decision
    assert recorded.quarantine is not None
    assert "policy tests" == recorded.quarantine.imposed_by


async def test_strikes_are_shown(house: House) -> None:
    """How near each agent is, by the name of the policy."""
    await strike(house, "a.py", "b.py")
    [row] = await house.warden.agent_rows()

    assert [("three", 2, 3, 60)] == [
        (one.policy, one.strikes, one.limit, one.minutes) for one in row.strikes
    ]


# Repairs


async def test_the_content_of_a_repair_travels_with_nobody(house: House) -> None:
    """Not in the event, the snapshot or the mirror; who asks for it gets it."""
    await house.warden.record(judged(drop()))
    back = factories.offer("app.py", f"{MARK}\n", [factories.violation()])
    shown = await house.warden.propose_repair("lazy", [back])
    _, snapshot = await house.warden.snapshot()
    everything = b"".join(
        [
            *(event.data for event in house.told),
            msgspec.json.encode(snapshot),
            (house.folder / mirror.FILE_NAME).read_bytes(),
            msgspec.json.encode(shown),
        ]
    )
    kept = await house.store.repair(back.repair.id)

    assert MARK.encode() not in everything
    assert back.repair.id.encode() in everything
    assert kept is not None
    assert f"{MARK}\n".encode() == kept.content
    assert (1, 1, 1) == (kept.repair.lacking, kept.repair.lines, kept.repair.added)


@pytest.mark.parametrize("ends", ["released", "newer", "violated"])
async def test_what_is_not_on_offer_is_not_kept(house: House, ends: str) -> None:
    """A release ends it, a newer offer and another violation replace it."""
    await house.warden.record(judged(drop()))
    first = factories.offer()
    await house.warden.propose_repair("lazy", [first])
    if ends == "released":
        await house.warden.release("lazy", "looked at it", "ada")
    elif ends == "newer":
        await house.warden.propose_repair("lazy", [factories.offer("b.py")])
    else:
        await house.warden.record(judged(drop(fingerprint="b"), path="b.py"))

    assert await house.store.repair(first.repair.id) is None


@pytest.mark.parametrize(
    ("files", "size"), [(101, 1), (2, repairs.MOST_BYTES // 2 + 1)]
)
async def test_a_proposal_is_bounded(house: House, files: int, size: int) -> None:
    """In files and in bytes: an agent can not fill the disk with good will."""
    await house.warden.record(judged(drop()))
    offers = [factories.offer(f"{n}.py", "x" * size) for n in range(files)]

    with pytest.raises(PeerError) as refused:
        await house.warden.propose_repair("lazy", offers)
    assert "TOO_LARGE" == refused.value.code


def test_a_proposal_that_lacks_much_names_the_first_and_counts() -> None:
    """It is told to everybody with each event of its quarantine."""
    lacking = [factories.violation(fingerprint=f"{n}") for n in range(40)]
    kept = repairs.bounded([factories.offer("a.py", "", lacking) for _ in range(3)])

    assert [40, 10, 0] == [len(one.repair.violations) for one in kept]
    assert [40, 40, 40] == [one.repair.lacking for one in kept]


@pytest.mark.parametrize(
    ("before", "after", "counts"),
    [
        (None, "a\nb\n", (2, 2, 0)),
        ("a\nb\n", "a\nb\nc\n", (3, 1, 0)),
        ("a\nb\n", "b\nc", (2, 1, 1)),
        ("a\na\n", "a\n", (1, 0, 1)),
        ("", "", (0, 0, 0)),
    ],
)
def test_lines_are_counted(
    before: str | None, after: str, counts: tuple[int, int, int]
) -> None:
    """How long it is, and how far from the file as it stands."""
    standing = None if before is None else before.encode()
    one = repairs.offer(
        path="a.py",
        workspace="/repo",
        content=after.encode(),
        standing=standing,
        violations=(),
    ).repair

    assert counts == (one.lines, one.added, one.removed)


async def test_a_repair_is_read_in_pieces(tmp_path: Path) -> None:
    """By whoever may look, and by no agent; what is not on offer is not found."""
    text = "".join(f"line {n} Ünï\n" for n in range(20_000))
    async with hubs.house(tmp_path) as house, hubs.agent(house) as agent:
        report = {"event_id": "e", "path": "app.py", "new_content": hubs.LAZY}
        await agent.result("change.report", **report)
        files = [{"path": "app.py", "new_content": text}]
        [repair] = (await agent.result("repair.propose", changes=files))["repairs"]
        assert "FORBIDDEN" == await agent.refusal("repair.show", repair=repair["id"])
        async with hubs.operator(house) as operator:
            read, offset = "", 0
            while offset is not None:
                asked = {"repair": repair["id"], "offset": offset}
                piece = await operator.result("repair.show", **asked)
                read, offset = read + piece["content"], piece["next"]
            missing = await operator.refusal("repair.show", repair="other")

    assert text == read
    assert "cursor-1" == piece["subject"]
    assert "NOT_FOUND" == missing
