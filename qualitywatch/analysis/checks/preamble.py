"""The words of a chat above or below the code, as bare text.

Needs a function: what is a sentence, and no code, differs with the language. Where the
grammar refuses the line, any sentence is enough; elsewhere it must begin as assistants
begin an answer, or close it.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import islice

from qualitywatch.analysis.checks.leftovers import MARKUP, TEXTS, outside_strings
from qualitywatch.analysis.comparing.compare import Comparison
from qualitywatch.analysis.hit import Hit
from qualitywatch.analysis.stubs.design import is_test_data
from qualitywatch.analysis.syntax.prose import any_may_be_said, is_said, is_sentence
from qualitywatch.languages import Language

_FIRST, _LAST = 3, 15  # lines with text that a chat may hold, at both ends
_MAX_BROKEN = 100_000  # lines of error nodes that are counted


def assistant_preamble(comparison: Comparison) -> Iterator[Hit]:
    """One hit at the first sentence of a chat above the code, one below it."""
    source = comparison.after
    if source.language.name in TEXTS:
        return
    first, last = _filled(source.lines)
    said = _sentences(comparison, [*first, *last])
    if not said or is_test_data(comparison.path):
        return
    above = [n for n in first if n in said]
    below = [n for n in last if n in said and n not in above]
    for lines in (above, below):
        yield from outside_strings(comparison, lines[:1])


def _filled(lines: list[str]) -> tuple[list[int], list[int]]:
    """The first and the last lines that hold text."""
    numbers = range(1, len(lines) + 1)
    first = islice((n for n in numbers if lines[n - 1].strip()), _FIRST)
    last = islice((n for n in reversed(numbers) if lines[n - 1].strip()), _LAST)
    return list(first), list(last)[::-1]


def _sentences(comparison: Comparison, near: list[int]) -> set[int]:
    """The new lines, *near* both ends, that are sentences and no code."""
    source = comparison.after
    no_prose = _no_prose(source.language)
    new = [n for n in near if not source.lines[n - 1].startswith(no_prose)]
    if comparison.before is not None:  # most changes touch neither end of a file
        new = list(filter(comparison.is_new_line, new))
    may_be_said = bool(new) and any_may_be_said([source.lines[n - 1] for n in new])
    if not new or not (may_be_said or source.has_errors):
        return set()
    said = {n for n in new if may_be_said and is_said(source.lines[n - 1])}
    if said:
        said -= {unit.line for unit in comparison.outline.units[1:]}
    if source.language.name in MARKUP:
        return said & _outside_markup(source.lines) if said else said
    if source.language.grammar is None or not said.symmetric_difference(new):
        return said
    broken = _broken_lines(comparison) if source.has_errors else frozenset()
    return said | {n for n in new if n in broken and is_sentence(source.lines[n - 1])}


@lru_cache(maxsize=64)
def _no_prose(language: Language) -> tuple[str, ...]:
    """What a line begins with that is a comment or a string, or is indented."""
    openings = (opening for opening, _ in language.block_comments)
    return (" ", "\t", '"', "'", "`", *language.line_comments, *openings)


def _outside_markup(lines: list[str]) -> set[int]:
    """In a document of tags: what stands above the first tag and below the last."""
    filled = [n for n, text in enumerate(lines, 1) if text.strip()]
    tagged = [n for n in filled if lines[n - 1].lstrip().startswith(("<", "{", "@"))]
    if not tagged:
        return set()
    return {n for n in filled if n < tagged[0] or n > tagged[-1]}


def _broken_lines(comparison: Comparison) -> frozenset[int]:
    """The lines that hold an error node, or begin inside one."""
    found: set[int] = set()
    cursor = comparison.after.tree.walk()
    while len(found) < _MAX_BROKEN:
        node = cursor.node
        assert node is not None
        if node.is_error or node.is_missing:
            found.update(range(node.start_point[0] + 1, node.end_point[0] + 2))
        elif node.has_error and cursor.goto_first_child():
            continue
        while not cursor.goto_next_sibling():
            if not cursor.goto_parent():
                return frozenset(found)
    return frozenset(found)
