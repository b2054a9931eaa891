"""`qualitywatch status`: does a daemon watch here, and is anything degraded?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from qualitywatch import mirror
from qualitywatch.cli.operator import observer_session, repo_option, watched_root
from qualitywatch.cli.terminal import format_option, say, say_object
from qualitywatch.daemon import tampering
from qualitywatch.daemon.place import Running, state_dir_of
from qualitywatch.enrolment import DATABASE_NAME
from qualitywatch.errors import MachineError
from qualitywatch.git import Repository
from qualitywatch.hooks import installation
from qualitywatch.hooks.installation import HookStatus
from qualitywatch.hooks.installation import Standing as HookStanding
from qualitywatch.model import Noun
from qualitywatch.protocol import Nothing, Quarantines, Stats, Vitals
from qualitywatch.reports.judged import count

EXIT_NOT_WELL = 1


class Held(Noun):
    """Who is in quarantine."""

    subject: str
    state: str
    since: str
    reason: str


class Status(Noun):
    """What stands between this repository and its agents right now."""

    root: str
    daemon: Running | None
    degraded: tuple[str, ...]
    quarantined: tuple[str, ...]  # subjects
    counts: Stats | None = None  # `None`: no daemon to ask
    quarantines: tuple[Held, ...] = ()
    hooks: tuple[HookStatus, ...] = ()
    audit: str | None = None  # the newest record: NUMBER:HASH, to be noted elsewhere

    @property
    def is_well(self) -> bool:
        """True while a daemon watches and nothing is degraded."""
        return self.daemon is not None and not self.degraded


@click.command("status")
@repo_option
@format_option("text", "json")
def command(repo: Path, format: str) -> int:
    """Say whether a daemon watches here, who is in quarantine, and what is degraded.

    Exits with 1 where no daemon runs or something is degraded. `qualitywatch doctor`
    looks closer.
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
        quarantines=tuple(
            Held(
                subject=one.subject,
                state=one.state,
                since=one.since,
                reason=one.reason,
            )
            for one in held
        ),
        hooks=_hooks(root),
        audit=_head(state_dir_of(root)),
    )


def _unwatched(root: Path, state_dir: Path) -> Status:
    """What the hooks go by while no daemon runs."""
    degraded, subjects = list[str](), list[str]()
    try:
        subjects = [one.subject for one in mirror.read(state_dir).quarantines]
    except MachineError as error:
        degraded.append(f"hooks: {error.problem}")
    degraded += [
        f"{one.kind}: {one.problem} ({one.place}): {one.hint}"
        for one in tampering.seen(root)
        if one.kind != tampering.MIRROR  # said already
    ]
    return Status(
        root=str(root),
        daemon=None,
        degraded=tuple(degraded),
        quarantined=tuple(subjects),
        hooks=_hooks(root),
        audit=_head(state_dir),
    )


def _hooks(root: Path) -> tuple[HookStatus, ...]:
    repository = Repository.discover(root)
    if repository is None:
        return ()
    with repository:
        return tuple(installation.status(repository))


def _head(state_dir: Path) -> str | None:
    """The newest record of the audit; `None` where it can not be read."""
    from qualitywatch.store.looking import head  # who only asks --help pays nothing

    try:
        newest = head(state_dir / DATABASE_NAME)
    except MachineError:
        return None
    return None if newest is None else f"{newest.number}:{newest.hash}"


def _watching(vitals: Vitals) -> str:
    """How far the watchers can be trusted."""
    told = [f"files compared {_ago(vitals.last_reconcile_ms)}"]
    if vitals.watchers_polling:
        told.append(f"{vitals.watchers_polling} watchers poll")
    else:
        told.append(f"events proven {_ago(vitals.last_cookie_ms)}")
    if vitals.watcher_overflows:
        told.append(f"{vitals.watcher_overflows} overflows, each made good")
    return ", ".join(told)


def _ago(milliseconds: int | None) -> str:
    return "not yet" if milliseconds is None else f"{milliseconds / 1000:.0f} s ago"


def _lines(status: Status) -> Iterator[str]:
    yield from _of_daemon(status)
    reasons = {one.subject: one for one in status.quarantines}
    for subject in status.quarantined:
        known = reasons.get(subject)
        why = f" since {known.since[:16]}: {known.reason}" if known else ""
        yield f"  in quarantine: {subject}{why}"
    for hook in status.hooks:
        if hook.standing is not HookStanding.INSTALLED:
            yield f"  git hook {hook.name}: {hook.standing}"
    for what in status.degraded:
        yield f"  degraded: {what}"
    if status.audit is not None:
        number, _, digest = status.audit.partition(":")
        yield f"  audit: record {number}, {digest[:16]}"
    if status.is_well:
        yield "  nothing is degraded; `qualitywatch doctor` looks closer"


def _of_daemon(status: Status) -> Iterator[str]:
    running, counts = status.daemon, status.counts
    if running is None or counts is None:
        yield f"no daemon watches {status.root}: start it with `qualitywatch start`"
        return
    yield f"watching {status.root}"
    yield f"  at {running.url}, pid {running.pid}, version {running.version}"
    yield (
        f"  {count(counts.agents, 'agent')}, {count(counts.connections, 'connection')},"
        f" {count(counts.changes, 'change')},"
        f" {count(counts.open_violations, 'open violation')}"
    )
    if counts.vitals is not None:
        yield f"  {_watching(counts.vitals)}"
