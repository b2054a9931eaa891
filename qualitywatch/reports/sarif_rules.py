"""The rules of a SARIF log: what a reader of a result wants to know of its rule."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from qualitywatch.model import Confidence, Severity, Violation, ViolationType
from qualitywatch.regex import regex
from qualitywatch.reports import levels
from qualitywatch.reports.judged import NO_GO_ALONE, QUARANTINE, UNANALYSABLE, Notice
from qualitywatch.reports.levels import Level
from qualitywatch.reports.look import Look
from qualitywatch.reports.safe import clipped, safe

if TYPE_CHECKING:
    from qualitywatch.rulebook.rule import Rule

MAX_DESCRIPTION = 1_024  # GitHub's, for `fullDescription`
_MAX_TAGS = 10
_PROSE = ("What it finds", "Why it matters", "When to leave it", "Known limits")
_SECURITY = {
    Severity.CRITICAL: "9.5",
    Severity.HIGH: "8.0",
    Severity.MEDIUM: "5.5",
    Severity.LOW: "2.5",
}
_PRECISION = {
    Confidence.CERTAIN: "very-high",
    Confidence.LIKELY: "high",
    Confidence.POSSIBLE: "medium",
}
_PROBLEM = {
    Level.ERROR: "error",
    Level.WARNING: "warning",
    Level.NOTE: "recommendation",
}
_OF_NOTICES = {
    UNANALYSABLE: "A file could not be analysed, and so nobody knows what it holds",
    QUARANTINE: "The work of an agent in quarantine",
    NO_GO_ALONE: "The gate says NO-GO",
}
_BRACES = regex(r"\{\w+\}")


def descriptors(
    violations: Iterable[Violation], told: Iterable[Notice], look: Look
) -> list[dict[str, Any]]:
    """A descriptor for every rule that has a result, and for what is no violation."""
    known = {rule.id: rule for rule in look.rules}
    found = {violation.rule: violation for violation in violations}
    checks = sorted({notice.check for notice in told})
    return [
        *(_of_check(check) for check in checks),
        *(_of_rule(found[id], known.get(id)) for id in sorted(found)),
    ]


def _of_check(check: str) -> dict[str, Any]:
    return {
        "id": check,
        "name": _name(check),
        "shortDescription": {"text": _OF_NOTICES[check]},
        "defaultConfiguration": {"level": Level.ERROR},
        "properties": {"problem.severity": "error", "precision": "very-high"},
    }


def _of_rule(violation: Violation, rule: Rule | None) -> dict[str, Any]:
    severity = rule.severity if rule else violation.severity
    confidence = rule.confidence if rule else violation.confidence
    level = levels.of_rule(severity, confidence)
    said = _BRACES.sub("…", rule.message) if rule else violation.rule
    descriptor: dict[str, Any] = {
        "id": violation.rule,
        "name": _name(violation.rule),
        "shortDescription": {"text": safe(said) or violation.rule},
        "defaultConfiguration": {"level": level},
        "properties": _properties(violation, rule, severity, confidence),
    }
    if rule is not None:
        descriptor |= _prose(rule)
    return descriptor


def _properties(
    violation: Violation, rule: Rule | None, severity: Severity, confidence: Confidence
) -> dict[str, Any]:
    tags = [*(rule.tags if rule else ()), violation.type.lower().replace("_", "-")]
    properties: dict[str, Any] = {"precision": _PRECISION[confidence]}
    if violation.type is ViolationType.SECURITY_RISK:
        tags.insert(0, "security")
        properties["security-severity"] = _SECURITY[severity]
    else:
        level = levels.of_rule(severity, confidence)
        properties["problem.severity"] = _PROBLEM[level]
    return {"tags": list(dict.fromkeys(tags))[:_MAX_TAGS], **properties}


def _prose(rule: Rule) -> dict[str, Any]:
    """The words of the rule's file, without its examples."""
    from qualitywatch.rulebook.markdown import cut

    parts = {part.title: part.prose for part in cut(rule.text, source=rule.source)}
    written = [(title, parts[title]) for title in _PROSE if parts.get(title)]
    prose: dict[str, Any] = {}
    if written:
        first = safe(" ".join(written[0][1].split()))
        prose["fullDescription"] = {"text": clipped(first, MAX_DESCRIPTION)}
    written.append(("To mend it", rule.remedy))
    prose["help"] = {
        "text": _shown("\n\n".join(f"{title}\n{text}" for title, text in written)),
        "markdown": _shown("\n\n".join(f"## {t}\n\n{text}" for t, text in written)),
    }
    return prose


def _shown(text: str) -> str:
    return safe(text, keep_newlines=True)


def _name(id: str) -> str:
    """`elided-code` -> `ElidedCode`, as GitHub's documentation has names."""
    return "".join(word.capitalize() for word in re.split(r"[^A-Za-z0-9]+", id)) or id
