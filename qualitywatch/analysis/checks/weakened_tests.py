"""Tests that a change makes weaker: trivial, looser, fewer, skipped, empty or gone.

Needs functions: what a test was is known from the base only, and what a test is from
the words of its framework.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from qualitywatch.analysis.comparing.compare import Comparison
from qualitywatch.analysis.hit import Hit
from qualitywatch.analysis.weakening.files import may_hold_tests
from qualitywatch.analysis.weakening.kinds import Kind, Weakened
from qualitywatch.model import Evidence

MAX_NAME = 60


def _weakened(comparison: Comparison) -> Sequence[Weakened]:
    sides = filter(None, (comparison.before, comparison.after))
    if not any(map(may_hold_tests, sides)):
        return ()
    # What tests look like in twenty languages: most files need not know.
    from qualitywatch.analysis.weakening.changes import weakened

    return weakened(comparison)


def _of(kind: Kind) -> Callable[[Comparison], Iterator[Hit]]:
    def check(comparison: Comparison) -> Iterator[Hit]:
        return (
            _hit(each, comparison)
            for each in comparison.once(_weakened)
            if each.kind == kind
        )

    return check


trivial_assertion = _of(Kind.TRIVIAL)
removed_assertion = _of(Kind.REMOVED)
loosened_assertion = _of(Kind.LOOSENED)
skipped_test = _of(Kind.SKIPPED)
focused_test = _of(Kind.FOCUSED)
emptied_test = _of(Kind.EMPTIED)
deleted_test = _of(Kind.DELETED)


def _hit(found: Weakened, comparison: Comparison) -> Hit:
    text = comparison.after.lines[found.line - 1]
    return Hit(
        line=found.line,
        column=len(text) - len(text.lstrip()) + 1,
        end_line=found.line,
        end_column=max(1, len(text.rstrip())),
        symbol=found.name or None,
        names={"test": found.name[:MAX_NAME], "said": found.said},
        severity=found.severity,
        confidence=found.confidence,
        evidence=None if found.base_lines is None else _evidence(found.base_lines),
    )


def _evidence(lines: tuple[int, int]) -> Evidence:
    first, last = lines
    return Evidence(lost_lines=last - first + 1, base_ranges=(lines,))
