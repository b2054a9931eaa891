"""Nothing outside the root is read, and nothing inside it makes anybody wait."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.robust import escapes
from tests.robust.stand import PATHS, standing
from tests.robust.tally import Tally

pytestmark = pytest.mark.timeout(120)


async def test_no_path_leads_out_at_the_hub(tmp_path: Path) -> None:
    """Refused as it stands or about nothing outside; what is refused is kept."""
    tally = Tally("escape")
    async with standing(tmp_path) as stand:
        before = stand.state()
        await escapes.hostile_paths(stand, tally)
        await escapes.races_at_the_hub(stand, tally, times=100)
        await stand.stop()

        assert [] == tally.succeeded
        assert [] == escapes.leaks(stand.ground, stand.daemon.log)
        assert before["open"] == stand.state()["open"]
        tally.read(stand.audit())
        assert tally.to_be_logged <= tally.logged
    assert 500 <= tally.tried


def test_no_race_leads_out(tmp_path: Path) -> None:
    tally = Tally("race")
    escapes.races_at_the_disk(tmp_path, tally, times=10_000)

    assert [] == tally.succeeded


def test_special_files_are_not_opened(tmp_path: Path) -> None:
    tally = Tally("special files")
    escapes.special_files(tmp_path, tally)

    assert [] == tally.succeeded


async def test_the_daemon_waits_for_no_special_file(tmp_path: Path) -> None:
    """While pipes and devices lie about, a save is judged as ever."""
    tally = Tally("special files")
    async with standing(tmp_path) as stand:
        escapes.special_files(stand.ground.root, tally)
        async with stand.known("agent-2") as wire:
            for number in range(8):
                for file in sorted(stand.ground.root.glob("special_*")):
                    reply = await wire.ask(
                        "change.report", event_id=f"{file.name}{number}", path=file.name
                    )
                    assert "id" in reply
            answer = await wire.ask("edit.permit", path=PATHS[1])

        assert "allow" == answer["result"]["decision"]
    assert [] == tally.succeeded
