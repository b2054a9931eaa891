"""The proof of a rule: every example of its file, judged as a real change would be.

`wrong` lines are told apart as in other rule engines: *missing* (silent where it must
fire) and *noisy* (fired where it must not).
"""

from __future__ import annotations

from qualitywatch.analysis import analyse
from qualitywatch.model import Change, Noun
from qualitywatch.rulebook import Example, Rule, Rulebook

Place = tuple[int, str]
"""A line of the example's code, and the id of a rule."""


class Outcome(Noun):
    """What one example showed; nothing wrong means that all fields are empty."""

    missing: frozenset[Place] = frozenset()
    noisy: frozenset[Place] = frozenset()
    problem: str = ""  # why the example could not be judged at all

    @property
    def good(self) -> bool:
        """True when the rule did what the example says."""
        return not (self.missing or self.noisy or self.problem)


def alone(rule: Rule, example: Example, known: Rulebook | None = None) -> Outcome:
    """*rule*, and nothing else, on its *example*; the others are *known* by name."""
    rulebook = Rulebook(rules=(rule,), resting=() if known is None else known.rules)
    wanted = frozenset(place for place in example.finds if place[1] == rule.id)
    outcome = _compared(example, example.after, wanted, rulebook)
    if example.fixed is None or not outcome.good:
        return outcome
    fixed = _compared(example, example.fixed, frozenset(), rulebook)
    return outcome if fixed.good else Outcome(problem="its `fixed` text is not clean")


def together(rule: Rule, example: Example, rulebook: Rulebook) -> Outcome:
    """All rules of *rulebook* on an *example* of *rule*: the others hold their peace.

    They fire only where the example names them. Since a unit is reported once, by its
    strongest violation, a named rule may take the place of *rule* itself. What *rule*
    is known to miss, another may find; what it is known to find wrongly is its affair.
    """
    outcome = _compared(example, example.after, example.finds, rulebook)
    if not example.known_limit and all(id == rule.id for _, id in example.finds):
        return outcome
    return Outcome(
        missing=frozenset(place for place in outcome.missing if place[1] != rule.id),
        noisy=outcome.noisy - _known(rule, example, outcome.noisy),
        problem=outcome.problem,
    )


def _known(rule: Rule, example: Example, noisy: frozenset[Place]) -> frozenset[Place]:
    """The noise that a known limit speaks of."""
    if not example.known_limit:
        return frozenset()
    lines = {line for line, _ in example.finds}
    return frozenset(p for p in noisy if p[1] == rule.id or p[0] in lines)


def _compared(
    example: Example, after: str, wanted: frozenset[Place], rulebook: Rulebook
) -> Outcome:
    before = None if example.before is None else example.before.encode()
    change = Change(path=example.path, before=before, after=after.encode())
    analysis = analyse(change, rulebook)
    found = frozenset((each.line, each.rule) for each in analysis.violations)
    unread = [each.reason for each in analysis.unanalysable]
    unread += [each.reason for each in analysis.skipped]
    return Outcome(
        missing=wanted - found,
        noisy=found - wanted,
        problem=f"not judged: {unread[0]}" if unread else "",
    )
