"""`#kind?` in a query: which types of node count, asked for a match at a time."""

from __future__ import annotations

import pytest

from qualitywatch import rulebook
from qualitywatch.analysis import analyse
from qualitywatch.errors import RuleError
from qualitywatch.model import Change
from qualitywatch.rulebook import Rulebook
from tests.rule_files import parsed, spoilt

QUERY = '(call function: (identifier) @name (#eq? @name "breakpoint")) @hit'


def asking(kinds: str) -> str:
    return spoilt(
        QUERY, f"(call arguments: (argument_list (_) @a) (#kind? {kinds})) @hit"
    )


@pytest.mark.parametrize(
    ("code", "finds"),
    [
        ("f(1)", True),
        ("f(1.5)", True),
        ("f('1')", False),
        ("f(x)", False),
        ("f(x, 1)", True),
    ],
)
def test_a_node_of_one_of_the_types_counts(code: str, finds: bool) -> None:
    rules = Rulebook.holding([parsed(asking('@a "integer" "float"'))])
    change = Change(path="a.py", before=None, after=f"{code}\n".encode())

    assert finds is bool(analyse(change, rules).violations)


@pytest.mark.parametrize(
    ("kinds", "problem"),
    [
        ('@a "intger"', 'names "intger", which is no node type'),
        ('@a "integer" "+"', 'names "\\+", which is no node type'),
        ("@a", "takes a capture and strings"),
        ('"integer" @a', "takes a capture and strings"),
    ],
)
def test_a_type_that_no_grammar_has_is_refused(
    tmp_path, kinds: str, problem: str
) -> None:
    """Else a slip of the pen would make a rule that never finds."""
    path = tmp_path / "logic-error" / "left-breakpoint.md"
    path.parent.mkdir()
    path.write_text(asking(kinds))

    with pytest.raises(RuleError, match=problem):
        rulebook.read(path)


@pytest.mark.parametrize(
    ("code", "finds"),
    [
        ("breakpoint()", True),
        ("if f(breakpoint()):\n    pass", False),
        ("class A:\n    x = [breakpoint()]", False),
    ],
)
def test_a_node_right_inside_one_of_the_types_counts(code: str, finds: bool) -> None:
    query = '(call) @hit (#within? @hit "expression_statement" "module")'
    rules = Rulebook.holding([parsed(spoilt(QUERY, f"({query})"))])
    change = Change(path="a.py", before=None, after=f"{code}\n".encode())

    assert finds is bool(analyse(change, rules).violations)


def test_a_surrounding_type_that_no_grammar_has_is_refused(tmp_path) -> None:
    path = tmp_path / "logic-error" / "left-breakpoint.md"
    path.parent.mkdir()
    path.write_text(
        spoilt(QUERY, '((call) @hit (#within? @hit "expresion_statement"))')
    )

    with pytest.raises(RuleError, match="`#within\\?` names"):
        rulebook.read(path)
