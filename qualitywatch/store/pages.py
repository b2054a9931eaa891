"""Pages of the records, filtered, for whoever reads them from outside.

A page holds at most so many rows and the number after which the next one begins, so
that whatever is recorded meanwhile moves nothing. Columns and conditions stand in this
table; what a caller gives is only ever a value.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import msgspec

from qualitywatch.model import Violation

MAX_ROWS = 100
MAX_SIGNS = 4 * 1024 * 1024  # of one page; a row that is larger is alone on it
VIOLATION = tuple(field.encode_name for field in msgspec.structs.fields(Violation))


class Table(NamedTuple):
    """What can be read of one table."""

    name: str
    columns: tuple[str, ...]  # beside the fields of `body`, where there is one
    filters: Mapping[str, str]  # name -> a condition on one value
    number: str = "number"
    body: str | None = None  # a column with an object, whose fields are columns too
    nested: str | None = None  # a column with JSON that stays one column
    is_newest_first: bool = True


class Page(NamedTuple):
    """Rows, and where the next page begins."""

    rows: list[dict[str, Any]]
    next: int | None


def _of_body(field: str) -> str:
    return f"json_extract(body, '$.{field}') = ?"


TABLES: Mapping[str, Table] = MappingProxyType(
    {
        "violations": Table(
            "violations",
            columns=(
                *("workspace", "recorded_at"),
                *("closed_at", "closed_as", "closed_by", "closed_because"),
            ),
            body="body",
            filters={
                "open": "(closed_at IS NULL) = (? = 'true')",
                "agent": "agent = ?",
                "path": "path = ?",
                "workspace": "workspace = ?",
                "since": "recorded_at >= ?",
                "until": "recorded_at < ?",
                "id": "id = ?",
                "fingerprint": "fingerprint = ?",
                "rule": _of_body("rule"),
                "type": _of_body("type"),
                "severity": _of_body("severity"),
                "confidence": _of_body("confidence"),
            },
        ),
        "changes": Table(
            "changes",
            columns=(
                *("number", "time", "workspace", "path", "change_type", "agent"),
                *("grounds", "task_id", "moment", "base", "sha256"),
            ),
            filters={
                "agent": "agent = ?",
                "path": "path = ?",
                "workspace": "workspace = ?",
                "type": "change_type = ?",
                "task": "task_id = ?",
                "since": "time >= ?",
                "until": "time < ?",
            },
        ),
        "quarantines": Table(
            "quarantines",
            columns=(
                *("id", "subject", "state", "reason", "since", "imposed_by"),
                *("workspace", "released_by", "released_at", "release_reason"),
            ),
            filters={
                "open": "(released_at IS NULL) = (? = 'true')",
                "subject": "subject = ?",
                "since": "since >= ?",
                "until": "since < ?",
            },
        ),
        "events": Table(
            "events",
            columns=("sequence", "id", "kind", "time"),
            nested="data",
            number="sequence",
            filters={
                "kind": "kind = ?",
                "since": "time >= ?",
                "until": "time < ?",
            },
            is_newest_first=False,
        ),
        "audit": Table(
            "audit",
            columns=(
                *("number", "time", "sequence", "who", "action", "object"),
                *("result", "reason", "count", "previous", "hash"),
            ),
            filters={
                "who": "who = ?",
                "action": "action = ?",
                "result": "result = ?",
                "since": "time >= ?",
                "until": "time < ?",
            },
            is_newest_first=False,
        ),
    }
)


def page(
    connection: sqlite3.Connection,
    table: Table,
    filters: Mapping[str, str],
    *,
    after: int | None = None,
    limit: int = MAX_ROWS,
) -> Page:
    """At most *limit* rows that match all *filters*, beginning after *after*.

    Raises `KeyError` for a filter that *table* has not.
    """
    conditions = [table.filters[name] for name in filters]
    values: list[str | int] = list(filters.values())
    if after is not None:
        conditions.append(f"{table.number} {'<' if table.is_newest_first else '>'} ?")
        values.append(after)
    found = connection.execute(
        f"SELECT {table.number}, {', '.join(_columns(table))} FROM {table.name}"
        f" WHERE {' AND '.join(conditions) or 'true'}"
        f" ORDER BY {table.number} {'DESC' if table.is_newest_first else 'ASC'}"
        " LIMIT ?",
        (*values, limit + 1),
    )
    rows, is_last = _fitting(found, limit)
    return Page(
        rows=[_row(table, row[1:]) for row in rows],
        next=None if is_last else int(rows[-1][0]),
    )


def _fitting(
    found: Iterable[tuple[Any, ...]], limit: int
) -> tuple[list[tuple[Any, ...]], bool]:
    """As many rows as one page may hold, at least one, and whether that is all."""
    rows: list[tuple[Any, ...]] = []
    size = 0
    for row in found:
        size += sum(len(value) for value in row if isinstance(value, str))
        if rows and (len(rows) == limit or size > MAX_SIGNS):
            return rows, False
        rows.append(row)
    return rows, True


def every(
    connection: sqlite3.Connection, table: Table, filters: Mapping[str, str]
) -> Iterator[dict[str, Any]]:
    """Every row that matches, oldest first, page by page."""
    forward = table._replace(is_newest_first=False)
    after: int | None = None
    while True:
        found = page(connection, forward, filters, after=after)
        yield from found.rows
        if found.next is None:
            return
        after = found.next


def header(table: Table) -> tuple[str, ...]:
    """The names of every column that a row of *table* has."""
    whole = VIOLATION if table.body is not None else ()
    nested = () if table.nested is None else (table.nested,)
    return (*whole, *table.columns, *nested)


def _columns(table: Table) -> list[str]:
    more = [column for column in (table.body, table.nested) if column is not None]
    return [*table.columns, *more]


def _row(table: Table, values: tuple[Any, ...]) -> dict[str, Any]:
    row = dict(zip(_columns(table), values, strict=True))
    if table.nested is not None:
        row[table.nested] = msgspec.json.decode(row[table.nested])
    if table.body is not None:
        return {**msgspec.json.decode(row.pop(table.body)), **row}
    return row
