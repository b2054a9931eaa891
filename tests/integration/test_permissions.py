"""Nobody else reads what the daemon keeps, whatever the mask; it trusts no other."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from qualitywatch.daemon import place, tampering
from qualitywatch.errors import MachineError
from tests.conftest import Repo
from tests.integration.daemons import Daemon
from tests.integration.guarded import Guarded


def test_all_that_is_kept_is_the_owners_alone(guarded: Guarded) -> None:
    """A daemon that is started with the mask 000, and all it and its hooks make."""
    marks = Path(os.environ["XDG_STATE_HOME"], "qualitywatch")
    for mark in marks.iterdir():
        mark.chmod(0o600)
    os.umask(0)
    daemon = Daemon(
        *(guarded.repo.root, "--port", "0"),
        *("--passphrase-file", str(guarded.operator.passphrase_file)),
    )
    guarded.operator.do("release", "cursor-1", "--reason", "mended")
    found = [guarded.state_dir, marks, *guarded.state_dir.rglob("*"), *marks.iterdir()]
    modes = {file: stat.S_IMODE(file.stat().st_mode) for file in found}
    daemon.end()

    folders = {file for file in found if file.is_dir()}
    assert [] == [file for file in found if modes[file] & 0o077]
    assert {0o700} == {modes[folder] for folder in folders}


def test_a_folder_of_another_user_is_not_used(
    repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever owns it could put anything there."""
    place.enrol(repo.root)
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)

    with pytest.raises(MachineError, match="belongs to another user"):
        place.enrol(repo.root)
    assert ["state folder"] == [one.kind for one in tampering.seen(repo.root)]


def test_a_link_is_no_state_folder(repo: Repo, tmp_path: Path) -> None:
    """Whoever put it there decides what stands in the folder."""
    (tmp_path / "mine").mkdir()
    (repo.root / ".git" / "qualitywatch").symlink_to(tmp_path / "mine")

    with pytest.raises(MachineError, match="is a link"):
        place.enrol(repo.root)
