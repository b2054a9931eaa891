"""What a change can do to a test."""

from __future__ import annotations

from enum import StrEnum

from qualitywatch.model import Confidence, Noun, Severity


class Kind(StrEnum):
    """What was done to a test."""

    TRIVIAL = "trivial"
    REMOVED = "removed"
    LOOSENED = "loosened"
    SKIPPED = "skipped"
    FOCUSED = "focused"
    EMPTIED = "emptied"
    DELETED = "deleted"


class Weakened(Noun):
    """One test and what the change did to it."""

    kind: Kind
    name: str
    line: int  # of the new text
    said: str  # what happened, to end the sentence of the message
    severity: Severity | None = None
    confidence: Confidence | None = None
    base_lines: tuple[int, int] | None = None  # what is gone
