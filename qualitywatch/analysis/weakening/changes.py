"""How a change weakens the tests of one file: each weakened test once, as worst."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import islice

from qualitywatch.analysis.comparing.compare import Comparison
from qualitywatch.analysis.sources.source import Source
from qualitywatch.analysis.weakening.assertions import Assertion, read, words_of
from qualitywatch.analysis.weakening.cases import (
    Case,
    Skip,
    cases,
    doubtful_cases,
    touched_cases,
)
from qualitywatch.analysis.weakening.kinds import Kind, Weakened
from qualitywatch.analysis.weakening.loosening import is_looser
from qualitywatch.analysis.weakening.pairs import Pairs
from qualitywatch.model import Confidence, Severity
from qualitywatch.regex import regex

MAX_WEAKENED = 50  # of one file
MAX_COMPARED = 50  # assertions of one test
MIN_NAME = 6  # signs of a name that another name may hold
MAX_FUNCTIONS = 500
MOVED = 0.5  # of the lines of a test that another file gained

_CALLED = regex(r"(\w+)!?\s*\(|^\s*([a-z_]\w*)(?:\s+[\"'\w]|$)")
_FUNCTION = regex(r"\b(?:def|func|fn|function|void|fun|Task)[ \t]+(\w+)[ \t]*\(")
_REFLEXIVE = regex(r"(?i)equal|\beq\b|hash|reflex|ident|same|idempot|cache|memo")
_RETURN = regex(r"return\b\s*;?$")


def weakened(comparison: Comparison) -> tuple[Weakened, ...]:
    """Every test that the change weakens, in the order of the new text."""
    before, after = comparison.before, comparison.after
    if before is None:
        found = [each for case in doubtful_cases(after) for each in _alone(case)]
    else:
        gone = comparison.is_deleted
        old, new = (cases(before), []) if gone else touched_cases(before, after)
        found = list(_Weakening(comparison, before, Pairs(old, new)).all())
    found.sort(key=lambda each: (each.line, each.kind))
    return tuple(found[:MAX_WEAKENED])


class _Weakening:
    """What became of the tests that a change touched."""

    def __init__(self, comparison: Comparison, before: Source, pairs: Pairs) -> None:
        self._comparison = comparison
        self._before = before
        self._pairs = pairs

    def all(self) -> Iterator[Weakened]:
        for old, new in self._pairs.both:
            yield from self._between(old, new)
        for case in self._pairs.new:
            yield from _alone(case)
        yield from self._deleted()

    # A test on both sides

    def _between(self, old: Case, new: Case) -> Iterator[Weakened]:
        if new.is_focused and not old.is_focused:
            yield _focused(new)
        if new.raw == old.raw if new.kind == "test" else new.head == old.head:
            return
        if new.skip is not None and old.skip is None:
            yield _skipped(new, new.skip)
        elif old.kind == "test":
            yield from islice(self._edited(old, new), 1)

    def _edited(self, old: Case, new: Case) -> Iterator[Weakened]:
        edit = Edit(old, new)
        if not edit.had:
            return
        if new.is_empty and not edit.commented:
            yield _emptied(new, old)
        yield from _trivial(edit)
        yield from self._removed(edit)
        yield from _loosened(edit)
        if line := _early_return(edit):
            yield Weakened(
                kind=Kind.SKIPPED,
                name=new.name,
                line=line,
                said="returns before its assertions",
                severity=Severity.MEDIUM,
            )

    def _removed(self, edit: Edit) -> Iterator[Weakened]:
        if not edit.gone or (edit.has and edit.added_lines and not edit.commented):
            return
        gone = sum(self._is_lost(each) for each in edit.gone)
        if not gone:
            return
        if edit.commented:
            said = f"{_count(edit.commented)} commented out"
            yield _removed(edit, said, Severity.MEDIUM)
        elif not edit.has and not edit.calls_new():
            yield _removed(edit, "no assertion is left", Severity.MEDIUM)
        elif not edit.added_lines:
            yield _removed(edit, f"{_count(gone)} removed", Severity.LOW)

    def _is_lost(self, assertion: Assertion) -> bool:
        """True unless another test of the file took it over."""
        before, after = self._texts
        return after[assertion.key] < before[assertion.key]

    @cached_property
    def _texts(self) -> tuple[Counter[str], Counter[str]]:
        """Every assertion of changed tests, before and after."""
        edited = [pair for pair in self._pairs.both if pair[0].raw != pair[1].raw]
        before = [old for old, _ in edited] + self._pairs.gone
        after = [new for _, new in edited] + self._pairs.new
        return _texts(before), _texts(after)

    # A test that is gone

    def _deleted(self) -> Iterator[Weakened]:
        gone: list[Case] = []
        commented: list[Case] = []
        for old in self._pairs.gone:
            if old.kind == "group" or not _real(old.assertions):
                continue
            if self._has_moved(old):
                continue
            if line := self._disabled_by_name(old):
                yield _renamed(old, line)
            elif _in_comments(old.statements, self._spoken):
                commented.append(old)
            else:
                gone.append(old)
        yield from self._gone(commented, "commented out", Severity.MEDIUM)
        yield from self._gone(gone, "gone", Severity.LOW)

    def _gone(
        self, tests: Sequence[Case], word: str, severity: Severity
    ) -> Iterator[Weakened]:
        """One for all: a rewritten file is told once."""
        for first in tests[:1]:
            more = len(tests) - 1
            yield Weakened(
                kind=Kind.DELETED,
                name=first.name,
                line=self._place_of(first),
                said=f"and {more} more are {word}" if more else f"is {word}",
                severity=severity,
                base_lines=(first.first, first.end),
            )

    @cached_property
    def _spoken(self) -> str:
        """The comments of the new text, on one line."""
        texts = (each.text for each in self._comparison.after.comments())
        return " ".join(" ".join(texts).split())

    def _has_moved(self, old: Case) -> bool:
        """True where another file gained it."""
        elsewhere = self._comparison.around.lines
        if not elsewhere:
            return False
        keys = [c.key for c in self._before.code if old.line <= c.line <= old.end]
        return sum(key in elsewhere for key in keys) >= MOVED * len(keys) > 0

    def _disabled_by_name(self, old: Case) -> int:
        """The line on which a function like it has a name that no runner looks for."""
        if len(old.name) < MIN_NAME:
            return 0
        return next(
            (
                line
                for name, line in self._functions[:MAX_FUNCTIONS]
                if old.name in name and not name.startswith(old.name)
            ),
            0,
        )

    @cached_property
    def _functions(self) -> list[tuple[str, int]]:
        """Names and lines of all functions of the new text."""
        return [
            (found[1], number)
            for number, text in enumerate(self._comparison.after.lines, 1)
            if "(" in text and (found := _FUNCTION.search(text))
        ]

    def _place_of(self, old: Case) -> int:
        """The line of the new text where it would stand: behind the test before it."""
        after = self._comparison.after
        all_new = [] if self._comparison.is_deleted else cases(after)
        both = Pairs(cases(self._before), all_new).both
        above = [new.end for was, new in both if was.end < old.line]
        return min(max(above, default=1), len(after.lines))


class Edit:
    """One test, before and after."""

    def __init__(self, old: Case, new: Case) -> None:
        self.old, self.new = old, new
        before, after = old.assertions, new.assertions
        self.had, self.has = _real(before), _real(after)
        self.gone = _only_in(self.had, after)
        self.came = _only_in(after, before)

    @cached_property
    def commented(self) -> int:
        """How many of the assertions that are gone stand in the comments."""
        lost = len(self.had) - len(self.has)
        if lost <= 0:
            return 0
        said = (comment.text for comment in self.new.comments())
        flat = " ".join(" ".join(said).split())
        return min(lost, sum(each.text[:60] in flat for each in self.gone))

    @cached_property
    def added_lines(self) -> list[str]:
        """The lines that only the new body has, or has more often."""
        known = Counter(map(words_of, self.old.statements))
        return [s for s in self.new.statements if not _take(known, words_of(s))]

    def calls_new(self) -> bool:
        """True where the new body calls something that the old one did not."""
        return not _calls(self.added_lines) <= _calls(self.old.statements)


def _alone(case: Case) -> Iterator[Weakened]:
    """What is wrong with a test that the base does not have."""
    if case.is_focused:
        yield _focused(case)
    if case.kind == "group":
        return
    first = _if_all_are_trivial(case)
    if first is not None and case.skip is None:
        yield Weakened(
            kind=Kind.TRIVIAL,
            name=case.name,
            line=first.line,
            said="asserts nothing",
            severity=Severity.LOW,
            confidence=Confidence.POSSIBLE,
        )


def _if_all_are_trivial(case: Case) -> Assertion | None:
    """The first assertion of *case*, where no other one asserts anything."""
    first: Assertion | None = None
    for each in read(case.body):
        if not each.is_trivial:
            return None
        first = first or each
    return first


def _texts(found: Sequence[Case]) -> Counter[str]:
    tests = (case for case in found if case.kind == "test")
    return Counter(each.key for case in tests for each in case.assertions)


def _only_in(these: Sequence[Assertion], those: Sequence[Assertion]) -> list[Assertion]:
    """Those of *these* that are not among *those* as often."""
    known = Counter(each.key for each in those)
    return [each for each in these if not _take(known, each.key)]


def _real(found: Sequence[Assertion]) -> list[Assertion]:
    return [each for each in found if not each.is_trivial]


def _trivial(edit: Edit) -> Iterator[Weakened]:
    came = [each for each in edit.came if each.is_trivial]
    if not came or not edit.gone:
        return
    is_replaced = len(edit.has) < len(edit.had)
    is_sure = is_replaced and not _compares_itself(came[0], edit)
    yield Weakened(
        kind=Kind.TRIVIAL,
        name=edit.new.name,
        line=came[0].line,
        said="asserts nothing here any more" if is_replaced else "asserts nothing here",
        severity=None if is_sure else Severity.LOW,
        confidence=None if is_sure else Confidence.POSSIBLE,
    )


def _compares_itself(assertion: Assertion, edit: Edit) -> bool:
    """True where `a == a` may be what is tested: equality, or the same answer twice."""
    about = f"{edit.old.name} {edit.new.name}"
    return _REFLEXIVE.search(about) is not None or any(
        "(" in subject for subject in assertion.subjects
    )


def _loosened(edit: Edit) -> Iterator[Weakened]:
    for new in edit.came[:MAX_COMPARED]:
        for old in edit.gone[:MAX_COMPARED]:
            said = is_looser(old, new, edit.has)
            if said:
                yield Weakened(
                    kind=Kind.LOOSENED, name=edit.new.name, line=new.line, said=said
                )
                return


def _early_return(edit: Edit) -> int:
    """The line of a new unconditional `return` above assertions."""
    if not edit.has or not any(map(_RETURN.match, edit.new.statements)):
        return 0
    inside = [row for row in edit.new.body if row[0] > edit.new.line]
    if not inside:
        return 0
    depth = min(len(text) - len(text.lstrip()) for _, text in inside[:1])
    for number, text in inside:
        bare = text.strip()
        is_direct = len(text) - len(text.lstrip()) == depth
        if is_direct and _RETURN.match(bare) and bare in edit.added_lines:
            return number if any(a.line > number for a in edit.has) else 0
    return 0


def _removed(edit: Edit, said: str, severity: Severity) -> Weakened:
    lines = [each.line for each in edit.gone] or [edit.old.line]
    return Weakened(
        kind=Kind.REMOVED,
        name=edit.new.name,
        line=edit.new.line,
        said=said,
        severity=severity,
        base_lines=(min(lines), max(lines)),
    )


def _emptied(new: Case, old: Case) -> Weakened:
    return Weakened(
        kind=Kind.EMPTIED,
        name=new.name,
        line=new.line,
        said="does nothing any more",
        base_lines=(old.line, old.end),
    )


def _skipped(case: Case, skip: Skip) -> Weakened:
    why = f"{skip.why} {case.said_of(skip.line)}"
    has_reason = len(re.findall(r"\w{2,}", why)) >= 2
    return Weakened(
        kind=Kind.SKIPPED,
        name=case.name,
        line=skip.line,
        said="is switched off" + ("" if has_reason else ", without a reason"),
        severity=Severity.LOW if has_reason else Severity.MEDIUM,
    )


def _focused(case: Case) -> Weakened:
    return Weakened(
        kind=Kind.FOCUSED,
        name=case.name,
        line=case.line,
        said="keeps every other test from running",
    )


def _renamed(old: Case, line: int) -> Weakened:
    return Weakened(
        kind=Kind.SKIPPED,
        name=old.name,
        line=line,
        said="has a name that no runner looks for",
        severity=Severity.MEDIUM,
    )


def _in_comments(statements: Sequence[str], comments: str) -> bool:
    told = [each for each in statements if len(each) > 8]
    return bool(told) and sum(s in comments for s in told) >= MOVED * len(told)


def _calls(statements: Sequence[str]) -> set[str]:
    return {
        name
        for text in statements
        for pair in _CALLED.findall(text)
        for name in pair
        if name
    }


def _take(counts: Counter[str], text: str) -> bool:
    if counts.get(text, 0) <= 0:
        return False
    counts[text] -= 1
    return True


def _count(number: int) -> str:
    return "an assertion was" if number == 1 else f"{number} assertions were"
