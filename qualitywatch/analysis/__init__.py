"""The analysis: a change and a rulebook in, violations out. Pure; no I/O anywhere.

`analyse` is the one entry. A file is judged, skipped with a reason, or unanalysable
with a reason; nothing is passed over in silence.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import lru_cache

from qualitywatch.analysis import query
from qualitywatch.analysis.checks import CHECKS
from qualitywatch.analysis.compare import Comparison
from qualitywatch.analysis.design import is_test_double_file
from qualitywatch.analysis.hit import Hit
from qualitywatch.analysis.skipping import language_of, skip_reason
from qualitywatch.analysis.source import MAX_BYTES, Refused, Source, line_key
from qualitywatch.analysis.violations import Fired, violations
from qualitywatch.languages import Language
from qualitywatch.model import Analysis, Change, Skipped, Unanalysable, When
from qualitywatch.rulebook import Rule, Rulebook, Where

__all__ = ["CHECKS", "analyse", "gained_lines", "skip_reason"]


def analyse(
    change: Change,
    rulebook: Rulebook,
    *,
    when: When = When.SETTLED,
    gained_elsewhere: frozenset[str] = frozenset(),
    max_bytes: int = MAX_BYTES,
) -> Analysis:
    """The violations that *change* introduces, or why it can not be judged.

    *gained_elsewhere* are the lines that other files of the same change set gain
    (`gained_lines`): code that went there is not lost.
    """
    if change.problem is not None:
        return _unanalysable(change, change.problem)
    if change.after is None:
        return Analysis()
    decides = change.after if change.before is None else change.before
    if reason := skip_reason(change.path, decides):
        return Analysis(skipped=(Skipped(path=change.path, reason=reason),))
    language = language_of(change.path, decides)
    if language is None or change.before == change.after:
        return Analysis()
    try:
        comparison = _compare(change, language, gained_elsewhere, max_bytes)
        fired = _fired(comparison, _looking(rulebook.of(when), change.path))
        return Analysis(violations=violations(fired, comparison))
    except Refused as refused:
        return _unanalysable(change, refused.reason)


def gained_lines(change: Change) -> frozenset[str]:
    """The code lines that *change* adds, as other files' losses are compared with.

    It reads text only; a line with a comment behind its code is given both ways.
    """
    if change.after is None or change.after == change.before:
        return frozenset()
    old = {line.strip() for line in _lines(change.before)}
    new = {line.strip() for line in _lines(change.after)} - old
    keys = {line_key(half) for line in new for half in _with_and_without_comment(line)}
    return frozenset(keys - {""})


def _unanalysable(change: Change, reason: str) -> Analysis:
    return Analysis(unanalysable=(Unanalysable(path=change.path, reason=reason),))


def _compare(
    change: Change, language: Language, gained_elsewhere: frozenset[str], max_bytes: int
) -> Comparison:
    assert change.after is not None
    after = Source.read(change.path, change.after, language, max_bytes=max_bytes)
    return Comparison(
        _base(change, language, max_bytes), after, gained_elsewhere=gained_elsewhere
    )


def _base(change: Change, language: Language, max_bytes: int) -> Source | None:
    """The base; none where the file is new or was another language's before."""
    if change.before is None:
        return None
    path = change.old_path or change.path
    old = language_of(path, change.before)
    if old is None or (old.name == "python") != (language.name == "python"):
        return None
    try:
        return Source.read(path, change.before, old, max_bytes=max_bytes)
    except Refused as refused:
        raise Refused(f"the base {refused.reason}") from None


def _looking(rulebook: Rulebook, path: str) -> tuple[Rule, ...]:
    """The rules that look into a file at *path*."""
    away = Where.PRODUCT if is_test_double_file(path) else Where.TESTS
    return tuple(rule for rule in rulebook.rules if rule.where is not away)


def _fired(comparison: Comparison, rules: tuple[Rule, ...]) -> Iterator[Fired]:
    language = comparison.after.language.name
    order = {name: at for at, name in enumerate(CHECKS)}
    for rule in rules:
        if rule.check is not None and rule.section(language) is not None:
            for hit in CHECKS[rule.check](comparison):
                yield Fired(rule=rule, hit=hit, order=order[rule.check])
    yield from _pattern_hits(comparison, rules)


def _pattern_hits(comparison: Comparison, rules: tuple[Rule, ...]) -> Iterator[Fired]:
    """Hits of queries and remarks that the base did not have."""
    patterns = tuple(rule for rule in rules if rule.check is None)
    if not patterns:
        return
    by_id = {rule.id: rule for rule in patterns}
    found = _combined(comparison.after.language, patterns).hits(comparison.after)
    if not any(found.values()):
        return
    old = _known(comparison.before, patterns)
    for rule_id, hits in found.items():
        for hit in hits:
            key = (rule_id, comparison.after.lines[hit.line - 1].strip())
            if old[key] > 0:
                old[key] -= 1
            else:
                yield Fired(rule=by_id[rule_id], hit=hit, order=len(CHECKS))


def _known(
    before: Source | None, patterns: tuple[Rule, ...]
) -> Counter[tuple[str, str]]:
    """What the rules find in the base, by rule and text of the line."""
    if before is None:
        return Counter()
    found: dict[str, list[Hit]] = _combined(before.language, patterns).hits(before)
    return Counter(
        (rule_id, before.lines[hit.line - 1].strip())
        for rule_id, hits in found.items()
        for hit in hits
    )


@lru_cache(maxsize=16)
def _combined(language: Language, patterns: tuple[Rule, ...]) -> query.Combined:
    return query.compile_combined(language, patterns)


def _lines(content: bytes | None) -> list[str]:
    return (content or b"").decode("utf-8", "replace").splitlines()


def _with_and_without_comment(line: str) -> Iterator[str]:
    yield line
    for mark in ("#", "//"):
        code, found, _ = line.partition(f" {mark}")
        if found:
            yield code
