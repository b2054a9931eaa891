"""Remarks that stand for code, judged by what the base had where they stand.

`elided_code` finds the remarks whose code is gone, `leftover_remark` those that lie
about nothing: the code is there, or there was none. Words alone never make the first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

import msgspec

from qualitywatch.analysis.comparing.compare import Comparison
from qualitywatch.analysis.comparing.holes import hole
from qualitywatch.analysis.elision.grammar import HINT
from qualitywatch.analysis.elision.places import Remark
from qualitywatch.analysis.elision.reading import Elision, elisions
from qualitywatch.analysis.hit import Hit
from qualitywatch.analysis.outlines.units import Unit
from qualitywatch.analysis.sources.source import Source
from qualitywatch.model import Confidence, Evidence
from qualitywatch.regex import regex

MAX_HITS = 200  # of one file
MIN_LOST = 3  # lines; an honest edit may drop one or two beside a remark

_SHOWN = 60  # characters of a remark that a message quotes
_REACH = 50  # lines below a remark that are searched for code
_CLOSES = regex(
    r"""\s*(?:[})\]`]|</|-->|"{3}|'{3}|["']@|;;|case\b|default:|\{[/:]|\{%\s*end
    |@end|<\?php\s+end|(?:end\w*|fi|done|esac|rescue|ensure|catch|when)\b)""",
    re.VERBOSE,
)
_INDENTED = frozenset({"python", "yaml", "haskell", "fsharp", "nim"})
_NOTHING = ("", "pass", "...")


def elided_code(comparison: Comparison) -> Iterator[Hit]:
    """The new remarks in whose place the base had code that is gone."""
    if not comparison.may_have_lost(1):
        return
    proved = (judged for judged in comparison.once(_judged) if judged[2] is not None)
    for remark, found, evidence in islice(proved, MAX_HITS):
        yield _hit(remark, found, evidence and _with_references(comparison, evidence))


def leftover_remark(comparison: Comparison) -> Iterator[Hit]:
    """The new remarks that stand for code although none is lost.

    Strings are left out: a text about such remarks quotes them. So are headings: with
    the code that they announce they are good comments.
    """
    left = (
        (remark, found)
        for remark, found, evidence in comparison.once(_judged)
        if evidence is None
        and remark.kind not in ("string", "doc")
        and not found.is_doubtful
    )
    for remark, found in islice(left, MAX_HITS):
        yield _hit(remark, found, None)


def _judged(
    comparison: Comparison,
) -> list[tuple[Remark, Elision, Evidence | None]]:
    """The new remarks, each with the proof that its code is gone, if there is one."""
    return list(_with_proof(comparison))


def _with_proof(
    comparison: Comparison,
) -> Iterator[tuple[Remark, Elision, Evidence | None]]:
    losses: dict[tuple[int, bool], Evidence | None] = {}
    new = comparison.new_line_numbers
    hints = comparison.may_have_lost(MIN_LOST)
    for remark, found in elisions(comparison.after, wanted=new, hints=hints):
        if found.is_doubtful and not _speaks_of_lost_code(comparison, remark, found):
            continue
        place = _place(comparison, remark)
        if place not in losses:
            losses[place] = comparison.loss_in(remark.line)
        yield remark, found, _proof(comparison, remark, found, losses[place])


def _place(comparison: Comparison, remark: Remark) -> tuple[int, bool]:
    """The same for remarks with the same loss: the unit that the base had around it,
    and whether the remark stands in that unit itself or in a new one inside."""
    unit: Unit | None = comparison.unit_at(remark.line)
    is_old = unit is not None and comparison.origin(unit) is not None
    while unit is not None and comparison.origin(unit) is None:
        unit = unit.owner
    return (-1 if unit is None else unit.index, is_old)


def _speaks_of_lost_code(
    comparison: Comparison, remark: Remark, found: Elision
) -> bool:
    """False for a doubtful remark that may be the title of code that follows it."""
    if found.form != HINT and (
        _nothing_follows(comparison.after, remark) or _named_and_gone(comparison, found)
    ):
        return True
    return hole(comparison, remark.line, remark.end_line) >= MIN_LOST


def _proof(
    comparison: Comparison, remark: Remark, found: Elision, lost: Evidence | None
) -> Evidence | None:
    """*lost* with what the remark names, if together they are enough to be sure."""
    if lost is None:
        return None
    gone = _named_and_gone(comparison, found)
    if not (gone or _is_enough(comparison, remark, lost)):
        return None
    symbols = tuple(dict.fromkeys([*(unit.name for unit in gone), *lost.lost_symbols]))
    return msgspec.structs.replace(lost, lost_symbols=symbols)


def _is_enough(comparison: Comparison, remark: Remark, lost: Evidence) -> bool:
    # a remark that is no comment was itself counted as a line of code gained
    made_up = 1 if remark.kind in ("bare", "string") else 0
    if lost.lost_lines + made_up >= MIN_LOST:
        return True
    unit = comparison.unit_at(remark.line)
    return unit.kind == "function" and comparison.body(unit).stub is not None


def _named_and_gone(comparison: Comparison, found: Elision) -> list[Unit]:
    """The units of the base that the remark names and the new text does not have."""
    names = {name.rpartition(".")[2] for name in found.names}
    left = {unit.short for unit in comparison.outline.units}
    gone = [unit for unit in comparison.removed if unit.short in names - left]
    return [unit for unit in gone if comparison.loss_of(unit) is not None]


def _with_references(comparison: Comparison, lost: Evidence) -> Evidence:
    """*lost* with those of its symbols that the new text still uses."""
    removed = {unit.name: unit for unit in comparison.removed}
    used = tuple(
        symbol
        for symbol in lost.lost_symbols
        if symbol in removed and comparison.uses_of(removed[symbol])
    )
    return msgspec.structs.replace(lost, still_referenced=used)


def _nothing_follows(source: Source, remark: Remark) -> bool:
    """True when the block ends behind *remark*: by a bracket, a tag or an indent."""
    line = _next_code(source, remark.end_line)
    if line is None or _CLOSES.match(line):
        return True
    indent = len(line) - len(line.lstrip())
    return indent < remark.column - 1 and source.language.name in _INDENTED


def _next_code(source: Source, line: int) -> str | None:
    """The first line below *line* that is neither blank, comment nor `pass`.

    `None` is the end of the file; an empty text, that it is too far to look for.
    """
    language = source.language
    marks = (*language.line_comments, *(mark for mark, _ in language.block_comments))
    for text in source.lines[line : line + _REACH]:
        is_remark = text.lstrip().startswith((*marks, "*", "{/*"))
        if text.strip() not in _NOTHING and not is_remark:
            return text
    return None if line + _REACH >= len(source.lines) else ""


def _hit(remark: Remark, found: Elision, evidence: Evidence | None) -> Hit:
    text = " ".join(remark.text.split())
    names = {"remark": text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"}
    if evidence is not None:
        count = evidence.lost_lines
        names["lost"] = f"{count} line{'' if count == 1 else 's'}"
    sure = evidence is None or not found.is_doubtful
    return Hit(
        line=remark.line,
        column=remark.column,
        end_line=remark.end_line,
        end_column=remark.end_column,
        evidence=evidence,
        names=names,
        confidence=None if sure else Confidence.LIKELY,
    )
