"""The places of a source where a remark may stand that stands for code.

These are comments; lines of markup, style or script inside strings; and bare lines
that only look like a remark: text of a page, or what breaks the syntax. Documentation
is none: its examples leave things out on purpose.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import islice

import tree_sitter

from qualitywatch.analysis.elision.glance import may_be_elisions
from qualitywatch.analysis.sources.source import Comment, Kind, Source
from qualitywatch.analysis.syntax.faults import errors
from qualitywatch.model import Noun
from qualitywatch.regex import regex

MAX_BLOCK = 5  # lines of a block comment that may be one remark
MAX_STRING = 2_000  # lines of a string that are looked at to tell what it holds

_MAX_ERRORS = 200  # faulty places that are searched for bare remarks
_FENCE = "```"
_STUBS = ("{", "(", "[", ":", ">", "...")
_MARKUP_COMMENTS = ("<!--", "{/*", "/*", "{{--", "{{!--", "{#", "<%#", "@*")
_OTHER_COMMENTS = ("//", "#", "--", "%%", ";;")
_BRACKETS = ("[", "(", "（", "【")
_ELLIPSES = ("...", "…")
_STARTS = (*_MARKUP_COMMENTS, *_OTHER_COMMENTS, *_ELLIPSES, *_BRACKETS)
_FIRST_SIGNS = frozenset(start[0] for start in _STARTS)
_STRING = regex(r"string|heredoc|nowdoc|text_block|block_scalar|raw_text")
_PIECE = regex(r"fragment|content|_start|_end")
_PAGES = frozenset({"html", "vue", "svelte"})
# Where a line in brackets is sound code, whatever its words.
_LENIENT = frozenset({"bash", "yaml", "toml"})
_ELLIPSIS_AND_WORDS = regex(r"^[\[(]?(?:\.{3,}|…)[^\w\s]* ?\S+\s+\S")
_JSON_KEY = regex(r'^"(?:\.\.\.|…|//|#|_comment|comment)')
_CODE_LINE = regex(r"^\s*(?:<[/!\w]|[@.#]\w[^.]*\{|[{}\])]|//|/\*)|[;{},>)]\s*$")
_QUERY_LINE = regex(
    r"^\s*(?:SELECT|FROM|WHERE|JOIN|LEFT|INNER|GROUP|ORDER|AND|OR|SET|INSERT|UPDATE"
    r"|VALUES|CREATE|ON)\b",
    re.IGNORECASE,
)
_COMMENTED_OUT = regex(r"(?://+|#+|--+|;+|%+)!?\s+(?://|#|--|/\*)")
_DOC_LINE = ("///", "//!")

Reads = Callable[[str], bool]
"""True for a text whose words stand for code."""


class Remark(Noun):
    """A place of a source where a remark may stand."""

    text: str
    line: int
    column: int
    end_line: int
    end_column: int
    kind: Kind
    alone: bool  # nothing but a stub or an opening bracket stands on its line


def places(
    source: Source, wanted: Collection[int], reads: Reads, comments: Sequence[Comment]
) -> list[Remark]:
    """The places of these *comments* and of bare lines that are *wanted*, in order."""
    said = _commented(source, comments) if comments else ()
    found = [*said, *_bare_lines(source, wanted, reads)]
    return sorted(found, key=lambda remark: (remark.line, remark.column))


# Comments


def _commented(source: Source, comments: Sequence[Comment]) -> Iterator[Remark]:
    shown = _documented(source.comments())
    for comment in comments:
        if comment.line not in shown and may_be_remark(comment):
            alone = comment.alone or _follows_stub(source, comment)
            yield _remark(comment, alone=alone)


def _remark(comment: Comment, *, alone: bool) -> Remark:
    return Remark(
        text=comment.text,
        line=comment.line,
        column=comment.column,
        end_line=comment.end_line,
        end_column=comment.end_column,
        kind=comment.kind,
        alone=alone,
    )


def may_be_remark(comment: Comment) -> bool:
    """False for a comment that is too long to be one remark."""
    lines = comment.end_line - comment.line + 1
    return lines <= (1 if comment.kind == "doc" else MAX_BLOCK)


def _documented(comments: tuple[Comment, ...]) -> set[int]:
    """The lines of examples that line comments hold: between fences, in `///`, or
    behind a second mark."""
    shown: set[int] = set()
    fence: int | None = None
    last: Comment | None = None
    for comment in comments:
        if last is None or comment.line != last.end_line + 1:
            fence, last = None, None
        if _FENCE in comment.text:
            fence = comment.line if fence is None else None
        elif fence is not None:
            shown.add(comment.line)
        if last is not None:
            pair = (last, comment)
            if all(_is_doc(one) for one in pair):
                shown.update(one.line for one in pair)
            shown.update(one.line for one in pair if _COMMENTED_OUT.match(one.text))
        last = comment
    return shown


def _is_doc(comment: Comment) -> bool:
    return comment.alone and comment.text.startswith(_DOC_LINE)


def _follows_stub(source: Source, comment: Comment) -> bool:
    """True behind code that is left open or says nothing: `{`, `def f():`, `pass`."""
    before = source.lines[comment.line - 1][: comment.column - 1]
    return before.rstrip().endswith(_STUBS) or before.split()[-1:] == ["pass"]


# What is no comment


def _bare_lines(
    source: Source, wanted: Collection[int], reads: Reads
) -> Iterator[Remark]:
    faulty = _faulty_lines(source)
    said = _said(source, wanted, faulty)
    numbers, texts = list(said), list(said.values())
    for at in may_be_elisions(texts):
        number, text = numbers[at], texts[at]
        if reads(text) and (kind := _kind_of(source, number, faulty)):
            yield _bare_remark(source.lines[number - 1], text, number, kind)


def _said(
    source: Source, wanted: Collection[int], faulty: frozenset[int]
) -> dict[int, str]:
    """What is said on the *wanted* lines that begin as a remark does, or do not parse.

    Most of these hold a comment, and are left out.
    """
    lines = source.stripped
    led = (number for number in wanted if lines[number - 1][:1] in _FIRST_SIGNS)
    said = {n: lines[n - 1] for n in led if lines[n - 1].startswith(_STARTS)}
    if source.language.name == "json":
        keyed = (n for n in wanted if _JSON_KEY.match(lines[n - 1]))
        said |= {n: lines[n - 1].replace('"', "").rstrip(",") for n in keyed}
    said |= {n: lines[n - 1] for n in faulty.difference(said) if n in wanted}
    for comment in source.comments() if said else ():
        for number in range(comment.line, comment.end_line + 1):
            said.pop(number, None)
    return said


def _bare_remark(line: str, text: str, number: int, kind: Kind) -> Remark:
    return Remark(
        text=text,
        line=number,
        column=len(line) - len(line.lstrip()) + 1,
        end_line=number,
        end_column=len(line.rstrip()),
        kind=kind,
        alone=True,
    )


def _kind_of(source: Source, number: int, faulty: frozenset[int]) -> Kind | None:
    """In what a line stands that looks like a remark; `None` where it is code."""
    text = source.lines[number - 1].strip()
    language = source.language
    if language.grammar is None:
        return _kind_without_grammar(text)
    node = _node_of(source, number)
    while node is not None:
        if _is_around(node, number):
            return "string" if _is_code_in_string(text, node) else None
        if node.type in ("jsx_text", "ERROR"):
            return "bare"
        if node.type == "text" and language.name in _PAGES:
            return "bare" if not text.startswith(("(", "（")) else None
        node = node.parent
    if number in faulty or language.name == "json":
        return "bare"
    if _ELLIPSIS_AND_WORDS.match(text):
        return "bare"
    is_led = text.startswith(_BRACKETS)
    return "bare" if is_led and language.name in _LENIENT else None


def _kind_without_grammar(text: str) -> Kind | None:
    """Bare, where no comment mark leads it; one that is not ours is inside a string."""
    if text.startswith((*_ELLIPSES, *_BRACKETS)):
        return "bare"
    return "string" if text.startswith(_MARKUP_COMMENTS) else None


def _node_of(source: Source, number: int) -> tree_sitter.Node | None:
    """The innermost node around the text of a line."""
    line = source.lines[number - 1]
    start = len(line[: len(line) - len(line.lstrip())].encode())
    end = len(line.rstrip().encode())
    root = source.tree.root_node
    return root.descendant_for_point_range((number - 1, start), (number - 1, end))


def _is_around(node: tree_sitter.Node, number: int) -> bool:
    """True for a whole string that begins above line *number*."""
    is_whole = _STRING.search(node.type) and not _PIECE.search(node.type)
    return bool(is_whole) and node.start_point[0] < number - 1


def _is_code_in_string(text: str, string: tree_sitter.Node) -> bool:
    """True unless the string is prose, which speaks of code, or the line is data."""
    lines = (string.text or b"").decode("utf-8", "replace").split("\n")[1:MAX_STRING]
    others = [line for line in lines if line.strip() not in ("", text, "`", '"""')]
    code = sum(bool(_CODE_LINE.search(n) or _QUERY_LINE.match(n)) for n in others)
    if text.startswith(_MARKUP_COMMENTS):
        return 3 * code >= len(others)
    return 2 * code >= len(others) > 0


def _faulty_lines(source: Source) -> frozenset[int]:
    """The lines on which the parser gave up, as far as they are few."""
    if not source.has_errors:
        return frozenset()
    found = (node for node in errors(source) if node.is_error)
    return frozenset(
        row + 1
        for node in islice(found, _MAX_ERRORS)
        for row in range(node.start_point[0], node.end_point[0] + 1)
    )
