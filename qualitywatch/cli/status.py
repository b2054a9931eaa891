"""`qualitywatch status`: does a daemon watch here, and is anything degraded?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from qualitywatch import mirror
from qualitywatch.cli.operator import observer_session, repo_option, watched_root
from qualitywatch.cli.terminal import format_option, say, say_object
from qualitywatch.daemon.place import Running, state_dir_of
from qualitywatch.errors import MachineError
from qualitywatch.model import Noun
from qualitywatch.protocol import Nothing, Quarantines, Stats

EXIT_NOT_WELL = 1


class Status(Noun):
    """What stands between this repository and its agents right now."""

    root: str
    daemon: Running | None
    degraded: tuple[str, ...]
    quarantined: tuple[str, ...]  # subjects
    counts: Stats | None = None  # `None`: no daemon to ask

    @property
    def is_well(self) -> bool:
        """True while a daemon watches and nothing is degraded."""
        return self.daemon is not None and not self.degraded


@click.command("status")
@repo_option
@format_option("text", "json")
def command(repo: Path, format: str) -> int:
    """Say whether a daemon watches here, who is in quarantine, and what is degraded.

    Exits with 1 where no daemon runs or something is degraded.
    """
    root = watched_root(repo)
    state_dir = state_dir_of(root)
    running = Running.read(state_dir)
    status = _unwatched(root, state_dir) if running is None else _watched(root, running)
    if format == "json":
        say_object(status)
    else:
        for line in _lines(status):
            say(line)
    return 0 if status.is_well else EXIT_NOT_WELL


def _watched(root: Path, running: Running) -> Status:
    with observer_session(root) as hub:
        counts = hub.call("stats", Nothing(), Stats)
        held = hub.call("quarantines.list", Nothing(), Quarantines).quarantines
    return Status(
        root=str(root),
        daemon=running,
        degraded=counts.degraded,
        quarantined=tuple(quarantine.subject for quarantine in held),
        counts=counts,
    )


def _unwatched(root: Path, state_dir: Path) -> Status:
    """What the hooks go by while no daemon runs."""
    degraded, subjects = list[str](), list[str]()
    try:
        subjects = [one.subject for one in mirror.read(state_dir).quarantines]
    except MachineError as error:
        degraded.append(f"hooks: {error.problem}")
    return Status(
        root=str(root),
        daemon=None,
        degraded=tuple(degraded),
        quarantined=tuple(subjects),
    )


def _lines(status: Status) -> Iterator[str]:
    running, counts = status.daemon, status.counts
    if running is None or counts is None:
        yield f"no daemon watches {status.root}: start it with `qualitywatch start`"
    else:
        yield f"watching {status.root}"
        yield f"  at {running.url}, pid {running.pid}, version {running.version}"
        yield (
            f"  {counts.agents} agents, {counts.connections} connections, "
            f"{counts.changes} changes, {counts.open_violations} open violations"
        )
    for subject in status.quarantined:
        yield f"  in quarantine: {subject}"
    for what in status.degraded:
        yield f"  degraded: {what}"
    if status.is_well:
        yield "  nothing is degraded"
