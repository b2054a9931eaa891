"""A hit: the place where a rule fires, before the rule's own words are added."""

from __future__ import annotations

import msgspec

from qualitywatch.model import Confidence, Evidence, Noun, Severity


class Hit(Noun):
    """One place in the text after the change; lines and columns count from 1.

    `names` fills the braces of the rule's message. `confidence` and `severity` replace
    the rule's own where this place is less sure or less bad. `unit` is the qualified
    name of the unit the hit speaks of: a unit is reported once, by its strongest hit;
    where it is absent the unit that encloses `line` stands for it. `excerpt` is what to
    show instead of the line; with `hides_line` no other hit shows that line either.
    """

    line: int
    column: int
    end_line: int
    end_column: int
    symbol: str | None = None
    evidence: Evidence | None = None
    names: dict[str, str] = msgspec.field(default_factory=dict)
    confidence: Confidence | None = None
    severity: Severity | None = None
    unit: str | None = None
    excerpt: str | None = None
    hides_line: bool = False
