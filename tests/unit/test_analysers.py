"""What other tools write, and which of it counts: without running any."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qualitywatch.analysers.recipes import RECIPES, plans
from qualitywatch.analysers.sarif import (
    MAX_RESULTS,
    BadOutput,
    read_sarif,
    read_shellcheck,
)
from qualitywatch.config import Analyser
from qualitywatch.errors import ConfigError
from qualitywatch.model import Severity, ViolationType


def log(*results: dict[str, Any], **run: Any) -> bytes:
    """A SARIF log of one run with *results*."""
    driver = {"name": "tool", "rules": [{"id": "R1"}, {"id": "R2"}]}
    runs = [{"tool": {"driver": driver}, "results": list(results), **run}]
    return json.dumps({"version": "2.1.0", "runs": runs}).encode()


def result(path: str = "a.py", line: int = 3, **fields: Any) -> dict[str, Any]:
    """One result, as most tools write it."""
    place = {"artifactLocation": {"uri": path}, "region": {"startLine": line}}
    return {
        "ruleId": "R1",
        "level": "error",
        "message": {"text": "bad"},
        "locations": [{"physicalLocation": place}],
        **fields,
    }


def test_a_result_has_rule_place_and_severity() -> None:
    """Columns that a tool leaves out are the first one."""
    (found,) = read_sarif(log(result()))

    assert ("R1", "a.py", 3, 1, 3, 1) == (
        found.rule,
        found.path,
        found.line,
        found.column,
        found.end_line,
        found.end_column,
    )
    assert Severity.HIGH is found.severity


@pytest.mark.parametrize(
    ("fields", "rule"),
    [
        ({"ruleId": None, "ruleIndex": 1}, "R2"),
        ({"ruleId": None, "rule": {"index": 1}}, "R2"),
        ({"ruleId": None, "rule": {"id": "other"}}, "other"),
        ({"ruleId": None, "ruleIndex": 7}, "unnamed"),
    ],
)
def test_a_rule_may_be_named_by_its_index(fields: dict[str, Any], rule: str) -> None:
    """SARIF has four ways to say which rule it was."""
    assert [rule] == [r.rule for r in read_sarif(log(result(**fields)))]


@pytest.mark.parametrize(
    ("level", "severity"),
    [
        ("error", Severity.HIGH),
        ("warning", Severity.MEDIUM),
        ("note", Severity.LOW),
        (None, Severity.MEDIUM),  # the standard's default
    ],
)
def test_the_level_is_the_severity(level: str | None, severity: Severity) -> None:
    """What a tool calls an error is more than its notes."""
    assert [severity] == [r.severity for r in read_sarif(log(result(level=level)))]


def test_a_file_url_becomes_a_path() -> None:
    """Some tools write absolute, percent-encoded URLs."""
    (found,) = read_sarif(log(result("file:///tmp/x/a%20b.py")))

    assert found.path == "/tmp/x/a b.py"


@pytest.mark.parametrize(
    "fields", [{"kind": "pass"}, {"locations": []}, {"locations": [{}]}]
)
def test_what_has_no_place_or_is_no_fault_does_not_count(
    fields: dict[str, Any],
) -> None:
    """A passed check is written into the log as well."""
    assert [] == read_sarif(log(result(**fields)))


@pytest.mark.parametrize(
    ("output", "said"),
    [
        (b"", "wrote nothing"),
        (b"Traceback (most recent call last):", "not SARIF"),
        (b'{"runs": []}', "not SARIF"),
        (b'{"version": "1.0.0", "runs": []}', "SARIF 1.0.0"),
        (b"\xff\xfe{", "not SARIF"),
        (
            log(invocations=[{"executionSuccessful": False}]),
            "says that it failed",
        ),
        (log(*[result()] * (MAX_RESULTS + 1)), "more than"),
    ],
)
def test_bad_output_is_an_error(output: bytes, said: str) -> None:
    """What can not be read must not look like a clean file."""
    with pytest.raises(BadOutput, match=said):
        read_sarif(output)


@given(st.binary(max_size=200))
def test_no_output_crashes_the_reader(output: bytes) -> None:
    """Whatever a tool writes is read or refused."""
    for read in (read_sarif, read_shellcheck):
        with contextlib.suppress(BadOutput):
            read(output)


def test_shellcheck_is_converted() -> None:
    """It has no SARIF of its own."""
    comment = {
        "file": "./run.sh",
        "line": 2,
        "endLine": 2,
        "column": 5,
        "endColumn": 9,
        "level": "info",
        "code": 2086,
        "message": "Double quote",
        "fix": None,
    }
    (found,) = read_shellcheck(json.dumps({"comments": [comment]}).encode())

    assert ("SC2086", "./run.sh", 8) == (found.rule, found.path, found.end_column)
    assert Severity.LOW is found.severity


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_needs_only_its_name(name: str) -> None:
    """The command, the files and the type come with it."""
    (plan,) = plans([Analyser(name=name)])

    assert plan.command
    assert plan.files


def test_settings_go_over_the_recipe() -> None:
    """A user may narrow the files and sharpen the type."""
    given_ = Analyser(name="ruff", files=("src/*.py",), timeout_ms=500)
    (plan,) = plans([given_])

    assert [True, False] == [plan.wants(path) for path in ("src/a.py", "tests/a.py")]
    assert (0.5, RECIPES["ruff"].command) == (plan.seconds, plan.command)


def test_the_longest_prefix_names_the_type() -> None:
    """`S` of ruff is security, unless a user says otherwise of `S1`."""
    types = {"S1": ViolationType.LOGIC_ERROR}
    (plan,) = plans([Analyser(name="ruff", types=types)])

    assert ViolationType.SECURITY_RISK is plan.type_of("S602")
    assert ViolationType.LOGIC_ERROR is plan.type_of("S101")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ([Analyser(name="mine")], "no recipe is called 'mine'"),
        ([Analyser(name="ruff"), Analyser(name="ruff")], "a second one"),
    ],
)
def test_what_can_not_be_run_is_an_error(settings: list[Analyser], said: str) -> None:
    """A misspelt name must not mean that nothing is looked for."""
    with pytest.raises(ConfigError, match=said):
        plans(settings)
