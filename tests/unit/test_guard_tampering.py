"""What a change may not do to this guard; the rule file holds the everyday cases."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qualitywatch import rulebook
from qualitywatch.analysis import CHECKS, analyse
from qualitywatch.analysis.safety import bypasses
from qualitywatch.model import Change, Confidence, Severity, Violation
from qualitywatch.rulebook import Rulebook

RULE = rulebook.BUILT_IN / "security-risk" / "guard-tampering.md"
RULES = Rulebook.holding([rulebook.read(RULE, known_checks=CHECKS)])
ANALYSER = '[[analysers]]\nname = "own"\n'
OWN = ".qualitywatch/rules/logic-error/left-breakpoint.md"
OWN_RULE = """\
# `left-breakpoint`

```toml
severity   = "medium"
confidence = "likely"
message    = "A call of breakpoint"
remedy     = "Take the call away."
since      = "0.1.0"
tags       = ["control-flow"]
```

## What it finds

A call of `breakpoint`.

## Why it matters

The program stops.

## When to leave it

Never.

## Python

```query
(call function: (identifier) @name (#eq? @name "breakpoint")) @hit
```

```python
breakpoint()  # finds
```

```python
print()
```
"""


def found(path: str, before: str | None, after: str | None) -> list[Violation]:
    """The violations of a change at *path*."""
    change = Change(
        path=path,
        before=None if before is None else before.encode(),
        after=None if after is None else after.encode(),
    )
    return list(analyse(change, RULES).violations)


def surest(path: str, before: str | None, after: str | None) -> Confidence | None:
    """How sure the surest violation is."""
    ranks = [violation.confidence for violation in found(path, before, after)]
    return max(ranks, key=lambda each: each.rank, default=None)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('[policy]\nseverity = "high"', '[policy]\nseverity = "critical"'),
        ('[policy]\nconfidence = "likely"', '[policy]\nconfidence = "certain"'),
        ('[gate]\nconfidence = "possible"', "[gate]"),
        ('[policy]\nunattributed = "quarantine"', "[policy]"),
        ("", '[rules]\ndisabled = ["hard-coded-secret"]'),
        ("", '[watch]\nignore = ["src/**"]'),
        ('[[analysers]]\nname = "bandit"', ""),
    ],
)
def test_looser_settings(before: str, after: str) -> None:
    """Each of them stops an agent."""
    assert Confidence.CERTAIN is surest("qualitywatch.toml", before, after)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", f"{ANALYSER}command = ['x']"),
        (f"{ANALYSER}command = ['x']", f"{ANALYSER}command = ['x', '-y']"),
        (f"{ANALYSER}command = ['x']", f"{ANALYSER}command = ['y']\n{ANALYSER}"),
        (ANALYSER, f"{ANALYSER}command = ['x']"),
        (
            f"{ANALYSER}command = ['x']",
            f"{ANALYSER}command = ['y']\n{ANALYSER}command = ['x']",
        ),
    ],
)
def test_commands_of_analysers(before: str, after: str) -> None:
    """They run in hooks and in CI, from the next commit on, whatever they are."""
    assert Confidence.LIKELY is surest("qualitywatch.toml", before, after)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('[policy]\nseverity = "high"', '[policy]\nseverity = "low"'),
        ('[gate]\nfail_on = "high"', ""),  # its default
        ('[rules]\ndisabled = ["a-rule", "b-rule"]', '[rules]\ndisabled = ["b-rule"]'),
        ("[hub]\nport = 7433", "[hub]\nport = 7434"),
        ("", '[[analysers]]\nname = "bandit"'),
        (f"{ANALYSER}command = ['x']", f"{ANALYSER}command = [ 'x' ]"),
    ],
)
def test_stricter_and_other_settings(before: str, after: str) -> None:
    """What takes nothing away is nobody's business."""
    assert [] == found("qualitywatch.toml", before, after)


def test_deleted_settings() -> None:
    """The defaults are looser than what stood there."""
    assert Confidence.CERTAIN is surest(
        "qualitywatch.toml", '[gate]\nfail_on = "low"\n', None
    )


def test_settings_that_are_no_toml() -> None:
    """Others speak of that; deep nesting is no way to stop us either."""
    assert [] == found("qualitywatch.toml", "", "[gate")
    assert [] == found("qualitywatch.toml", "", "a = " + "[" * 5000)


def test_settings_written_inline() -> None:
    """However a table is written, it is read."""
    after = '[tool]\nqualitywatch = { rules = { disabled = ["silent-drop"] } }\n'

    assert Confidence.CERTAIN is surest("pyproject.toml", "[tool]\n", after)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('"medium"', '"low"', Confidence.CERTAIN),
        ('"likely"', '"possible"', Confidence.CERTAIN),
        ('"0.1.0"', '"0.1.0"\nwhere = "tests"', Confidence.CERTAIN),
        ('"breakpoint"))', '"no_such_name"))', Confidence.POSSIBLE),
        ('"likely"', '"certain"', None),
        ("The program stops.", "The program stops for ever.", None),
    ],
)
def test_own_rule(old: str, new: str, expected: Confidence | None) -> None:
    """A rule of the repository may become stricter, not looser."""
    assert expected is surest(OWN, OWN_RULE, OWN_RULE.replace(old, new))


def test_deleted_rule() -> None:
    """A rule that is gone finds nothing any more."""
    assert Confidence.CERTAIN is surest(OWN, OWN_RULE, None)


