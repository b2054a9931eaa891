"""The analysis: a change and a rulebook in, violations out. Pure; no I/O anywhere.

`analyse` and `examine` are the entries. A file is judged, skipped with a reason, or
unanalysable with a reason; nothing is passed over in silence.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator
from functools import lru_cache, partial

import msgspec

from qualitywatch.analysis.checks import CHECKS, OF_DELETIONS, Check
from qualitywatch.analysis.checks.duplicate_branch import BRANCHES
from qualitywatch.analysis.checks.duplicate_key import mappings_of
from qualitywatch.analysis.checks.mutable_default import DEFAULTS
from qualitywatch.analysis.comparing.compare import Comparison
from qualitywatch.analysis.firing import (
    NEEDS_BASE,
    looking,
    without_suppressions,
)
from qualitywatch.analysis.patterns import query
from qualitywatch.analysis.sources.embedded import comparisons
from qualitywatch.analysis.sources.kept import Kept
from qualitywatch.analysis.sources.skipping import (
    is_lfs_pointer,
    language_of,
    skip_reason,
)
from qualitywatch.analysis.sources.source import MAX_BYTES, Refused, Source
from qualitywatch.analysis.suppression.standing import listed
from qualitywatch.analysis.symbols.tracing import QUOTES, traces
from qualitywatch.analysis.violations import Fired, fingerprinted, violations
from qualitywatch.languages import Language
from qualitywatch.model import (
    Analysis,
    Change,
    Skipped,
    Suppressed,
    Unanalysable,
    Violation,
    When,
)
from qualitywatch.rulebook import Rule, Rulebook
from qualitywatch.traces import ALONE, Around, Examined, Traces

_KEPT = Kept()

_Read = Callable[[str, bytes, Language], Source]

__all__ = ["CHECKS", "analyse", "examine", "skip_reason"]


def analyse(
    change: Change,
    rulebook: Rulebook,
    *,
    when: When = When.SETTLED,
    around: Around = ALONE,
    max_bytes: int = MAX_BYTES,
) -> Analysis:
    """The violations that *change* introduces, or why it can not be judged.

    *around* is what the other files of its change set and of the repository say: code
    that moved there is not lost, and what they still import is missing.
    """
    found = examine(change, rulebook, when=when, around=around, max_bytes=max_bytes)
    return found.analysis


def examine(
    change: Change,
    rulebook: Rulebook,
    *,
    when: When = When.SETTLED,
    around: Around = ALONE,
    max_bytes: int = MAX_BYTES,
    seen: Callable[[Comparison], None] | None = None,
    keep: bool = True,
    single: bool = False,
) -> Examined:
    """The same, with the traces by which other files are judged.

    *seen* is called with each comparison that was judged: an inventory counts there.
    Nothing is to be kept where nobody asks for these versions of the file soon again.
    Where it is a *single* one, no other change will be judged: to compile a query for
    its base costs more than to ask the base what the new text is asked.
    """
    if change.problem is not None:
        return Examined(analysis=_unanalysable(change, change.problem))
    was_pointer, is_pointer = map(is_lfs_pointer, (change.before, change.after))
    if was_pointer and not is_pointer and change.after is not None:
        # Nobody has seen any of it.
        change = msgspec.structs.replace(change, before=None)
    decides = change.after if change.before is None else change.before
    if decides is None:
        return Examined()
    if reason := skip_reason(change.path, decides):
        skipped = Skipped(path=change.path, reason=reason)
        return Examined(analysis=Analysis(skipped=(skipped,)))
    if is_pointer:
        return Examined(analysis=_unanalysable(change, "is an LFS pointer now"))
    language = language_of(change.path, decides)
    if _is_same(change, max_bytes):
        return Examined()
    # A tree that is kept is memory that the next one has not: a fifth of the time.
    read = _KEPT.read if keep and seen is None else Source.read
    read = partial(read, max_bytes=max_bytes)
    try:
        whole = _compare(change, language, rulebook, around, read)
        return _examined(change, whole, rulebook, when, seen, single=single)
    except Refused as refused:
        return Examined(analysis=_unanalysable(change, refused.reason))


def _is_same(change: Change, max_bytes: int) -> bool:
    """True where nothing changed; of what is too large nobody read the end."""
    is_whole = len(change.after or b"") <= max_bytes
    return is_whole and change.before == change.after and change.old_path is None


def _examined(
    change: Change,
    whole: Comparison,
    rulebook: Rulebook,
    when: When,
    seen: Callable[[Comparison], None] | None,
    *,
    single: bool,
) -> Examined:
    rules = looking(rulebook.of(when).rules, change.path)
    found, suppressed = list[Violation](), list[Suppressed]()
    parts = list(comparisons(whole, rulebook))
    for part in parts:
        left = rules if part.must_parse else _of_no_syntax(rules)
        fired = _fired(part.comparison, left, leaves_traces=seen is None, single=single)
        told = violations(fired, part.comparison)
        found += told.standing
        suppressed += listed(*told, part.comparison.suppressions)
        if seen is not None:
            seen(part.comparison)
    standing = tuple(found) if len(parts) == 1 else _in_order(found)
    analysis = Analysis(violations=standing, suppressed=tuple(suppressed))
    left_behind = Traces()
    if seen is None:  # who only counts asks nothing of other files
        left_behind = traces(whole, change, when, is_violated=bool(standing))
    for comparison in (whole, *(part.comparison for part in parts)):
        for source in filter(None, (comparison.before, comparison.after)):
            _KEPT.leave(source)
    return Examined(analysis=analysis, traces=left_behind)


def _of_no_syntax(rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
    return tuple(rule for rule in rules if rule.check != "broken-syntax")


def _in_order(found: list[Violation]) -> tuple[Violation, ...]:
    """The violations of several parts, with fingerprints that differ."""
    found.sort(key=lambda one: (one.line, one.column, one.rule))
    return tuple(fingerprinted(found))


def _unanalysable(change: Change, reason: str) -> Analysis:
    return Analysis(unanalysable=(Unanalysable(path=change.path, reason=reason),))


def _compare(
    change: Change,
    language: Language,
    rulebook: Rulebook,
    around: Around,
    read: _Read,
) -> Comparison:
    after = read(change.path, change.after or b"", language)
    before = _base(change, language, read)
    before, after, suppressions = without_suppressions(before, after, rulebook)
    if before is not None:
        after.follows(before)
    return Comparison(
        before,
        after,
        around=around,
        is_deleted=change.after is None,
        suppressions=suppressions,
    )


def _base(change: Change, language: Language, read: _Read) -> Source | None:
    """The base; none where the file is new or was another language's before."""
    if change.before is None:
        return None
    path = change.old_path or change.path
    old = language_of(path, change.before)
    if (old.name == "python") != (language.name == "python"):
        return None
    try:
        return read(path, change.before, old)
    except Refused as refused:
        raise Refused(f"the base {refused.reason}") from None


