"""`qualitywatch backup`: the records of a repository in one file."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from qualitywatch.cli.operator import repo_option, watched_root
from qualitywatch.cli.progress import progress
from qualitywatch.cli.terminal import format_option, say, say_object
from qualitywatch.daemon.place import state_dir_of
from qualitywatch.enrolment import DATABASE_NAME
from qualitywatch.errors import MachineError
from qualitywatch.reports.judged import count
from qualitywatch.store.backups import Made, make
from qualitywatch.store.copies import FOLDER
from qualitywatch.store.private import private_folder


@click.command("backup")
@click.argument("file", required=False, type=click.Path(path_type=Path))
@repo_option
@format_option("text", "json")
def command(file: Path | None, repo: Path, format: str) -> None:
    """Back up the records and the lost code to the new FILE, which only you may read.

    Works beside a daemon, which goes on writing meanwhile. Without FILE it is put into
    the folder `backups` of the state folder: copy it to another disk from there.
    """
    state_dir = state_dir_of(watched_root(repo))
    now = datetime.now(UTC)
    target = file or _own_place(state_dir, now)
    if not target.parent.is_dir():
        raise MachineError("there is no such folder", place=str(target.parent))
    with progress("backing up", "pages") as shown:
        database = state_dir / DATABASE_NAME
        made = make(database, target, now=now, progress=shown.at)
    if format == "json":
        say_object(made)
    else:
        _say(made)


def _own_place(state_dir: Path, now: datetime) -> Path:
    private_folder(state_dir / FOLDER)
    return state_dir / FOLDER / f"qualitywatch-{now:%Y%m%dT%H%M%S}.tar"


def _say(made: Made) -> None:
    manifest = made.manifest
    say(f"backup: {made.path}")
    say(f"  {made.size} bytes, {count(len(manifest.files) - 1, 'piece')} of lost code")
    say(f"  newest event {manifest.sequence}, audit {manifest.head.number}")
    say(f"  in quarantine: {', '.join(manifest.quarantined) or 'nobody'}")
    say(f"  sha256 {made.sha256}")
