"""Rows as CSV that a spreadsheet shows and does not run."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from qualitywatch.reports.safe import safe

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def to_csv(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> bytes:
    """*rows* below a line that names the *columns*."""
    lines = (line([row.get(name) for name in columns]) for row in rows)
    return b"".join((line(columns), *lines))


def line(values: Sequence[object]) -> bytes:
    """One line of a table."""
    file = io.StringIO(newline="")
    csv.writer(file, lineterminator="\r\n").writerow([cell(value) for value in values])
    return file.getvalue().encode("utf-8", "backslashreplace")


def cell(value: object) -> str:
    """*value* as the text of one cell: no formula, no line, nothing that moves."""
    if value is None:
        return ""
    if isinstance(value, bool | int | float):
        return str(value)
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    shown = safe(text)
    return f"'{shown}" if text.startswith(_FORMULA) else shown
