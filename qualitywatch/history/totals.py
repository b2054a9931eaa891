"""What the commits of a replay come to, for each agent and each author. Pure.

Nobody is worst because of one unlucky commit: the rows stand in the order of what can
be said with confidence, the lower end of the interval in which the share of stopped
commits lies with a probability of 95 % (Wilson). Rows on few commits are marked.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

from qualitywatch import config
from qualitywatch.history.replayed import Replayed
from qualitywatch.model import Confidence, Noun, Severity, Violation, ViolationType

FEW = 20
"""Commits with code; a rate on fewer is marked."""

_Z = 1.96  # of a normal distribution: 95 % lie within


class Row(Noun):
    """Somebody's commits, added up."""

    name: str | None  # an agent or an author; `None`: no agent is named
    commits: int
    judged: int  # with at least one file that is ours to judge
    clean: int  # of the judged: nothing was found, and everything could be read
    stopped: int  # of the judged: the policy would have put the agent in quarantine
    files: int
    lost_lines: int
    unanalysable: int
    violations: dict[ViolationType, int]
    clean_rate: float | None  # the share of the judged; `None` where there are none

    @property
    def is_small(self) -> bool:
        """True where the rate stands on few commits."""
        return self.judged < FEW


class Totals(Noun):
    """All of it, by agent, and by author."""

    all: Row
    agents: tuple[Row, ...]
    authors: tuple[Row, ...]


def totals(commits: Sequence[Replayed], policy: config.Policy) -> Totals:
    """What *commits* come to by *policy*; the worst rows first."""
    return Totals(
        all=row(None, commits, policy),
        agents=_rows(commits, policy, key=lambda commit: commit.agent),
        authors=_rows(commits, policy, key=lambda commit: commit.author),
    )


def row(name: str | None, commits: Iterable[Replayed], policy: config.Policy) -> Row:
    """The sum of *commits*."""
    commits = tuple(commits)
    judged = [one for one in commits if one.files_checked or one.unanalysable]
    violations = dict.fromkeys(ViolationType, 0)
    for one in commits:
        for violation in one.violations:
            violations[violation.type] += 1
    clean = sum(one.is_clean for one in judged)
    return Row(
        name=name,
        commits=len(commits),
        judged=len(judged),
        clean=clean,
        clean_rate=clean / len(judged) if judged else None,
        stopped=sum(is_stopped(one, policy) for one in judged),
        files=sum(one.files_checked for one in commits),
        lost_lines=sum(one.lost_lines for one in commits),
        unanalysable=sum(len(one.unanalysable) for one in commits),
        violations=violations,
    )


def is_stopped(commit: Replayed, policy: config.Policy) -> bool:
    """True where the policy would have put the agent of *commit* in quarantine."""
    return bool(stopping(commit, policy))


def stopping(commit: Replayed, policy: config.Policy) -> list[Violation]:
    """The violations of *commit* that reach the policy."""
    bar = (policy.severity, policy.confidence)
    return [violation for violation in commit.violations if violation.reaches(*bar)]


def fails(
    commits: Iterable[Replayed], severity: Severity, confidence: Confidence
) -> bool:
    """True where a gate with that bar would stop one of *commits*."""
    return any(one.unanalysable or one.reaches(severity, confidence) for one in commits)


def at_least(part: int, of: int) -> float:
    """The lower end of the interval in which the true share lies."""
    if not of:
        return 0.0
    share, spread = part / of, _Z * _Z / of
    half = _Z * math.sqrt((share * (1 - share) + spread / 4) / of)
    return max(0.0, (share + spread / 2 - half) / (1 + spread))


def _rows(
    commits: Iterable[Replayed],
    policy: config.Policy,
    *,
    key: Callable[[Replayed], str | None],
) -> tuple[Row, ...]:
    groups: dict[str | None, list[Replayed]] = defaultdict(list)
    for commit in commits:
        groups[key(commit)].append(commit)
    rows = (row(name, some, policy) for name, some in groups.items())
    return tuple(sorted(rows, key=_order))


def _order(row: Row) -> tuple[float, float, int, str]:
    """The worst first; who is equally bad, by violations, work, and name."""
    found = sum(row.violations.values())
    stopped = at_least(row.stopped, row.judged)
    return (
        -stopped,
        -at_least(min(found, row.judged), row.judged),
        -row.commits,
        (row.name or ""),
    )
