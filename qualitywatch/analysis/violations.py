"""Hits become violations: one a unit, the strongest, with the words of its rule."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Sequence

import msgspec

from qualitywatch.analysis.compare import Comparison
from qualitywatch.analysis.hit import Hit
from qualitywatch.model import (
    Confidence,
    Noun,
    Severity,
    Violation,
    ViolationType,
)
from qualitywatch.rulebook import Rule

MAX_EXCERPT = 200
MAX_SYMBOL = 200
MAX_VIOLATIONS = 200  # of one change; the strongest are kept

# What tells one story about a unit; risks and faults of logic each stand alone.
_ONE_STORY = (
    ViolationType.PLACEHOLDER_DROPPED,
    ViolationType.INCOMPLETE_CODE,
    ViolationType.MALFORMED_SYNTAX,
)
_BRACES = re.compile(r"\{(\w+)\}")


class Fired(Noun):
    """A rule and a place where it fired."""

    rule: Rule
    hit: Hit
    order: int  # of its check: among equals the lower one wins

    @property
    def severity(self) -> Severity:
        """The rule's, unless the hit knows better."""
        return self.hit.severity or self.rule.severity

    @property
    def confidence(self) -> Confidence:
        """The rule's, unless the hit knows better."""
        return self.hit.confidence or self.rule.confidence

    @property
    def strength(self) -> tuple[int, int, int, int, int]:
        """Sorts the strongest first."""
        type_rank = list(ViolationType).index(self.rule.type)
        if self.rule.type in _ONE_STORY:
            type_rank = _ONE_STORY.index(self.rule.type)
        return (
            -self.severity.rank,
            -self.confidence.rank,
            type_rank,
            self.order,
            self.hit.line,
        )


def violations(fired: Iterable[Fired], comparison: Comparison) -> tuple[Violation, ...]:
    """The violations of one change, in the order of its lines."""
    ranked = sorted(fired, key=lambda one: one.strength)
    kept = _strongest(ranked, comparison)[:MAX_VIOLATIONS]
    kept.sort(key=lambda one: (one.hit.line, one.hit.column, one.rule.id))
    return tuple(fingerprinted(_violation(one, comparison) for one in kept))


def _strongest(ranked: Sequence[Fired], comparison: Comparison) -> list[Fired]:
    kept: list[Fired] = []
    units: set[str] = set()
    lines: set[int] = set()
    symbols: set[str] = set()
    for one in ranked:
        if one.rule.type not in _ONE_STORY:
            kept.append(one)
            continue
        unit = _unit(one.hit, comparison)
        if unit in units or one.hit.symbol in symbols or _is_echo(one, lines):
            continue
        kept.append(one)
        units.add(unit)
        lines.update(range(one.hit.line - 1, one.hit.end_line + 2))
        symbols.update(one.hit.evidence.lost_symbols if one.hit.evidence else ())
    return kept


def _is_echo(one: Fired, lines: set[int]) -> bool:
    """A syntax error beside a stronger violation is that violation, heard twice."""
    return one.rule.type is ViolationType.MALFORMED_SYNTAX and one.hit.line in lines


def _unit(hit: Hit, comparison: Comparison) -> str:
    return comparison.unit_at(hit.line).name if hit.unit is None else hit.unit


def _violation(one: Fired, comparison: Comparison) -> Violation:
    rule, hit = one.rule, one.hit
    symbol = hit.symbol or comparison.unit_at(hit.line).name or None
    names = {"symbol": symbol or "this file", **hit.names}
    return Violation(
        type=rule.type,
        rule=rule.id,
        severity=one.severity,
        confidence=one.confidence,
        path=comparison.path,
        language=comparison.after.language.name,
        line=hit.line,
        column=hit.column,
        end_line=hit.end_line,
        end_column=hit.end_column,
        symbol=symbol[:MAX_SYMBOL] if symbol else None,
        message=_BRACES.sub(lambda m: names.get(m[1], m[0])[:MAX_SYMBOL], rule.message),
        remedy=rule.remedy,
        excerpt=comparison.after.lines[hit.line - 1].strip()[:MAX_EXCERPT],
        evidence=hit.evidence,
        fingerprint="",
    )


def fingerprinted(found: Iterable[Violation]) -> Iterable[Violation]:
    """Each with a fingerprint that does not change when code above it moves."""
    seen: Counter[tuple[str, str | None, str]] = Counter()
    for violation in found:
        excerpt = " ".join(violation.excerpt.split())
        what = (violation.rule, violation.symbol, excerpt)
        seen[what] += 1
        parts = (
            violation.rule,
            violation.path,
            violation.symbol or "",
            excerpt,
            str(seen[what]),
        )
        digest = hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass"))
        yield msgspec.structs.replace(violation, fingerprint=digest.hexdigest()[:16])
