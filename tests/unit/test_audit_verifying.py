"""The first bad record is named, whatever was done to the audit."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qualitywatch.audit import Decision, Head, Record, genesis, link
from qualitywatch.audit.chain import digest
from qualitywatch.audit.verifying import verify

HISTORY = "e1"
Tamper = Callable[[list[Record]], list[Record]]


def audit(count: int = 20, history: str = HISTORY, salt: str = "") -> list[Record]:
    """An audit as it would be written."""
    head = genesis(history)
    records = []
    for number in range(1, count + 1):
        decision = Decision(
            action="release",
            who="operator",
            object=f"agent-{number}{salt}",
            result="allowed",
        )
        record = link(
            head, decision, time=f"T{number}", monotonic_ms=number, sequence=number
        )
        head = Head(number=number, hash=record.hash, history=history)
        records.append(record)
    return records


def with_fields(record: Record, **fields: Any) -> Record:
    return msgspec.structs.replace(record, **fields)


def rehashed(record: Record, **fields: Any) -> Record:
    changed = msgspec.structs.replace(record, **fields)
    return msgspec.structs.replace(changed, hash=digest(changed))


def head_of(records: list[Record], history: str = HISTORY) -> Head:
    return Head(number=records[-1].number, hash=records[-1].hash, history=history)


def renumbered(records: list[Record]) -> list[Record]:
    return [with_fields(one, number=n) for n, one in enumerate(records, start=1)]


def rechained(records: list[Record], start: int) -> list[Record]:
    """The records from index *start* on, chained anew to the one before."""
    done = records[:start]
    for one in records[start:]:
        previous = done[-1].hash if done else genesis(HISTORY).hash
        done.append(rehashed(one, number=len(done) + 1, previous=previous))
    return done


def swapped(records: list[Record], first: int, second: int) -> list[Record]:
    changed = list(records)
    changed[first], changed[second] = changed[second], changed[first]
    return renumbered(changed)


def test_an_honest_audit_holds() -> None:
    """Alone, and with every head that was ever exported."""
    records = audit()
    heads = [head_of(records[:n]) for n in (1, 7, 20)]

    assert verify(records, history=HISTORY).fault is None
    assert verify(records, history=HISTORY, heads=heads).fault is None
    assert head_of(records) == verify(records, history=HISTORY).head


@pytest.mark.parametrize(
    ("tamper", "number", "kind"),
    [
        (lambda r: [*r[:6], with_fields(r[6], who="me"), *r[7:]], 7, "changed"),
        (lambda r: [*r[:6], rehashed(r[6], who="me"), *r[7:]], 7, "changed"),
        (lambda r: [*r[:6], with_fields(r[6], hash="0" * 64), *r[7:]], 7, "changed"),
        (lambda r: [*r[:6], with_fields(r[6], previous="0"), *r[7:]], 7, "changed"),
        (lambda r: [*r[:6], *r[7:]], 7, "missing"),
        (lambda r: r[6:], 1, "missing"),
        (lambda r: renumbered([*r[:6], *r[7:]]), 7, "changed"),
        (lambda r: swapped(r, 6, 12), 7, "changed"),
        (lambda r: swapped(r, 6, 7), 7, "changed"),
        (lambda r: renumbered([*r[:6], r[2], *r[6:]]), 7, "changed"),
        (
            lambda r: renumbered(
                [*r[:6], rehashed(r[2], number=7, previous=r[5].hash), *r[6:]]
            ),
            7,
            "changed",
        ),
        (lambda r: [*r, with_fields(r[6], number=21)], 21, "changed"),
        (lambda r: [with_fields(r[6], number=-4), *r[:6], *r[7:]], -4, "out of place"),
        (lambda r: [rehashed(r[0], who="me"), *r[1:]], 1, "changed"),
        (lambda r: audit(20, "e2"), 1, "changed"),
        (lambda r: [], 1, "missing"),
    ],
    ids=[
        *("edited", "edited and hashed", "hash", "previous", "deleted"),
        *("beginning deleted", "deleted and renumbered", "swapped", "neighbours"),
        *("copied in", "put in and hashed", "copied to the end", "negative number"),
        *("first one", "of another history", "emptied"),
    ],
)
def test_the_first_bad_record_is_named(tamper: Tamper, number: int, kind: str) -> None:
    """Without any head: a table of what somebody can do to the middle."""
    fault = verify(tamper(audit()), history=HISTORY).fault

    assert fault is not None
    assert (number, kind) == (fault.number, fault.kind)


@pytest.mark.parametrize(
    ("tamper", "number", "kind"),
    [
        (lambda r: r[:15], 16, "missing"),
        (lambda r: rechained([*r[:14], *r[15:]], 14), 15, "rewritten"),
        (
            lambda r: rechained([*r[:6], with_fields(r[6], who="me"), *r[7:]], 6),
            10,
            "rewritten",
        ),
        (lambda r: audit(30, salt="!"), 10, "rewritten"),
    ],
    ids=["end cut off", "one taken out", "chained anew", "another life"],
)
def test_a_head_holds_what_the_chain_can_not(
    tamper: Tamper, number: int, kind: str
) -> None:
    """Whoever writes the whole chain anew is found at the next exported head."""
    records = audit()
    heads = [head_of(records[:n]) for n in (10, 15, 20)]
    fault = verify(tamper(records), history=HISTORY, heads=heads).fault

    assert verify(tamper(records), history=HISTORY).fault is None
    assert fault is not None
    assert (number, kind) == (fault.number, fault.kind)


def test_a_database_put_in_its_place_is_another_history() -> None:
    """A fresh database chains perfectly, and is not the one that was exported."""
    fault = verify(
        audit(20, "e2"), history="e2", heads=[head_of(audit(20), HISTORY)]
    ).fault

    assert fault is not None
    assert (1, "another history") == (fault.number, fault.kind)


def test_a_history_that_was_begun_anew_has_heads_of_both() -> None:
    """After `init --again` the old heads are no fault: the new ones count."""
    old, new = head_of(audit(20), HISTORY), head_of(audit(5, "e2"), "e2")

    assert verify(audit(20, "e2"), history="e2", heads=[old, new]).fault is None


TEXTS = ["who", "action", "object", "reason", "time", "previous", "hash"]
NUMBERS = ["monotonic_ms", "sequence", "count"]


@given(
    at=st.integers(0, 19),
    field=st.sampled_from([*TEXTS, *NUMBERS]),
    value=st.text(max_size=5),
    more=st.integers(1, 10**6),
)
def test_no_edit_of_a_field_goes_unseen(
    at: int, field: str, value: str, more: int
) -> None:
    """Any field of any record, made anything else."""
    records = audit()
    now = getattr(records[at], field)
    other = now + more if field in NUMBERS else f"{now}{value}!"
    records[at] = with_fields(records[at], **{field: other})
    fault = verify(records, history=HISTORY).fault

    assert fault is not None
    assert at + 1 == fault.number


def test_a_hundred_thousand_records_are_checked_at_once() -> None:
    """Nobody leaves it out because it takes long; of this process's own time."""
    records = audit(100_000)
    begun = time.process_time()
    verified = verify(records, history=HISTORY, heads=[head_of(records)])
    seconds = time.process_time() - begun

    assert verified.fault is None
    assert seconds < 2


