"""What a rule file must hold: each refusal names line, problem and way out."""

from __future__ import annotations

from typing import Any

import pytest

from qualitywatch import rulebook
from qualitywatch.errors import RuleError
from qualitywatch.model import Severity, ViolationType, When
from tests.rule_files import SOUND, parsed, spoilt

QUERY = '(call function: (identifier) @name (#eq? @name "breakpoint")) @hit'
CLEAN = "```python\nprint()\n```\n"


def test_reads_every_part() -> None:
    """A sound file becomes a rule with its fields, sections and examples."""
    rule = parsed()

    assert ("left-breakpoint", Severity.LOW, When.SAVE) == (
        rule.id,
        rule.severity,
        rule.when,
    )
    assert ("python",) == rule.languages
    assert f"{QUERY}\n" == rule.sections[0].query
    assert [frozenset({(1, "left-breakpoint")}), frozenset()] == [
        example.finds for example in rule.examples
    ]
    assert SOUND == rule.text


def test_line_ends_of_windows_are_read() -> None:
    """A checkout with CRLF holds the same rule."""
    assert parsed().sections == parsed(SOUND.replace("\n", "\r\n")).sections


def test_field_when() -> None:
    """A rule that needs a finished edit says so."""
    rule = parsed(
        spoilt('tags       = ["control-flow"]', 'tags = []\nwhen = "settled"')
    )

    assert When.SETTLED is rule.when


# What is spoilt, by what, the line, a part of the problem, a part of the hint.
REFUSED: list[tuple[str, str, int, str, str]] = [
    ("# `left-breakpoint`\n", "# `other`\n", 1, "title", "# `left-breakpoint`"),
    ("# `left-breakpoint`\n", "\n", 1, "title", "first line"),
    ('severity   = "low"\n', "", 3, "missing field `severity`", "add `severity"),
    ("severity  ", "severety  ", 4, "unknown field `severety`", "mean `severity`"),
    ('"low"', '"hihg"', 4, "severity", "low, medium, high, critical"),
    ('"low"', '"critical"', 4, "above that of LOGIC_ERROR", "`medium`"),
    ('"likely"', '"sure"', 5, "confidence", "possible, likely, certain"),
    ("A call of breakpoint", "x" * 81, 6, "message", "80 signs"),
    ('"A call of breakpoint"', '"""a\nb"""', 6, "message", "one line"),
    ('"0.1.0"', '"soon"', 8, "since", "version"),
    ('["control-flow"]', '["control-flwo"]', 9, "tag", "mean `control-flow`"),
    ('since      = "0.1.0"', "since", 8, "not TOML", ""),
    (
        "## Why it matters\n\nThe program stops.\n",
        "",
        1,
        "`## Why it matters`",
        "every",
    ),
    ("The program stops.\n", "", 1, "`## Why it matters`", "every"),
    ("## Why it matters", "## Why", 16, "unknown section `Why`", "Why it matters"),
    ("## Python", "## Pyhton", 24, "unknown section `Pyhton`", "Python"),
    ("## Python", "# Python", 24, "unknown section", ""),
    ("## Why it matters", "## What it finds", 16, "a second section", ""),
    (CLEAN, CLEAN[:-4], 34, "never closed", "```"),
    (CLEAN, CLEAN.replace("```", "````", 1), 34, "never closed", "````"),
    (CLEAN, CLEAN.replace("```p", "  ```p"), 34, "start of its line", "spaces"),
    (CLEAN, CLEAN.replace("python", "pascal"), 34, "`pascal`", "python, javascript"),
    (CLEAN, CLEAN.replace("python", ""), 34, "without a language", "python"),
    (CLEAN, CLEAN.replace("python", "jsx"), 34, "JSX below Python", "`## JSX`"),
    (CLEAN, "", 24, "no clean example", "# finds"),
    ("  # finds", "", 24, "no marked example", "# finds"),
    (f"```query\n{QUERY}\n```\n", "", 24, "nothing says how", "`query` block"),
    (CLEAN, f"{CLEAN}```query\n(call) @hit\n```\n", 37, "more than one way", ""),
    ("```query", "```matcher", 26, "out of place", "candidates"),
    ("since ", 'check = "a"\nsince ', 27, "more than one way", "nothing but examples"),
    ("since ", 'check = "a"\nremark = "b"\nsince ', 9, "more than one way", "one"),
    ("Never.", "Never.\n```python\n1\n```", 23, "prose section", "of its language"),
    ("```toml", "```yaml", 3, "exactly one `toml` block", "severity"),
]


@pytest.mark.parametrize(("old", "new", "line", "problem", "hint"), REFUSED)
def test_refuses(old: str, new: str, line: int, problem: str, hint: str) -> None:
    """A spoilt file is refused at the line that is spoilt."""
    with pytest.raises(RuleError) as caught:
        parsed(spoilt(old, new))

    assert f"rule.md:{line}" == caught.value.place
    assert problem in caught.value.problem
    assert hint in caught.value.hint


@pytest.mark.parametrize("id", ["no-eval", "Eval", "bad-eval-python", "bad--eval", "é"])
def test_refuses_a_name_that_is_no_fault(id: str) -> None:
    """A rule is named for the fault, in plain letters and for every language."""
    with pytest.raises(RuleError, match="no name for a rule"):
        parsed(SOUND.replace("left-breakpoint", id), id=id)


@pytest.mark.parametrize(("known", "refused"), [(["a"], True), (["b"], False)])
def test_refuses_an_unknown_check(known: list[str], *, refused: bool) -> None:
    """The names of checks are given by whoever has them."""
    text = spoilt("since ", 'check = "b"\nsince ').replace(
        f"```query\n{QUERY}\n```\n", ""
    )

    def read() -> Any:
        return rulebook.parse(
            text,
            source="rule.md",
            id="left-breakpoint",
            type=ViolationType.LOGIC_ERROR,
            known_checks=known,
        )

    if refused:
        with pytest.raises(RuleError, match="unknown check `b`"):
            read()
    else:
        assert "b" == read().check


def test_illustrations_are_no_data() -> None:
    """A block marked `text` or `console` may stand anywhere."""
    rule = parsed(spoilt("Never.", "Never.\n\n```console\n$ rm -rf\n```"))

    assert 2 == len(rule.examples)
