"""Each check of the validator, on a good trace and on traces that break one promise."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from tests.robust import trace as t
from tests.robust.trace import Recorder, Step, Trace
from tests.robust.validator import CHECKS, breaches

GOOD: Trace = (
    t.Started(at=1, life=1),
    t.Sent(at=2, call=1, who="viewer", method="events.subscribe"),
    t.Subscribed(at=3, who="viewer", since=None, seq=0, epoch="e", recovered=True),
    t.Sent(at=4, call=2, who="cursor-1", method="session.hello"),
    t.Answered(at=5, call=2, state="clear", agent="cursor-1"),
    t.Wrote(at=6, who="cursor-1", path="a.py", sha256="11"),
    t.Sent(
        at=7, call=3, who="cursor-1", method="change.report", event_id="r1", path="a.py"
    ),
    t.Heard(at=8, who="viewer", sequence=1, id="e1", kind="change.analysed"),
    t.Answered(at=9, call=3, seq=1, decision="allow"),
    t.Wrote(at=10, who="cursor-1", path="a.py", sha256="22"),
    t.Sent(
        at=11,
        call=4,
        who="cursor-1",
        method="change.report",
        event_id="r2",
        path="a.py",
    ),
    t.Ended(at=12, life=1, how="after_commit"),
    t.Started(at=13, life=2),
    t.Subscribed(at=14, who="viewer", since=1, seq=1, epoch="e", recovered=True),
    t.Heard(at=15, who="viewer", sequence=2, id="e2", kind="change.analysed"),
    t.Heard(
        at=16,
        who="viewer",
        sequence=3,
        id="e3",
        kind="quarantine.imposed",
        subject="cursor-1",
    ),
    t.Sent(
        at=17,
        call=5,
        who="cursor-1",
        method="change.report",
        event_id="r2",
        path="a.py",
    ),
    t.Answered(at=18, call=5, code="QUARANTINED"),
    t.Sent(at=19, call=6, who="cursor-1", method="agent.status"),
    t.Answered(at=20, call=6, state="quarantined"),
    t.Sent(
        at=21,
        call=7,
        who="operator",
        method="quarantine.release",
        subject="cursor-1",
    ),
    t.Answered(at=22, call=7),
    t.Heard(
        at=23,
        who="viewer",
        sequence=4,
        id="e4",
        kind="quarantine.released",
        subject="cursor-1",
    ),
    t.Sent(at=24, call=8, who="cursor-1", method="edit.permit"),
    t.Answered(at=25, call=8, decision="allow"),
    t.Wrote(at=26, who="cursor-1", path="a.py", sha256="33"),
    t.Sent(
        at=27,
        call=9,
        who="cursor-1",
        method="change.report",
        event_id="r3",
        path="a.py",
    ),
    t.Heard(at=28, who="viewer", sequence=5, id="e5", kind="change.analysed"),
    t.Answered(at=29, call=9, seq=5, decision="allow"),
    t.Wrote(at=30, who="", path="b.py", sha256="44"),
    t.StoredEvent(sequence=1, id="e1", kind="change.analysed"),
    t.StoredEvent(sequence=2, id="e2", kind="change.analysed"),
    t.StoredEvent(sequence=3, id="e3", kind="quarantine.imposed", subject="cursor-1"),
    t.StoredEvent(sequence=4, id="e4", kind="quarantine.released", subject="cursor-1"),
    t.StoredEvent(sequence=5, id="e5", kind="change.analysed"),
    t.StoredReport(agent="cursor-1", event_id="r1", seq=1),
    t.StoredReport(agent="cursor-1", event_id="r2", seq=2),
    t.StoredReport(agent="cursor-1", event_id="r3", seq=5),
    t.StoredChange(path="a.py", sha256="11", agent="cursor-1", grounds="report"),
    t.StoredChange(path="b.py", sha256="44", agent=None, grounds=None),
    t.StoredQuarantine(id="q1", subject="cursor-1", is_open=False),
    t.Judged(path="a.py", sha256="33", has_violation=True),
    t.Judged(path="b.py", sha256="44"),
    t.Judged(path="gone.py", sha256=None),
    t.OnDisk(path="a.py", sha256="33", is_lazy=True),
    t.OnDisk(path="b.py", sha256="44"),
    t.OnDisk(path="gone.py", sha256=None, committed="55"),
    t.OnDisk(path="never touched.py", sha256="66", committed="66"),
    t.Integrity(life=1, answer="ok"),
)

Change = Callable[[Trace], Trace]


def without(kind: type[Step], **fields: object) -> Change:
    """The trace without the steps of *kind* that hold *fields*."""
    return lambda trace: tuple(s for s in trace if not _is(s, kind, fields))


def instead(kind: type[Step], found: dict[str, object], **fields: object) -> Change:
    """The trace where steps of *kind* that hold *found* hold *fields*."""

    def change(trace: Trace) -> Trace:
        assert any(_is(step, kind, found) for step in trace), "nothing to change"
        return tuple(
            msgspec.structs.replace(s, **fields) if _is(s, kind, found) else s
            for s in trace
        )

    return change


def more(*steps: Step) -> Change:
    """The trace with steps added, each in its place in the order."""

    def change(trace: Trace) -> Trace:
        return tuple(sorted((*trace, *steps), key=lambda s: getattr(s, "at", 1000)))

    return change


def _is(step: Step, kind: type[Step], fields: dict[str, object]) -> bool:
    return type(step) is kind and all(
        getattr(step, name) == value for name, value in fields.items()
    )


def heard(at: int, sequence: int, id: str) -> t.Heard:
    return t.Heard(at=at, who="viewer", sequence=sequence, id=id, kind="x")


def answered(
    at: int, method: str, event_id: str | None = None, **answer: object
) -> tuple[Step, Step]:
    """A call of cursor-1 and its answer, both after the step *at*."""
    sent = t.Sent(at=at, call=100, who="cursor-1", method=method, event_id=event_id)
    reply = t.Answered(at=at, call=100)
    return sent, msgspec.structs.replace(reply, **answer)


BAD: tuple[tuple[str, str, Change], ...] = (
    ("broke_ordered", "an event comes after a later one", more(heard(16, 1, "e1"))),
    (
        "broke_ordered",
        "a report gets an earlier place than the one before it",
        instead(t.Answered, {"call": 3}, seq=6),
    ),
    ("broke_unique", "an event is told twice", more(heard(28, 5, "e5"))),
    (
        "broke_unique",
        "two events share a sequence",
        instead(t.Heard, {"sequence": 5}, id="e6"),
    ),
    (
        "broke_unique",
        "a report is kept twice",
        more(t.StoredReport(agent="cursor-1", event_id="r1", seq=1)),
    ),
    (
        "broke_unique",
        "a repeated report gets another answer",
        more(*answered(10, "change.report", event_id="r1", seq=2)),
    ),
    (
        "broke_unique",
        "an agent is in two quarantines",
        more(
            t.StoredQuarantine(id="q2", subject="cursor-1", is_open=True),
            t.StoredQuarantine(id="q3", subject="cursor-1", is_open=True),
        ),
    ),
    (
        "broke_durable",
        "an event that was told is gone",
        without(t.StoredEvent, sequence=5),
    ),
    (
        "broke_durable",
        "a report that was answered is gone",
        without(t.StoredReport, event_id="r1"),
    ),
    (
        "broke_durable",
        "a release that was answered is gone",
        without(t.StoredEvent, sequence=4),
    ),
    ("broke_gapless", "a follower misses one", without(t.Heard, sequence=2)),
    ("broke_gapless", "the records miss one", without(t.StoredEvent, sequence=2)),
    (
        "broke_gapless",
        "a follower is reset though nothing was compacted",
        instead(t.Subscribed, {"at": 14}, recovered=False),
    ),
    (
        "broke_gapless",
        "a follower that asked for the first is told from the second on",
        instead(t.Subscribed, {"at": 14}, since=0),
    ),
    (
        "broke_quarantine",
        "an agent in quarantine may edit",
        more(*answered(20, "edit.permit", decision="allow")),
    ),
    (
        "broke_quarantine",
        "an agent in quarantine is told that it is free",
        instead(t.Answered, {"call": 6}, state="clear"),
    ),
    (
        "broke_quarantine",
        "a report inside a quarantine is allowed",
        instead(t.Answered, {"call": 9}, seq=3),
    ),
    (
        "broke_quarantine",
        "nobody asked for the release",
        instead(t.Sent, {"call": 7}, who="cursor-1"),
    ),
    (
        "broke_quarantine",
        "a quarantine vanished without a release",
        without(t.StoredEvent, sequence=4),
    ),
    (
        "broke_quarantine",
        "a quarantine of which nobody was told",
        more(t.StoredQuarantine(id="q2", subject="cursor-2", is_open=True)),
    ),
    (
        "broke_identity",
        "a hello is answered under another name",
        instead(t.Answered, {"call": 2}, agent="cursor-2"),
    ),
    (
        "broke_identity",
        "a report is kept under another name",
        instead(t.StoredReport, {"event_id": "r1"}, agent="cursor-2"),
    ),
    (
        "broke_identity",
        "a change is blamed on who never wrote it",
        instead(t.StoredChange, {"path": "b.py"}, agent="cursor-1"),
    ),
    ("silent_green", "a file was never judged", without(t.Judged, path="b.py")),
    (
        "silent_green",
        "an older state was judged",
        instead(t.Judged, {"path": "b.py"}, sha256="40"),
    ),
    (
        "silent_green",
        "a file that is gone was judged while it stood",
        instead(t.Judged, {"path": "gone.py"}, sha256="55"),
    ),
    (
        "silent_green",
        "lost code is not flagged",
        instead(t.Judged, {"path": "a.py"}, has_violation=False),
    ),
    (
        "broke_integrity",
        "the database is damaged",
        instead(t.Integrity, {}, answer="row 3 missing from index"),
    ),
)


def test_a_good_trace_breaks_nothing() -> None:
    assert {} == breaches(GOOD)


@pytest.mark.parametrize(
    ("promise", "change"),
    [pytest.param(name, change, id=f"{name}: {what}") for name, what, change in BAD],
)
def test_a_bad_trace_is_seen(promise: str, change: Change) -> None:
    """By the check whose promise it breaks, whatever else it breaks."""
    assert promise in breaches(change(GOOD))


def test_every_check_has_a_bad_trace() -> None:
    assert set(CHECKS) == {name for name, _, _ in BAD}


def test_a_release_on_its_way_is_no_breach() -> None:
    """Its event may still be on the way to those who follow."""
    asked = t.Sent(
        at=19, call=50, who="operator", method="quarantine.release", subject="cursor-1"
    )
    free = answered(20, "edit.permit", decision="allow")

    assert {} == breaches(more(asked, *free)(GOOD))


def test_a_release_that_was_answered_is_over() -> None:
    """Whoever was told of it may come before its event does."""
    late = without(t.Heard, sequence=4)

    assert {} == breaches(late(without(t.Heard, sequence=5)(GOOD)))


def test_a_release_that_was_written_is_over_though_the_daemon_died() -> None:
    """It was not answered and its event not told, and yet it holds."""
    cut_off = without(t.Answered, call=7)(without(t.Heard, sequence=4)(GOOD))
    died = t.Ended(at=22, life=2, how="before_ack")

    assert {} == breaches(more(died)(without(t.Heard, sequence=5)(cut_off)))


def test_a_release_that_died_with_its_daemon_frees_nobody() -> None:
    """It was not written when the daemon was killed, so it never will be."""
    asked = t.Sent(
        at=11, call=50, who="operator", method="quarantine.release", subject="cursor-1"
    )
    free = answered(20, "edit.permit", decision="allow")

    assert "broke_quarantine" in breaches(more(asked, *free)(GOOD))


def test_a_workspace_in_quarantine_holds_its_agents() -> None:
    imposed = {"kind": "quarantine.imposed", "subject": "ws:repo"}
    change = more(
        t.Heard(at=28, who="viewer", sequence=6, id="e6", **imposed),
        t.StoredEvent(sequence=6, id="e6", **imposed),
        t.StoredQuarantine(id="q2", subject="ws:repo", is_open=True),
        *answered(31, "edit.permit", decision="allow"),
    )

    assert "broke_quarantine" in breaches(change(GOOD))


def test_a_trace_reads_as_it_was_written(tmp_path: Path) -> None:
    file = tmp_path / "trace.jsonl"
    with file.open("w") as lines:
        recorder = Recorder(lines)
        for step in GOOD:
            recorder.add(step)

    assert GOOD == t.read(file) == recorder.steps_so_far


def test_what_happens_has_its_place() -> None:
    recorder = Recorder(io.StringIO())

    assert [1, 2, 3] == [recorder.next() for _ in range(3)]
