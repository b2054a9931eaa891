"""The time of a replay in equal spans, for plots. Pure."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Callable, Sequence

from qualitywatch.history.replayed import Replayed
from qualitywatch.model import Noun

MOST = 48  # spans that a plot can show

Number = Callable[[datetime.date], int]
Label = Callable[[int], str]


class Span(Noun):
    """A day, a week, a month, a quarter or a year, and its commits."""

    label: str
    commits: tuple[Replayed, ...]


def spans(commits: Sequence[Replayed]) -> tuple[Span, ...]:
    """All spans from the first of *commits* to the last, empty ones too.

    They are as short as they can be with no more than `MOST` of them.
    """
    if not commits:
        return ()
    dates = [datetime.date.fromisoformat(one.time[:10]) for one in commits]
    for number, label in _SIZES:  # noqa: B007 -- it is used below
        first, last = number(min(dates)), number(max(dates))
        if last - first < MOST:
            break
    held: dict[int, list[Replayed]] = defaultdict(list)
    for date, commit in zip(dates, commits, strict=True):
        held[number(date)].append(commit)
    return tuple(
        Span(label=label(at), commits=tuple(held.get(at, ())))
        for at in range(first, last + 1)
    )


def _day(number: int) -> str:
    return datetime.date.fromordinal(number).isoformat()


def _week(number: int) -> str:
    return f"week of {_day(number * 7 + 1)}"


def _month(number: int) -> str:
    return f"{number // 12:04}-{number % 12 + 1:02}"


def _quarter(number: int) -> str:
    return f"{number // 4:04} Q{number % 4 + 1}"


def _weeks(date: datetime.date) -> int:
    return (date.toordinal() - 1) // 7


def _months(date: datetime.date) -> int:
    return date.year * 12 + date.month - 1


def _quarters(date: datetime.date) -> int:
    return date.year * 4 + (date.month - 1) // 3


def _years(date: datetime.date) -> int:
    return date.year


def _centuries(date: datetime.date) -> int:
    return date.year // 100


_SIZES: tuple[tuple[Number, Label], ...] = (
    (datetime.date.toordinal, _day),
    (_weeks, _week),
    (_months, _month),
    (_quarters, _quarter),
    (_years, "{:04}".format),
    (_centuries, "{}00s".format),
)
"""The number of the span that holds a date, and what that span is called."""
