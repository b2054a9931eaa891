"""The audit on a real store: recorded with the thing decided, in one chain."""

from __future__ import annotations

import asyncio

import pytest

from qualitywatch.audit import Decision, Record
from qualitywatch.errors import MachineError
from qualitywatch.warden import STORE
from qualitywatch.warden.draft import Draft
from tests.integration.house import House

REFUSED = Decision(
    action="login", who="127.0.0.1", object="hub", result="refused", reason="no token"
)


async def records(house: House) -> list[Record]:
    return list(await house.store.audit())


async def test_a_decision_lands_with_what_it_decides(house: House) -> None:
    """The record knows the newest event, which the same write has told."""
    draft = Draft("T")
    draft.decided(Decision(action="a", who="w", object="o", result="allowed"))
    draft.tell("something.happened", {})
    (event,) = await house.store.write(draft.write)
    newest = (await records(house))[-1]

    assert ("a", "T", event.sequence) == (newest.action, newest.time, newest.sequence)


async def test_a_write_that_fails_leaves_no_record(house: House) -> None:
    """What did not happen was not decided."""
    before = await records(house)
    draft = Draft("T")
    draft.decided(REFUSED)

    def fail(*_: object) -> None:
        raise MachineError("no")

    with pytest.raises(MachineError):
        await house.store.write(lambda write: draft.write(write, fail))

    assert before == await records(house)


async def test_two_decisions_of_one_write_are_two_links(house: House) -> None:
    """Each holds the hash of the one before, within a write and across writes."""
    draft = Draft("T")
    draft.decided(REFUSED)
    draft.decided(REFUSED)
    await house.store.write(draft.write)
    await house.store.write(draft.write)
    found = await records(house)

    assert list(range(1, len(found) + 1)) == [record.number for record in found]
    assert [record.hash for record in found[:-1]] == [
        record.previous for record in found[1:]
    ]


async def test_a_flood_of_refusals_is_a_first_one_and_a_count(house: House) -> None:
    """Each attempt is in the audit, and the audit stays small."""
    begun = len(await records(house))
    for _ in range(100):
        await house.warden.note(REFUSED)
    await house.warden.finish_notes()

    assert [1, 99] == [record.count for record in (await records(house))[begun:]]


async def test_what_was_counted_comes_by_itself(house: House) -> None:
    """Nobody has to ask again or stop the daemon."""
    begun = len(await records(house))
    await house.warden.note(REFUSED)
    await house.warden.note(REFUSED)
    await asyncio.sleep(1.2)

    assert [1, 1] == [record.count for record in (await records(house))[begun:]]


async def test_a_full_disk_raises_nothing_and_loses_nothing(house: House) -> None:
    """The refusals stand, the daemon says that nothing is recorded, and catches up."""
    begun = len(await records(house))
    attempts = [
        Decision(
            action="login", who=f"{n}", object="hub", result="refused", reason="x" * 400
        )
        for n in range(25)  # the first ones still fit into what the file has
    ]
    await house.fill_disk()
    for attempt in attempts:
        await house.warden.note(attempt)
    degraded = set(house.warden.degraded_now)
    await house.fill_disk(full=False)
    await house.warden.finish_notes()

    assert {STORE} == degraded
    assert {attempt.who for attempt in attempts} == {
        one.who for one in (await records(house))[begun:]
    }