class _Work(msgspec.Struct, frozen=True):
    """What rules make of one language: whom to ask, in their order."""

    checks: tuple[tuple[Rule, Check, int], ...]  # with the place among the checks
    of_deletions: tuple[tuple[Rule, Check, int], ...]
    of_new: tuple[tuple[Rule, Check, int], ...]  # where nothing can be lost
    patterns: tuple[Rule, ...]


@lru_cache(maxsize=128)
def _work(rules: tuple[Rule, ...], language: str) -> _Work:
    order = {name: at for at, name in enumerate(CHECKS)}
    checks = tuple(
        (rule, CHECKS[rule.check], order[rule.check])
        for rule in rules
        if rule.check is not None and rule.section(language) is not None
    )
    return _Work(
        checks=checks,
        of_deletions=tuple(row for row in checks if row[0].check in OF_DELETIONS),
        of_new=tuple(row for row in checks if NEEDS_BASE not in row[0].tags),
        patterns=tuple(rule for rule in rules if rule.check is None),
    )


def _fired(
    comparison: Comparison,
    rules: tuple[Rule, ...],
    *,
    leaves_traces: bool,
    single: bool,
) -> Iterator[Fired]:
    work = _work(rules, comparison.after.language.name)
    asked = work.of_new if comparison.before is None else work.checks
    if comparison.is_deleted:
        asked = work.of_deletions
    combined: query.Combined | None = None
    if work.patterns and not comparison.is_deleted:
        language = comparison.after.language
        combined = _combined(language, work.patterns, with_strings=leaves_traces)
        comparison.after.survey = combined.survey
        before = comparison.before
        if single and before is not None and before.language is language:
            before.survey = combined.survey
    for rule, check, order in asked:
        for hit in check(comparison):
            yield Fired(rule=rule, hit=hit, order=order)
    if combined is not None:
        yield from _pattern_hits(comparison, work.patterns, combined)


def _pattern_hits(
    comparison: Comparison, patterns: tuple[Rule, ...], combined: query.Combined
) -> Iterator[Fired]:
    """Hits of queries and remarks that the base did not have."""
    before, after = comparison.before, comparison.after
    is_same = before is not None and before.language is after.language
    asked = combined.reached(after) if is_same else None
    found = combined.hits(after, before if is_same else None, only=asked)
    if not found:
        return
    by_id = {rule.id: rule for rule in patterns}
    old = _known(comparison.before, patterns, found.keys())
    for rule_id, hits in found.items():
        for hit in hits:
            key = (rule_id, comparison.after.lines[hit.line - 1].strip())
            if old[key] > 0:
                old[key] -= 1
            else:
                yield Fired(rule=by_id[rule_id], hit=hit, order=len(CHECKS))


def _known(
    before: Source | None, patterns: tuple[Rule, ...], asked: Collection[str]
) -> Counter[tuple[str, str]]:
    """What the rules *asked* find in the base, by rule and text of the line."""
    if before is None:
        return Counter()
    # Who has a base leaves traces: it is the query that the new text was asked.
    combined = _combined(before.language, patterns, with_strings=True)
    found = combined.hits(before, only=asked)
    return Counter(
        (rule_id, before.lines[hit.line - 1].strip())
        for rule_id, hits in found.items()
        for hit in hits
    )


@lru_cache(maxsize=16)
def _combined(
    language: Language, patterns: tuple[Rule, ...], *, with_strings: bool
) -> query.Combined:
    """One query for rules and checks; strings are many, and only traces need them."""
    nodes = (DEFAULTS, BRANCHES, mappings_of(language.name))
    asked = filter(None, (QUOTES, *nodes) if with_strings else nodes)
    return query.compile_combined(language, patterns, counted=tuple(asked))
