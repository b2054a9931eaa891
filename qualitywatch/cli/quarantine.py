"""`qualitywatch quarantine`: puts an agent or a workspace in quarantine by hand."""

from __future__ import annotations

from pathlib import Path

import click

from qualitywatch.cli.operator import (
    as_operator,
    known_subjects,
    operator_options,
    reason_option,
    unknown_subject,
)
from qualitywatch.cli.terminal import format_option, say, say_object
from qualitywatch.model import Quarantine
from qualitywatch.protocol import Impose


@click.command("quarantine")
@click.argument("subject")
@reason_option
@operator_options
@format_option("text", "json")
def command(
    subject: str, reason: str, repo: Path, passphrase_file: Path | None, format: str
) -> None:
    """Put SUBJECT, an agent or `ws:<workspace>`, in quarantine.

    Every further edit, commit and push of it is refused until it is released.
    """
    with as_operator(repo, passphrase_file) as hub:
        known = known_subjects(hub, repo)
        if subject not in known:
            raise unknown_subject(subject, known)
        order = Impose(subject=subject, reason=reason, nonce="")
        quarantine = hub.call("quarantine.impose", order, Quarantine)
    if format == "json":
        say_object(quarantine)
        return
    say(f"{subject} is in quarantine: its edits, commits and pushes are refused")
    say(f"to end it: qualitywatch release {subject} --reason ...")
