"""What commits come to: rates, their order, and the spans of time."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qualitywatch import config
from qualitywatch.history.replayed import Replayed, moment
from qualitywatch.history.spans import MOST, spans
from qualitywatch.history.totals import at_least, fails, row, totals
from qualitywatch.history.words import percent
from qualitywatch.model import (
    Confidence,
    Evidence,
    Severity,
    Unanalysable,
    Violation,
    ViolationType,
)
from tests import factories

POLICY = config.Policy()
UNREAD = Unanalysable(path="a.py", reason="too slow")


def replayed(*violations: Violation, **fields: Any) -> Replayed:
    """A commit of one file, with these violations."""
    lost = sum(v.evidence.lost_lines for v in violations if v.evidence)
    given = {
        "commit": "c" * 40,
        "parent": "b" * 40,
        "author": "Ada <ada@example.org>",
        "agent": None,
        "time": "2026-01-05T10:00:00+00:00",
        "subject": "Change",
        "files_checked": 1,
        "lost_lines": lost,
        "skipped": 0,
        "suppressed": 0,
        "violations": violations,
    }
    return Replayed(**{**given, **fields})


DROP = factories.violation(evidence=Evidence(lost_lines=10))
NOTE = factories.violation(
    type=ViolationType.LOGIC_ERROR,
    severity=Severity.LOW,
    confidence=Confidence.POSSIBLE,
    evidence=None,
)


def test_a_row_adds_up() -> None:
    """Commits without code count as commits, and for no rate."""
    commits = [
        replayed(),
        replayed(DROP, DROP),
        replayed(NOTE),
        replayed(files_checked=0),
        replayed(files_checked=0, unanalysable=(UNREAD,)),
    ]

    found = row("x", commits, POLICY)

    assert (found.commits, found.judged, found.clean) == (5, 4, 1)
    assert (found.stopped, found.files, found.lost_lines) == (1, 3, 20)
    assert found.unanalysable == 1
    assert found.clean_rate == 0.25
    assert found.violations[ViolationType.PLACEHOLDER_DROPPED] == 2
    assert found.violations[ViolationType.LOGIC_ERROR] == 1
    assert list(found.violations) == list(ViolationType)


def test_the_policy_says_what_stops() -> None:
    """A stricter policy stops what the usual one only notes."""
    strict = config.Policy(severity=Severity.LOW, confidence=Confidence.POSSIBLE)

    assert row(None, [replayed(NOTE)], POLICY).stopped == 0
    assert row(None, [replayed(NOTE)], strict).stopped == 1


def test_each_commit_is_in_one_row_of_each_table() -> None:
    """Agents and authors are two ways to cut the same cake."""
    commits = [
        replayed(agent="claude"),
        replayed(agent="codex", author="Bo <bo@x>"),
        replayed(),
    ]

    found = totals(commits, POLICY)

    assert {agent.name for agent in found.agents} == {"claude", "codex", None}
    assert sum(agent.commits for agent in found.agents) == 3
    assert sum(author.commits for author in found.authors) == 3


def test_the_worst_stand_first() -> None:
    """One bad commit of one says less than ten of twenty."""
    commits = [
        *[replayed(agent="careful")] * 50,
        *[replayed(DROP, agent="lazy")] * 10,
        *[replayed(agent="lazy")] * 10,
        replayed(DROP, agent="unlucky"),
        *[replayed(NOTE, agent="noisy")] * 5,
    ]

    rows = totals(commits, POLICY).agents

    assert [row.name for row in rows] == ["lazy", "unlucky", "noisy", "careful"]
    assert [row.is_small for row in rows] == [False, True, True, False]


@given(of=st.integers(1, 1000), data=st.data())
def test_the_lower_end_is_a_share(of: int, data: st.DataObject) -> None:
    """It lies between nothing and the share that was seen, and rises with it."""
    part = data.draw(st.integers(0, of))

    low = at_least(part, of)

    assert 0 <= low <= part / of + 1e-12
    assert low <= at_least(min(of, part + 1), of) + 1e-12


def test_the_lower_end_is_wilsons() -> None:
    """Two values from the literature, and no commits at all."""
    assert at_least(10, 20) == pytest.approx(0.2993, abs=1e-4)
    assert at_least(1, 1) == pytest.approx(0.2065, abs=1e-4)
    assert at_least(0, 0) == 0


@pytest.mark.parametrize(
    ("clean", "judged", "expected"),
    [(0, 0, "-"), (1, 1, "100 %"), (1999, 2000, "99.9 %"), (2, 3, "66.6 %")],
)
def test_percent(clean: int, judged: int, expected: str) -> None:
    """It is never rounded up to a hundred."""
    commits = [replayed()] * clean + [replayed(NOTE)] * (judged - clean)

    assert percent(row(None, commits, POLICY)) == expected


def test_what_fails() -> None:
    """As in the gate: at or above the bar, or unread."""
    likely = Confidence.LIKELY

    assert fails([replayed(), replayed(DROP)], Severity.HIGH, likely)
    assert fails([replayed(unanalysable=(UNREAD,))], Severity.CRITICAL, likely)
    assert not fails([replayed(NOTE)], Severity.LOW, likely)


# Spans


def at(date: str) -> Replayed:
    """A commit of that day."""
    return replayed(time=f"{date}T00:00:00+00:00")


@pytest.mark.parametrize(
    ("first", "last", "labels"),
    [
        ("2026-01-31", "2026-02-01", ("2026-01-31", "2026-02-01")),
        ("2026-01-05", "2026-04-01", ("week of 2026-01-05", "week of 2026-03-30")),
        ("2025-11-30", "2026-12-01", ("2025-11", "2026-12")),
        ("2020-01-01", "2026-12-01", ("2020 Q1", "2026 Q4")),
        ("2000-01-01", "2026-12-01", ("2000", "2026")),
        ("0001-01-01", "9999-12-31", ("000s", "9900s")),
    ],
)
def test_spans_are_as_short_as_they_can_be(
    first: str, last: str, labels: tuple[str, str]
) -> None:
    """Days, weeks, months, quarters, years; both ends are in."""
    found = spans([at(last), at(first)])

    assert (found[0].label, found[-1].label) == labels
    assert len(found[0].commits) == len(found[-1].commits) == 1


@given(st.lists(st.dates(min_value=datetime.date(1970, 1, 1)), max_size=20))
def test_no_commit_is_left_out_of_the_spans(dates: list[datetime.date]) -> None:
    """However far apart, all commits stand in a plot that can be read."""
    found = spans([at(date.isoformat()) for date in dates])

    assert sum(len(span.commits) for span in found) == len(dates)
    assert len(found) <= max(MOST, 81)
    assert len({span.label for span in found}) == len(found)


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0, "1970-01-01T00:00:00+00:00"),
        (1_700_000_000, "2023-11-14T22:13:20+00:00"),
        (-5, "1970-01-01T00:00:00+00:00"),
        (10**18, "9999-12-31T23:59:59+00:00"),
    ],
)
def test_any_time_can_be_shown(seconds: int, expected: str) -> None:
    """A commit may claim any time, also one that no calendar has."""
    assert moment(seconds) == expected
