"""What a plain GET is told: how the daemon does, what it counted, what it recorded.

Without a token anybody on the machine may know whether the daemon is well, and no more.
The rest is for whoever may look: an observer or an operator, by the Authorization
header. Nothing here changes anything.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import msgspec

from qualitywatch.errors import PeerError
from qualitywatch.hub import api
from qualitywatch.hub.api import Archive
from qualitywatch.hub.health import ill
from qualitywatch.hub.metrics import CONTENT_TYPE, Meter
from qualitywatch.hub.origins import Caller
from qualitywatch.hub.sessions import Identity
from qualitywatch.model import Noun
from qualitywatch.protocol import AgentRow, Role, Vitals, asyncapi
from qualitywatch.reports.safe import json_text
from qualitywatch.reports.table import to_csv
from qualitywatch.store.pages import TABLES, header
from qualitywatch.warden import STORE

HEALTH, READY, METRICS = "/healthz", "/readyz", "/metrics"
ASYNCAPI = "/asyncapi.json"  # the wire, as tools read it
JSON = "application/json"
LOOKERS = frozenset({Role.OBSERVER, Role.OPERATOR})
_STATUS = {
    "UNAUTHENTICATED": 401,
    "FORBIDDEN": 403,
    "NOT_FOUND": 404,
    "INVALID_PARAMS": 400,
    "TOO_MANY": 503,
    "LOCKED_OUT": 429,
    "RATE_LIMITED": 429,
}


class Reply(Noun):
    """An answer, before it is HTTP."""

    status: int
    body: bytes
    kind: str = JSON
    headers: dict[str, str] = msgspec.field(default_factory=dict)


@dataclass(kw_only=True)
class Instruments:
    """What the daemon measures; a hub without a daemon has none."""

    meter: Meter = field(default_factory=Meter)
    vitals: Callable[[], Vitals] | None = None
    archive: Archive | None = None
    is_ready: bool = False  # quarantines are restored, and the files were compared


class Office(Protocol):
    """What the desk asks of the service."""

    @property
    def health(self) -> Mapping[str, Any]: ...
    @property
    def quarantines_open(self) -> int: ...
    async def looker(self, token: str, caller: Caller) -> Identity: ...
    async def stats(self) -> msgspec.Struct: ...
    async def agent_rows(self) -> tuple[AgentRow, ...]: ...


class Desk:
    """Answers by path; `None` where nothing is served there."""

    def __init__(self, office: Office, instruments: Instruments) -> None:
        self._office = office
        self._instruments = instruments
        self._open: Mapping[str, Callable[[bool], Reply]] = {
            HEALTH: self._health,
            READY: self._ready,
            ASYNCAPI: lambda _: _json(200, asyncapi.document()),
        }

    @staticmethod
    def serves(path: str) -> bool:
        """True where *path* is ours."""
        return path in (HEALTH, READY, METRICS, ASYNCAPI) or path.startswith(api.PREFIX)

    async def answer(
        self, path: str, query: str, token: str | None, caller: Caller
    ) -> Reply:
        """The answer; a refusal is one too."""
        try:
            if token is not None:
                await self._office.looker(token, caller)
            if path in self._open:
                return self._open[path](token is not None)
            if token is None:
                raise _unknown_peer()
            if path == METRICS:
                return self._metrics()
            return await self._table(path.removeprefix(api.PREFIX), query)
        except PeerError as error:
            return _refused(error)

    def _health(self, with_details: bool) -> Reply:
        told, vitals = dict(self._office.health), self.vitals()
        problems = () if vitals is None else ill(vitals)
        told["ok"] = is_well = bool(told["ok"]) and not problems
        told |= {"ill": problems, "vitals": vitals}
        return _json(200 if is_well else 503, told if with_details else {"ok": is_well})

    def _ready(self, with_details: bool) -> Reply:
        degraded = self._office.health["degraded"]
        is_ready = self._instruments.is_ready and STORE not in degraded
        told: dict[str, Any] = {"ready": is_ready}
        if with_details:
            told["degraded"] = degraded
        return _json(200 if is_ready else 503, told)

    def _metrics(self) -> Reply:
        vitals = self.vitals()
        if vitals is None:
            raise PeerError("NOT_FOUND", "nothing is measured here")
        body = self._instruments.meter.render(
            vitals,
            quarantines=self._office.quarantines_open,
            degraded=self._office.health["degraded"],
        )
        return Reply(status=200, body=body, kind=CONTENT_TYPE)

    def vitals(self) -> Vitals | None:
        """How the daemon does; `None` where nothing is measured."""
        measure = self._instruments.vitals
        return None if measure is None else measure()

    async def _table(self, name: str, query: str) -> Reply:
        question = api.asked(name, query)
        ask = self._live.get(name)
        if ask is not None:
            rows: api.Rows = await ask()
            columns = tuple(dict.fromkeys(key for row in rows for key in row))
            return _page(rows, columns, question.format, None)
        if name not in api.tables() or self._instruments.archive is None:
            raise _unknown_table()
        found = await self._instruments.archive.page(question)
        return _page(found.rows, header(TABLES[name]), question.format, found.next)

    @property
    def _live(self) -> Mapping[str, Callable[[], Awaitable[api.Rows]]]:
        """What is known without the records."""
        return {"agents": self._agents, "stats": self._stats}

    async def _agents(self) -> api.Rows:
        rows = await self._office.agent_rows()
        return [_flat(msgspec.to_builtins(row)) for row in rows]

    async def _stats(self) -> api.Rows:
        return [msgspec.to_builtins(await self._office.stats())]


def paths() -> Iterator[str]:
    """Every path that is answered, for the documentation."""
    yield from (HEALTH, READY, METRICS)
    yield from (f"{api.PREFIX}{name}" for name in (*api.tables(), "agents", "stats"))


def _page(
    rows: api.Rows, columns: Sequence[str], format: str, next: str | None
) -> Reply:
    headers = {} if next is None else {"X-Next-Cursor": next}
    if format == "csv":
        return Reply(
            status=200,
            body=to_csv(rows, columns),
            kind=api.FORMATS["csv"],
            headers={**headers, "Content-Disposition": "attachment"},
        )
    return _json(200, {"rows": rows, "next": next}, headers)


def _flat(row: dict[str, Any]) -> dict[str, Any]:
    return {**row.pop("agent"), **row}


def _json(status: int, value: object, headers: dict[str, str] | None = None) -> Reply:
    return Reply(status=status, body=json_text(value).encode(), headers=headers or {})


def _refused(error: PeerError) -> Reply:
    told = {"code": error.code, "message": error.problem, "hint": error.hint}
    status = _STATUS.get(error.code, 503)
    more = {401: {"WWW-Authenticate": "Bearer"}, 503: {"Retry-After": "5"}}
    return _json(status, {"error": told}, more.get(status))


def _unknown_peer() -> PeerError:
    return PeerError(
        "UNAUTHENTICATED",
        "this needs a token in the Authorization header",
        hint="an operator makes one: qualitywatch tokens create --role observer",
    )


def _unknown_table() -> PeerError:
    names = ", ".join((*api.tables(), "agents", "stats"))
    return PeerError("NOT_FOUND", "there is no such table", hint=f"one of: {names}")
