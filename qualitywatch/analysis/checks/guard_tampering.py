"""A change that makes this guard see less, say less, or not run.

Needs a function: settings, rules, hooks, workflows and ignore files are compared with
their base, each in the way that it is read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from qualitywatch.analysis.comparing.compare import Comparison
from qualitywatch.analysis.hit import Hit
from qualitywatch.analysis.safety import bypasses, own_settings
from qualitywatch.analysis.sources.skipping import is_path_of_rule
from qualitywatch.analysis.stubs.design import is_test_double_file
from qualitywatch.languages import LANGUAGES
from qualitywatch.model import Confidence, Evidence, Severity

MAX_NAMED = 60  # signs of a line of the base that the message shows

_ATTRIBUTES = ".gitattributes"
_IGNORES = frozenset({".gitignore", ".dockerignore", ".qualitywatchignore"})
_DATA = frozenset({"json", "yaml", "toml", "css", "html"})
_SUFFIXES = frozenset(
    suffix
    for language in LANGUAGES.values()
    if language.grammar is not None and language.name not in _DATA
    for suffix in language.suffixes
)


def guard_tampering(comparison: Comparison) -> Iterator[Hit]:
    """One hit for each way in which the guard is weaker after the change."""
    path, name = comparison.path, comparison.path.rpartition("/")[2]
    if is_path_of_rule(path):
        yield from _looser(comparison)
        return  # its examples are wrong on purpose
    if own_settings.is_settings(path):
        yield from _looser(comparison)
    if name == _ATTRIBUTES or path in _IGNORES:  # of a folder's own, `*` is usual
        yield from _hidden(comparison, name)
    may_go_round = bypasses.WAY.search(comparison.new_data) is not None
    is_build = bypasses.is_build_file(path)
    if (may_go_round or is_build) and _has_hint(comparison):
        if is_build:
            yield from _unhooked(comparison)
        if not is_test_double_file(path):
            yield from _ways_round(comparison)


def _has_hint(comparison: Comparison) -> bool:
    texts = filter(None, (comparison.after, comparison.before))
    return any(bypasses.HINT.search(text.data) for text in texts)


# Our own settings and rules


def _looser(comparison: Comparison) -> Iterator[Hit]:
    before = "" if comparison.before is None else comparison.before.text
    after = comparison.after.text
    if own_settings.is_settings(comparison.path):
        found = own_settings.looser_settings(comparison.path, before, after)
    elif comparison.before is None:
        return
    else:
        left = None if comparison.is_deleted else after
        found = own_settings.looser_rule(comparison.path, before, left)
    for each in found:
        line = _line_of(each.word, comparison)
        yield _hit(line, comparison, each.what, each.confidence)


def _line_of(word: str, comparison: Comparison) -> int | None:
    """The first new line that holds *word*."""
    lines = enumerate(comparison.after.lines, 1)
    said = (n for n, text in lines if word and word in text)
    return next(filter(comparison.is_new_line, said), None)


# Files that say what is looked at


def _hidden(comparison: Comparison, name: str) -> Iterator[Hit]:
    is_attributes = name == _ATTRIBUTES
    what = "hides source code from readers" if is_attributes else "ignores source code"
    lines = comparison.after.lines
    known = bypasses.macros(lines) if is_attributes else None
    for number in _new_lines(comparison):
        line = lines[number - 1]
        confidence = (
            bypasses.ignores_source(line, _SUFFIXES)
            if known is None
            else bypasses.hides_source(line, _SUFFIXES, known)
        )
        if confidence is not None and "/" in comparison.path:
            confidence = Confidence.POSSIBLE  # of one folder: people do mark theirs
        if confidence is not None:
            yield _hit(number, comparison, what, confidence)


# Hooks, workflows and scripts that run the guard


def _unhooked(comparison: Comparison) -> Iterator[Hit]:
    """Where a hook or a build no longer runs the guard, or no longer hears it."""
    new = comparison.after.lines
    old = [] if comparison.before is None else comparison.before.lines
    calls = [n for n, line in enumerate(new, 1) if bypasses.calls_guard(line)]
    lost = [n for n, line in enumerate(old, 1) if bypasses.calls_guard(line)]
    if len(lost) > len(calls):
        gone = _first_gone(lost, old, new)
        shown = old[gone - 1].strip()[:MAX_NAMED]
        what = f"`{shown}` is no longer run"
        yield _hit(None, comparison, what, Confidence.CERTAIN, base_line=gone)
    for number in calls:
        if comparison.is_new_line(number) and bypasses.mutes(new[number - 1]):
            what = "what the guard says is thrown away"
            yield _hit(number, comparison, what, Confidence.LIKELY)
        yield from _muted_step(number, comparison)


def _first_gone(lost: list[int], old: list[str], new: list[str]) -> int:
    left = {line.strip() for line in new}
    return next((n for n in lost if old[n - 1].strip() not in left), lost[0])


def _muted_step(call: int, comparison: Comparison) -> Iterator[Hit]:
    if not comparison.path.endswith((".yml", ".yaml")):
        return
    lines = comparison.after.lines
    near = range(
        max(1, call - bypasses.NEAR), min(len(lines), call + bypasses.NEAR) + 1
    )
    for number in near:
        if comparison.is_new_line(number) and bypasses.mutes_step(lines[number - 1]):
            what = "the step that runs the guard may fail"
            yield _hit(number, comparison, what, Confidence.LIKELY)


def _ways_round(comparison: Comparison) -> Iterator[Hit]:
    is_script = bypasses.is_script(comparison.after.language.name)
    for number in _new_lines(comparison):
        way = bypasses.way_round(comparison.after.lines[number - 1])
        if way is not None:
            sure = way.confidence if is_script else Confidence.POSSIBLE
            yield _hit(number, comparison, way.what, sure)


# Hits


def _new_lines(comparison: Comparison) -> Iterable[int]:
    return comparison.new_lines


def _hit(
    place: int | None,
    comparison: Comparison,
    what: str,
    confidence: Confidence,
    *,
    base_line: int | None = None,
) -> Hit:
    """A hit on the line *place*; without one what happened stands for its text."""
    line = place or 1
    text = comparison.after.lines[line - 1]
    lost = None
    if base_line is not None:
        lost = Evidence(lost_lines=1, base_ranges=((base_line, base_line),))
    is_weak = confidence is Confidence.POSSIBLE
    return Hit(
        line=line,
        column=1,
        end_line=line,
        end_column=max(1, len(text)),
        names={"what": what[:1].upper() + what[1:]},
        evidence=lost,
        excerpt=what if place is None else None,
        confidence=confidence,
        severity=Severity.MEDIUM if is_weak else None,
    )
