"""The decision over a change set: pure; the analysis comes in as a function."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

import msgspec

from qualitywatch import config
from qualitywatch.gate.acceptance import accepted
from qualitywatch.gate.references import References
from qualitywatch.gate.surroundings import Analyse, judged
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
    references: References | None = None,
    accept_new_suppressions: bool = False,
) -> GateReport:
    """GO if nothing fails, nothing stayed unread, and nobody in quarantine did it.

    *dismissed* are fingerprints that an operator has looked at: they do not count.
    A human may *accept_new_suppressions*, which else count only from the base.
    *also* is what others, such as configured analysers, say of the same changes.
    *references* finds who still needs what they take away; without, only the changed
    files are known.
    """
    started = clock()
    analyses = judged(changes, analyse, references)
    checked = sum(not analysis.skipped for analysis in analyses)
    total = sum(analyses, Analysis(skipped=tuple(skipped)) + also)
    if accept_new_suppressions:
        total = accepted(total)
    if len({change.path for change in changes}) < len(changes):
        total = _told_once(total)
    standing = [v for v in total.violations if v.fingerprint not in dismissed]
    no_go = [
        *_failing(standing, settings),
        *_unread(total),
        *(f"{quarantine.subject} is in quarantine" for quarantine in quarantines),
    ]
    return GateReport(
        decision=NO_GO if no_go else GO,
        reasons=(*no_go, *_dismissals(total, standing), *_suppressions(total)),
        base=base,
        head=head,
        files_checked=checked,
        violations=tuple(standing),
        unanalysable=total.unanalysable,
        skipped=total.skipped,
        quarantines=tuple(quarantines),
        duration_ms=round((clock() - started) * 1000, 1),
        suppressed=total.suppressed,
    )


def _told_once(analysis: Analysis) -> Analysis:
    """A file that a merge has changed is judged against more than one side."""
    told = {
        (each.rule, each.path, each.line, each.column, each.fingerprint): each
        for each in reversed(analysis.violations)
    }
    violations = tuple(reversed(told.values()))
    return msgspec.structs.replace(analysis, violations=violations)


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


def _suppressions(analysis: Analysis) -> Iterator[str]:
    number = sum(each.counts for each in analysis.suppressed)
    if number:
        yield f"{_count(number, 'violation')} allowed by a comment"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
