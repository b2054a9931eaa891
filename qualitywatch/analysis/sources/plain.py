"""Finds comments without a grammar: by their marks, and what little is sure of strings.

A quote opens a string only where the same line closes it; so an apostrophe in prose
hides nothing, and `"http://x"` is no comment. A block that is never closed is none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

import msgspec
import tree_sitter

from qualitywatch.languages import LANGUAGES, TEXT, Language, load_grammar

# Strings of several lines; a mark inside them opens no comment.
_LONG_STRINGS = {'"""': '"""', "'''": "'''", '@"\n': '\n"@', "@'\n": "\n'@"}
_QUOTED = (r"\\.", r'"(?:[^"\\\n]|\\.)*"', r"'(?:[^'\\\n]|\\.)*'", r"`[^`\n]*`")
# What may not stand before a mark, or must not follow it, for it to open a comment.
_LINE_MARKS = {
    "//": r"(?<![:(\w/])//",
    "#": r"(?<![^\s;{}()\[\],])#",
    "--": r"(?<!-)--(?![>|])",
    ";": r"(?<!\\);",
    "%": r"(?<!\\)%",
}
_AT_LINE_START = r"^[ \t]*(?P<line>(?://|#|--|;|%).*)"
_NEVER = r"(?!)"


class Span(msgspec.Struct, frozen=True):
    """Where a comment stands in a text, in characters."""

    start: int
    end: int
    is_block: bool


@lru_cache(maxsize=1)
def empty_tree() -> tree_sitter.Tree:
    """The tree of a text that no grammar reads: nothing is found in it."""
    return tree_sitter.Parser(load_grammar(LANGUAGES["json"])).parse(b"")


def comment_spans(text: str, language: Language) -> list[Span]:
    """Every comment of *text*, in order, as far as marks tell."""
    return list(_spans(text, language))


def without(text: str, spans: Sequence[Span]) -> str:
    """*text* with no more than line ends, or what parts two words, for the *spans*."""
    pieces, position, last = [], 0, ""
    for span in spans:
        piece = text[position : span.start]
        position, last = span.end, piece[-1:] or last
        parts_words = last.isalnum() and text[position : position + 1].isalnum()
        breaks = "\n" * text.count("\n", span.start, position)
        pieces += [piece, breaks or (" " if parts_words else "")]
    return "".join([*pieces, text[position:]])


def _spans(text: str, language: Language) -> Iterator[Span]:
    closers = _LONG_STRINGS | dict(language.block_comments)
    unclosed: set[str] = set()  # searched to the end of the text, once each
    find, at = _pattern(language).search, 0
    while found := find(text, at):
        at = found.end()
        if found["line"] is not None:
            yield Span(*found.span("line"), is_block=False)
        if (opener := found["opener"]) is None:
            continue
        end = -1 if opener in unclosed else text.find(closers[opener], at)
        if end < 0:
            unclosed.add(opener)
            continue
        at = end + len(closers[opener])
        if opener not in _LONG_STRINGS:
            yield Span(found.start("opener"), at, is_block=True)


@lru_cache(maxsize=64)
def _pattern(language: Language) -> re.Pattern[str]:
    """Matches the next string, the opening of a block, or a comment to the line end."""
    openers = [mark for mark, _ in language.block_comments]
    if language is TEXT:
        opener = rf"(?<!\S)(?:{_any_of(openers)})"
        line = _AT_LINE_START
    else:
        opener = _any_of([*openers, *_LONG_STRINGS])
        marks = "|".join(_LINE_MARKS[mark] for mark in language.line_comments)
        line = rf"(?P<line>(?:{marks or _NEVER}).*)"
    # Of two that begin alike, as `--[[` and `--`, the opening of a block wins.
    every = [f"(?P<opener>{opener})", line, *_QUOTED]
    return re.compile("|".join(every), re.MULTILINE)


def _any_of(marks: list[str]) -> str:
    return "|".join(re.escape(mark) for mark in sorted(marks, key=len)[::-1])
