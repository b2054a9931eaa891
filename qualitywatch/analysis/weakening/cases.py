"""The test cases of a text: where each begins and ends, and how it is switched off."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from functools import cached_property
from itertools import accumulate, islice
from typing import Literal, NamedTuple

from qualitywatch.analysis.sources.source import Comment, Source
from qualitywatch.analysis.stubs.design import is_test_double_file
from qualitywatch.analysis.weakening.assertions import (
    MAX_LINES,
    QUOTED,
    Asserting,
    Assertion,
    assertions,
    asserts_for_sure,
)
from qualitywatch.analysis.weakening.dialects import (
    DIALECTS,
    FOCUS,
    OFF,
    SWITCHED_OFF,
    Dialect,
)
from qualitywatch.regex import regex

MAX_CASES = 2_000  # of one file
MAX_SIGNATURE = 2_000  # signs
MAX_ABOVE = 60  # lines of annotations above a test

_TEST_PATH = regex(
    r"(?:^|[/._-])(?:tests?|specs?|__tests__)(?:[/._-]|$)|[a-z](?:Tests?|Specs?)[/.]"
)
_ANNOTATION = regex(r"\s*(?:@|#\[|\[)")
_CLOSER = regex(r"\s*(?:[)\]}{]|end\b)")
_LAST = regex(r"\s*(?:\}|end\b)")
_EMPTY_BODY = regex(
    r"(?:[\s(){}\[\];,:]|\b(?:pass|return|end|do|then|async|function|done|ok|self|"
    r"Ok|Unit|None|null|nil|undefined|void|throws?|Throwable|Exception|override|->)\b"
    r"|=>|->|\.\.\.|\w+\s*=>)*"
)

_OPENING = regex(
    r"[ \t]*(?:->[^\n:{]{0,200})?:[ \t]*(?=\n)"
    r"|[^\n]{0,300}?=>[ \t]*\{?"
    r"|[^\n{}=;]{0,300}\{"
    r"|[ \t]*=[ \t]*"
    r"|[^\n]{0,300}?\bdo\b(?:[ \t]*\|[^|\n]*\|)?[ \t]*(?=\n)"
)
_CONDITION = regex(r"\b(?:if|unless|when)\b")
_WORD = regex(r"\w")
_NO_STATEMENTS = frozenset({"", "end", "do", "then"})

Kind = Literal["test", "group"]


class Skip(NamedTuple):
    """The words that switch a test off, and the reason they give."""

    line: int
    why: str


class Case:
    """One test, or a group of them; lines count from 1."""

    def __init__(self, text: _Text, found: re.Match[str], line: int, kind: Kind):
        groups = found.groupdict()
        self.kind = kind
        name = (groups.get("name") or groups.get("label") or "").strip()
        self.name = name if name.count("(") == name.count(")") else name.rstrip(") ")
        self.word = groups.get("word") or ""
        self.mods = frozenset(filter(None, (groups.get("mods") or "").split(".")))
        self.line = line
        self.text = text
        self._found = found

    @cached_property
    def first(self) -> int:
        """The line of its first annotation."""
        return self.text.annotated_from(self.line)

    @cached_property
    def end(self) -> int:
        """Its last line."""
        return self.text.end_of(self.line)

    @cached_property
    def raw(self) -> tuple[str, ...]:
        """Its text as it stands, comments included: equal, nothing was changed."""
        return self.text.raw(self.first, self.end)

    @cached_property
    def head(self) -> list[tuple[int, str]]:
        """The annotations and the line of the header."""
        lines = self.text.lines
        return [(n, lines[n - 1]) for n in range(self.first, self.line + 1)]

    @cached_property
    def asserting(self) -> list[tuple[int, str]]:
        """The body from its first line on that may assert something."""
        if self._asserts_from == self._begin:
            return self.body
        first = self._asserts_from
        lines = self.text.lines[first - 1 : self.end] if first else []
        return [(n, text) for n, text in enumerate(lines, first) if text.strip()]

    @property
    def may_be_trivial(self) -> bool:
        """False where the next assertion, its own or another test's, is a real one.

        For nearly all that spares to look where the test begins and where it ends.
        """
        line = self.text.line_at(self._found.end())
        first = self.text.asserting_from(line)
        if first == 0 or (first > line and self.text.asserts_for_sure(first)):
            return False
        first = self._asserts_from
        if first in (0, self._begin):
            return first > 0
        return not self.text.asserts_for_sure(first)

    @cached_property
    def _begin(self) -> int:
        """The line on which the body begins."""
        return self.text.line_at(self.text.body_from(self._found.end()))

    @cached_property
    def _asserts_from(self) -> int:
        return self.text.asserting_from(self._begin)

    @cached_property
    def body(self) -> list[tuple[int, str]]:
        """The lines of the body that hold code, without comments."""
        lines = self.text.lines
        begin = self.text.body_from(self._found.end())
        rest, start = self.text.rest_of_line(begin), self.text.line_at(begin)
        found = [(n, lines[n - 1]) for n in range(start + 1, self.end + 1)]
        return [(n, text) for n, text in ((start, rest), *found) if text.strip()]

    @cached_property
    def assertions(self) -> list[Assertion]:
        """What it asserts, in order."""
        return assertions(self.body)

    @cached_property
    def statements(self) -> tuple[str, ...]:
        """The lines of the body, stripped: what is compared."""
        return tuple(
            stripped
            for _, text in self.body
            if (stripped := text.strip()).strip("(){}[];,") not in _NO_STATEMENTS
        )

    @cached_property
    def tokens(self) -> frozenset[str]:
        """The words of the body."""
        return frozenset(re.findall(r"\w+", " ".join(self.statements)))

    @cached_property
    def is_empty(self) -> bool:
        """True when nothing is done in the body."""
        return (
            _EMPTY_BODY.fullmatch(" ".join(t for _, t in self.body)[:2000]) is not None
        )

    @cached_property
    def skip(self) -> Skip | None:
        """How it is switched off, if it is."""
        if SWITCHED_OFF.fullmatch(self.word) or OFF & self.mods:
            return Skip(self.line, "")
        return self._marked_off() or self._stopped()

    @property
    def is_focused(self) -> bool:
        """True when it keeps all others from running."""
        return "only" in self.mods or FOCUS.fullmatch(self.word) is not None

    def said_of(self, line: int) -> str:
        """The comments on *line* and right above it."""
        return self.text.said_at(line)

    def comments(self) -> list[Comment]:
        """The comments inside it, and those right behind it."""
        return self.text.comments_in(self.line, self.text.next_code(self.end))

    def _marked_off(self) -> Skip | None:
        pattern = self.text.dialect.skip
        if pattern is None:
            return None
        for number, text in self.head:
            if (found := pattern.search(text)) and not _is_condition(found):
                return Skip(number, _reason(found))
        return None

    def _stopped(self) -> Skip | None:
        pattern = self.text.dialect.stop
        inside = [row for row in self.body if row[0] > self.line]
        first = next((text for _, text in inside if _WORD.search(text)), None)
        if pattern is None or first is None:
            return None
        depth = indent(first)
        for number, text in inside:
            if indent(text) != depth or _CONDITION.search(QUOTED.sub("", text)):
                continue
            if found := pattern.match(text.strip()):
                return Skip(number, _reason(found))
        return None


def cases(source: Source) -> list[Case]:
    """The tests of *source* and their groups, in order."""
    dialect = DIALECTS.get(source.language.name)
    if dialect is None or not _may_hold_tests(source, dialect):
        return []
    return list(_Text(source, dialect).cases())


def is_test_path(path: str) -> bool:
    """True for a file that its name or its folder calls tests."""
    return _TEST_PATH.search(path) is not None or is_test_double_file(path)


def _may_hold_tests(source: Source, dialect: Dialect) -> bool:
    if not (dialect.everywhere or is_test_path(source.path)):
        return False
    return (
        dialect.mark is None
        or is_test_path(source.path)
        or bool(dialect.mark.search(source.text))
    )


class _Text:
    """A source without its comments, with what tells where a test ends."""

    def __init__(self, source: Source, dialect: Dialect) -> None:
        self.dialect = dialect
        self._comments = source.comments()
        self._source = source
        self.lines = _uncommented(source)
        self._whole = "\n".join(self.lines)
        sizes = (len(line) + 1 for line in self.lines)
        self._starts = list(accumulate(sizes, initial=0))
        self._by_name = is_test_path(source.path)

    @property
    def raw_lines(self) -> list[str]:
        return self._source.lines

    def cases(self) -> Iterator[Case]:
        for number, found in enumerate(self._found(self.dialect.header)):
            if number >= MAX_CASES:
                return
            case = Case(self, found, self._line_of(found), "test")
            if self._is_test(case):
                yield case
        if self.dialect.group is None:
            return
        for number, found in enumerate(self._found(self.dialect.group)):
            if number >= MAX_CASES:
                return
            yield Case(self, found, self._line_of(found), "group")

    def _found(self, header: re.Pattern[str]) -> Iterator[re.Match[str]]:
        """What `finditer` gives, for a *header* that begins with a line: it would try
        at every sign."""
        letters, position = self.dialect.letters, 0
        for start, text in zip(self._starts, self.lines, strict=False):
            if not text or letters not in text or start < position:
                continue
            if m := header.match(self._whole, start):
                position = m.end()
                yield m

    def _is_test(self, case: Case) -> bool:
        mark = self.dialect.mark
        if mark is None or any(mark.search(text) for _, text in case.head):
            return True
        return self._by_name and case.name.lower().startswith("test")

    def _line_of(self, found: re.Match[str]) -> int:
        groups = found.groupdict()
        named = next((g for g in ("word", "name", "label") if groups.get(g)), 0)
        return self.line_at(found.start(named))

    def body_from(self, offset: int) -> int:
        """Where the body begins, if the header was read up to *offset*."""
        if self._whole[offset - 1] == "(":
            offset = _after_bracket(self._whole, offset)
        opening = _OPENING.match(self._whole, offset)
        return offset if opening is None else opening.end()

    def line_at(self, offset: int) -> int:
        return bisect_right(self._starts, offset)

    def asserting_from(self, line: int) -> int:
        """The next line from *line* on that may assert something; 0: none does."""
        return self._asserting.next(line)

    def asserts_for_sure(self, line: int) -> bool:
        return asserts_for_sure(self.lines[line - 1 : line - 1 + MAX_LINES])

    @cached_property
    def _asserting(self) -> Asserting:
        return Asserting(self.lines, self._whole)

    @cached_property
    def _depths(self) -> list[int]:
        """How far each line is indented; -1 where it holds no code."""
        return [
            len(text) - len(bare) if (bare := text.lstrip()) and text[0] != "#" else -1
            for text in self.lines
        ]

    def rest_of_line(self, offset: int) -> str:
        end = self._whole.find("\n", offset)
        return self._whole[offset : end if end >= 0 else None]

    def annotated_from(self, line: int) -> int:
        """The first line of the annotations right above *line*."""
        first = line
        for number in range(line - 1, max(0, line - MAX_ABOVE), -1):
            text = self.lines[number - 1]
            if _ANNOTATION.match(text):
                first = number
            elif not text.strip() or _ends_statement(text):
                break
        return first

    def end_of(self, line: int) -> int:
        """The last line of the block that begins on *line*."""
        depth, last = indent(self.lines[line - 1]), line
        for number, own in enumerate(islice(self._depths, line, None), line + 1):
            if own < 0:
                continue
            if own <= depth:
                text = self.lines[number - 1]
                if own < depth or not _CLOSER.match(text):
                    break
                if _LAST.match(text) and not text.rstrip().endswith("{"):
                    return number
            last = number
        return last

    def next_code(self, line: int) -> int:
        """The next line after *line* that holds code."""
        while line < len(self.lines):
            line += 1
            if self.lines[line - 1].strip():
                return line
        return line + 1

    def raw(self, first: int, last: int) -> tuple[str, ...]:
        return tuple(self._source.lines[first - 1 : last])

    def said_at(self, line: int) -> str:
        near = self.comments_in(line - 1, line + 1)
        return " ".join(c.text for c in near if c.line == line or c.alone)

    def comments_in(self, first: int, end: int) -> list[Comment]:
        start = bisect_left(self._comments, first, key=lambda each: each.line)
        stop = bisect_left(self._comments, end, key=lambda each: each.line)
        return list(self._comments[start:stop])


def _uncommented(source: Source) -> list[str]:
    lines = list(source.lines)
    for comment in reversed(source.comments()):
        first, last = comment.line - 1, comment.end_line - 1
        if comment.kind in ("string", "bare") or last >= len(lines):
            continue
        head, tail = (
            lines[first][: comment.column - 1],
            lines[last][comment.end_column :],
        )
        lines[first] = head + tail if first == last else head
        if first != last:
            lines[first + 1 : last] = [""] * (last - first - 1)
            lines[last] = tail
    return lines


def _after_bracket(text: str, offset: int) -> int:
    """The offset behind the bracket that closes the one before *offset*."""
    depth = 1
    for at in range(offset, min(len(text), offset + MAX_SIGNATURE)):
        depth += (text[at] in "([") - (text[at] in ")]")
        if depth == 0:
            return at + 1
    return offset


def indent(text: str) -> int:
    """How far *text* is indented."""
    return len(text) - len(text.lstrip())


def ends_blocks(text: str) -> bool:
    """True for a line behind which no block goes on that is indented as far as it."""
    return text[:1] != "#" and not _CLOSER.match(text)


def _ends_statement(text: str) -> bool:
    return text.rstrip()[-1:] in (";", "}", "{", ":") or text.strip() == "end"


def _reason(found: re.Match[str]) -> str:
    groups = found.groupdict()
    said = groups.get("why") or groups.get("args") or ""
    return said.strip("()'\"`; \t")


def _is_condition(found: re.Match[str]) -> bool:
    """True for `xfail(sys.platform == ...)`: it is switched off only somewhere."""
    args = (found.groupdict().get("args") or "").strip("() \t")
    if not args or found.re.search("@unittest.skip") is None:
        return False
    is_said = args[:1] in "\"'rf" and args[1:2] != "u"
    return not is_said and not re.match(r"(?:reason|strict|raises|run)\s*=", args)
