"""Where a rule fires on a text as it stands, whatever the base was.

It is what a suppression has to be measured by: one where the rule does not fire, with
or without a base, silences nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache, lru_cache

from qualitywatch.analysis.checks import CHECKS
from qualitywatch.analysis.comparing.compare import Comparison
from qualitywatch.analysis.hit import Hit
from qualitywatch.analysis.patterns import query
from qualitywatch.analysis.sources.skipping import is_path_of_rule
from qualitywatch.analysis.sources.source import Source
from qualitywatch.analysis.stubs.design import is_test_double_file
from qualitywatch.analysis.suppression.comments import taken_out
from qualitywatch.analysis.suppression.standing import Suppressions
from qualitywatch.languages import Language
from qualitywatch.rulebook import Rule, Rulebook, Where

GUARDED = "guard-bypass"
"""The tag of rules that speak of this guard: no comment silences them."""

NEEDS_BASE = "lost-code"
"""The tag of rules that no text alone can break."""


def without_suppressions(
    before: Source | None, after: Source, rulebook: Rulebook
) -> tuple[Source | None, Source, Suppressions]:
    """Both texts with blanks where their suppressions are, and these."""
    after, new = taken_out(after)
    before, old = (None, ()) if before is None else taken_out(before)
    if not old and not new:
        return before, after, Suppressions()
    rules = {rule.id: rule for rule in (*rulebook.rules, *rulebook.resting)}

    texts = {"after": Comparison(None, after)}
    if before is not None:
        texts["before"] = Comparison(None, before)

    @cache
    def fires(rule: str, side: str) -> frozenset[int] | None:
        text = texts.get(side)
        return None if text is None else lines_of(rules[rule], text)

    guarded = [rule.id for rule in rules.values() if GUARDED in rule.tags]
    said = Suppressions(old, new, known=rules, guarded=guarded, fires=fires)
    return before, after, said


def lines_of(rule: Rule, text: Comparison) -> frozenset[int] | None:
    """The lines of a new *text* on which *rule* fires; `None` where it needs a base."""
    if NEEDS_BASE in rule.tags or rule.section(text.after.language.name) is None:
        return None
    if not looks_into(rule, text.path):
        return frozenset()
    return frozenset(hit.line for hit in _hits(rule, text))


def looks_into(rule: Rule, path: str) -> bool:
    """True unless *rule* asks for another kind of file: tests, or all but tests."""
    return rule in looking((rule,), path)


def looking(rules: tuple[Rule, ...], path: str) -> tuple[Rule, ...]:
    """Those of *rules* that look into a file at *path*."""
    away = Where.PRODUCT if is_test_double_file(path) else Where.TESTS
    return _looking(rules, away, is_rule=is_path_of_rule(path))


@lru_cache(maxsize=64)
def _looking(
    rules: tuple[Rule, ...], away: Where, *, is_rule: bool
) -> tuple[Rule, ...]:
    if is_rule:  # its examples are wrong on purpose
        return tuple(rule for rule in rules if rule.check == "guard-tampering")
    return tuple(rule for rule in rules if rule.where is not away)


def _hits(rule: Rule, text: Comparison) -> Iterable[Hit]:
    if rule.check is not None:
        return CHECKS[rule.check](text)
    found = _combined(text.after.language, rule).hits(text.after)
    return found.get(rule.id, ())


@lru_cache(maxsize=16)
def _combined(language: Language, rule: Rule) -> query.Combined:
    return query.compile_combined(language, (rule,))
