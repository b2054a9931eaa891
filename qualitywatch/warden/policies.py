"""Which violations put their author in quarantine: at once, or as so many strikes.

A violation blocks where it reaches the bar of `[policy]`, or where a row of
`[[policy.strikes]]` asks for one like it. A row that asks for more counts the strikes
of a subject: the violations it answers for, each once, from the time it was blamed,
within the window of the row. What an operator dismissed is no strike, and a release
ends all that came before it: somebody has looked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from qualitywatch.config import Policy, Strikes
from qualitywatch.model import Violation
from qualitywatch.protocol import Tally
from qualitywatch.store import Strike

POLICY = "policy"  # who imposes when no operator does


class Sentence(NamedTuple):
    """Why somebody goes into quarantine, and by which policy."""

    by: str
    reason: str
    violations: tuple[Violation, ...]


def blocks(violation: Violation, policy: Policy) -> bool:
    """True when the policy answers *violation* alone with quarantine."""
    return _blocking(violation, policy) is not None


def matches(violation: Violation, row: Strikes) -> bool:
    """True when *violation* is of the kind that *row* counts."""
    return (
        violation.reaches(row.severity, row.confidence)
        and (not row.types or violation.type in row.types)
        and (not row.rules or violation.rule in row.rules)
    )


def sentence(
    charged: Sequence[Violation],
    strikes: Iterable[Strike],
    *,
    policy: Policy,
    now: str,
) -> Sentence | None:
    """What the policy answers when a subject is *charged*; `None`: nothing.

    *strikes* are what the same subject answers for already.
    """
    direct = [violation for violation in charged if blocks(violation, policy)]
    if direct:
        by = _blocking(_worst(direct), policy) or POLICY
        prefix = "" if by == POLICY else f"{by}: "
        return Sentence(by, prefix + told(direct), tuple(direct))
    known = tuple(strikes)
    for row in policy.strikes:
        if any(matches(violation, row) for violation in charged):
            counted = _counted(row, known, now) | _by_id(charged, row)
            if len(counted) >= row.count:
                return _struck(row, tuple(counted.values()), charged)
    return None


def tallies(
    strikes: Iterable[Strike], *, policy: Policy, now: str
) -> Mapping[str, tuple[Tally, ...]]:
    """How near each subject is to each row that counts, where it has any strike."""
    by_subject: dict[str, list[Strike]] = {}
    for strike in strikes:
        by_subject.setdefault(strike.subject, []).append(strike)
    return {
        subject: tuple(
            Tally(policy=row.name, strikes=count, limit=row.count, minutes=row.minutes)
            for row in policy.strikes
            if (count := len(_counted(row, own, now)))
        )
        for subject, own in by_subject.items()
    }


def since(policy: Policy, now: str) -> str | None:
    """The beginning of the longest window; `None` where nothing is counted."""
    longest = max((row.minutes for row in policy.strikes), default=0)
    return _before(now, longest) if longest else None


def told(violations: Sequence[Violation]) -> str:
    """The worst of *violations* in one sentence, and how many more there are."""
    first = _worst(violations)
    more = f" (and {len(violations) - 1} more)" if len(violations) > 1 else ""
    return f"{first.rule} in {first.path}:{first.line}: {first.message}{more}"


def _blocking(violation: Violation, policy: Policy) -> str | None:
    """The name of the first policy that blocks *violation*, or `None`."""
    if violation.reaches(policy.severity, policy.confidence):
        return POLICY
    rows = (row for row in policy.strikes if row.count == 1)
    return next((_name(row) for row in rows if matches(violation, row)), None)


def _counted(row: Strikes, strikes: Iterable[Strike], now: str) -> dict[str, Violation]:
    begin = datetime.fromisoformat(_before(now, row.minutes))
    return {
        strike.violation.id: strike.violation
        for strike in strikes
        if matches(strike.violation, row)
        and datetime.fromisoformat(strike.time) >= begin
    }


def _by_id(violations: Iterable[Violation], row: Strikes) -> dict[str, Violation]:
    return {one.id: one for one in violations if matches(one, row)}


def _struck(
    row: Strikes, counted: tuple[Violation, ...], charged: Sequence[Violation]
) -> Sentence:
    last = told([one for one in charged if matches(one, row)][-1:])
    reason = (
        f"{_name(row)}: {len(counted)} violations within {row.minutes} minutes,"
        f" the last {last}"
    )
    return Sentence(_name(row), reason, counted)


def _name(row: Strikes) -> str:
    return f"{POLICY} {row.name}"


def _worst(violations: Sequence[Violation]) -> Violation:
    return max(violations, key=lambda v: (v.severity.rank, v.confidence.rank))


def _before(now: str, minutes: int) -> str:
    return (datetime.fromisoformat(now) - timedelta(minutes=minutes)).isoformat()
