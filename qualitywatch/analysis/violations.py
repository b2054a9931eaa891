"""Hits become violations: one a unit, the strongest, with the words of its rule."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import msgspec

from qualitywatch.analysis.comparing.compare import Comparison
from qualitywatch.analysis.hit import Hit
from qualitywatch.model import (
    Confidence,
    Noun,
    Severity,
    Violation,
    ViolationType,
)
from qualitywatch.regex import regex
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
_CUT = "truncated-file"
_BRACES = regex(r"\{(\w+)\}")


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
    def strength(self) -> tuple[bool, int, int, int, int, int]:
        """Sorts the strongest first; the possible never hides the likely."""
        type_rank = list(ViolationType).index(self.rule.type)
        if self.rule.type in _ONE_STORY:
            type_rank = _ONE_STORY.index(self.rule.type)
        return (
            self.confidence is Confidence.POSSIBLE,
            -self.severity.rank,
            -self.confidence.rank,
            type_rank,
            self.order,
            self.hit.line,
        )


class Found(NamedTuple):
    """The violations of one change, and those that its base allows, line by line."""

    standing: tuple[Violation, ...]
    allowed: tuple[Violation, ...]


def violations(fired: Iterable[Fired], comparison: Comparison) -> Found:
    """The violations of one change, in the order of its lines."""
    ranked = sorted(fired, key=lambda one: one.strength)
    allowed = [one for one in ranked if _is_allowed(one, comparison)]
    silent = {id(one) for one in allowed}
    kept = _strongest([r for r in ranked if id(r) not in silent], comparison)
    both = kept[:MAX_VIOLATIONS] + allowed[:MAX_VIOLATIONS]
    both.sort(key=lambda one: (one.hit.line, one.hit.column, one.rule.id))
    hidden = {r.hit.line: r.hit.excerpt or "" for r in ranked if r.hit.hides_line}
    named = fingerprinted(_violation(one, comparison, hidden) for one in both)
    pairs = list(zip(both, named, strict=True))
    return Found(
        standing=tuple(v for one, v in pairs if id(one) not in silent),
        allowed=tuple(v for one, v in pairs if id(one) in silent),
    )


def _is_allowed(one: Fired, comparison: Comparison) -> bool:
    """True where a suppression that stands in the base speaks of it."""
    if not comparison.suppressions.after:
        return False
    return comparison.standing.counts(one.rule.id, one.hit.line)


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
        if unit in units or one.hit.symbol in symbols or _is_echo(one, lines, kept):
            continue
        kept.append(one)
        units.add(unit)
        lines.update(range(one.hit.line - 1, one.hit.end_line + 2))
        symbols.update(one.hit.evidence.lost_symbols if one.hit.evidence else ())
    return kept


def _is_echo(one: Fired, lines: set[int], kept: Sequence[Fired]) -> bool:
    """A syntax error beside a stronger violation is that violation, heard twice.

    In a file that was cut the parser may complain anywhere above the end.
    """
    if one.rule.type is not ViolationType.MALFORMED_SYNTAX:
        return False
    return one.hit.line in lines or any(k.rule.check == _CUT for k in kept)


def _unit(hit: Hit, comparison: Comparison) -> str:
    return comparison.unit_at(hit.line).name if hit.unit is None else hit.unit


def _violation(
    one: Fired, comparison: Comparison, hidden: Mapping[int, str]
) -> Violation:
    """The violation in the words of its rule; *hidden* lines are shown as given."""
    rule, hit = one.rule, one.hit
    symbol = hit.symbol or comparison.unit_at(hit.line).name or None
    names = {"symbol": symbol or "this file", **_names(hit, hidden)}
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
        excerpt=_excerpt(hit, comparison, hidden)[:MAX_EXCERPT],
        evidence=hit.evidence,
        fingerprint="",
    )


def _excerpt(hit: Hit, comparison: Comparison, hidden: Mapping[int, str]) -> str:
    if hit.excerpt is not None:
        return hit.excerpt
    if hit.line in hidden:
        return hidden[hit.line]
    return comparison.after.lines[hit.line - 1].strip()


def _names(hit: Hit, hidden: Mapping[int, str]) -> Mapping[str, str]:
    """What fills the message; captured text of a hidden line does not."""
    if hit.hides_line or hidden.keys().isdisjoint(range(hit.line, hit.end_line + 1)):
        return hit.names
    return dict.fromkeys(hit.names, "...")


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
        yield msgspec.structs.replace(violation, fingerprint=_digest(parts))


def _digest(parts: Iterable[str]) -> str:
    import hashlib  # 3 ms that a clean file has not to pay

    text = "\0".join(parts).encode("utf-8", "surrogatepass")
    return hashlib.sha256(text).hexdigest()[:16]
