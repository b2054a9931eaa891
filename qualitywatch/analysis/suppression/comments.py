"""Suppressions: comments that say `qualitywatch: allow <rule> -- <reason>`.

They are taken out of both texts before anything is compared. So a suppression is never
a remark that silences a rule by being there, and a line stays what it was when one is
written behind it. What it then silences is decided in `suppressed`.

One is one comment on one line, and the comment begins with it: a longer comment that
tells how to write one is prose, and a string is no comment at all.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence

from qualitywatch.analysis.sources.source import Comment, Source
from qualitywatch.model import Noun
from qualitywatch.regex import regex

WORD = "qualitywatch:"
MAX_READ = 500  # of one file; those behind them count nowhere
MAX_REMARKS = 20  # lines between a suppression and its code

_START = regex(
    r"""(?x)
    (?P<other>  # another tool's, in the same comment
        \W* (?:noqa|type:|pyright:|mypy:|pylint:|nosec|pragma:|fmt:|ruff:
              |eslint-|@ts-|prettier-|biome-|nolint|NOLINT|rubocop:|phpcs:|@phpstan)
        [^#/]{0,120} (?=\#|//)
    )?
    [^\w`'"]* qualitywatch: [ \t]*
    (?P<verb> allow | ignore | disable | suppress | skip | off | noqa ) \b
    (?P<rest> [^\n]* )"""
)
_CLOSERS = regex(r"\s*(?:\*+/\s*\}?|-->|--\}\}|#>|\*@|\*\)|-\}|\]\])\s*$")
_DASH = regex(r"\s*(?:--+|[\N{EM DASH}\N{EN DASH}])\s*")
_RULE = regex(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
_REASON_WORD = regex(r"\w{2,}")
_MIN_SIGNS = 4  # of a reason in a script that puts no blanks between words


class Suppression(Noun):
    """One suppression as it is written; lines and columns count from 1."""

    rules: tuple[str, ...]
    reason: str
    line: int
    column: int
    end_column: int
    text: str  # of the comment
    target: int  # the line of code it speaks for: its own, else the next one
    code: str  # that line, stripped
    remarks: tuple[str, ...] = ()  # the comment lines between the two
    fault: str = ""  # why it can count nowhere

    @property
    def words(self) -> tuple[tuple[str, ...], str]:
        """What it says, whatever the layout."""
        return tuple(sorted(self.rules)), " ".join(self.reason.split())


def taken_out(source: Source) -> tuple[Source, tuple[Suppression, ...]]:
    """*source* with blanks where its suppressions are, and these, in order."""
    if WORD not in source.text:
        return source, ()
    found = [
        (comment, said)
        for comment in source.comments()
        if comment.line == comment.end_line
        and WORD in comment.text
        and not _is_string(comment)
        and (said := _START.match(comment.text))
    ]
    if not found:
        return source, ()
    lines = list(source.lines)
    for comment, said in found:
        _blank(lines, comment, len(said["other"] or ""))
    bare = Source(source.path, source.language, source.content, "\n".join(lines))
    spoken = _Covered(source, lines)
    return bare, tuple(spoken.read(*each) for each in found[:MAX_READ])


def _is_string(comment: Comment) -> bool:
    """True for a docstring and for what only looks like a remark."""
    is_docstring = comment.kind == "doc" and comment.text[:1] not in ("/", "#", "-")
    return is_docstring or comment.kind in ("string", "bare")


def _blank(lines: list[str], comment: Comment, kept: int) -> None:
    text = lines[comment.line - 1]
    first, end = comment.column - 1 + kept, comment.end_column
    lines[comment.line - 1] = (text[:first] + " " * (end - first) + text[end:]).rstrip()


class _Covered:
    """Reads suppressions, and finds the code that each speaks for."""

    def __init__(self, source: Source, lines: Sequence[str]) -> None:
        self._lines = lines  # without the suppressions
        remarks = {
            line
            for comment in source.comments()
            if comment.alone and not _is_string(comment)
            for line in range(comment.line, comment.end_line + 1)
        }
        self._code = [
            line
            for line, text in enumerate(lines, 1)
            if line not in remarks and text.strip()
        ]

    def read(self, comment: Comment, said: re.Match[str]) -> Suppression:
        rules, reason, fault = _parsed(said["verb"], said["rest"])
        target = self._below(comment.line) if comment.alone else comment.line
        between = range(comment.line + 1, min(target, comment.line + MAX_REMARKS))
        return Suppression(
            rules=rules,
            reason=reason,
            line=comment.line,
            column=comment.column,
            end_column=comment.end_column,
            text=comment.text,
            target=target,
            code=self._text(target),
            remarks=tuple(text for line in between if (text := self._text(line))),
            fault=fault,
        )

    def _below(self, line: int) -> int:
        """The next line of code; that very line where none follows."""
        at = bisect_right(self._code, line)
        return self._code[at] if at < len(self._code) else line

    def _text(self, line: int) -> str:
        return self._lines[line - 1].strip()


def _parsed(verb: str, rest: str) -> tuple[tuple[str, ...], str, str]:
    """Rules, reason, and what is wrong with them."""
    said, dash, reason = _split(_CLOSERS.sub("", rest))
    rules = tuple(rule for part in said.split(",") if (rule := part.strip()))
    odd = [rule for rule in rules if not _RULE.fullmatch(rule)]
    if verb != "allow":
        return rules, reason, f"the word is `allow`, not `{verb}`"
    if not rules or odd:
        return rules, reason, "it must name rules, parted by commas"
    if not dash or not _is_reason(reason):
        return rules, reason, "a reason of a few words must follow: `-- <why>`"
    return rules, reason, ""


def _split(text: str) -> tuple[str, str, str]:
    dash = _DASH.search(text)
    if dash is None:
        return text.strip(), "", ""
    return text[: dash.start()].strip(), dash[0], text[dash.end() :].strip()


def _is_reason(text: str) -> bool:
    if len(_REASON_WORD.findall(text)) >= 2:
        return True
    return not text.isascii() and sum(map(str.isalpha, text)) >= _MIN_SIGNS
