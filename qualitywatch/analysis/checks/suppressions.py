"""Suppressions that a change brings: new, void, or without anything to silence.

Needs functions: which suppressions are new is told by comparing both texts, and what
one silences by running the rules that it names.
"""

from __future__ import annotations

from collections.abc import Iterator

from qualitywatch.analysis.comparing.compare import Comparison
from qualitywatch.analysis.hit import Hit
from qualitywatch.analysis.suppression.comments import Suppression
from qualitywatch.analysis.suppression.standing import added

MAX_HITS = 50  # of each kind in one file
MAX_ASKED = 50  # times a rule is run to see if it fires


def new_suppression(comparison: Comparison) -> Iterator[Hit]:
    """Sound suppressions that the base did not have: a human has to accept them."""
    sound = [each for each in added(comparison) if not _fault(each, comparison)]
    for each in sound[:MAX_HITS]:
        yield _hit(each, rules=", ".join(each.rules))


def void_suppression(comparison: Comparison) -> Iterator[Hit]:
    """New suppressions that can never count, and why not."""
    spoken = ((each, _fault(each, comparison)) for each in added(comparison))
    void = [(each, fault) for each, fault in spoken if fault]
    for each, fault in void[:MAX_HITS]:
        yield _hit(each, fault=fault)


def unused_suppression(comparison: Comparison) -> Iterator[Hit]:
    """Suppressions with nothing to silence, if they had something or are new."""
    asked = 0
    for each in comparison.suppressions.after:
        if _fault(each, comparison) or asked >= MAX_ASKED:
            continue
        asked += len(each.rules)
        idle = [rule for rule in each.rules if _is_idle(rule, each, comparison)]
        if idle:
            yield _hit(each, rules=", ".join(idle))


def _fault(spoken: Suppression, comparison: Comparison) -> str:
    known = comparison.suppressions.known
    if spoken.fault:
        return spoken.fault
    if fixed := comparison.suppressions.guarded.intersection(spoken.rules):
        return f"`{min(fixed)}` can not be allowed"
    unknown = next((rule for rule in spoken.rules if rule not in known), None)
    if unknown is None or not known:
        return ""
    import difflib  # for mistakes only

    meant = difflib.get_close_matches(unknown, known, n=1)
    return f"no rule `{unknown[:30]}`" + (f"; `{meant[0]}`?" if meant else "")


def _is_idle(rule: str, spoken: Suppression, comparison: Comparison) -> bool:
    """True where *rule* does not fire there, though it did or the words are new."""
    fires = comparison.suppressions.fires
    now = fires(rule, "after")
    if now is None or _is_met(spoken, now):
        return False
    if spoken not in comparison.standing.standing:
        return True
    was = fires(rule, "before")
    return any(
        old.words == spoken.words and _is_met(old, was or frozenset())
        for old in comparison.suppressions.before
    )


def _is_met(spoken: Suppression, lines: frozenset[int]) -> bool:
    return any(spoken.line <= line <= spoken.target for line in lines)


def _hit(spoken: Suppression, **names: str) -> Hit:
    return Hit(
        line=spoken.line,
        column=spoken.column,
        end_line=spoken.line,
        end_column=spoken.end_column,
        excerpt=spoken.text,
        names=names,
    )
