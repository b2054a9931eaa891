"""The records over HTTP: who may read what, in pages, and as a table."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from qualitywatch.errors import PeerError
from qualitywatch.hub import api
from qualitywatch.hub.api import Archive
from qualitywatch.hub.desk import Desk, Instruments, paths
from qualitywatch.hub.server import Server
from qualitywatch.protocol import Role
from qualitywatch.reports.table import cell, to_csv
from qualitywatch.store import looking, pages
from tests import factories, hubs
from tests.hubs import LAZY, House

TABLES = ("violations", "changes", "quarantines", "events", "agents", "stats")
SECRETS = (hubs.PASSPHRASE, "argon2", "sha256$")


@dataclass
class Told:
    status: int
    headers: dict[str, str]
    body: str

    @property
    def data(self) -> Any:
        return json.loads(self.body)

    @property
    def rows(self) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self.data["rows"]
        return rows


@dataclass
class Site:
    """A hub with an archive, and somebody who asks it by HTTP."""

    house: House
    server: Server
    token: str

    async def get(self, path: str, *, token: str | None = "", **headers: str) -> Told:
        """The answer; by default to an observer."""
        token = self.token if token == "" else token
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        request = urllib.request.Request(f"{self.server.url}{path}", headers=headers)
        return await asyncio.to_thread(_ask, request)


def _ask(request: urllib.request.Request) -> Told:
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return Told(answer.status, dict(answer.headers), answer.read().decode())
    except urllib.error.HTTPError as error:
        with error:
            return Told(error.code, dict(error.headers), error.read().decode())


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with hubs.house(tmp_path) as house:
        archive = Archive(tmp_path / "state" / "state.db")
        house.service.desk = Desk(
            house.service, Instruments(archive=archive, is_ready=True)
        )
        async with Server.open(house.service) as server:
            yield Site(house, server, await house.token(Role.OBSERVER))


async def report(house: House, *paths: str, content: str = LAZY) -> None:
    """`cursor-1` drops code in each of *paths*, which puts it in quarantine."""
    async with hubs.agent(house) as peer:
        for path in paths:
            await peer.call(
                "change.report", event_id=path, path=path, new_content=content
            )


# Who


async def test_nobody_reads_without_a_token_to_look(site: Site):
    agent_token = await site.house.token()
    for path in (*(f"/api/v1/{name}" for name in TABLES), "/metrics"):
        none = await site.get(path, token=None)
        wrong = await site.get(path, token="qwv_wrong")
        agent = await site.get(path, token=agent_token)

        assert (401, 401, 403) == (none.status, wrong.status, agent.status)
        assert "UNAUTHENTICATED" == none.data["error"]["code"]
        assert none.data["error"]["hint"]


async def test_an_observer_an_operator_and_the_page_may_look(site: Site):
    operator = await site.house.token(Role.OPERATOR)
    page = site.house.service.ticket()

    for token in ("", operator, page):
        assert 200 == (await site.get("/api/v1/violations", token=token)).status


async def test_a_page_from_elsewhere_may_not(site: Site):
    for path in ("/api/v1/events", "/healthz", "/metrics"):
        foreign = await site.get(path, Origin="https://evil.example")
        rebound = await site.get(path, Host="evil.example")

        assert (403, 421) == (foreign.status, rebound.status)
        assert "Access-Control-Allow-Origin" not in foreign.headers


async def test_nothing_can_be_written(site: Site):
    url, own = f"{site.server.url}/api/v1/violations", f"Bearer {site.token}"
    request = urllib.request.Request(
        url, method="DELETE", headers={"Authorization": own}
    )

    assert 405 == (await asyncio.to_thread(_ask, request)).status


# What


async def test_every_table_is_answered_without_a_secret(site: Site):
    await report(site.house, "a.py")

    told = [await site.get(f"/api/v1/{name}") for name in TABLES]

    assert [200] * len(TABLES) == [one.status for one in told]
    assert all(one.rows for one in told)
    assert not [s for s in (*SECRETS, site.token) for one in told if s in one.body]
    assert {path for path in paths() if path.startswith("/api")} == {
        f"/api/v1/{name}" for name in TABLES
    }


async def test_pages_hold_every_row_once(site: Site):
    await site.house.happen(250)

    seen: list[int] = []
    cursor = ""
    while True:
        told = await site.get(f"/api/v1/events?limit=60{cursor}")
        seen += [row["sequence"] for row in told.rows]
        await site.house.happen()  # what comes meanwhile moves nothing
        if told.data["next"] is None or len(seen) > 400:
            break
        assert told.data["next"] == told.headers["X-Next-Cursor"]
        cursor = f"&cursor={told.data['next']}"

    assert seen == sorted(set(seen))
    assert list(range(1, 251)) == seen[:250]


async def test_a_page_holds_so_much_and_no_more(
    site: Site, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(pages, "MAX_SIGNS", 1000)
    await site.house.happen(20)

    first = await site.get("/api/v1/events")
    rest = await site.get(f"/api/v1/events?cursor={first.data['next']}&limit=1")

    assert 1 <= len(first.rows) < 20
    assert rest.rows[0]["sequence"] == first.rows[-1]["sequence"] + 1


FILTERS = {
    "/api/v1/violations?path=a.py": 1,
    "/api/v1/violations?type=PLACEHOLDER_DROPPED": 1,
    "/api/v1/violations?severity=low": 0,
    "/api/v1/violations?open=true&agent=cursor-1": 1,
    "/api/v1/violations?open=false": 0,
    "/api/v1/violations?since=2020-01-01": 1,
    "/api/v1/violations?until=2020-01-01": 0,
    "/api/v1/changes?agent=cursor-1": 1,
    "/api/v1/changes?agent=nobody": 0,
    "/api/v1/quarantines?open=true&subject=cursor-1": 1,
    "/api/v1/quarantines?open=false": 0,
    "/api/v1/events?kind=quarantine.imposed": 1,
    "/api/v1/events?kind=' OR 1=1 --": 0,
}


async def test_filters_leave_the_rest_out(site: Site):
    await report(site.house, "a.py")

    found = {
        path: len((await site.get(urllib.parse.quote(path, safe="/?&=':"))).rows)
        for path in FILTERS
    }

    assert found == FILTERS


REFUSED = [
    "violations?limit=0",
    "violations?limit=101",
    "violations?limit=-1",
    "violations?limit=1e9",
    "violations?limit=%D9%A1",
    "violations?cursor=x",
    "violations?cursor=99999999999999999999999",
    "violations?format=xml",
    "violations?body=1",
    "violations?1%3D1;--=x",
    "violations?path=a&path=b",
    f"violations?path={'a' * 3000}",
    "violations?" + "&".join(f"a{n}=1" for n in range(100)),
    "events?data=x",
    "agents?id=x",
]


@pytest.mark.parametrize("asked", REFUSED)
def test_an_odd_question_is_refused_with_a_hint(asked: str):
    table, _, query = asked.partition("?")

    with pytest.raises(PeerError) as refused:
        api.asked(table, query)

    assert "INVALID_PARAMS" == refused.value.code
    assert refused.value.hint


async def test_a_refusal_is_json(site: Site):
    told = await site.get("/api/v1/violations?limit=0")

    assert (400, "INVALID_PARAMS") == (told.status, told.data["error"]["code"])


async def test_no_other_table_is_there(site: Site):
    names = ("", "audit", "tokens", "meta", "../healthz", "x/y", "%2e%2e", "events/")

    told = [await site.get(f"/api/v1/{name}") for name in names]

    assert {404} == {one.status for one in told}


async def test_what_takes_too_long_is_ended(
    site: Site, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(looking, "_STEPS", 1)
    archive = Archive(site.house.store.folder / "state.db", seconds=-1)

    with pytest.raises(PeerError) as ended:
        await archive.page(api.asked("events", "kind=none"))

    assert ("DEGRADED", True) == (ended.value.code, "narrow" in ended.value.hint)


async def test_few_are_answered_at_once(site: Site, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(api, "MOST_AT_ONCE", 1)
    archive = Archive(site.house.store.folder / "state.db")

    question = api.asked("events", "")
    both = await asyncio.gather(
        archive.page(question), archive.page(question), return_exceptions=True
    )

    assert ["Answered", "PeerError"] == [type(one).__name__ for one in both]


# As a table


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("plain", "plain"),
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("\r=1", "'\\r=1"),
        ("a\nb", "a\\nb"),
        ("\x1b[2J", "\\x1b[2J"),
        (-1, "-1"),
        (None, ""),
        (True, "True"),
        ({"a": ["=1"]}, '{"a":["=1"]}'),
    ],
)
def test_a_cell_is_shown_and_never_run(value: object, shown: str):
    assert shown == cell(value)


async def test_csv_holds_the_same_rows(site: Site):
    await report(site.house, "=cmd.py")
    asked = await site.get("/api/v1/violations?format=csv")

    (row,) = csv.DictReader(io.StringIO(asked.body))

    assert asked.headers["Content-Type"].startswith("text/csv")
    assert "'=cmd.py" == row["path"]
    assert "elided-code" == row["rule"]


def test_rows_with_other_columns_share_one_table():
    assert b"a,b\r\n1,\r\n,2\r\n" == to_csv([{"a": 1}, {"b": 2}], ("a", "b"))


# How it does


async def test_health_needs_no_token_and_its_details_do(site: Site):
    await site.house.warden.degraded("watch", "too few watches")

    anybody, looker = await site.get("/healthz", token=None), await site.get("/healthz")

    assert (200, {"ok": True}) == (anybody.status, anybody.data)
    assert {"watch": "too few watches"} == looker.data["degraded"]


async def test_it_is_ready_when_the_files_were_compared(site: Site):
    ready = await site.get("/readyz", token=None)
    site.house.service.desk._instruments.is_ready = False
    early = await site.get("/readyz")

    assert (200, {"ready": True}) == (ready.status, ready.data)
    assert (503, {"ready": False, "degraded": {}}) == (early.status, early.data)


async def test_hostile_text_arrives_harmless(site: Site):
    odd = "a\u202e\x1b[2J.py"
    async with hubs.agent(site.house) as peer:
        site.house.judge.found = factories.violation(message="\x1b]0;x\x07\u2066")
        await peer.call("change.report", event_id="e", path=odd, new_content=LAZY)

    told = await site.get("/api/v1/violations")

    assert odd == told.rows[0]["path"]
    assert not {"\u202e", "\x1b", "\x07", "\u2066"} & set(told.body)
