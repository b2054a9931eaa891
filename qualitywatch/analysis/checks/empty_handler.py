"""A callback that does nothing, and says that it should.

Needs a check: it reads the remark inside the callback together with its code, and knows
the handlers that are empty for a reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType

import tree_sitter

from qualitywatch.analysis.comparing.compare import Comparison
from qualitywatch.analysis.hit import Hit
from qualitywatch.analysis.sources.sieve import Sieve
from qualitywatch.analysis.sources.source import Comment, Source
from qualitywatch.analysis.stubs.bodies import Stub, reads_as
from qualitywatch.analysis.stubs.callbacks import (
    code_of,
    content_of,
    function_around,
    words_given,
)
from qualitywatch.analysis.stubs.confession import (
    Confession,
    confession,
    gives_reason,
    may_confess,
)
from qualitywatch.analysis.stubs.design import (
    is_callback,
    is_declaration_file,
    is_test_double,
    is_test_double_file,
)
from qualitywatch.model import Confidence, Severity
from qualitywatch.regex import regex

MAX_LINE = 400  # characters of a line that is read for a handler

_EMPTY = r"\{\s*\}"
_PARAMETERS = r"(?:async\s+)?\(?[\w\s,:$.]{0,80}\)?"
_ARROW = rf"{_PARAMETERS}\s*=>\s*{_EMPTY}"
_JS = regex(
    rf"\bon[A-Z]\w*(?:=\{{|:\s*)\s*{_ARROW}"
    rf"|\.(?:addEventListener|on|once|get|post|put|patch|delete)\(\s*['\"`][^'\"`]{{1,80}}"
    rf"['\"`]\s*,\s*(?:{_ARROW}|(?:async\s+)?function\s*\w*\([^()]{{0,80}}\)\s*{_EMPTY})"
)
_BARE: Mapping[str, re.Pattern[str]] = MappingProxyType(
    {
        "javascript": _JS,
        "jsx": _JS,
        "typescript": _JS,
        "tsx": _JS,
        "go": regex(
            rf"\.(?:HandleFunc|GET|POST|PUT|PATCH|DELETE|Get|Post|Put|Delete)\(\"[^\"]{{1,80}}\""
            rf",\s*func\([^()]{{0,80}}\)[\w\s]{{0,20}}{_EMPTY}"
        ),
        "java": regex(
            rf"\b(?:set|add)\w*(?:Listener|Handler|OnAction)\(\s*\(?[\w\s,]{{0,40}}\)?\s*->"
            rf"\s*{_EMPTY}"
        ),
        "kotlin": regex(rf"\bset\w*Listener\s*{_EMPTY}|\bon[A-Z]\w*\s*=\s*{_EMPTY}"),
        "swift": regex(rf"\bButton\([^()]{{0,80}}\)\s*{_EMPTY}|\baction:\s*{_EMPTY}"),
        "csharp": regex(
            rf"\+=\s*(?:delegate\s*)?\(?[\w\s,]{{0,60}}\)?\s*(?:=>)?\s*{_EMPTY}"
            rf"|\.Map(?:Get|Post|Put|Delete)\(\"[^\"]{{1,80}}\",\s*\(?[\w\s,]{{0,60}}\)?"
            rf"\s*=>\s*{_EMPTY}"
        ),
        "php": regex(
            r"Route::\w+\('[^']{1,80}',\s*function\s*\([^()]{0,80}\)\s*\{\s*\}"
        ),
        "ruby": regex(
            r"^\s*(?:get|post|put|patch|delete|on)\s*\(?['\":][^'\"]{1,80}['\"]?\)?"
            r"\s+do\s*(?:\|[\w, ]{0,40}\|)?\s*;?\s*end\b"
        ),
        "rust": regex(rf"\.on_\w+\(\s*(?:move\s+)?\|[^|]{{0,60}}\|\s*{_EMPTY}"),
        "cpp": regex(
            rf"\b(?:connect|on\w*|set\w*Callback)\([^;]{{0,120}}\[[^\]]{{0,20}}\]"
            rf"\s*\([^()]{{0,60}}\)\s*{_EMPTY}"
        ),
        "scala": regex(r"\b(?:setOn\w+|on[A-Z]\w*)\s*\(\s*_\s*=>\s*\(\)\s*\)"),
        "lua": regex(
            r":(?:on|connect|Connect|SetScript|addEventListener)\(\s*(?:[\"'][^\"']{1,80}"
            r"[\"']\s*,\s*)?function\([^()]{0,60}\)\s*end"
        ),
    }
)
"""Handlers without a word, on one line, by language."""

_MAY_BE_EMPTY = Sieve(r"\{\s*\}|\bend\b|=>\s*\(\)|\b(?:alert|console|toast)\b")
# Where every other line holds braces, RE2 is asked for what has to stand before them.
_MAY_BE_EMPTY_JS = Sieve(
    r"(?:\bon[A-Z]|\.(?:addEventListener|on|once|get|post|put|patch|delete)\().*"
    r"(?:\{\s*\}|\b(?:alert|console|toast)\b)"
)
# Where an empty handler is asked for: a controlled field, a default value, an error.
_HONEST = regex(
    r"readOnly|disabled|no-?op|createContext|default|mock|error|unhandled|preventDefault"
    r"|\bonChange\b",
    re.IGNORECASE,
)
_SPOKEN = regex(
    r"\bon[A-Z]\w*\s*[=:]\s*\{?\s*(?:async\s+)?\(?\w*\)?\s*=>\s*\{?\s*"
    r"(?:(?:window\.)?alert|console\.\w+|toast(?:\.\w+)?|Alert\.alert)"
    r"\(\s*[\"'`]([^\"'`]{1,120})"
)


def empty_handler(comparison: Comparison) -> Iterator[Hit]:
    """New callbacks that do nothing: with a confession, or bare and on one line."""
    if is_declaration_file(comparison.path) or is_test_double_file(comparison.path):
        return
    yield from _confessing(comparison)
    yield from _on_one_line(comparison)


def _confessing(comparison: Comparison) -> Iterator[Hit]:
    source = comparison.after
    for at in may_confess(source.spoken):
        comment = source.comments()[at]
        if comment.kind == "doc" or not comparison.is_said_anew(comment):
            continue
        spoken = confession(comment.text)
        if spoken is Confession.NONE or gives_reason(comment.text):
            continue
        stub = _callback(comparison, source, comment)
        if stub is None:
            continue
        weak = spoken is Confession.OPEN_TASK and stub is Stub.EMPTY
        yield _hit(comparison, comment, Confidence.POSSIBLE if weak else None)


def _callback(comparison: Comparison, source: Source, comment: Comment) -> Stub | None:
    """What the callback around *comment* amounts to, if it does nothing."""
    node = function_around(source, comment)
    if node is None or _is_unit(comparison, comment, node):
        return None
    language = source.language.name
    content = content_of(node, language)
    if content is None or is_test_double(comparison.unit_at(comment.line)):
        return None
    statements = [code_of(source, each) for each in content]
    stub = reads_as(statements, language, words_given(node))
    return stub if stub in (Stub.EMPTY, Stub.LOG) else None


def _is_unit(comparison: Comparison, comment: Comment, node: tree_sitter.Node) -> bool:
    """True for a function with a name: other rules speak of those."""
    unit = comparison.unit_at(comment.line)
    return unit.node.start_byte == node.start_byte and not is_callback(unit)


def _on_one_line(comparison: Comparison) -> Iterator[Hit]:
    pattern = _BARE.get(comparison.after.language.name)
    if pattern is None:
        return
    lines = comparison.after.lines
    sieve = _MAY_BE_EMPTY_JS if pattern is _JS else _MAY_BE_EMPTY
    for number in sieve.lines(comparison.after.text):
        text = lines[number - 1]
        if len(text) > MAX_LINE or not comparison.is_new_line(number):
            continue
        if said := _SPOKEN.search(text):
            if confession(said[1]) is Confession.PLAIN:
                yield _line_hit(comparison, number, said, None, None)
        elif (found := pattern.search(text)) and not _HONEST.search(text):
            yield _line_hit(
                comparison, number, found, Confidence.POSSIBLE, Severity.LOW
            )


def _line_hit(
    comparison: Comparison,
    line: int,
    found: re.Match[str],
    confidence: Confidence | None,
    severity: Severity | None,
) -> Hit:
    unit = comparison.unit_at(line)
    return Hit(
        line=line,
        column=found.start() + 1,
        end_line=line,
        end_column=found.end(),
        symbol=unit.name or None,
        names={"name": unit.short or "this file"},
        confidence=confidence,
        severity=severity,
        unit=unit.name if is_callback(unit) else f"{unit.name} handler {line}",
    )


def _hit(
    comparison: Comparison, comment: Comment, confidence: Confidence | None
) -> Hit:
    unit = comparison.unit_at(comment.line)
    return Hit(
        line=comment.line,
        column=comment.column,
        end_line=comment.end_line,
        end_column=comment.end_column,
        symbol=unit.name or None,
        names={"name": unit.short or "this file"},
        confidence=confidence,
        unit=unit.name if is_callback(unit) else f"{unit.name} handler {comment.line}",
    )