def test_examples_of_own_rules_are_left_alone() -> None:
    """They are wrong on purpose."""
    assert [] == found(OWN, None, OWN_RULE + "\n    git commit --no-verify\n")


def test_deleted_hook() -> None:
    """The hook goes, and the guard with it; the message says what was run."""
    gone = found(".husky/pre-push", "qualitywatch hook git pre-push\n", None)

    assert ["`qualitywatch hook git pre-push` is no longer run"] == [
        violation.message for violation in gone
    ]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("SKIP=qualitywatch git push", Confidence.LIKELY),
        ("SKIP=black,qualitywatch git commit -m x", Confidence.LIKELY),
        ("git config --global core.hooksPath /dev/null", Confidence.LIKELY),
        ("git -c core.hooksPath=/dev/null commit -m x", Confidence.LIKELY),
        ("chmod -x .git/hooks/pre-commit", Confidence.LIKELY),
        ("qualitywatch hooks uninstall git", Confidence.LIKELY),
        ("pkill -f qualitywatch", Confidence.LIKELY),
        ("git commit --no-verify -m x", Confidence.POSSIBLE),
        ("git commit -anm x", Confidence.POSSIBLE),
        ("git push --no-verify", Confidence.POSSIBLE),
        ("HUSKY=0 npm ci", Confidence.POSSIBLE),
        ("# git commit --no-verify", None),
        ("git commit -am 'no way'", None),
        ("git commit --amend --no-edit", None),
        ("git clean -n", None),
        ("qualitywatch gate --base main", None),
    ],
)
def test_ways_round(line: str, expected: Confidence | None) -> None:
    """Only what nobody does in good faith stops an agent."""
    assert expected is surest("deploy.sh", "set -e\n", f"set -e\n{line}\n")


def test_way_round_in_a_program() -> None:
    """A program may speak of such a command without running it."""
    line = 'help = "SKIP=qualitywatch git commit"\n'
    weak = found("src/help.py", "", line)

    assert [(Confidence.POSSIBLE, Severity.MEDIUM)] == [
        (violation.confidence, violation.severity) for violation in weak
    ]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("* linguist-generated", Confidence.LIKELY),
        ("src/** binary", Confidence.LIKELY),
        ("src/**/*.py linguist-generated=true", Confidence.LIKELY),
        ("*.py -diff", Confidence.POSSIBLE),
        ("*.py linguist-generated", Confidence.LIKELY),
        ("*.py\tlinguist-generated=set", Confidence.LIKELY),
        ("**/*.ts linguist-vendored", Confidence.LIKELY),
        ("[a-z]*.p[y] linguist-vendored", Confidence.LIKELY),
        ('"\\052.py" linguist-generated', Confidence.LIKELY),
        ('"*.py linguist-generated', None),  # git reads no pattern in it
        ("*.py -linguist-generated", None),
        ("*.py linguist-generated=false", None),
        ("*_pb2.py linguist-generated", None),
        ("[attr]gen linguist-generated", Confidence.LIKELY),
        ("[attr]gen linguist-generated\nfoo.py gen", Confidence.LIKELY),
        ("[attr]raw -diff", Confidence.POSSIBLE),
        ("[attr]code text eol=lf\n*.py code", None),
        ("*.png binary", None),
        ("src/schema_pb2.py linguist-generated", None),
        ("*.py text eol=lf", None),
        ("# * binary", None),
    ],
)
def test_attributes(line: str, expected: Confidence | None) -> None:
    """Pictures are binary, source code is not."""
    assert expected is surest(".gitattributes", "", f"{line}\n")


@pytest.mark.parametrize(
    ("macros", "expected"),
    [
        ("[attr]gen linguist-generated\n", Confidence.LIKELY),
        ("[attr]one gen\n[attr]gen two\n[attr]two linguist-vendored\n", None),
        ("[attr]gen one\n[attr]one gen linguist-vendored\n", Confidence.LIKELY),
        ("[attr]gen -text\n", Confidence.POSSIBLE),
        ("[attr]gen eol=lf\n", None),
    ],
)
def test_macros_that_stood_there(macros: str, expected: Confidence | None) -> None:
    """What one of them stands for counts as if it were written out."""
    line = "*.py gen\n" if expected else "*.py other\n"

    assert expected is surest(".gitattributes", macros, f"{macros}{line}")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("qualitywatch.toml", Confidence.LIKELY),
        (".qualitywatch/rules/", Confidence.LIKELY),
        ("*.py", Confidence.POSSIBLE),
        ("src/", Confidence.POSSIBLE),
        (".qualitywatch/state/", None),
        ("*.pyc", None),
        ("dist/", None),
        ("!src/", None),
    ],
)
def test_ignore_files(line: str, expected: Confidence | None) -> None:
    """What is built may be ignored, and our own state."""
    assert expected is surest(".gitignore", "", f"{line}\n")


def test_ignore_file_of_a_folder() -> None:
    """A folder for what is built ignores all of itself."""
    assert [] == found("build/.gitignore", "", "*\n")


@pytest.mark.parametrize("row", bypasses._WAYS_ROUND, ids=lambda row: row[0])
@settings(max_examples=60)
@given(data=st.data())
def test_the_look_at_all_new_lines_misses_no_way_round(row, data):
    line = data.draw(st.from_regex(row[2].pattern))

    assert bypasses.WAY.search(line.encode("utf-8", "replace"))
