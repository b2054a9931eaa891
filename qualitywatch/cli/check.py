"""`qualitywatch check`: one change, from two files, without any repository."""

from __future__ import annotations

import os
import stat
import sys
import time
from pathlib import Path

import click

from qualitywatch import rulebook
from qualitywatch.cli.progress import progress
from qualitywatch.cli.verdict import asked, bar, conclude, verdict_options
from qualitywatch.config import Config
from qualitywatch.errors import UserError
from qualitywatch.gate import Trusted, analyser, judge
from qualitywatch.model import Change
from qualitywatch.reports.safe import encodable

_STDIN = "-"


@click.command("check")
@click.option("--before", metavar="FILE", help="The base; left out for a new file.")
@click.option("--after", metavar="FILE", help="The file now; left out if deleted.")
@click.option(
    "--path", metavar="NAME", help="Its name in the project, which tells the language."
)
@verdict_options
def command(
    before: str | None,
    after: str | None,
    path: str | None,
    format: str,
    fail_on: str | None,
    accept_new_suppressions: bool,
    verbose: bool,
) -> int:
    """Judge one change: what did it take away or leave undone?

    Each FILE may be "-" for standard input, and /dev/null for none.
    """
    if before is None and after is None:
        raise click.UsageError("give --before, --after or both")
    if before == after == _STDIN:
        raise click.UsageError("only one of --before and --after can be standard input")
    wanted = asked(fail_on=fail_on, accept_new_suppressions=accept_new_suppressions)
    trust = Trusted(Config(), rulebook.load())
    with progress("judging"):
        report = judge(
            [_change(before, after, path, trust.limit)],
            base=None,
            head=None,
            analyse=analyser(trust),
            settings=bar(trust.settings.gate, wanted.fail_on),
            clock=time.perf_counter,
            accept_new_suppressions=wanted.accept_new_suppressions,
        )
    return conclude(report, format=format, verbose=verbose)


def _change(
    before: str | None, after: str | None, path: str | None, limit: int
) -> Change:
    named = path or next((f for f in (after, before) if f and f != _STDIN), None)
    if named is None:
        raise click.UsageError("give --path: standard input has no name")
    name = encodable(named)
    try:
        return Change(path=name, before=_read(before, limit), after=_read(after, limit))
    except OSError as error:
        problem = f"can not be read: {error.strerror}"
        return Change(path=name, before=None, after=None, problem=problem)


def _read(source: str | None, limit: int) -> bytes | None:
    """The first *limit* bytes: a longer file is refused without reading it all."""
    if source is None or source == os.devnull:
        return None
    if source == _STDIN:
        return sys.stdin.buffer.read(limit)
    path = Path(source)
    if not path.exists():
        raise UserError("no such file", place=source)
    if stat.S_ISDIR(path.stat().st_mode):
        raise UserError("is a folder, not a file", place=source)
    with path.open("rb") as file:
        return file.read(limit)
