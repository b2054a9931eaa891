"""`qualitywatch check`: one change, from two files, without any repository."""

from __future__ import annotations

import os
import stat
import sys
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from qualitywatch import rulebook
from qualitywatch.cli.progress import progress
from qualitywatch.cli.verdict import asked, bar, conclude, verdict_options
from qualitywatch.config import Config
from qualitywatch.errors import UserError
from qualitywatch.gate import Trusted, judge
from qualitywatch.model import Change
from qualitywatch.reports.safe import encodable
from qualitywatch.workers.once import examine_once

if TYPE_CHECKING:
    from qualitywatch.cli.check_restore import Repair

_STDIN = "-"


@click.command("check")
@click.option("--before", metavar="FILE", help="The base; left out for a new file.")
@click.option("--after", metavar="FILE", help="The file now; left out if deleted.")
@click.option(
    "--path", metavar="NAME", help="Its name in the project, which tells the language."
)
@click.option(
    "--restore", is_flag=True, help="Put back what was lost, and judge the result."
)
@click.option(
    "--output",
    metavar="FILE",
    help="With --restore: write the restored text to FILE.  [default: show a patch]",
)
@verdict_options
def command(
    before: str | None,
    after: str | None,
    path: str | None,
    restore: bool,
    output: str | None,
    format: str,
    fail_on: str | None,
    accept_new_suppressions: bool,
    verbose: bool,
) -> int:
    """Judge one change: what did it take away or leave undone?

    Each FILE may be "-" for standard input, and /dev/null for none.

    With --restore exactly the lost blocks are put back, and everything else stays; the
    verdict is then that of the restored text.
    """
    if before is None and after is None:
        raise click.UsageError("give --before, --after or both")
    if before == after == _STDIN:
        raise click.UsageError("only one of --before and --after can be standard input")
    if output is not None and not restore:
        raise click.UsageError("--output goes with --restore")
    wanted = asked(fail_on=fail_on, accept_new_suppressions=accept_new_suppressions)
    trust = Trusted(Config(), rulebook.load())
    with progress("judging"):  # from here on: standard input can let us wait
        change = _change(before, after, path, trust.limit)
    repair = _repair(change, trust, format) if restore else None
    changes = [change if repair is None else repair.change]
    limits = trust.settings.analysis
    with progress("judging"):
        report = judge(
            changes,
            base=None,
            head=None,
            analyse=partial(examine_once, rulebook=trust.rules, limits=limits),
            settings=bar(trust.settings.gate, wanted.fail_on),
            clock=time.perf_counter,
            accept_new_suppressions=wanted.accept_new_suppressions,
        )
    if repair is not None:
        return repair.conclude(report, format, output, verbose=verbose)
    return conclude(report, format=format, verbose=verbose, changes=changes)


def _repair(change: Change, trust: Trusted, format: str) -> Repair:
    from qualitywatch.cli import check_restore  # who only judges need not pay for it

    check_restore.refuse_odd(change, format=format)
    with progress("putting back"):
        return check_restore.repaired(change, trust)


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
