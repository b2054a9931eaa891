"""A function that says it only simulates, and answers what it made up.

Needs functions: the words of a remark count only where the code beside it does no work,
which no query can tell.
"""

from __future__ import annotations

from collections.abc import Iterator

import tree_sitter

from qualitywatch.analysis.checks.once import once, said_anew
from qualitywatch.analysis.comparing.compare import Comparison
from qualitywatch.analysis.hit import Hit
from qualitywatch.analysis.sources.source import Comment, Source
from qualitywatch.analysis.stubs.bodies import body_node, reads_as, statements_of
from qualitywatch.analysis.stubs.callbacks import code_of, function_around, words_given
from qualitywatch.analysis.stubs.canned import is_canned
from qualitywatch.analysis.stubs.confession import may_simulate, simulates
from qualitywatch.analysis.stubs.design import (
    is_declaration_file,
    is_test_double,
    is_test_double_file,
)
from qualitywatch.analysis.stubs.idioms import idioms
from qualitywatch.regex import regex

MAX_LINES = 80  # of a function that is looked at

_MARKUP = regex(r"(?:^|[\s(>])</?[A-Za-z>]")


@once
def simulated_result(comparison: Comparison) -> Iterator[Hit]:
    """One hit for each function whose remark admits what its code does: nothing."""
    path, source = comparison.path, comparison.after
    if is_declaration_file(path) or is_test_double_file(path):
        return
    if not comparison.once(said_anew):
        return
    seen: set[int] = set()
    for at in may_simulate(source.spoken):
        comment = source.comments()[at]
        if not comparison.is_said_anew(comment) or not simulates(comment.text):
            continue
        node = function_around(source, comment)
        if node is None or node.start_byte in seen:
            continue
        seen.add(node.start_byte)
        if is_test_double(comparison.unit_at(comment.line)):
            continue
        if _is_new(comparison, node) and _makes_up(source, node):
            yield _hit(comparison, comment)


def _is_new(comparison: Comparison, node: tree_sitter.Node) -> bool:
    """True where the change touched the code of *node*, and *node* is not long."""
    first, last = node.start_point[0] + 1, node.end_point[0] + 1
    commented = {
        line
        for comment in comparison.after.comments()
        if comment.alone and first <= comment.line <= last
        for line in range(comment.line, comment.end_line + 1)
    }
    return last - first < MAX_LINES and any(
        comparison.is_new_line(line)
        for line in range(first, last + 1)
        if line not in commented
    )


def _makes_up(source: Source, node: tree_sitter.Node) -> bool:
    body = body_node(node)
    if body is None:
        return False
    given = words_given(node)
    language = source.language.name
    statements = [code_of(source, each) for each in statements_of(body)]
    if reads_as(statements, language, given) is not None:
        return False  # a stub: another rule speaks of those
    text = code_of(source, body)
    return not _MARKUP.search(text) and is_canned(text, given, idioms(language))


def _hit(comparison: Comparison, comment: Comment) -> Hit:
    unit = comparison.unit_at(comment.line)
    old = comparison.origin(unit) if unit.kind == "function" else None
    return Hit(
        line=comment.line,
        column=comment.column,
        end_line=comment.end_line,
        end_column=comment.end_column,
        symbol=unit.name or None,
        evidence=comparison.gone_from(old) if old is not None else None,
        names={"name": unit.short or "this function"},
    )
