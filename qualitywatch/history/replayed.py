"""One commit, judged: the line that `history --format jsonl` prints for it."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

import msgspec

from qualitywatch.attribution.commits import signed
from qualitywatch.git import Commit
from qualitywatch.model import (
    Analysis,
    Confidence,
    Noun,
    Severity,
    Skipped,
    Unanalysable,
    Violation,
)
from qualitywatch.reports.safe import encodable

_LATEST = 253_402_300_799  # the last second that has four digits for its year


class Replayed(Noun):
    """A commit, who made it, and what it introduced."""

    commit: str
    parent: str | None  # which it was compared with; `None`: nothing was before it
    author: str  # Name <address>
    agent: str | None
    time: str  # when it was committed, ISO 8601 in UTC
    subject: str
    files_checked: int
    lost_lines: int
    skipped: int
    suppressed: int
    violations: tuple[Violation, ...] = ()
    unanalysable: tuple[Unanalysable, ...] = ()

    @property
    def is_clean(self) -> bool:
        """True where everything could be read and nothing was found."""
        return not self.violations and not self.unanalysable

    def reaches(self, severity: Severity, confidence: Confidence) -> bool:
        """True when one of the violations does."""
        return any(v.reaches(severity, confidence) for v in self.violations)


def replayed(
    commit: Commit,
    agent: str | None,
    analyses: Sequence[Analysis],
    skipped: Sequence[Skipped],
) -> Replayed:
    """What *analyses*, one for each file, say of *commit*."""
    total = sum(analyses, Analysis(skipped=tuple(skipped)))
    lost = (v.evidence.lost_lines for v in total.violations if v.evidence)
    return Replayed(
        commit=commit.id,
        parent=commit.parents[0] if commit.parents else None,
        author=encodable(signed(commit.author.name, commit.author.email)),
        agent=agent,
        time=moment(commit.seconds),
        subject=encodable(commit.subject),
        files_checked=sum(not analysis.skipped for analysis in analyses),
        lost_lines=sum(lost),
        skipped=len(total.skipped),
        suppressed=len(total.suppressed),
        violations=tuple(
            msgspec.structs.replace(violation, agent=agent, commit=commit.id)
            for violation in total.violations
        ),
        unanalysable=total.unanalysable,
    )


def moment(seconds: int) -> str:
    """The time as text; one that no calendar has becomes the nearest that it has."""
    known = min(max(seconds, 0), _LATEST)
    return datetime.datetime.fromtimestamp(known, datetime.UTC).isoformat()
