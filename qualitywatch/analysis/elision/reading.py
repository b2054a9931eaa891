"""Recognises remarks that stand for code: "... the rest of the methods is unchanged".

Such a remark fills three slots, and mostly two of them: a *marker* (an ellipsis before
or after it, brackets around it), a *scope* (which code is meant: the rest of, other,
existing; methods, logic, imports), and a *verb* (remains the same, omitted, keep).
`elision` reads the words (`elision_words` lists them, `elision_grammar` says which
orders of them count); `elisions` adds what the place tells; what neither tells, the
base tells, in `analysis.checks.elided_code`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from functools import lru_cache

from qualitywatch.analysis.elision import grammar
from qualitywatch.analysis.elision.glance import (
    may_be_elision,
    may_be_elisions,
    may_be_hint,
)
from qualitywatch.analysis.elision.places import Remark, may_be_remark, places
from qualitywatch.analysis.sources.source import Comment, Source
from qualitywatch.model import Noun
from qualitywatch.regex import regex

MAX_LENGTH = 400  # characters; 99 of 100 remarks have no more than twelve words
MAX_WORDS = 40

_LONG = 40  # a line of prose breaks after so many characters, a remark seldom
_SENTENCE_ENDS = (".", ":", ";", "!", "?", "…", ")", "]")
_LOWER_START = regex(r"^\W*[a-z]")


class Elision(Noun):
    """A remark that stands for code, and the identifiers it mentions.

    A heading may as well be the title of code that follows it, and a hint may be any
    remark: they count only where code is gone from their very place.
    """

    names: tuple[str, ...]
    form: str

    @property
    def is_doubtful(self) -> bool:
        """True when the words alone do not tell that code was left out."""
        return self.form in (grammar.HEADING, grammar.HINT)


def elision(remark: str, *, file_name: str = "") -> Elision | None:
    """What *remark* stands for, or `None` where it is an ordinary comment.

    Args:
        remark: One comment or bare line, its leader and closer still on or not.
        file_name: Where it stands; build files speak of copying "the rest".
    """
    found = _read(remark) if len(remark) <= MAX_LENGTH else None
    is_marked = found is not None and found.form in (grammar.ELLIPSIS, grammar.BRACKETS)
    if not is_marked and _copies_files(file_name):
        return None
    return found


def hint(remark: str) -> Elision | None:
    """*remark* as a hint, where its form could be that of one that stands for code.

    It has an ellipsis or a word that such remarks have, and is no sentence. Only a hole
    in the code can prove it.
    """
    may_be = len(remark) <= MAX_LENGTH and may_be_hint(remark)
    tokens = _tokens(remark) if may_be else ()
    if not tokens or not grammar.is_marked(grammar.spell(tokens)):
        return None
    return Elision(names=grammar.names_in(tokens), form=grammar.HINT)


def elisions(
    source: Source, *, wanted: Collection[int] | None = None, hints: bool = True
) -> Iterator[tuple[Remark, Elision]]:
    """Every remark of *source* that stands for code, as far as words and place tell.

    Only lines that are *wanted* are looked at; without *hints* only plain words count.
    """
    numbers = _every_line(source) if wanted is None else wanted
    found_at = places(source, numbers, _reads, _chosen(source, numbers, hints=hints))
    if not found_at:
        return
    comments = source.comments()
    lines = {c.line: c for c in comments if c.alone and c.kind == "line"}
    for remark in found_at:
        found = elision(remark.text, file_name=source.path)
        if found is None:
            found = _hint_at(remark, lines, source.path) if hints else None
        elif not _place_allows(remark, found.form, lines):
            continue
        if found is not None:
            yield remark, found


def _chosen(source: Source, wanted: Collection[int], *, hints: bool) -> list[Comment]:
    """The comments on *wanted* lines that may be such a remark."""
    said: Sequence[Comment] = [c for c in source.comments() if c.line in wanted]
    if said and not hints:
        said = source.once(elidable)
    short = (each for each in said if each.line in wanted and may_be_remark(each))
    may_count = may_be_hint if hints else _reads
    return [comment for comment in short if may_count(comment.text)]


def elidable(source: Source) -> tuple[Comment, ...]:
    """The comments of *source* that may stand for code, by a look at all of them.

    A docstring of several lines never does.
    """
    short = [
        each
        for each in source.comments()
        if len(each.text) <= MAX_LENGTH
        and (each.kind != "doc" or each.line == each.end_line)
    ]
    return tuple(short[at] for at in may_be_elisions([each.text for each in short]))


def remarks(source: Source) -> Iterator[Remark]:
    """Every place of *source* where a remark may stand, in the order of the text."""
    yield from places(source, _every_line(source), _reads, source.comments())


def _every_line(source: Source) -> range:
    return range(1, len(source.lines) + 1)


def _reads(text: str) -> bool:
    """True where *text*, which one look let pass, stands for code."""
    return len(text) <= MAX_LENGTH and _fitting(text) is not None


def _hint_at(
    remark: Remark, lines: dict[int, Comment], file_name: str
) -> Elision | None:
    """A hint that is no part of a longer comment."""
    if not remark.alone or remark.kind not in ("line", "block", "jsx"):
        return None
    if _copies_files(file_name):
        return None
    if lines.get(remark.line - 1) or lines.get(remark.end_line + 1):
        return None
    return hint(remark.text)


def _read(remark: str) -> Elision | None:
    return _fitting(remark) if may_be_elision(remark) else None


@lru_cache(maxsize=4096)  # several checks ask about the same remark
def _fitting(remark: str) -> Elision | None:
    """*remark* by the first row of the grammar that it fits."""
    tokens = _tokens(remark)
    form = grammar.form_of(grammar.spell(tokens)) if tokens else None
    return None if form is None else Elision(names=grammar.names_in(tokens), form=form)


@lru_cache(maxsize=64)  # once as a remark, at once again as a hint
def _tokens(remark: str) -> tuple[grammar.Token, ...]:
    """The words and signs of *remark*; none where it can not be one."""
    text = grammar.bare(remark)
    if not text or grammar.is_code(text):
        return ()
    tokens = grammar.tokens(text)
    return () if len(tokens) > MAX_WORDS else tokens


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
