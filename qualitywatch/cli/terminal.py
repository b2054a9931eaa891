"""What reaches the terminal: results on stdout, diagnostics on stderr, all harmless.

File names, code and agent names are written by the agents we guard against. Whatever
is printed goes through `safe` (text) or `json_text` (JSON): an escape sequence must
not move the cursor, and a direction sign must not turn the verdict round.
"""

from __future__ import annotations

import os
import sys
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import click

from qualitywatch.errors import QualityWatchError
from qualitywatch.reports.safe import json_text as json_text
from qualitywatch.reports.safe import safe as safe
from qualitywatch.reports.text import moment as moment

_T = TypeVar("_T")
_Command = TypeVar("_Command", bound=Callable[..., Any])
_Columns = Mapping[str, Callable[[_T], str]]
_STYLES = {
    "quarantined": "bold red",
    "repair_proposed": "yellow",
    "clear": "green",
    "critical": "bold red",
    "high": "red",
    "medium": "yellow",
    "low": "dim",
}


def format_option(*formats: str) -> Callable[[_Command], _Command]:
    """The option `--format` with *formats*; the first is the default."""
    return click.option(
        "--format",
        "format",
        type=click.Choice(formats),
        default=formats[0],
        show_default=True,
        help="Text is for people; the others are stable.",
    )


def note(text: str) -> None:
    """Print a line of diagnostics."""
    print(f"qualitywatch: {safe(text, keep_newlines=True)}", file=sys.stderr)


def complain(error: QualityWatchError) -> None:
    """Print place, problem and way out."""
    note(str(error))


def say(line: str) -> None:
    """Print one line of a result; a line break in it does not begin another."""
    _put(safe(line))


def say_block(text: str) -> None:
    """Print lines of our own making, or a whole file."""
    _put(safe(text, keep_newlines=True))


def say_object(value: object) -> None:
    """Print *value* as indented JSON."""
    _put(json_text(value, indent=2))


def emit(text: str, *, utf8: bool = False) -> None:
    """Print *text*, which is harmless already; what can not be shown as escapes.

    A format for programs is *utf8* whatever the terminal speaks: an escape of ours is
    no JSON and no XML. A reader that has gone (`| head`) misses the rest, and takes no
    verdict with it: that is in the exit code too.
    """
    encoding = "utf-8" if utf8 else sys.stdout.encoding or "utf-8"
    raw = text.encode(encoding, "backslashreplace")
    try:
        if utf8:
            sys.stdout.flush()
            sys.stdout.buffer.write(raw)
            sys.stdout.flush()
        else:
            print(raw.decode(encoding), end="", flush=True)
    except BrokenPipeError:
        drop_output()


def drop_output() -> None:
    """Nobody reads stdout any more: let nothing fail because of it."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def say_list(
    values: Sequence[_T], format: str, *, columns: _Columns[_T], empty: str
) -> None:
    """Print *values* as a table, one JSON array, or one JSON object a line.

    *columns* says how each column is read from a value; *empty* is what people read
    where there is none.
    """
    if format == "json":
        say_object(values)
    elif format == "jsonl":
        for value in values:
            _put(json_text(value))
    elif values:
        say_table(columns, values)
    else:
        say(empty)


def say_table(columns: _Columns[_T], values: Sequence[_T]) -> None:
    """Print one row for each value: coloured on a terminal, else aligned plain text."""
    rows = [[_cell(read(value)) for read in columns.values()] for value in values]
    if sys.stdout.isatty() and os.environ.get("TERM") != "dumb":
        _say_rich(list(columns), rows)
    else:
        _say_plain([list(columns), *rows])


def _say_plain(rows: list[list[str]]) -> None:
    widths = [max(map(_width, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        padded = (
            cell + " " * (width - _width(cell))
            for cell, width in zip(row, widths, strict=True)
        )
        _put("  ".join(padded).rstrip())


def _say_rich(header: list[str], rows: list[list[str]]) -> None:
    from rich.console import Console  # a hundred modules that a pipe never needs
    from rich.table import Table
    from rich.text import Text

    table = Table(*header, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        table.add_row(*(Text(cell, style=_STYLES.get(cell, "")) for cell in row))
    Console().print(table)


def _cell(text: str) -> str:
    return safe(text).replace("\t", " ")


def _width(text: str) -> int:
    return sum(1 + (unicodedata.east_asian_width(sign) in "WF") for sign in text)


def _put(text: str) -> None:
    emit(f"{text}\n")
