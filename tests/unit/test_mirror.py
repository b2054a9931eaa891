"""The mirror that hooks read while no daemon runs."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from qualitywatch import mirror
from qualitywatch.errors import MachineError
from qualitywatch.mirror import FILE_NAME, Mirror
from qualitywatch.model import Quarantine, QuarantineState
from tests import factories

FULL = Mirror(
    quarantines=(
        Quarantine(
            id="1",
            subject="lazy",
            state=QuarantineState.QUARANTINED,
            reason="code is gone",
            since="2026-01-01T00:00:00+00:00",
            violations=(factories.violation(),),
        ),
    ),
    dismissed=("f" * 16,),
    agents=(factories.agent("lazy", workspace="/repo"),),
)
EMPTY = Mirror(quarantines=(), dismissed=(), agents=())


def test_what_is_written_is_read(tmp_path: Path) -> None:
    """A round trip keeps everything."""
    mirror.write(tmp_path, FULL)

    assert FULL == mirror.read(tmp_path)


def test_it_replaces_the_one_before(tmp_path: Path) -> None:
    """The newest counts, and no temporary file stays behind."""
    mirror.write(tmp_path, FULL)
    mirror.write(tmp_path, EMPTY)

    assert EMPTY == mirror.read(tmp_path)
    assert [FILE_NAME] == [path.name for path in tmp_path.iterdir()]


def test_nobody_else_can_read_it(tmp_path: Path) -> None:
    """Mode 0600, whatever the umask."""
    umask = os.umask(0)
    try:
        mirror.write(tmp_path, FULL)
    finally:
        os.umask(umask)

    assert 0o600 == (tmp_path / FILE_NAME).stat().st_mode & 0o777


def test_a_missing_mirror_is_an_error(tmp_path: Path) -> None:
    """ "Nobody is in quarantine" is never guessed."""
    with pytest.raises(MachineError, match="missing") as refused:
        mirror.read(tmp_path)

    assert "qualitywatch watch" in refused.value.hint


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b"[]",
        b"\xff\xfe",
        b'{"version": 2, "quarantines": [], "dismissed": [], "agents": []}',
        b'{"version": 1, "quarantines": [{}], "dismissed": [], "agents": []}',
        b'{"version": 1, "quarantines": [], "dismissed": [], "agents": []',
    ],
)
def test_what_is_not_ours_is_an_error(tmp_path: Path, content: bytes) -> None:
    """Cut, empty, foreign and future files are refused with a way out."""
    (tmp_path / FILE_NAME).write_bytes(content)

    with pytest.raises(MachineError) as refused:
        mirror.read(tmp_path)

    assert refused.value.hint


def test_an_unreadable_mirror_is_an_error(tmp_path: Path) -> None:
    """What can not be read is no permission."""
    (tmp_path / FILE_NAME).mkdir()

    with pytest.raises(MachineError, match="can not be read"):
        mirror.read(tmp_path)


def test_a_mirror_that_can_not_be_renewed_is_withdrawn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stale mirror might let a quarantined agent pass; none lets nobody."""
    mirror.write(tmp_path, EMPTY)

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(MachineError, match="No space left"):
        mirror.write(tmp_path, FULL)

    assert [] == list(tmp_path.iterdir())
