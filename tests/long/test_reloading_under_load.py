"""Settings approved again and again while files are saved: `pytest tests/long`."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from qualitywatch import config
from qualitywatch.daemon.place import state_dir_of
from qualitywatch.store.looking import look
from qualitywatch.store.pages import TABLES, every
from tests.conftest import Repo
from tests.integration.daemons import Daemon
from tests.integration.operating import BASE, Operator

FILES = 300
APPROVALS = 4


@pytest.mark.timeout(300)
def test_no_change_is_missed_and_none_is_lost(repo: Repo, capsys):
    operator = Operator(repo.root, capsys)
    repo.commit(**{"app.py": BASE})
    known = str(operator.passphrase_file)
    daemon = Daemon(repo.root, "--port", "0", "--passphrase-file", known)
    saving = threading.Thread(target=save, args=(repo,))
    try:
        saving.start()
        for number in range(APPROVALS):
            settings = (
                f"[watch]\nsettle_ms = {1000 + number}\n[analysis]\nworkers = 1\n"
            )
            (repo.root / config.FILE_NAME).write_text(settings)
            done = operator.do("approve", "--yes")
            assert (0, True) == (done.code, "in force now" in done.out), done.err
        saving.join()
        missing = until_all_are_judged(state_dir_of(repo.root))
        degraded = operator.look("status", "--format", "json").data["degraded"]
        code = daemon.end()
    finally:
        daemon.end()

    assert set() == missing
    assert ([], 0) == (degraded, code)


def save(repo: Repo) -> None:
    for number in range(FILES):
        repo.write(f"new_{number}.py", f"def work_{number}():\n    return {number}\n")
        time.sleep(0.05)


def until_all_are_judged(state_dir: Path) -> set[str]:
    wanted = {f"new_{number}.py" for number in range(FILES)}
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        rows = look(
            state_dir / "state.db", lambda db: list(every(db, TABLES["changes"], {}))
        )
        wanted -= {row["path"] for row in rows if row["moment"] == "settled"}
        if not wanted:
            break
        time.sleep(1)
    return wanted
