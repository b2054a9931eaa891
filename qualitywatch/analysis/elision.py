"""Recognises remarks that stand for code: "... the rest of the methods is unchanged".

Such a remark fills three slots, and mostly two of them: a *marker* (an ellipsis before
or after it, brackets around it), a *scope* (which code is meant: the rest of, other,
existing; methods, logic, imports), and a *verb* (remains the same, omitted, keep).
`elision` reads the words (`elision_words` lists them, `elision_grammar` says which
orders of them count); `elisions` adds what the place tells; what neither tells, the
base tells, in `analysis.checks.elided_code`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache

import tree_sitter

from qualitywatch.analysis import elision_grammar as grammar
from qualitywatch.analysis.source import Comment, Kind, Source
from qualitywatch.model import Noun

MAX_LENGTH = 400  # characters; 99 of 100 remarks have no more than twelve words
MAX_WORDS = 40
MAX_BLOCK = 5  # lines of a block comment that may be one remark

_MAX_ERRORS = 200  # faulty places that are searched for bare remarks
_LONG = 40  # a line of prose breaks after so many characters, a remark seldom
_COMMENTED = ("<!--", "{/*", "/*", "//", "#", "--")
_STARTS = (*_COMMENTED, "...", "…", "[", "(", "（", "【")
_FENCE = "```"
_SENTENCE_ENDS = (".", ":", ";", "!", "?", "…", ")", "]")
_LOWER_START = re.compile(r"^\W*[a-z]")
_STUBS = ("{", "(", "[", ":", ">", "...")
_STRINGS = frozenset({"string", "template_string"})
_TEXTS = frozenset({"jsx_text", "ERROR"})


class Elision(Noun):
    """A remark that stands for code, and the identifiers it mentions.

    A heading may as well be the title of code that follows it: it counts only where
    no code follows.
    """

    names: tuple[str, ...]
    form: str

    @property
    def is_heading(self) -> bool:
        """True when the words alone do not tell that code was left out."""
        return self.form == grammar.HEADING


class Remark(Noun):
    """A place of a source where a remark may stand."""

    text: str
    line: int
    column: int
    end_line: int
    end_column: int
    kind: Kind
    alone: bool  # nothing but a stub or an opening bracket stands on its line


def elision(remark: str, *, file_name: str = "") -> Elision | None:
    """What *remark* stands for, or `None` where it is an ordinary comment.

    Args:
        remark: One comment or bare line, its leader and closer still on or not.
        file_name: Where it stands; build files speak of copying "the rest".
    """
    found = _read(remark) if len(remark) <= MAX_LENGTH else None
    if found is None or (found.form != grammar.ELLIPSIS and _copies_files(file_name)):
        return None
    return found


def elisions(
    source: Source, *, wanted: Callable[[int], bool] = lambda line: True
) -> Iterator[tuple[Remark, Elision]]:
    """Every remark of *source* that stands for code, as far as words and place tell.

    Only lines that are *wanted* are looked at.
    """
    lines = {c.line: c for c in source.comments() if c.alone and c.kind == "line"}
    for remark in _places(source, wanted):
        found = elision(remark.text, file_name=source.path)
        if found is not None and _place_allows(remark, found.form, lines):
            yield remark, found


def remarks(source: Source) -> Iterator[Remark]:
    """Every place of *source* where a remark may stand, in the order of the text.

    These are comments, lines of markup or style inside strings, and bare lines that
    only look like a remark and break the syntax. Documentation is none: its examples
    leave things out on purpose.
    """
    yield from _places(source, lambda line: True)


def _places(source: Source, wanted: Callable[[int], bool]) -> list[Remark]:
    found = [*_commented(source, wanted), *_bare_lines(source, wanted)]
    return sorted(found, key=lambda remark: (remark.line, remark.column))


@lru_cache(maxsize=4096)  # several checks ask about the same remark
def _read(remark: str) -> Elision | None:
    text = grammar.bare(remark)
    if not text or not grammar.may_elide(text) or grammar.is_code(text):
        return None
    tokens = grammar.tokens(text)
    if len(tokens) > MAX_WORDS:
        return None
    form = grammar.form_of(grammar.spell(tokens))
    return None if form is None else Elision(names=grammar.names_in(tokens), form=form)


def _copies_files(file_name: str) -> bool:
    name = file_name.rpartition("/")[2].lower()
    return "dockerfile" in name or "containerfile" in name


def _place_allows(remark: Remark, form: str, lines: dict[int, Comment]) -> bool:
    """True unless a remark without an ellipsis stands where prose stands."""
    if form == grammar.ELLIPSIS:
        return True
    return remark.alone and remark.kind != "doc" and not _flows(remark, lines)


def _flows(remark: Remark, lines: dict[int, Comment]) -> bool:
    """True for a line of prose that was broken before or after this place."""
    if remark.kind != "line":
        return False
    before = _neighbour(remark, lines.get(remark.line - 1))
    after = _neighbour(remark, lines.get(remark.line + 1))
    if len(before) >= _LONG and not _ends_sentence(before):
        return bool(_LOWER_START.match(remark.text))
    return bool(_LOWER_START.match(after)) and not _ends_sentence(remark.text)


def _ends_sentence(text: str) -> bool:
    return text.rstrip(" \t*/#-").endswith(_SENTENCE_ENDS)


def _neighbour(remark: Remark, other: Comment | None) -> str:
    """The text of the next line of the same comment, unless that is a remark too."""
    if other is None or other.column != remark.column or elision(other.text):
        return ""
    return other.text


# Comments


def _commented(source: Source, wanted: Callable[[int], bool]) -> Iterator[Remark]:
    comments = source.comments()
    fenced = _fenced(comments)
    for comment in comments:
        if not wanted(comment.line) or comment.line in fenced:
            continue
        if _may_be_remark(comment):
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


def _may_be_remark(comment: Comment) -> bool:
    lines = comment.end_line - comment.line + 1
    return lines <= (1 if comment.kind == "doc" else MAX_BLOCK)


def _fenced(comments: tuple[Comment, ...]) -> set[int]:
    """The lines of examples that line comments hold between fences."""
    fenced: set[int] = set()
    opened: int | None = None
    last = 0
    for comment in comments:
        if comment.line != last + 1:
            opened = None
        last = comment.end_line
        if _FENCE in comment.text:
            opened = comment.line if opened is None else None
        elif opened is not None:
            fenced.add(comment.line)
    return fenced


def _follows_stub(source: Source, comment: Comment) -> bool:
    """True behind code that is left open or says nothing: `{`, `def f():`, `pass`."""
    before = source.lines[comment.line - 1][: comment.column - 1]
    return before.rstrip().endswith(_STUBS) or before.split()[-1:] == ["pass"]


# What is no comment


def _bare_lines(source: Source, wanted: Callable[[int], bool]) -> Iterator[Remark]:
    commented = {
        line
        for comment in source.comments()
        for line in range(comment.line, comment.end_line + 1)
    }
    faulty = _faulty_lines(source)
    for number, line in enumerate(source.lines, 1):
        text = line.strip()
        if number in commented or not wanted(number):
            continue
        if not (text.startswith(_STARTS) or number in faulty):
            continue
        if elision(text) and (kind := _kind_of(source, number, faulty)):
            yield _bare_remark(line, number, kind)


def _bare_remark(line: str, number: int, kind: Kind) -> Remark:
    start, end = len(line) - len(line.lstrip()), len(line.rstrip())
    return Remark(
        text=line.strip(),
        line=number,
        column=start + 1,
        end_line=number,
        end_column=end,
        kind=kind,
        alone=True,
    )


def _kind_of(source: Source, number: int, faulty: frozenset[int]) -> Kind | None:
    """In what a line stands that looks like a remark; `None` where it is code."""
    line = source.lines[number - 1]
    start = len(line[: len(line) - len(line.lstrip())].encode())
    end = len(line.rstrip().encode())
    root = source.tree.root_node
    node = root.descendant_for_point_range((number - 1, start), (number - 1, end))
    while node is not None:
        if node.type in _STRINGS and node.start_point[0] < node.end_point[0]:
            return "string" if line.lstrip().startswith(_COMMENTED) else None
        if node.type in _TEXTS:
            return "bare"
        node = node.parent
    return "bare" if number in faulty else None


def _faulty_lines(source: Source) -> frozenset[int]:
    """The lines on which the parser gave up, as far as they are few."""
    if not source.has_errors:
        return frozenset()
    query = tree_sitter.Query(source.tree.language, "(ERROR) @error")
    found = tree_sitter.QueryCursor(query).captures(source.tree.root_node)
    return frozenset(
        row + 1
        for node in found.get("error", ())[:_MAX_ERRORS]
        for row in range(node.start_point[0], node.end_point[0] + 1)
    )
