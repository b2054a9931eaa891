"""The records over HTTP: read-only pages of JSON or CSV, for programs and people.

Each answer reads the database by a connection of its own that can not write, beside
whatever the hub does, and within a few seconds: who asks for much waits for himself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import parse_qsl

from qualitywatch.errors import MachineError, PeerError
from qualitywatch.model import Noun
from qualitywatch.reports.safe import safe
from qualitywatch.store.looking import look
from qualitywatch.store.pages import MAX_ROWS, TABLES, Page, page

PREFIX = "/api/v1/"
SECONDS = 3.0  # for one answer
MOST_AT_ONCE = 4
MAX_QUERY = 2000  # signs
MAX_FIELDS = 20
FORMATS = {"json": "application/json", "csv": "text/csv; charset=utf-8"}
_READ = tuple(name for name in TABLES if name != "audit")  # that is for operators

Rows: TypeAlias = Sequence[Mapping[str, Any]]


class Asked(Noun):
    """A question about one table, as it stood in an address."""

    table: str
    filters: dict[str, str]
    after: int | None = None
    limit: int = MAX_ROWS
    format: str = "json"


class Answered(Noun):
    """One page; `next` is the cursor of the one after it."""

    rows: tuple[dict[str, Any], ...]
    next: str | None


def asked(table: str, query: str) -> Asked:
    """The question in *query*; `PeerError` where it is none of ours."""
    if len(query) > MAX_QUERY:
        raise _bad("the query is too long", "use fewer filters")
    try:
        given = parse_qsl(query, keep_blank_values=True, max_num_fields=MAX_FIELDS)
    except ValueError:
        raise _bad("there are too many filters", "use fewer") from None
    fields = dict(given)
    if len(fields) != len(given):
        raise _bad("a filter stands there twice", "use each filter once")
    after, limit = fields.pop("cursor", None), fields.pop("limit", None)
    format = fields.pop("format", "json")
    if format not in FORMATS:
        raise _bad("no such format", f"one of: {', '.join(FORMATS)}")
    known = TABLES[table].filters if table in TABLES else {}
    for name in fields:
        if name not in known:
            raise _bad(f"no filter is called {safe(name)[:40]!r}", _known(known))
    return Asked(
        table=table,
        filters=fields,
        after=None if after is None else _number(after, "cursor", most=2**62),
        limit=MAX_ROWS if limit is None else _number(limit, "limit", most=MAX_ROWS),
        format=format,
    )


class Archive:
    """Answers questions about the records of one database."""

    def __init__(self, database: Path, *, seconds: float = SECONDS) -> None:
        self._database = database
        self._seconds = seconds
        self._busy = 0

    async def page(self, question: Asked) -> Answered:
        """The page that was asked for; `PeerError` where too many ask at once."""
        if self._busy >= MOST_AT_ONCE:
            raise PeerError("TOO_MANY", "too many ask at once", hint="try again later")
        self._busy += 1
        try:
            found = await asyncio.to_thread(self._page, question)
        except MachineError as error:
            hint = "narrow it with filters" if "interrupted" in error.problem else ""
            raise PeerError("DEGRADED", error.problem, hint=hint) from error
        finally:
            self._busy -= 1
        return Answered(
            rows=tuple(found.rows), next=None if found.next is None else str(found.next)
        )

    def _page(self, question: Asked) -> Page:
        work: Callable[[Any], Page] = partial(
            page,
            table=TABLES[question.table],
            filters=question.filters,
            after=question.after,
            limit=question.limit,
        )
        return look(self._database, work, seconds=self._seconds)


def tables() -> tuple[str, ...]:
    """The tables that a looker may read."""
    return _READ


def _number(text: str, name: str, *, most: int) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:20]) <= most:
        raise _bad(f"{name} is no number from 1 to {most}", "take it from an answer")
    return int(text)


def _known(filters: Mapping[str, str]) -> str:
    return f"known: {', '.join((*filters, 'cursor', 'limit', 'format'))}"


def _bad(problem: str, hint: str) -> PeerError:
    return PeerError("INVALID_PARAMS", problem, hint=hint)