Edit = Callable[[list[Record], int, int, str], tuple[list[Record], int]]


def _edited(records: list[Record], at: int, other: int, text: str) -> Any:
    field = TEXTS[other % len(TEXTS)]
    records[at] = with_fields(records[at], **{field: text})
    return records, at


def _both_edited(records: list[Record], at: int, other: int, text: str) -> Any:
    for one in (at, other):
        records[one] = with_fields(records[one], who=text)
    return records, min(at, other)


def _hashed(records: list[Record], at: int, other: int, text: str) -> Any:
    records[at] = rehashed(records[at], reason=text)
    return records, at


def _inserted(records: list[Record], at: int, other: int, text: str) -> Any:
    return renumbered([*records[:at], records[other], *records[at:]]), at


EDITS: tuple[Edit, ...] = (
    _edited,
    _both_edited,
    _hashed,
    _inserted,
    lambda records, at, *_: ([*records[:at], *records[at + 1 :]], at),
    lambda records, at, *_: (records[:at], at),
    lambda records, at, other, _: (swapped(records, at, other), min(at, other)),
)


def test_a_thousand_random_edits() -> None:
    """The first touched record is the one that is named, every time."""
    chance = random.Random(7)
    records = audit(60)
    heads = [head_of(records)]
    for _ in range(1000):
        edit = chance.choice(EDITS)
        at, other = chance.sample(range(len(records)), 2)
        changed, first = edit(list(records), at, other, f"{chance.random()}")
        fault = verify(changed, history=HISTORY, heads=heads).fault

        assert fault is not None
        assert first + 1 == fault.number
