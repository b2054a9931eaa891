"""How loud a violation is where a format knows three levels and no more."""

from __future__ import annotations

from enum import StrEnum

from qualitywatch.model import Confidence, Severity, Violation


class Level(StrEnum):
    """The levels of SARIF; the other formats have the like."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


_OF_SEVERITY = {
    Severity.CRITICAL: Level.ERROR,
    Severity.HIGH: Level.ERROR,
    Severity.MEDIUM: Level.WARNING,
    Severity.LOW: Level.NOTE,
}
_LOWER = {
    Level.ERROR: Level.WARNING,
    Level.WARNING: Level.NOTE,
    Level.NOTE: Level.NOTE,
}


def of(violation: Violation, *, passes: bool = False) -> Level:
    """The level of *violation*: one lower for what is only possible.

    So an error is what the default bar stops (high, likely). Where the judgement
    *passes* nothing is an error: a red mark beside a GO would say the opposite.
    """
    level = _OF_SEVERITY[violation.severity]
    if violation.confidence is Confidence.POSSIBLE:
        level = _LOWER[level]
    return Level.WARNING if passes and level is Level.ERROR else level


def of_rule(severity: Severity, confidence: Confidence) -> Level:
    """The level that a rule of that severity and confidence has by default."""
    level = _OF_SEVERITY[severity]
    return _LOWER[level] if confidence is Confidence.POSSIBLE else level
