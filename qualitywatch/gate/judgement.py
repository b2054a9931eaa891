"""The decision over a change set: pure; the analysis comes in as a function."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

from qualitywatch import config
from qualitywatch.model import (
    GO,
    NO_GO,
    Analysis,
    Change,
    GateReport,
    Quarantine,
    Skipped,
    Violation,
)

Task = tuple[Change, frozenset[str]]
Analyse = Callable[[Sequence[Task]], Iterable[Analysis]]
Clock = Callable[[], float]  # seconds
NOTHING = Analysis()


def judge(
    changes: Sequence[Change],
    *,
    base: str | None,
    head: str | None,
    analyse: Analyse,
    settings: config.Gate,
    clock: Clock,
    quarantines: Sequence[Quarantine] = (),
    dismissed: Collection[str] = (),
    skipped: Sequence[Skipped] = (),
    also: Analysis = NOTHING,
) -> GateReport:
    """GO if nothing fails, nothing stayed unread, and nobody in quarantine did it.

    *dismissed* are fingerprints that an operator has looked at: they do not count.
    *also* is what others, such as configured analysers, say of the same changes.
    """
    started = clock()
    analyses = list(analyse(_with_gains(changes)))
    judged = zip(changes, analyses, strict=True)  # an answer for each, or it is a bug
    checked = sum(not analysis.skipped for _, analysis in judged)
    total = sum(analyses, Analysis(skipped=tuple(skipped)) + also)
    standing = [v for v in total.violations if v.fingerprint not in dismissed]
    no_go = [
        *_failing(standing, settings),
        *_unread(total),
        *(f"{quarantine.subject} is in quarantine" for quarantine in quarantines),
    ]
    return GateReport(
        decision=NO_GO if no_go else GO,
        reasons=(*no_go, *_dismissals(total, standing)),
        base=base,
        head=head,
        files_checked=checked,
        violations=tuple(standing),
        unanalysable=total.unanalysable,
        skipped=total.skipped,
        quarantines=tuple(quarantines),
        duration_ms=round((clock() - started) * 1000, 1),
    )


def _failing(violations: Iterable[Violation], settings: config.Gate) -> Iterator[str]:
    bar = (settings.fail_on, settings.confidence)
    number = sum(violation.reaches(*bar) for violation in violations)
    if number:
        yield f"{_count(number, 'violation')} at or above {bar[0]}, {bar[1]}"


def _unread(analysis: Analysis) -> Iterator[str]:
    if analysis.unanalysable:
        number = _count(len(analysis.unanalysable), "file")
        yield f"{number} could not be analysed"


def _dismissals(analysis: Analysis, standing: Sequence[Violation]) -> Iterator[str]:
    number = len(analysis.violations) - len(standing)
    if number:
        yield f"{_count(number, 'violation')} dismissed by an operator"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


# Moved code


def _with_gains(changes: Sequence[Change]) -> list[Task]:
    """Each change with those of its own base lines that other changes gained.

    Only lines that its base has can be missed in it; to hand each change all lines of
    all others would grow with the square of their number.
    """
    if len(changes) < 2:
        return [(change, frozenset()) for change in changes]
    from qualitywatch.analysis import gained_lines  # the parsers: not for one change

    gains = [gained_lines(change) for change in changes]
    counts = Counter(line for gained in gains for line in gained)
    return [
        (change, _elsewhere(change, own, counts))
        for change, own in zip(changes, gains, strict=True)
    ]


def _elsewhere(
    change: Change, own: frozenset[str], counts: Counter[str]
) -> frozenset[str]:
    from qualitywatch.analysis import gained_lines

    had = gained_lines(Change(path=change.path, before=None, after=change.before))
    return frozenset(line for line in had if counts[line] > (line in own))
