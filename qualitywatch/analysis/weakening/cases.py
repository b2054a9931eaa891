"""The test cases of a text: where each begins and ends, and how it is switched off."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import accumulate, chain, islice, takewhile
from typing import Literal

import msgspec

from qualitywatch.analysis.sources.source import Comment, Source
from qualitywatch.analysis.weakening.assertions import (
    QUOTED,
    Assertion,
    assertions,
)
from qualitywatch.analysis.weakening.blocks import (
    annotated_from,
    block_end,
    indent,
    next_code,
    open_blocks,
)
from qualitywatch.analysis.weakening.dialects import (
    DIALECTS,
    FOCUS,
    FOCUSES,
    OFF,
    SWITCHED_OFF,
    Dialect,
)
from qualitywatch.analysis.weakening.doubtful import doubtful
from qualitywatch.analysis.weakening.files import is_test_path, may_hold_tests
from qualitywatch.analysis.weakening.headers import Header
from qualitywatch.analysis.weakening.reach import Shared, last_touched, shared
from qualitywatch.regex import regex

MAX_CASES = 2_000  # of one file
MAX_SIGNATURE = 2_000  # signs

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


class Skip(msgspec.Struct, frozen=True):
    """The words that switch a test off, and the reason they give."""

    line: int
    why: str


class Case:
    """One test, or a group of them; lines count from 1."""

    def __init__(self, text: _Text, found: re.Match[str], line: int, kind: Kind):
        self.kind = kind
        self.line = line
        self.text = text
        self._found = found

    @cached_property
    def name(self) -> str:
        """What its author calls it."""
        name = (self._said("name") or self._said("label")).strip()
        return name if name.count("(") == name.count(")") else name.rstrip(") ")

    @property
    def word(self) -> str:
        """The word with which it begins, where its framework has several."""
        return self._said("word")

    @property
    def mods(self) -> frozenset[str]:
        """The words that follow that one, each behind a dot."""
        return frozenset(filter(None, self._said("mods").split(".")))

    def _said(self, group: str) -> str:
        known = self._found.re.groupindex
        return (self._found[group] or "") if group in known else ""

    @cached_property
    def first(self) -> int:
        """The line of its first annotation."""
        return annotated_from(self.text.lines, self.line)

    @cached_property
    def end(self) -> int:
        """Its last line."""
        return block_end(self.text.lines, self.line)

    @property
    def raw(self) -> Sequence[str]:
        """Its text as it stands, comments included: equal, nothing was changed."""
        return self.text.raw(self.first, self.end)

    @property
    def head(self) -> list[tuple[int, str]]:
        """The annotations and the line of the header."""
        lines = self.text.lines
        return [(n, lines[n - 1]) for n in range(self.first, self.line + 1)]

    @cached_property
    def body(self) -> list[tuple[int, str]]:
        """The lines of the body that hold code, without comments."""
        lines = self.text.lines
        begin = self.text.body_from(self._found.end())
        rest = self.text.rest_of_line(begin)
        start = self.line + self.text.breaks(self._found.start(), begin)
        rows = [(start, rest), *enumerate(lines[start : self.end], start + 1)]
        return [row for row in rows if row[1].strip()]

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

    @property
    def is_empty(self) -> bool:
        """True when nothing is done in the body."""
        return (
            _EMPTY_BODY.fullmatch(" ".join(t for _, t in self.body)[:2000]) is not None
        )

    @property
    def skip(self) -> Skip | None:
        """How it is switched off, if it is."""
        if SWITCHED_OFF.fullmatch(self.word) or OFF & self.mods:
            return Skip(self.line, "")
        return self._marked_off() or self._stopped()

    @property
    def is_focused(self) -> bool:
        """True when it keeps all others from running."""
        return self.text.may_focus and (
            "only" in self.mods or FOCUS.fullmatch(self.word) is not None
        )

    def said_of(self, line: int) -> str:
        """The comments on *line* and right above it."""
        return self.text.said_at(line)

    def comments(self) -> list[Comment]:
        """The comments inside it, and those right behind it."""
        return self.text.comments_in(self.line, next_code(self.text.lines, self.end))

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
        if pattern is None or not any(map(pattern.match, self.statements)):
            return None
        inside = [row for row in self.body if row[0] > self.line]
        first = next((text for _, text in inside if _WORD.search(text)), "")
        for number, text in inside:
            if indent(text) != indent(first) or _CONDITION.search(QUOTED.sub("", text)):
                continue
            if found := pattern.match(text.strip()):
                return Skip(number, _reason(found))
        return None


def cases(source: Source) -> list[Case]:
    """The tests of *source* and their groups, in order."""
    text = _text(source)
    return [] if text is None else list(text.cases())


def doubtful_cases(source: Source) -> list[Case]:
    """Those of them that may be weak, whatever they were before."""
    text = _text(source)
    return [] if text is None else list(text.doubtful())


def touched_cases(before: Source, after: Source) -> tuple[list[Case], list[Case]]:
    """Those of both sides that may differ."""
    old, new = _text(before), _text(after)
    if old is None or new is None or old.kind != new.kind:
        return cases(before), cases(after)
    same = shared((old.lines, before.lines), (new.lines, after.lines))
    around = open_blocks(new.lines, same.first)  # of both: they share these lines
    return list(old.touched(same, around)), list(new.touched(same, around))


def _text(source: Source) -> _Text | None:
    """The text of *source*; `None` where it can hold no tests."""
    dialect = DIALECTS.get(source.language.name)
    by_name = is_test_path(source.path)
    if dialect is None or not may_hold_tests(source):
        return None
    is_marked = dialect.mark is None or dialect.mark.search(source.text) is not None
    return _Text(source, dialect, by_name=by_name) if is_marked or by_name else None


class _Text:
    """A source without its comments, with what tells where a test ends."""

    def __init__(self, source: Source, dialect: Dialect, *, by_name: bool) -> None:
        self.dialect = dialect
        self._source = source
        self._whole = source.bare
        self._by_name = by_name

    @cached_property
    def _data(self) -> bytes:
        return self._whole.encode()

    @property
    def kind(self) -> tuple[Dialect, bool]:
        """What decides which of its lines are tests."""
        return self.dialect, self._by_name

    @property
    def lines(self) -> list[str]:
        """Its lines: as many as the source has."""
        return self._source.bare_lines

    @cached_property
    def may_focus(self) -> bool:
        """False where no test keeps all others from running."""
        headers = filter(None, (self.dialect.header, self.dialect.group))
        is_told = any(header.tells_focus for header in headers)
        return is_told and FOCUSES.search(self._data) is not None

    def cases(self) -> Iterator[Case]:
        yield from self._tests(self.dialect.header.lines(self._data))
        if self.dialect.group is not None:
            yield from self._groups(self.dialect.group.lines(self._data))

    def doubtful(self) -> Iterator[Case]:
        header = self.dialect.header
        if self.may_focus:
            yield from self.cases()
        elif header.is_in(self._data):
            yield from self._tests(doubtful(header, self._data, self.lines))

    def touched(self, same: Shared, around: Sequence[int]) -> Iterator[Case]:
        """Those that reach into the change; *around* it are blocks still open."""
        end = last_touched(self.lines, same)
        data = "\n".join(self.lines[same.first :]).encode()

        def within(header: Header) -> Iterator[int]:
            numbers = (same.first + number for number in header.lines(data))
            return takewhile(end.__ge__, numbers)

        yield from self._tests(chain(around, within(self.dialect.header)))
        if self.dialect.group is not None:
            yield from self._groups(within(self.dialect.group))

    def _tests(self, lines: Iterable[int]) -> Iterator[Case]:
        for line, found in self._found(self.dialect.header, lines):
            case = Case(self, found, line, "test")
            if self._is_test(case):
                yield case

    def _groups(self, lines: Iterable[int]) -> Iterator[Case]:
        assert self.dialect.group is not None
        for line, found in self._found(self.dialect.group, lines):
            yield Case(self, found, line, "group")

    def _found(
        self, header: Header, lines: Iterable[int]
    ) -> Iterator[tuple[int, re.Match[str]]]:
        """The first of the *lines* that are a *header*, with what it says."""
        found = (
            (line, header.match(self._whole, self._start_of(line))) for line in lines
        )
        exact = ((line, match) for line, match in found if match)
        return islice(exact, MAX_CASES)

    def _is_test(self, case: Case) -> bool:
        mark = self.dialect.mark
        if mark is None or any(mark.search(text) for _, text in case.head):
            return True
        return self._by_name and case.name.lower().startswith("test")

    def _start_of(self, line: int) -> int:
        """Where *line* begins."""
        return self._lengths[line - 1] + line - 1

    @cached_property
    def _lengths(self) -> list[int]:
        """How many signs stand above each line, line breaks apart."""
        return list(accumulate(map(len, self.lines), initial=0))

    def body_from(self, offset: int) -> int:
        """Where the body begins, if the header was read up to *offset*."""
        if self._whole[offset - 1] == "(":
            offset = _after_bracket(self._whole, offset)
        opening = _OPENING.match(self._whole, offset)
        return offset if opening is None else opening.end()

    def breaks(self, start: int, end: int) -> int:
        """How many lines end between these two places."""
        return self._whole.count("\n", start, end)

    def rest_of_line(self, offset: int) -> str:
        end = self._whole.find("\n", offset)
        return self._whole[offset : end if end >= 0 else None]

    def raw(self, first: int, last: int) -> Sequence[str]:
        return self._source.lines[first - 1 : last]

    def said_at(self, line: int) -> str:
        near = self.comments_in(line - 1, line + 1)
        return " ".join(c.text for c in near if c.line == line or c.alone)

    def comments_in(self, first: int, end: int) -> list[Comment]:
        comments = self._source.comments()
        start = bisect_left(comments, first, key=lambda each: each.line)
        stop = bisect_left(comments, end, key=lambda each: each.line)
        return list(comments[start:stop])


def _after_bracket(text: str, offset: int) -> int:
    """The offset behind the bracket that closes the one before *offset*."""
    depth = 1
    for at in range(offset, min(len(text), offset + MAX_SIGNATURE)):
        depth += (text[at] in "([") - (text[at] in ")]")
        if depth == 0:
            return at + 1
    return offset


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
