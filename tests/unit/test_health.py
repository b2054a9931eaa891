"""What is ill, and what is counted, from numbers alone."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from qualitywatch.daemon import sentinel, tampering
from qualitywatch.daemon.reloading import SETTINGS
from qualitywatch.daemon.tasks import BUG
from qualitywatch.errors import MachineError
from qualitywatch.hub import web
from qualitywatch.hub.authentication import PASSPHRASE
from qualitywatch.hub.health import Monitor, ill
from qualitywatch.hub.metrics import KINDS, Meter
from qualitywatch.model import Event
from qualitywatch.protocol import Vitals
from qualitywatch.warden.committing import STORE
from qualitywatch.warden.keeping import LOG
from qualitywatch.warden.warden import MIRROR

WELL = Vitals(
    loop_lag_ms=1.0,
    loop_lag_max_ms=4.0,
    read_ms=0.5,
    commit_ms=2.0,
    database_silent_s=1.0,
    last_cookie_ms=4000,
    last_reconcile_ms=59_000,
    watcher_overflows=2,
    watchers_polling=0,
    queue_depth=3,
    sessions=5,
    worker_restarts=1,
    uptime_s=100.0,
)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({}, ""),
        ({"database_silent_s": 10.5}, "the database is silent for 10 s"),
        ({"loop_lag_ms": 12_000.0}, "the event loop was held up for 12 s"),
        ({"last_cookie_ms": 10_001}, "no event of the file system for 10 s"),
        ({"last_reconcile_ms": 400_000}, "the files were last compared 400 s ago"),
        ({"last_cookie_ms": None, "last_reconcile_ms": None}, ""),
    ],
)
def test_a_part_without_a_sign_of_life_is_ill(fields: dict[str, Any], reason: str):
    found = ill(msgspec.structs.replace(WELL, **fields))

    assert ([reason] if reason else []) == list(found)


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def vitals(monitor: Monitor) -> Vitals:
    return monitor.vitals(
        watching=[], commit_ms=0.0, queue_depth=0, sessions=0, worker_restarts=0
    )


async def test_a_database_that_fails_is_silent():
    clock = Clock()
    monitor = Monitor(clock)

    async def fails() -> None:
        clock.now += 11.0
        raise MachineError("the disk does not answer")

    measuring = asyncio.create_task(monitor.run(fails))
    await asyncio.sleep(0.01)
    measuring.cancel()

    assert ["the database is silent for 11 s"] == list(ill(vitals(monitor)))


async def test_a_loop_that_is_held_up_shows():
    monitor = Monitor()

    async def answers() -> None:
        """At once."""

    measuring = asyncio.create_task(monitor.run(answers))
    await asyncio.sleep(0.01)
    _hold_up(0.3)
    await asyncio.sleep(0.01)
    measuring.cancel()

    assert vitals(monitor).loop_lag_max_ms > 100


def _hold_up(seconds: float) -> None:
    import time

    time.sleep(seconds)


def event(kind: str, **data: object) -> Event:
    return Event(
        sequence=1,
        id="e",
        kind=kind,
        time="t",
        data=msgspec.Raw(msgspec.json.encode(data)),
    )


def rendered(meter: Meter, degraded: tuple[str, ...] = ()) -> list[str]:
    return meter.render(WELL, quarantines=2, degraded=degraded).decode().splitlines()


def test_what_is_counted_is_told():
    meter = Meter()
    found = {"type": "SECURITY_RISK", "severity": "high"}
    meter.told(event("violation.recorded", **found), commit_ms=3.0)
    meter.told(event("agent.connected"), commit_ms=3.0)
    meter.told(event("agent.connected"), commit_ms=30.0)
    meter.analyses.add(0.2)

    lines = rendered(meter, ("store", "watching x (events)"))

    for line in (
        'qualitywatch_events_total{kind="agent.connected"} 2.0',
        'qualitywatch_violations_total{severity="high",type="SECURITY_RISK"} 1.0',
        'qualitywatch_commit_seconds_bucket{le="0.005"} 1.0',
        'qualitywatch_commit_seconds_bucket{le="+Inf"} 2.0',
        "qualitywatch_commit_seconds_sum 0.033",
        "qualitywatch_analysis_seconds_count 1.0",
        "qualitywatch_worker_restarts_total 1.0",
        "qualitywatch_watcher_overflows_total 2.0",
        "qualitywatch_quarantines_open 2.0",
        "qualitywatch_sessions 5.0",
        "qualitywatch_queue_depth 3.0",
        'qualitywatch_degraded{part="store"} 1.0',
        'qualitywatch_degraded{part="watching"} 1.0',
    ):
        assert line in lines


def test_nothing_an_agent_chooses_makes_a_series():
    meter = Meter()
    for number in range(1000):
        meter.told(event(f"made.up.{number}"), commit_ms=number)
        odd = {"type": f"T{number}", "severity": f'"}}\n{number}'}
        meter.told(event("violation.recorded", **odd), commit_ms=number)

    lines = rendered(meter, tuple(f"part{number} x" for number in range(1000)))

    assert 100 > len(lines)
    assert 'qualitywatch_events_total{kind="other"} 1000.0' in lines
    assert 'qualitywatch_degraded{part="other"} 1000.0' in lines
    assert (
        'qualitywatch_violations_total{severity="other",type="other"} 1000.0' in lines
    )


@pytest.mark.parametrize(
    ("reported", "part"),
    [
        ("git", "git"),
        ("git in shop (lock)", "git"),
        ("watching /srv/shop (events)", "watching"),
        ("looking for tampering (keep_head)", "looking for tampering"),
        (STORE, "store"),
        (MIRROR, "mirror"),
        (LOG, "log of the database"),
        (SETTINGS, "settings"),
        (PASSPHRASE, "passphrase"),
        (sentinel.AUDIT, "audit"),
        (sentinel.EXPORT, "audit export"),
        *((kind, kind) for kind in tampering.KINDS),
        (BUG, "a bug in qualitywatch"),
        ("gitx", "other"),
    ],
)
def test_each_part_that_is_degraded_has_its_own_series(reported: str, part: str):
    assert f'qualitywatch_degraded{{part="{part}"}} 1.0' in rendered(
        Meter(), (reported,)
    )


def test_no_other_registry_is_touched():
    from prometheus_client import REGISTRY

    before = {metric.name for metric in REGISTRY.collect()}
    rendered(Meter())

    assert before == {metric.name for metric in REGISTRY.collect()}


def test_what_the_page_tells_is_counted_under_its_name():
    page = Path(web.__file__).with_name("page") / "page.js"
    sentences = page.read_text().split("const SENTENCES = {", 1)[1].split("\n};", 1)[0]
    told = set(re.findall(r'^  "([a-z._]+)":', sentences, re.MULTILINE))

    assert {"code.restored", "process.stopped", "process.resumed"} <= told <= KINDS


def test_every_kind_is_one_word_of_the_records():
    assert all(kind.count(".") == 1 for kind in KINDS)
