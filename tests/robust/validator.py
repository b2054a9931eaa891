"""What a trace must never show: one named check for each promise of the daemon.

As in etcd's robustness tests, the run is recorded first and judged afterwards, by a
function that knows nothing of how it came about. `breaches` is empty for a good run.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from types import MappingProxyType
from typing import TypeAlias

from tests.robust import trace as t
from tests.robust.detention import broke_quarantine
from tests.robust.trace import Trace, answered_reports, calls, every

Check: TypeAlias = Callable[[Trace], Iterator[str]]
_ORDERS = {
    "quarantine.impose": "quarantine.imposed",
    "quarantine.release": "quarantine.released",
}


def breaches(trace: Trace) -> dict[str, list[str]]:
    """The name of each promise that *trace* breaks, with what shows it."""
    found = {name: list(check(trace)) for name, check in CHECKS.items()}
    return {name: shown for name, shown in found.items() if shown}


# The stream of events


def broke_ordered(trace: Trace) -> Iterator[str]:
    """A follower hears in the order of the sequence; so do reports get theirs."""
    for who, heard in _heard(trace).items():
        for one, after in pairwise(s for s in heard if isinstance(s, t.Heard)):
            if after.sequence < one.sequence:
                yield f"{who} heard {after.sequence} after {one.sequence}"
    for who, answers in answered_reports(trace).items():
        for (_, one), (sent, after) in pairwise(answers):
            if (after.seq or 0) <= (one.seq or 0):
                yield f"{who}: {sent.event_id} got {after.seq} after {one.seq}"


def broke_unique(trace: Trace) -> Iterator[str]:
    """One event, one sequence, one id, heard once; one row and answer a report."""
    for who, heard in _heard(trace).items():
        told = Counter(one.sequence for one in heard if isinstance(one, t.Heard))
        yield from (
            f"{who} heard {n} {many} times" for n, many in told.items() if many > 1
        )
    for sequence, ids in _ids(trace).items():
        if len(ids) > 1:
            yield f"{sequence} is {len(ids)} events: {', '.join(sorted(ids))}"
    rows = Counter((r.agent, r.event_id) for r in every(trace, t.StoredReport))
    yield from (
        f"{many} rows for {report}" for report, many in rows.items() if many > 1
    )
    for report, given in _seqs_of_reports(trace).items():
        if len(given) > 1:
            yield f"{report} was answered with {sorted(given)}"
    rows_open = Counter(
        q.subject for q in every(trace, t.StoredQuarantine) if q.is_open
    )
    yield from (f"{s} is in {n} quarantines" for s, n in rows_open.items() if n > 1)


def broke_durable(trace: Trace) -> Iterator[str]:
    """What was answered or heard stands in the records."""
    stored = {e.sequence: e for e in every(trace, t.StoredEvent)}
    for heard in every(trace, t.Heard):
        if heard.sequence not in stored:
            yield f"{heard.who} heard {heard.sequence} {heard.kind}, which is not kept"
    rows = {(r.agent, r.event_id): r.seq for r in every(trace, t.StoredReport)}
    for report, given in _seqs_of_reports(trace).items():
        if rows.get(report) not in given:
            yield f"{report} was answered with {sorted(given)}, kept {rows.get(report)}"
        yield from (
            f"{report} got {seq}, which is no change.analysed"
            for seq in given
            if seq not in stored or stored[seq].kind != "change.analysed"
        )
    yield from _lost_orders(trace, list(stored.values()))


def broke_gapless(trace: Trace) -> Iterator[str]:
    """From where it subscribed on, a follower hears every sequence."""
    kept = sorted(e.sequence for e in every(trace, t.StoredEvent))
    for one, after in pairwise(kept):
        if after > one + 1:
            yield f"the records have nothing between {one} and {after}"
    for who, heard in _heard(trace).items():
        yield from (f"{who} {gap}" for gap in _gaps(heard))


def _gaps(heard: Sequence[t.Heard | t.Subscribed]) -> Iterator[str]:
    due: int | None = None
    for step in heard:
        if isinstance(step, t.Subscribed):
            if step.since is not None and not step.recovered:
                yield f"asked for what is after {step.since} and was reset"
            due = (step.seq if step.since is None else step.since) + 1
        else:
            if due is not None and step.sequence > due:
                yield f"heard {step.sequence} where {due} was due"
            due = step.sequence + 1


# Identity


def broke_identity(trace: Trace) -> Iterator[str]:
    """What stands under a name comes from whoever holds the token of that name."""
    sent = calls(trace)
    for answer in every(trace, t.Answered):
        who = sent[answer.call].who
        if answer.agent not in (None, who):
            yield f"{who} was taken for {answer.agent}"
    reports = {(call.who, call.event_id) for call in sent.values()}
    for row in every(trace, t.StoredReport):
        if (row.agent, row.event_id) not in reports:
            yield f"the report {row.event_id} is kept under {row.agent}"
    wrote = {(w.who, w.path) for w in every(trace, t.Wrote)}
    for change in every(trace, t.StoredChange):
        if change.agent is not None and (change.agent, change.path) not in wrote:
            yield f"{change.agent} never wrote {change.path} ({change.grounds})"


# What is on the disk


def silent_green(trace: Trace) -> Iterator[str]:
    """Each state that stands on the disk at quiet was judged, and what it lost found.

    What equals the commit it is compared with needs no judgement.
    """
    judged = {one.path: one for one in every(trace, t.Judged)}
    for file in every(trace, t.OnDisk):
        row = judged.get(file.path)
        if row is None:
            if file.sha256 != file.committed:
                yield f"{file.path} was never judged"
        elif row.sha256 != file.sha256 and not row.is_unanalysable:
            there, known = _short(file.sha256), _short(row.sha256)
            yield f"{file.path} holds {there}, and {known} was judged"
        elif file.is_lazy and not (row.has_violation or row.is_unanalysable):
            yield f"{file.path} has lost code, and nothing is said"


def broke_integrity(trace: Trace) -> Iterator[str]:
    """SQLite finds nothing wrong after any of the kills."""
    for step in every(trace, t.Integrity):
        if step.answer != "ok":
            yield f"after life {step.life}: {step.answer}"


CHECKS: Mapping[str, Check] = MappingProxyType(
    {
        "broke_ordered": broke_ordered,
        "broke_unique": broke_unique,
        "broke_durable": broke_durable,
        "broke_gapless": broke_gapless,
        "broke_quarantine": broke_quarantine,
        "broke_identity": broke_identity,
        "silent_green": silent_green,
        "broke_integrity": broke_integrity,
    }
)
"""Every promise, by the name of its breach."""


def _lost_orders(trace: Trace, stored: Sequence[t.StoredEvent]) -> Iterator[str]:
    """What an operator was told to be done and is not in the records."""
    kept = Counter((event.kind, event.subject) for event in stored)
    sent, done = calls(trace), Counter[tuple[str, str | None]]()
    for answer in every(trace, t.Answered):
        call = sent[answer.call]
        if call.method in _ORDERS and not answer.code:
            done[_ORDERS[call.method], call.subject] += 1
    for order, many in done.items():
        if kept[order] < many:
            yield f"{order[1]}: {many} {order[0]} answered, {kept[order]} kept"


# The trace, as the checks want it


def _heard(trace: Trace) -> Mapping[str, list[t.Heard | t.Subscribed]]:
    found: dict[str, list[t.Heard | t.Subscribed]] = defaultdict(list)
    for step in trace:
        if isinstance(step, t.Heard | t.Subscribed):
            found[step.who].append(step)
    return found


def _ids(trace: Trace) -> Mapping[int, set[str]]:
    found: dict[int, set[str]] = defaultdict(set)
    for step in trace:
        if isinstance(step, t.Heard | t.StoredEvent):
            found[step.sequence].add(step.id)
    return found


def _seqs_of_reports(trace: Trace) -> Mapping[tuple[str, str], set[int]]:
    sent = calls(trace)
    found: dict[tuple[str, str], set[int]] = defaultdict(set)
    for answer in every(trace, t.Answered):
        call = sent[answer.call]
        if call.event_id is not None and answer.seq is not None:
            found[call.who, call.event_id].add(answer.seq)
    return found


def _short(sha256: str | None) -> str:
    return "nothing" if sha256 is None else sha256[:8]
