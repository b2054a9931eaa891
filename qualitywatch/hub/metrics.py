"""What is counted, in the form that Prometheus reads.

Counted is in plain numbers; the library that writes them is loaded when somebody asks
for the first time. Every label comes from a fixed list: neither a path nor anything
that an agent can choose may make a new series.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from qualitywatch.model import Event, Severity, ViolationType
from qualitywatch.protocol import Vitals

if TYPE_CHECKING:
    from prometheus_client.core import Metric

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
PARTS = frozenset(
    {
        *("store", "mirror", "settings", "watching", "git", "judge", "machine"),
        *("state", "state folder", "log of the database", "list of quarantines"),
        *("audit", "audit export", "git hooks", "enrolment", "passphrase"),
        *("the list of checkouts", "looking for tampering", "failpoints"),
        "a bug in qualitywatch",
    }
)
"""What can be degraded, by its first words; anything else counts as `other`."""

KINDS = frozenset(
    {
        *("change.analysed", "file.unanalysable", "repair.proposed"),
        *("violation.recorded", "violation.assigned", "violation.closed"),
        *("quarantine.imposed", "quarantine.updated", "quarantine.released"),
        *("settings.approved", "settings.taken"),
        *("agent.connected", "agent.disconnected"),
        *("code.restored", "process.stopped", "process.resumed"),
        *("daemon.degraded", "daemon.recovered"),
    }
)
"""The events that are counted under their own name; any other counts as `other`."""


class Times:
    """How often something took how long."""

    def __init__(self) -> None:
        self.counts = [0] * (len(BUCKETS) + 1)
        self.sum = 0.0

    def add(self, seconds: float) -> None:
        """One more."""
        self.counts[bisect_left(BUCKETS, seconds)] += 1
        self.sum += seconds

    def buckets(self) -> Iterator[tuple[str, float]]:
        """The upper bound of each bucket, and how many lie below it."""
        below = 0
        bounds = (*map(str, BUCKETS), "+Inf")
        for bound, count in zip(bounds, self.counts, strict=True):
            below += count
            yield bound, below


class Meter:
    """Counts what happens."""

    def __init__(self) -> None:
        self.commits = Times()
        self.analyses = Times()
        self._events: Counter[str] = Counter()
        self._violations: Counter[tuple[str, str]] = Counter()
        self._commit_ms = 0.0

    def told(self, event: Event, commit_ms: float) -> None:
        """An event that was published, by a commit that took *commit_ms*."""
        self._events[event.kind if event.kind in KINDS else "other"] += 1
        if commit_ms != self._commit_ms:  # one commit may tell several events
            self._commit_ms = commit_ms
            self.commits.add(commit_ms / 1000)
        if event.kind == "violation.recorded":
            self._violations[_typed(msgspec.json.decode(event.data))] += 1

    def render(
        self, vitals: Vitals, *, quarantines: int, degraded: Iterable[str]
    ) -> bytes:
        """All of it, as text."""
        from prometheus_client import CollectorRegistry, generate_latest

        registry = CollectorRegistry(auto_describe=False)
        collected = list(self._collect(vitals, quarantines, degraded))
        registry.register(_Collected(lambda: collected))
        return generate_latest(registry)

    def _collect(
        self, vitals: Vitals, quarantines: int, degraded: Iterable[str]
    ) -> Iterator[Metric]:
        yield _counter("events", "Events published", {"kind": self._events})
        yield _counter(
            "violations", "Violations recorded", {"type severity": self._violations}
        )
        yield _times("commit_seconds", "How long commits took", self.commits)
        yield _times("analysis_seconds", "How long analyses took", self.analyses)
        yield _counter(
            "worker_restarts",
            "Worker pools started again",
            {"": {"": vitals.worker_restarts}},
        )
        yield _counter(
            "watcher_overflows",
            "Times events of the file system were lost",
            {"": {"": vitals.watcher_overflows}},
        )
        parts = Counter(_part(what) for what in degraded)
        yield _gauge("degraded", "Parts that are degraded", parts, label="part")
        for name, (help, value) in _gauges(vitals, quarantines).items():
            yield _gauge(name, help, {"": value})


def _gauges(vitals: Vitals, quarantines: int) -> dict[str, tuple[str, float]]:
    return {
        "quarantines_open": ("Open quarantines", quarantines),
        "sessions": ("Open sessions", vitals.sessions),
        "queue_depth": ("Frames that wait for clients", vitals.queue_depth),
        "loop_lag_seconds": ("Lag of the event loop", vitals.loop_lag_ms / 1000),
        "loop_lag_max_seconds": (
            "Greatest lag of the event loop in the last minute",
            vitals.loop_lag_max_ms / 1000,
        ),
        "database_read_seconds": (
            "How long the database needed to answer",
            (vitals.read_ms or 0.0) / 1000,
        ),
        "watchers_polling": (
            "Watchers that poll for want of events",
            vitals.watchers_polling,
        ),
        "uptime_seconds": ("Since the daemon started", vitals.uptime_s),
    }


class _Collected:
    """What a registry asks for the numbers."""

    def __init__(self, collect: Callable[[], Iterable[Metric]]) -> None:
        self.collect = collect


def _counter(name: str, help: str, values: Mapping[str, Mapping[Any, float]]) -> Metric:
    from prometheus_client.core import CounterMetricFamily

    ((labels, counts),) = values.items()
    family = CounterMetricFamily(f"qualitywatch_{name}", help, labels=labels.split())
    for key, count in counts.items():
        told = key if isinstance(key, tuple) else (key,)
        family.add_metric(told if labels else (), count)
    return family


def _gauge(
    name: str, help: str, values: Mapping[str, float], *, label: str = ""
) -> Metric:
    from prometheus_client.core import GaugeMetricFamily

    labels = [label] if label else []
    family = GaugeMetricFamily(f"qualitywatch_{name}", help, labels=labels)
    for key, value in values.items():
        family.add_metric([key] if label else [], value)
    return family


def _times(name: str, help: str, times: Times) -> Metric:
    from prometheus_client.core import HistogramMetricFamily

    family = HistogramMetricFamily(f"qualitywatch_{name}", help)
    family.add_metric([], list(times.buckets()), times.sum)
    return family


def _typed(violation: Mapping[str, Any]) -> tuple[str, str]:
    kind, severity = str(violation.get("type")), str(violation.get("severity"))
    return (
        kind if kind in set(ViolationType) else "other",
        severity if severity in set(Severity) else "other",
    )


def _part(what: str) -> str:
    """The longest of `PARTS` that *what* begins with, word by word."""
    words = what.split(" ")
    starts = (" ".join(words[:count]) for count in range(len(words), 0, -1))
    return next((start for start in starts if start in PARTS), "other")
