"""Which suppressions count: those that stand in the base.

A suppression of the new text stands in the base where the base says the same words in
the same unit about the same code, as often as the new text does. If the code of one
was edited, it still stands while no copy makes it doubtful which one it is, and the
code is still like what it was. So one that a change adds, copies or carries to other
code silences nothing, and to add one can never make a violation disappear.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING
from weakref import proxy

from qualitywatch.analysis.suppression.comments import Suppression
from qualitywatch.model import Suppressed, Violation

if TYPE_CHECKING:
    from qualitywatch.analysis.comparing.compare import Comparison

LIKE = 0.5  # of two versions of one line
MAX_ALIKE = 20  # suppressions with the same words in one unit, if code was edited
MAX_COMPARED = 300  # signs of a line

Key = tuple[Hashable, ...]


class Suppressions:
    """The suppressions of both texts, and which of the new ones stand in the base."""

    def __init__(
        self,
        before: Sequence[Suppression] = (),
        after: Sequence[Suppression] = (),
        *,
        known: Iterable[str] = (),
        guarded: Iterable[str] = (),
        fires: Callable[[str, str], frozenset[int] | None] = lambda _rule, _side: None,
    ) -> None:
        self.before = tuple(before)
        self.after = tuple(after)
        self.known = frozenset(known)  # ids of all rules; empty: nobody knows
        self.guarded = frozenset(guarded)  # ids of those that no comment silences
        self.fires = fires  # (rule, "before" or "after") -> lines; None: can not say

    def on(self, line: int, rule: str) -> list[Suppression]:
        """The sound suppressions of *rule* that speak of *line* of the new text."""
        if rule in self.guarded:
            return []
        return [
            each
            for each in self.after
            if each.line <= line <= each.target
            and rule in each.rules
            and not each.fault
        ]


class Standing:
    """The suppressions of a comparison that count."""

    def __init__(self, comparison: Comparison) -> None:
        # It is the comparison's own: a circle would keep both trees until it is found.
        self._comparison: Comparison = proxy(comparison)
        self._all = comparison.suppressions

    def counts(self, rule: str, line: int) -> bool:
        """True where the base allows *rule* on *line* of the new text."""
        return any(
            each in self.standing
            and (line in (each.line, each.target) or self._is_old_remark(line))
            for each in self._all.on(line, rule)
        )

    @cached_property
    def standing(self) -> frozenset[Suppression]:
        """Those of the new text that the base had."""
        if not self._all.after or not self._all.before:
            return frozenset()
        exact, left_before, left_after = self._exact()
        for words, new in left_after.items():
            old = left_before.get(words, [])
            if len(new) <= min(len(old), MAX_ALIKE):
                exact.update(
                    one for one in new if any(_is_like(one.code, o.code) for o in old)
                )
        return frozenset(exact)

    def _exact(
        self,
    ) -> tuple[
        set[Suppression], dict[Key, list[Suppression]], dict[Key, list[Suppression]]
    ]:
        """Those about the very same code, and what is left on both sides."""
        old, new = self._grouped_before(), self._grouped_after()
        stands: set[Suppression] = set()
        left_old: dict[Key, list[Suppression]] = defaultdict(list)
        left_new: dict[Key, list[Suppression]] = defaultdict(list)
        for key, group in new.items():
            if len(group) <= len(old.get(key, ())):
                stands.update(group)
            elif key not in old:
                left_new[key[:-1]].extend(group)
        for key, group in old.items():
            left_old[key[:-1]].extend(group[len(new.get(key, ())) :])
        return stands, left_old, left_new

    def _grouped_before(self) -> dict[Key, list[Suppression]]:
        base = self._comparison.base
        groups: dict[Key, list[Suppression]] = defaultdict(list)
        for each in self._all.before:
            if base is not None and not each.fault:
                unit = base.unit_at(each.target).index
                groups[each.words, unit, each.code].append(each)
        return groups

    def _grouped_after(self) -> dict[Key, list[Suppression]]:
        groups: dict[Key, list[Suppression]] = defaultdict(list)
        for each in self._all.after:
            unit = self._comparison.origin(self._comparison.unit_at(each.target))
            if unit is not None and not each.fault:
                groups[each.words, unit.index, each.code].append(each)
        return groups

    def _is_old_remark(self, line: int) -> bool:
        """True for a remark between the suppression and its code that the base had."""
        text = self._comparison.after.lines[line - 1].strip()
        return any(text in each.remarks for each in self._all.before)


def listed(
    standing: Iterable[Violation],
    allowed: Iterable[Violation],
    suppressions: Suppressions,
) -> tuple[Suppressed, ...]:
    """What suppressions speak of, each with its reason: it counts for the *allowed*."""
    if not suppressions.after:
        return ()
    return tuple(
        Suppressed(
            violation=violation,
            reason=spoken.reason,
            line=spoken.line,
            counts=counts,
        )
        for found, counts in ((allowed, True), (standing, False))
        for violation in found
        for spoken in suppressions.on(violation.line, violation.rule)[:1]
    )


def added(comparison: Comparison) -> list[Suppression]:
    """The suppressions that the change brings, those that can not count included."""
    if not comparison.suppressions.after:
        return []
    standing = comparison.standing.standing
    faulty = Counter(each.words for each in comparison.suppressions.before)
    new = []
    for each in comparison.suppressions.after:
        if each in standing:
            continue
        if each.fault and faulty[each.words] > 0:
            faulty[each.words] -= 1
            continue
        new.append(each)
    return new


def _is_like(one: str, other: str) -> bool:
    from difflib import SequenceMatcher  # for a few changes only

    matcher = SequenceMatcher(
        None, one[:MAX_COMPARED], other[:MAX_COMPARED], autojunk=False
    )
    return matcher.real_quick_ratio() >= LIKE and matcher.ratio() >= LIKE
