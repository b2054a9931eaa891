"""The report as SARIF 2.1.0, in the form that GitHub's code scanning reads.

What GitHub takes from it and what it ignores decides some of it: its own key for the
fingerprint, one location for each result, no more than 25,000 results. It drops every
result of a run that says it was not successful, and does not show notifications; so
what could not be analysed is a notification (the standard's place) and a result as
well, and the run as such has done its work.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

import msgspec

from qualitywatch.installed import version_of
from qualitywatch.model import GateReport, Suppressed, Violation
from qualitywatch.reports import levels
from qualitywatch.reports.judged import (
    Judged,
    Notice,
    allowed,
    decision,
    notices,
    passes,
    strongest,
    waiting,
)
from qualitywatch.reports.levels import Level
from qualitywatch.reports.look import Look
from qualitywatch.reports.safe import clipped, encodable, json_text, safe
from qualitywatch.reports.sarif_rules import descriptors

MAX_RESULTS = 25_000  # of one run; GitHub refuses a file that holds more
MAX_MESSAGE = 4_000
SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/"
    "sarif-schema-2.1.0.json"
)
_ROOT = "%SRCROOT%"
_NOWHERE = "qualitywatch.toml"  # GitHub wants a place for each result


def render(judged: Judged, look: Look) -> str:
    """One log with one run."""
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [_run(judged, look)]}
    return json_text(log, indent=2) + "\n"


def _run(judged: Judged, look: Look) -> dict[str, Any]:
    told = list(notices(judged))
    room = MAX_RESULTS - len(told)
    violations = judged.violations
    if len(violations) + len(judged.suppressed) > room:
        violations = strongest(violations)[: max(room, 0)]
    spared = allowed(judged)[: max(room - len(violations), 0)]
    left_out = len(judged.violations) - len(violations)
    rules = descriptors([*violations, *(row.violation for row in spared)], told, look)
    index = {rule["id"]: number for number, rule in enumerate(rules)}
    results = [
        *(_of_notice(notice) for notice in told[:MAX_RESULTS]),
        *_of_violations(violations, judged),
        *map(_of_allowed, spared),
    ]
    return {
        "tool": {
            "driver": {
                "name": "qualitywatch",
                "semanticVersion": version_of("qualitywatch"),
                "rules": rules,
            }
        },
        "automationDetails": {"id": f"{_category(judged)}/"},
        "invocations": [_invocation(judged, told, left_out)],
        "originalUriBaseIds": {
            _ROOT: {"description": {"text": "The root of the repository."}}
        },
        "columnKind": "unicodeCodePoints",
        "results": [{**r, "ruleIndex": index[r["ruleId"]]} for r in _distinct(results)],
        "properties": _properties(judged),
    }


def _category(judged: Judged) -> str:
    """GitHub takes one upload of each category from a workflow."""
    return "qualitywatch" if decision(judged) else "qualitywatch-scan"


def _properties(judged: Judged) -> dict[str, Any]:
    known: dict[str, Any] = {"skipped": len(judged.skipped)}
    if isinstance(judged, GateReport):
        known["decision"] = judged.decision
        known["reasons"] = [safe(reason) for reason in judged.reasons]
        known["base"], known["head"] = judged.base, judged.head
        known["filesChecked"] = judged.files_checked
    return known


# The invocation


def _invocation(
    judged: Judged, told: Sequence[Notice], left_out: int
) -> dict[str, Any]:
    notes = [_notification(notice) for notice in told]
    if left_out:
        said = f"{left_out} of the least severe violations are left out of this file"
        notes.append({"level": Level.WARNING, "message": _message(said)})
    about: dict[str, Any] = {
        "executionSuccessful": True,
        "toolExecutionNotifications": notes,
    }
    if decision(judged):
        about["exitCode"] = 0 if passes(judged) else 1
        about["exitCodeDescription"] = decision(judged)
    return about


def _notification(notice: Notice) -> dict[str, Any]:
    note: dict[str, Any] = {
        "descriptor": {"id": notice.check},
        "level": Level.ERROR,
        "message": _message(notice.message),
    }
    if notice.path is not None:
        note["locations"] = [_location(notice.path)]
    return note


# The results


def _of_notice(notice: Notice) -> dict[str, Any]:
    return {
        "ruleId": notice.check,
        "level": Level.ERROR,
        "message": _message(notice.message),
        "locations": [_location(notice.path or _NOWHERE, {"startLine": 1})],
        "fingerprints": {"qualitywatch/v1": notice.fingerprint},
    }


def _of_violations(
    violations: Sequence[Violation], judged: Judged
) -> Iterator[dict[str, Any]]:
    new = waiting(judged)
    for violation in violations:
        level = levels.of(violation, passes=passes(judged))
        waits = new.get(violation.fingerprint)
        note = f"A new comment wants to allow it: {waits.reason}" if waits else ""
        result = _result(violation, level, note)
        if waits is not None:
            result["suppressions"] = [_suppression(waits, "underReview")]
        yield result


def _of_allowed(row: Suppressed) -> dict[str, Any]:
    note = f"Allowed by a comment: {row.reason}"
    result = _result(row.violation, Level.NOTE, note)
    return {**result, "suppressions": [_suppression(row, "accepted")]}


def _suppression(row: Suppressed, status: str) -> dict[str, Any]:
    region = {"startLine": max(row.line, 1)}
    return {
        "kind": "inSource",
        "status": status,
        "justification": safe(row.reason),
        "location": _location(row.violation.path, region),
    }


def _result(violation: Violation, level: Level, note: str) -> dict[str, Any]:
    location = _location(violation.path, _region(violation))
    if violation.symbol:
        location["logicalLocations"] = [{"fullyQualifiedName": safe(violation.symbol)}]
    return {
        "ruleId": violation.rule,
        "level": level,
        "message": _message(_said(violation, note)),
        "locations": [location],
        "fingerprints": {"qualitywatch/v1": violation.fingerprint},
        "properties": _facts(violation),
    }


def _said(violation: Violation, note: str) -> str:
    parts = [violation.message or violation.rule]
    if violation.evidence is not None:
        parts.append(f"Lost lines: {violation.evidence.lost_lines}")
        if violation.evidence.still_referenced:
            names = ", ".join(violation.evidence.still_referenced)
            parts.append(f"Still called: {names}")
    if violation.remedy:
        parts.append(f"To mend it: {violation.remedy}")
    return "\n".join([*parts, *([note] if note else [])])


def _facts(violation: Violation) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "type": violation.type,
        "severity": violation.severity,
        "confidence": violation.confidence,
        "language": violation.language,
        "excerpt": safe(violation.excerpt),
    }
    if violation.evidence is not None:  # of the base: no place of the file as it is
        facts["evidence"] = msgspec.to_builtins(violation.evidence)
    for name, value in (("agent", violation.agent), ("commit", violation.commit)):
        if value:
            facts[name] = value
    return facts


def _region(violation: Violation) -> dict[str, int]:
    """Ours includes the last column, SARIF's ends before `endColumn`."""
    line, column = max(violation.line, 1), max(violation.column, 1)
    last = max(violation.end_line, line)
    least = column if last == line else 1
    end = max(violation.end_column, least) + 1
    return {
        "startLine": line,
        "startColumn": column,
        "endLine": last,
        "endColumn": end,
    }


def _location(path: str, region: Mapping[str, int] | None = None) -> dict[str, Any]:
    while path.startswith("./"):
        path = path[2:].lstrip("/")
    physical: dict[str, Any] = {
        "artifactLocation": {"uri": quote(encodable(path)), "uriBaseId": _ROOT}
    }
    if region is not None:
        physical["region"] = dict(region)
    return {"physicalLocation": physical}


def _message(text: str) -> dict[str, str]:
    """Plain text: in SARIF's, `[text](target)` would be a link."""
    shown = safe(clipped(text, MAX_MESSAGE), keep_newlines=True)
    return {"text": shown.replace("](", "] (")}


def _distinct(results: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Each with GitHub's key: `<hash>:<number among the equal ones>`."""
    seen: Counter[str] = Counter()
    for result in results:
        hashed = result["fingerprints"]["qualitywatch/v1"]
        seen[hashed] += 1
        own = {"primaryLocationLineHash": f"{hashed}:{seen[hashed]}"}
        yield {**result, "partialFingerprints": own}
