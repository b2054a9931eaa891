"""Nobody frees itself, passes for another or repeats an order: and each try is kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from qualitywatch import protocol
from tests.robust import impersonation, self_release
from tests.robust.stand import Stand, standing
from tests.robust.tally import Tally

pytestmark = pytest.mark.timeout(120)


def test_every_order_is_tried() -> None:
    """A new operator method needs a row in the table of attempts."""
    operator_only = {
        name
        for name, method in protocol.METHODS.items()
        if method.roles == {protocol.Role.OPERATOR}
    }

    assert operator_only == set(self_release.ORDERS)


async def test_nobody_but_an_operator_ends_a_quarantine(tmp_path: Path) -> None:
    tally = Tally("self-release")
    async with standing(tmp_path) as stand:
        before = stand.state()
        await self_release.orders(stand, tally)
        await self_release.odd_frames(stand, tally)
        await self_release.tokens(stand, tally)
        await self_release.coming_again(stand, tally)
        await self_release.files(stand, tally)
        await self_release.commands(stand, tally)
        await self_release.evidence(stand, tally)
        await _ends_with(stand, before, tally)

    assert 100 <= tally.tried


async def test_an_order_is_good_once(tmp_path: Path) -> None:
    tally = Tally("replay")
    async with standing(tmp_path) as stand:
        before = stand.state()
        await self_release.again(stand, tally, times=20)
        after = stand.state()
        assert before["tokens"] == after["tokens"]
        assert len(before["open"]) + 1 == len(after["open"])  # the one that was ordered
        await _ends_with(stand, after, tally)

    assert 100 <= tally.tried


async def test_nobody_passes_for_another(tmp_path: Path) -> None:
    tally = Tally("impersonation")
    async with standing(tmp_path) as stand:
        before = stand.state()
        await impersonation.hellos(stand, tally)
        await impersonation.second_hellos(stand, tally)
        await impersonation.every_field(stand, tally, times=2)
        await impersonation.stolen_event_ids(stand, tally)
        await _ends_with(stand, before, tally)

    assert 100 <= tally.tried


async def _ends_with(stand: Stand, before: dict, tally: Tally) -> None:
    """Nothing had success, nothing is different, and the audit has counted it all."""
    assert [] == tally.succeeded
    assert before == stand.state()
    await stand.stop()  # what was only counted so far is written then
    tally.read(stand.audit())
    assert tally.to_be_logged <= tally.logged
