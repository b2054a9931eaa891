"""What one comparison leaves behind: which code it gained, which it misses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from qualitywatch.analysis.comparing.compare import Comparison
from qualitywatch.analysis.comparing.news import shared_ends
from qualitywatch.analysis.outlines.outline import Outline
from qualitywatch.analysis.outlines.units import Unit
from qualitywatch.analysis.sources.source import CodeLine, Source, nodes_of
from qualitywatch.analysis.symbols.exports import withdrawn
from qualitywatch.analysis.symbols.imports import HOLDS_IMPORTS
from qualitywatch.languages import TEXT, Language
from qualitywatch.model import Change, When
from qualitywatch.traces import Gains, Missing, Shape, Traces

MIN_LINES = 3  # shorter bodies are alike by chance
MAX_UNITS = 5_000  # of one file

_EMBEDDING = frozenset({"vue", "svelte"})  # files of code around the code
QUOTES = frozenset(
    {
        "string",
        "string_literal",
        "template_string",
        "concatenated_string",
        "raw_string_literal",
        "interpreted_string_literal",
        "interpolated_string_expression",
        "verbatim_string_literal",
        "multiline_string_literal",
        "multi_line_string_literal",
        "encapsed_string",
        "heredoc",
        "heredoc_body",
        "nowdoc",
        "raw_string",
    }
)
"""Types of nodes that are strings: what stands in them is text."""


def traces(
    comparison: Comparison, change: Change, when: When, *, is_violated: bool
) -> Traces:
    """What *comparison* gained and misses; what others need of it once it is settled.

    What is missing matters where something is amiss, or where others may import it.
    """
    gained = None
    if not comparison.is_deleted:
        gained = gains(comparison.base, comparison.outline, comparison.origins)
    return Traces(
        gains=gained,
        missing=_missing(comparison, change, when, is_violated=is_violated),
    )


def _missing(
    comparison: Comparison, change: Change, when: When, *, is_violated: bool
) -> Missing | None:
    before = comparison.before
    if before is None:
        return None
    names, is_gone = frozenset[str](), False
    if when is When.SETTLED and before.language.name in HOLDS_IMPORTS:
        is_gone = comparison.is_deleted or change.old_path not in (None, change.path)
        names = withdrawn(before, comparison.after)
    if not (is_violated or names or is_gone):
        return None
    return Missing(
        path=change.old_path or change.path,
        home=home(before.language),
        names=names,
        is_gone=is_gone,
        lines=frozenset(_lost_lines(comparison)) if is_violated else frozenset(),
        units=_lost_units(comparison),
    )


def _lost_lines(comparison: Comparison) -> Iterator[str]:
    assert comparison.before is not None
    keys = {code.line: code.key for code in comparison.before.code}
    for loss in comparison.losses:
        yield from (keys[line] for line in loss.gone)


def _lost_units(comparison: Comparison) -> tuple[Shape, ...]:
    assert comparison.base is not None
    return shapes(comparison.base, comparison.removed)


def home(language: Language) -> str:
    """Files of one home take code from each other; empty: nothing counts as moved."""
    if language.functions or language.name in _EMBEDDING:
        return "code"
    return "" if language is TEXT else language.name


def gains(before: Outline | None, after: Outline, matched: Iterable[int]) -> Gains:
    """What *after* has and *before* has not; *matched* are units of both."""
    source = after.source
    old = frozenset(() if before is None else before.source.code_keys)
    fresh = [code for code in _edited(before, source) if code.key not in old]
    if not fresh:
        return Gains(home=home(source.language))
    quoted = _quoted_lines(source)
    known = frozenset(matched)
    return Gains(
        home=home(source.language),
        lines=frozenset(code.key for code in fresh if code.line not in quoted),
        units=shapes(after, (u for u in after.units if u.index not in known)),
    )


def _edited(before: Outline | None, after: Source) -> Sequence[CodeLine]:
    """The code of *after* between what it shares with the base at both ends."""
    if before is None:
        return after.code
    first, last = shared_ends(before.source.code_keys, after.code_keys)
    return after.code[first : len(after.code) - last]


def shapes(outline: Outline, units: Iterable[Unit]) -> tuple[Shape, ...]:
    """Those of *units* that have a name, as other files can recognise them."""
    named = [unit for unit in units if unit.short][:MAX_UNITS]
    return tuple(
        Shape(
            name=unit.name,
            short=unit.short,
            kind=unit.kind,
            tokens=_tokens(outline, unit),
        )
        for unit in named
    )


def _tokens(outline: Outline, unit: Unit) -> frozenset[str]:
    code = outline.code_of(unit)
    return outline.tokens_of(unit) if len(code) >= MIN_LINES else frozenset()


def _quoted_lines(source: Source) -> frozenset[int]:
    """The lines that begin inside a string: text, whatever it looks like."""
    return frozenset(
        line
        for node in nodes_of(source, QUOTES)
        if node.end_point[0] > node.start_point[0]
        for line in range(node.start_point[0] + 2, node.end_point[0] + 2)
    )
