"""`violations`: what was recorded is found, shown with its loss, and dismissed."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from qualitywatch.model import Evidence, Violation
from tests import factories
from tests.conftest import Repo
from tests.integration.operating import LAZY, OTHER, REMARK, SILENT, Operator


def test_violations_are_listed(enrolled: Operator) -> None:
    """`violations` alone is the list; every format holds the same."""
    enrolled.seed(factories.violation(), factories.violation(path="b.py"))

    text = enrolled.look("violations")
    array = enrolled.look("violations", "--format", "json").data
    lines = enrolled.look("violations", "list", "--format", "jsonl").out.splitlines()

    assert 3 == len(text.out.splitlines())
    assert ["b.py", "app.py"] == [one["path"] for one in array]
    assert array == [json.loads(line) for line in lines]


@pytest.mark.parametrize(
    ("words", "paths"),
    [
        ([], ["b.py", "app.py"]),
        (["--path", "b.py"], ["b.py"]),
        (["--agent", "cursor-1"], ["b.py", "app.py"]),
        (["--agent", "nobody"], []),
        (["--limit", "1"], ["b.py"]),
    ],
)
def test_violations_are_filtered(
    enrolled: Operator, words: list[str], paths: list[str]
) -> None:
    """Each filter does what it says."""
    enrolled.seed(factories.violation(), factories.violation(path="b.py"))

    found = enrolled.look("violations", "list", *words, "--format", "json").data

    assert paths == [one["path"] for one in found]


def test_violation_is_shown_with_the_lost_code(enrolled: Operator) -> None:
    """What was lost is read from the base, with its line numbers."""
    (enrolled.root / "app.py").write_text(LAZY)
    enrolled.seed(lost())
    [violation] = enrolled.look("violations", "--format", "json").data

    shown = enrolled.look("violations", "show", violation["id"][:6])

    assert 0 == shown.code
    assert "app.py:2:5  CRITICAL/certain  elided-code" in shown.out
    assert "remedy: Put the code back." in shown.out
    assert "lost: 10 lines (base lines 2-11)" in shown.out
    assert "as it stands in HEAD" in shown.out
    assert "     2 |     step_1()" in shown.out
    assert "    11 |     step_10()" in shown.out


@pytest.mark.parametrize(
    ("now_committed", "violation"),
    [
        pytest.param(LAZY, {"excerpt": REMARK}, id="remark"),
        pytest.param(SILENT, {"excerpt": "x", "lost": ("App.step_3",)}, id="symbol"),
    ],
)
def test_lost_code_is_found_after_the_loss_was_committed(
    enrolled: Operator, repo: Repo, now_committed: str, violation: dict[str, Any]
) -> None:
    """HEAD itself may hold the loss: then the base is further back."""
    repo.commit("lazy", **{"app.py": now_committed})
    enrolled.seed(lost(**violation))
    [recorded] = enrolled.look("violations", "--format", "json").data

    shown = enrolled.look("violations", "show", recorded["id"])

    assert "as it stands in HEAD~1" in shown.out
    assert "     2 |     step_1()" in shown.out


def test_lines_that_still_stand_are_not_shown_as_lost(
    enrolled: Operator, repo: Repo
) -> None:
    """After the loss was committed the same numbers hold other code."""
    repo.commit("lazy", **{"app.py": f"def total(lines):\n    {REMARK}\n{OTHER}"})
    evidence = Evidence(lost_lines=9, base_ranges=((3, 11),))
    enrolled.seed(factories.violation(evidence=evidence, excerpt=REMARK))
    [recorded] = enrolled.look("violations", "--format", "json").data

    shown = enrolled.look("violations", "show", recorded["id"])

    assert "as it stands in HEAD~1" in shown.out
    assert "     3 |     step_2()" in shown.out


def test_lost_code_that_git_never_had_is_not_made_up(enrolled: Operator) -> None:
    """Better nothing than the wrong lines."""
    enrolled.seed(lost(path="never.py"))
    [violation] = enrolled.look("violations", "--format", "json").data

    shown = enrolled.look("violations", "show", violation["id"])

    assert 0 == shown.code
    assert "the lost code is not in the last commits" in shown.out


def test_violation_in_json_is_the_object_of_every_output(enrolled: Operator) -> None:
    """The same fields as on the wire."""
    enrolled.seed(factories.violation())
    [listed] = enrolled.look("violations", "--format", "json").data

    shown = enrolled.look("violations", "show", listed["id"], "--format", "json")

    assert listed == shown.data
    assert msgspec.convert(shown.data, Violation).agent == "cursor-1"


@pytest.mark.parametrize("id", ["", "zz"])
def test_id_must_name_one_violation(enrolled: Operator, id: str) -> None:
    """Neither none nor several."""
    enrolled.seed(factories.violation(), factories.violation(path="b.py"))

    done = enrolled.look("violations", "show", id)

    assert 2 == done.code
    assert "violation" in done.err


def test_dismissed_violation_is_closed(enrolled: Operator) -> None:
    """It leaves the open ones; `--all` still shows it."""
    enrolled.seed(factories.violation())
    [violation] = enrolled.look("violations", "--format", "json").data

    done = enrolled.do("violations", "dismiss", violation["id"], "--reason", "meant")

    assert 0 == done.code
    assert "no open violation\n" == enrolled.look("violations").out
    assert 1 == len(enrolled.look("violations", "--all", "--format", "json").data)


def test_hostile_names_do_not_reach_the_terminal(enrolled: Operator) -> None:
    """Escapes in paths, code and messages are shown, not obeyed."""
    hostile = "a\x1b[2K\u202e\r\nreleased cursor-1\n.py"
    enrolled.seed(factories.violation(path=hostile, excerpt=hostile, message=hostile))
    [violation] = enrolled.look("violations", "--format", "json").data

    shown = [
        enrolled.look("agents").out,
        enrolled.look("violations").out,
        enrolled.look("violations", "show", violation["id"]).out,
        enrolled.look("violations", "--format", "jsonl").out,
        enrolled.do("release", "cursor-1", "--reason", "x").out,
    ]

    assert hostile == violation["path"]
    assert [] == [text for text in shown if {"\x1b", "\u202e", "\r"} & set(text)]
    lines = "".join(shown[:3]).splitlines()
    assert [] == [line for line in lines if line.startswith("released")]


def lost(*, lost: tuple[str, ...] = (), **fields: Any) -> Violation:
    """Elided code with the evidence that `BASE` gives."""
    evidence = Evidence(lost_lines=10, lost_symbols=lost, base_ranges=((2, 11),))
    return factories.violation(evidence=evidence, symbol="total", **fields)
