"""Options and output that every command with a judgement shares."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import click
import msgspec

from qualitywatch import config, rulebook
from qualitywatch.cli import files, terminal
from qualitywatch.errors import UserError
from qualitywatch.model import GO, Change, GateReport, Severity
from qualitywatch.reports import FORMATS, Look, bases_of
from qualitywatch.rulebook import Rule, Rulebook

_Command = TypeVar("_Command", bound=Callable[..., Any])


def verdict_options(command: _Command) -> _Command:
    """`--format`, `--report`, `--fail-on`, `--verbose` and what silences rules."""
    for option in (
        click.option(
            "-v",
            "--verbose",
            is_flag=True,
            help="List the skipped files too, and unfold the lost code.",
        ),
        click.option(
            "--fail-on",
            type=click.Choice([severity.value for severity in Severity]),
            help="Lowest severity that fails, instead of the configured one.",
        ),
        click.option(
            "--accept-new-suppressions",
            is_flag=True,
            help="For a human: let comments of this very change silence rules too.",
        ),
        click.option(
            "--report",
            "reports",
            metavar="FORMAT=FILE",
            multiple=True,
            expose_value=False,
            callback=files.remember,
            help="Write the report to FILE as well.  [may be given several times]",
        ),
        terminal.format_option(*FORMATS),
    ):
        command = option(command)
    return command


def bar(settings: config.Gate, fail_on: str | None) -> config.Gate:
    """What fails, with the person's `--fail-on` instead of the configured severity."""
    if fail_on is None:
        return settings
    return msgspec.structs.replace(settings, fail_on=Severity(fail_on))


class Asked(msgspec.Struct, frozen=True):
    """How the person who runs the command wants to be answered."""

    fail_on: str | None = None
    accept_new_suppressions: bool = False


def asked(*, fail_on: str | None, accept_new_suppressions: bool) -> Asked:
    """The options of a judgement; `UserError` where an agent accepts its own words."""
    agent = os.environ.get("QUALITYWATCH_AGENT")
    if accept_new_suppressions and agent:
        raise UserError(
            "an agent can not accept suppressions",
            place=f"QUALITYWATCH_AGENT={agent}",
            hint="ask a human to run it",
        )
    return Asked(fail_on, accept_new_suppressions)


def conclude(
    report: GateReport,
    *,
    format: str,
    verbose: bool,
    changes: Iterable[Change] = (),
    rules: Rulebook | None = None,
) -> int:
    """Print *report*, and write it where `--report` asks; the code that says it all.

    *changes* are those that were judged, to show what they took away; *rules* those
    that judged, by default the ones we ship.
    """
    targets = files.asked_for()
    formats = {format, *(target.format for target in targets)}
    look = Look(
        verbose=verbose,
        bases=bases_of(report.violations, changes),
        rules=_words(rules) if "sarif" in formats else (),
    )
    on_terminal = format == "text" and sys.stdout.isatty()
    shown = msgspec.structs.replace(look, colour=on_terminal)
    terminal.emit(FORMATS[format](report, shown), utf8=format != "text")
    files.write(report, targets, look)
    return 0 if report.decision == GO else 1


def _words(rules: Rulebook | None) -> tuple[Rule, ...]:
    known = rules or rulebook.load()
    return (*known.rules, *known.resting)
