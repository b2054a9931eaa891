"""The end of a run: wait until all is quiet, then read the records and the disk."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import sqlite3
import stat
import subprocess
import time
from pathlib import Path

from qualitywatch.model import QuarantineState
from tests.robust import trace as t
from tests.robust.ground import REMARK, Ground, records
from tests.robust.peers import subject_of
from tests.robust.trace import Step
from tests.robust.validator import silent_green

LONGEST = 30.0
_EVERY = 0.1


async def settled(ground: Ground, *, longest: float = LONGEST) -> float:
    """Seconds until each state on the disk was judged, *longest* where one was not."""
    begun = time.monotonic()
    while (waited := time.monotonic() - begun) < longest:
        now = await asyncio.to_thread(lambda: (*judged(ground), *disk(ground)))
        if not any(silent_green(now)):
            return waited
        await asyncio.sleep(_EVERY)
    return longest


def stored(ground: Ground) -> tuple[Step, ...]:
    """The events, reports, changes and quarantines in the records."""
    with records(ground.database) as database:
        return (
            *_events(database),
            *_reports(database),
            *_changes(database),
            *_quarantines(database),
        )


def judged(ground: Ground) -> tuple[t.Judged, ...]:
    """What the records say of each file of the workspace."""
    workspace = str(ground.root)
    with records(ground.database) as database:
        rows = database.execute(
            "SELECT path, sha256 FROM judged WHERE workspace = ?", (workspace,)
        ).fetchall()
        flagged = {
            path
            for (path,) in database.execute(
                "SELECT path FROM violations WHERE closed_at IS NULL AND workspace = ?",
                (workspace,),
            )
        }
        unanalysable = _unanalysable(database)
    return tuple(
        t.Judged(
            path=path,
            sha256=sha256,
            has_violation=path in flagged,
            is_unanalysable=path in unanalysable,
        )
        for path, sha256 in rows
    )


def disk(ground: Ground) -> tuple[t.OnDisk, ...]:
    """Each regular file, and each judged or committed one that is gone."""
    committed = _committed(ground)
    there = _files(ground.root)
    known = {row.path for row in judged(ground)}
    paths = sorted({*there, *known, *committed})
    return tuple(
        t.OnDisk(
            path=path,
            sha256=_sha256(there.get(path)),
            committed=committed.get(path),
            is_lazy=path in committed and REMARK.encode() in there.get(path, b""),
        )
        for path in paths
        if not (ground.root / path).is_symlink()
    )


def _files(root: Path) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if name != ".git"]
        for name in names:
            file = Path(folder, name)
            if stat.S_ISREG(file.lstat().st_mode):
                found[file.relative_to(root).as_posix()] = file.read_bytes()
    return found


def _committed(ground: Ground) -> dict[str, str | None]:
    listed = ground.git("ls-tree", "-r", "-z", "--name-only", "HEAD").split("\0")
    return {path: _sha256(_show(ground, path)) for path in listed if path}


def _show(ground: Ground, path: str) -> bytes:
    return subprocess.run(
        ["git", "show", f"HEAD:{path}"],
        cwd=ground.root,
        capture_output=True,
        check=True,
    ).stdout


def _sha256(content: bytes | None) -> str | None:
    return None if content is None else hashlib.sha256(content).hexdigest()


def _events(database: sqlite3.Connection) -> tuple[t.StoredEvent, ...]:
    rows = database.execute("SELECT sequence, id, kind, data FROM events")
    return tuple(
        t.StoredEvent(
            sequence=sequence, id=id, kind=kind, subject=subject_of(kind, data.encode())
        )
        for sequence, id, kind, data in rows
    )


def _reports(database: sqlite3.Connection) -> tuple[t.StoredReport, ...]:
    rows = database.execute("SELECT agent, event_id, answer FROM reports")
    return tuple(
        t.StoredReport(agent=agent, event_id=event_id, seq=json.loads(answer)["seq"])
        for agent, event_id, answer in rows
    )


def _changes(database: sqlite3.Connection) -> tuple[t.StoredChange, ...]:
    rows = database.execute("SELECT path, sha256, agent, grounds FROM changes")
    return tuple(
        t.StoredChange(path=path, sha256=sha256, agent=agent, grounds=grounds)
        for path, sha256, agent, grounds in rows
    )


def _quarantines(database: sqlite3.Connection) -> tuple[t.StoredQuarantine, ...]:
    rows = database.execute("SELECT id, subject, state FROM quarantines")
    return tuple(
        t.StoredQuarantine(
            id=id, subject=subject, is_open=state != QuarantineState.CLEAR
        )
        for id, subject, state in rows
    )


def _unanalysable(database: sqlite3.Connection) -> set[str]:
    rows = database.execute("SELECT data FROM events WHERE kind = 'file.unanalysable'")
    return {json.loads(data)["path"] for (data,) in rows}
