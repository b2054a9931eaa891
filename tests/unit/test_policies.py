"""Which violations lead to quarantine: at once, or as strikes within a time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qualitywatch.config import Policy, Strikes
from qualitywatch.model import (
    Confidence,
    Grounds,
    Severity,
    Violation,
    ViolationType,
)
from qualitywatch.store import Strike
from qualitywatch.warden import policies
from qualitywatch.warden.policies import Sentence
from tests import factories

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
MEDIUM, LOW, HIGH = Severity.MEDIUM, Severity.LOW, Severity.HIGH
LIKELY, POSSIBLE = Confidence.LIKELY, Confidence.POSSIBLE
LOGIC = ViolationType.LOGIC_ERROR
THREE = Strikes(name="three", severity=MEDIUM, confidence=LIKELY, count=3, minutes=60)
ONE = Strikes(name="tests", rules=("weakened-test",), count=1)


def violation(id: str = "new", **fields: Any) -> Violation:
    """A medium, likely fault of logic."""
    usual = {"type": LOGIC, "rule": "swallowed-exception", "severity": MEDIUM}
    return factories.violation(**{"id": id, "confidence": LIKELY, **usual, **fields})


def strike(minutes: float, id: str = "", **fields: Any) -> Strike:
    """What `lazy` was blamed for *minutes* ago."""
    return Strike(
        subject="lazy",
        time=(NOW - timedelta(minutes=minutes)).isoformat(),
        grounds=Grounds.REPORT,
        violation=violation(id or f"{minutes}", **fields),
    )


def sentence(
    charged: Sequence[Violation], known: Sequence[Strike], *rows: Strikes
) -> Sentence | None:
    policy = Policy(strikes=rows)
    return policies.sentence(charged, known, policy=policy, now=NOW.isoformat())


@pytest.mark.parametrize(
    ("charged", "known", "rows", "by"),
    [
        ([violation()], [], [], None),
        ([violation(severity=HIGH)], [], [], "policy"),
        ([violation(severity=HIGH)], [], [THREE], "policy"),
        ([violation()], [strike(1), strike(2)], [], None),
        ([violation()], [strike(1)], [THREE], None),
        ([violation()], [strike(1), strike(2)], [THREE], "policy three"),
        ([violation("a"), violation("b"), violation("c")], [], [THREE], "policy three"),
        ([violation()], [strike(60), strike(59)], [THREE], "policy three"),
        ([violation()], [strike(60.1), strike(59)], [THREE], None),
        ([violation()], [strike(1), strike(2, severity=LOW)], [THREE], None),
        ([violation()], [strike(1), strike(2, confidence=POSSIBLE)], [THREE], None),
        ([violation(severity=LOW)], [strike(1), strike(2), strike(3)], [THREE], None),
        ([violation("1")], [strike(1, "1"), strike(2)], [THREE], None),  # the same one
        ([violation(rule="weakened-test")], [], [ONE], "policy tests"),
        ([violation(rule="weakened-test")], [], [THREE, ONE], "policy tests"),
        ([violation()], [], [ONE], None),
        (
            [violation()],
            [strike(1), strike(2)],
            [Strikes(name="other", types=(ViolationType.SECURITY_RISK,)), THREE],
            "policy three",
        ),
    ],
)
def test_who_is_stopped_by_which_policy(
    charged: list[Violation], known: list[Strike], rows: list[Strikes], by: str | None
) -> None:
    """Severity, confidence, type, rule, count and window all have to fit."""
    found = sentence(charged, known, *rows)

    assert by == (found and found.by)


def test_the_reason_names_the_policy_and_the_strikes() -> None:
    """An operator reads why though no single violation was bad enough."""
    found = sentence([violation()], [strike(1), strike(2)], THREE)

    assert found is not None
    assert "policy three: 3 violations within 60 minutes, the last" in found.reason
    assert {"new", "1", "2"} == {one.id for one in found.violations}


def test_the_default_reason_is_the_violation() -> None:
    """Without rows nothing reads differently."""
    found = sentence([violation(severity=HIGH, message="gone")], [])

    assert ("policy", "swallowed-exception in app.py:2: gone") == (found and found[:2])


def test_tallies_say_how_near_everybody_is() -> None:
    """Rows without any strike are left out, and so is who has none."""
    policy = Policy(strikes=(THREE, ONE))
    known = [strike(1), strike(2), strike(90), strike(3, severity=LOW)]
    found = policies.tallies(known, policy=policy, now=NOW.isoformat())

    assert ["lazy"] == list(found)
    assert [("three", 2, 3)] == [
        (tally.policy, tally.strikes, tally.limit) for tally in found["lazy"]
    ]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [((), None), ((ONE,), timedelta(hours=1)), ((THREE, ONE), timedelta(hours=1))],
)
def test_no_more_is_read_than_counts(
    rows: tuple[Strikes, ...], expected: timedelta | None
) -> None:
    """The longest window says how far back; without rows nothing is read."""
    found = policies.since(Policy(strikes=rows), NOW.isoformat())

    assert (found and NOW - datetime.fromisoformat(found)) == expected


ROWS = st.builds(
    Strikes,
    name=st.just("row"),
    severity=st.sampled_from(Severity),
    confidence=st.sampled_from(Confidence),
    types=st.sampled_from([(), (LOGIC,), (ViolationType.SECURITY_RISK,)]),
    count=st.integers(2, 4),
    minutes=st.integers(1, 100),
)
VIOLATIONS = st.builds(
    violation,
    id=st.sampled_from("abcdef"),
    severity=st.sampled_from([LOW, MEDIUM]),
    confidence=st.sampled_from(Confidence),
    type=st.sampled_from([LOGIC, ViolationType.SECURITY_RISK]),
)
STRIKES = st.builds(
    lambda minutes, one: Strike(
        subject="lazy",
        time=(NOW - timedelta(minutes=minutes)).isoformat(),
        grounds=Grounds.REPORT,
        violation=one,
    ),
    st.integers(0, 120),
    VIOLATIONS,
)


@given(ROWS, VIOLATIONS, st.lists(STRIKES, max_size=8))
def test_a_row_counts_as_a_person_would(
    row: Strikes, new: Violation, known: list[Strike]
) -> None:
    """The different violations that fit, in the window, the new one among them."""

    def fits(one: Violation) -> bool:
        typed = not row.types or one.type in row.types
        return typed and one.reaches(row.severity, row.confidence)

    ids = {new.id} | {
        strike.violation.id
        for strike in known
        if fits(strike.violation)
        and NOW - datetime.fromisoformat(strike.time) <= timedelta(minutes=row.minutes)
    }

    expected = fits(new) and len(ids) >= row.count
    assert expected == (sentence([new], known, row) is not None)


@given(VIOLATIONS, st.lists(STRIKES, max_size=8))
def test_without_rows_nothing_is_counted(new: Violation, known: list[Strike]) -> None:
    """The default policy weighs each violation alone."""
    assert sentence([new], known) is None


@given(st.lists(ROWS, max_size=3), VIOLATIONS, st.lists(STRIKES, max_size=8))
def test_more_rows_never_excuse(
    rows: list[Strikes], new: Violation, known: list[Strike]
) -> None:
    """Who is stopped by some rows is stopped by more of them too."""
    stopped = sentence([new], known, *rows) is not None

    assert not stopped or sentence([new], known, *rows, THREE) is not None
