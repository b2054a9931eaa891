"""`qualitywatch release`: ends a quarantine, and says what stays open."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from qualitywatch.cli.operator import (
    Session,
    as_operator,
    known_subjects,
    operator_options,
    reason_option,
    unknown_subject,
)
from qualitywatch.cli.terminal import format_option, moment, note, say, say_object
from qualitywatch.cli.violations import say_violations
from qualitywatch.errors import PeerError
from qualitywatch.model import Quarantine, Violation
from qualitywatch.protocol import ListViolations, Release, Violations


@click.command("release")
@click.argument("subject")
@reason_option
@operator_options
@format_option("text", "json")
def command(
    subject: str, reason: str, repo: Path, passphrase_file: Path | None, format: str
) -> None:
    """Release SUBJECT, an agent or `ws:<workspace>`, from quarantine.

    It may edit again. Its violations stay open, and the gate stays NO-GO for that
    content, until the code is repaired or you dismiss them.
    """
    with as_operator(repo, passphrase_file) as hub:
        quarantine = _released(hub, subject, reason, repo)
        still_open = _still_open(hub, subject, quarantine)
    if format == "json":
        say_object(quarantine)
    elif quarantine is not None:
        _tell(quarantine, still_open)


def _released(hub: Session, subject: str, reason: str, repo: Path) -> Quarantine | None:
    """The quarantine that was ended; `None` where there was none (any more)."""
    order = Release(subject=subject, reason=reason, nonce="")
    try:
        return hub.call("quarantine.release", order, Quarantine)
    except PeerError as error:
        if error.code != "NOT_FOUND":
            raise
        known = known_subjects(hub, repo)
        if subject not in known:
            raise unknown_subject(subject, known) from error
        note(f"nothing to do: {error.problem}")
    return None


def _still_open(
    hub: Session, subject: str, quarantine: Quarantine | None
) -> list[Violation]:
    """The open violations of *subject*, and those it was quarantined for."""
    reasons = (
        {violation.id for violation in quarantine.violations} if quarantine else ()
    )
    listed = hub.call("violations.list", ListViolations(limit=500), Violations)
    return [v for v in listed.violations if v.agent == subject or v.id in reasons]


def _tell(quarantine: Quarantine, still_open: Sequence[Violation]) -> None:
    say(
        f"released {quarantine.subject}, in quarantine since {moment(quarantine.since)}"
    )
    say(f"  it was there for: {quarantine.reason}")
    if not still_open:
        return
    say(f"still open until repaired or dismissed: {len(still_open)}")
    say_violations(still_open)
