"""`qualitywatch export`: the records, whole or since a moment, for other programs."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Any

import click

from qualitywatch.cli.operator import repo_option, watched_root
from qualitywatch.cli.progress import progress
from qualitywatch.cli.terminal import json_text, note
from qualitywatch.daemon.place import state_dir_of
from qualitywatch.enrolment import DATABASE_NAME
from qualitywatch.errors import MachineError, UserError
from qualitywatch.regex import regex
from qualitywatch.store.looking import looking
from qualitywatch.store.pages import TABLES, every, header

Row = dict[str, Any]
Read = Callable[[str], Iterator[Row]]

_AGO = regex(r"^(\d{1,5})([hdw])$")
_UNITS = {"h": "hours", "d": "days", "w": "weeks"}


@click.command("export")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), required=False)
@click.option(
    "--format",
    "format",
    type=click.Choice(["jsonl", "json", "csv"]),
    default="jsonl",
    show_default=True,
    help="One object a line, one object, or a table.",
)
@click.option(
    "--what",
    multiple=True,
    type=click.Choice(list(TABLES)),
    help="Only these records; csv holds one kind.  [default: all]",
)
@click.option("--since", help="A date, a moment, or 24h, 7d, 4w ago.")
@repo_option
def command(
    file: Path | None, format: str, what: tuple[str, ...], since: str | None, repo: Path
) -> None:
    """Write violations, changes, quarantines, events and the audit to FILE.

    Without FILE, to standard output. A daemon may be running: what is written is one
    moment of the records.
    """
    tables = what or tuple(TABLES)
    if format == "csv" and len(tables) != 1:
        raise click.UsageError("csv holds one kind of records: add --what KIND")
    filters = {} if since is None else {"since": _moment(since)}
    database = state_dir_of(watched_root(repo)) / DATABASE_NAME
    with contextlib.ExitStack() as stack:
        connection = stack.enter_context(looking(database))
        if file is not None:
            stack.enter_context(progress("exporting"))
        output = stack.enter_context(_output(file))
        count = _FORMATS[format](
            lambda name: every(connection, TABLES[name], filters), tables, output
        )
    if file is not None:
        note(f"{count} records in {file}")


def _as_lines(read: Read, tables: tuple[str, ...], output: IO[bytes]) -> int:
    count = 0
    for name in tables:
        for row in read(name):
            output.write(json_text({"record": name, **row}).encode() + b"\n")
            count += 1
    return count


def _as_object(read: Read, tables: tuple[str, ...], output: IO[bytes]) -> int:
    """One object, written row by row: the records may be larger than the memory."""
    count = 0
    for at, name in enumerate(tables):
        output.write(b"{" if at == 0 else b",")
        output.write(f'\n"{name}":['.encode())
        first = count
        for row in read(name):
            output.write(b",\n" if count > first else b"\n")
            output.write(json_text(row).encode())
            count += 1
        output.write(b"]")
    output.write(b"\n}\n")
    return count


def _as_table(read: Read, tables: tuple[str, ...], output: IO[bytes]) -> int:
    from qualitywatch.reports.table import line  # who wants JSON need not pay for it

    count = 0
    for name in tables:
        columns = header(TABLES[name])
        output.write(line(columns))
        for row in read(name):
            output.write(line([row.get(column) for column in columns]))
            count += 1
    return count


_FORMATS = {"jsonl": _as_lines, "json": _as_object, "csv": _as_table}


@contextlib.contextmanager
def _output(file: Path | None) -> Iterator[IO[bytes]]:
    """Where to write; a FILE is there when it is whole, and only its owner's."""
    if file is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    unfinished = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as opened:
                yield opened
            unfinished.replace(file)
        finally:
            unfinished.unlink(missing_ok=True)
    except OSError as error:
        raise MachineError(
            f"can not be written: {error.strerror}",
            place=str(file),
            hint="name a file in a folder that is yours, on a disk with room",
        ) from error


def _moment(since: str) -> str:
    """*since* as the records write a moment."""
    if found := _AGO.match(since):
        ago = timedelta(**{_UNITS[found[2]]: int(found[1])})
        return (datetime.now(UTC) - ago).isoformat()
    try:
        given = datetime.fromisoformat(since)
    except ValueError:
        raise UserError(
            f"{since!r} is no moment",
            place="--since",
            hint="for example 2026-01-31, 2026-01-31T14:00, 24h, 7d or 4w",
        ) from None
    local = given.astimezone() if given.tzinfo is None else given
    return local.astimezone(UTC).isoformat()
