"""Every example of every rule file is a test; its id is `rule-id:line`."""

from __future__ import annotations

import pytest

from qualitywatch import rulebook
from qualitywatch.analysis import CHECKS, examples
from qualitywatch.rulebook import Example, Rule

RULES = rulebook.load(validate=True, known_checks=CHECKS)
EXAMPLES = [(rule, example) for rule in RULES.rules for example in rule.examples]
MET = [(rule, example) for rule, example in EXAMPLES if not example.known_limit]
LIMITS = [(rule, example) for rule, example in EXAMPLES if example.known_limit]


def ids(rows: list[tuple[Rule, Example]]) -> list[str]:
    """`rule-id:line`, where a failure can be clicked."""
    return [f"{rule.id}:{example.line}" for rule, example in rows]


@pytest.mark.parametrize(("rule", "example"), MET, ids=ids(MET))
def test_example(rule: Rule, example: Example) -> None:
    """The rule fires on the marked lines and nowhere else."""
    assert examples.Outcome() == examples.alone(rule, example, RULES)


@pytest.mark.parametrize(("rule", "example"), LIMITS, ids=ids(LIMITS))
def test_known_limit(rule: Rule, example: Example) -> None:
    """What a rule says it can not do is true; once it can, move the example up."""
    assert examples.Outcome() != examples.alone(rule, example, RULES)


@pytest.mark.parametrize(("rule", "example"), EXAMPLES, ids=ids(EXAMPLES))
def test_other_rules_are_silent(rule: Rule, example: Example) -> None:
    """No other rule fires on the example, unless a marker names it."""
    assert examples.Outcome() == examples.together(rule, example, RULES)


@pytest.mark.parametrize("rule", RULES.rules, ids=RULES.ids)
def test_shows_both_sides(rule: Rule) -> None:
    """Each heading of a rule has examples that fire and examples that are clean."""
    for line in {section.line for section in rule.sections}:
        under = [section for section in rule.sections if section.line == line]
        shown = [e for s in under for e in rule.examples_of(s) if not e.known_limit]
        sides = {any(id == rule.id for _, id in example.finds) for example in shown}

        assert {True, False} == sides
