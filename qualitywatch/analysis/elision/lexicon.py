"""Looks up the part that each word of a remark plays.

A phrase wins over its words, a whole word over a stem, and where two languages
share a word the one listed first in `elision_tongues.LANGUAGES`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from functools import cache, lru_cache
from types import MappingProxyType

import msgspec

from qualitywatch.analysis.elision.tongues import LANGUAGES
from qualitywatch.analysis.elision.words import GLUE, OTHER_WORD

_KEY = 3  # stems are found by their first letters
_EAST_ASIAN = ("CJK", "HIRAGANA", "KATAKANA", "HANGUL")
_DIGITS = frozenset("0123456789")


class Entry(msgspec.Struct, frozen=True):
    """A word or phrase and the part it plays."""

    words: tuple[str, ...]
    tag: str

    def fits(self, words: tuple[str, ...]) -> bool:
        """True when *words* begins with this entry."""
        return len(self.words) <= len(words) and all(
            word.startswith(mine[:-1]) if mine.endswith("*") else word == mine
            for mine, word in zip(self.words, words, strict=False)
        )


def fold(word: str) -> str:
    """*word* in lower case and, in Latin letters, without accents."""
    if word.isascii():
        return word.lower()
    folded = ""
    for letter in unicodedata.normalize("NFD", word.lower()):
        accent = unicodedata.combining(letter) and folded[-1:].isascii()
        folded += "" if accent else letter
    return unicodedata.normalize("NFC", folded)


def tags(words: tuple[str, ...]) -> Iterator[tuple[str, int]]:
    """The part that each word or phrase plays, and how many words it takes."""
    at = 0
    while at < len(words):
        tag, length = _longest(words[at : at + _index().longest])
        yield tag, length
        at += length


def is_east_asian(letter: str) -> bool:
    """True for letters of the scripts that are written without blanks."""
    return not letter.isascii() and unicodedata.name(letter, "").startswith(_EAST_ASIAN)


def segments(run: str) -> Iterator[str]:
    """A run of East Asian letters, cut into the words we know and the rest."""
    exact, longest_run = _index().exact, _index().longest_run
    at = 0
    while at < len(run):
        longest = min(longest_run, len(run) - at)
        sizes = range(longest, 0, -1)
        size = next((n for n in sizes if run[at : at + n] in exact), 1)
        yield run[at : at + size]
        at += size


def _longest(words: tuple[str, ...]) -> tuple[str, int]:
    first = words[0]
    for entry in _beginning_with(first):
        if len(entry.words) == 1 or entry.fits(words):
            return entry.tag, len(entry.words)
    if _DIGITS.issuperset(first):
        return GLUE, 1
    singular = first.removesuffix("s")
    if len(singular) >= _KEY and singular != first:
        return _longest((singular,))
    return OTHER_WORD, 1


@lru_cache(maxsize=2_048)
def _beginning_with(first: str) -> tuple[Entry, ...]:
    """The entries whose first word *first* may be; whole words before stems."""
    index = _index()
    stems = index.stems.get(first[:_KEY], ())
    fitting = (entry for entry in stems if first.startswith(entry.words[0][:-1]))
    return (*index.whole.get(first, ()), *fitting)


@cache
def entries() -> tuple[Entry, ...]:
    """All words and phrases that we know; most files have none to look up."""
    return tuple(
        Entry(tuple(fold(phrase).replace("'", " ").split()), tag)
        for language in LANGUAGES
        for tag, listed in language.items()
        for phrase in listed.split(",")
    )


class _Index(msgspec.Struct, frozen=True):
    """The entries as they are looked up."""

    whole: Mapping[str, list[Entry]]  # by the first word
    stems: Mapping[str, list[Entry]]  # by its first letters
    exact: frozenset[str]  # single words
    longest: int  # words of an entry
    longest_run: int  # letters of a single word


@cache
def _index() -> _Index:
    known = entries()
    exact = frozenset(entry.words[0] for entry in known if len(entry.words) == 1)
    return _Index(
        whole=_grouped((e for e in known if not e.words[0].endswith("*")), None),
        stems=_grouped((e for e in known if e.words[0].endswith("*")), _KEY),
        exact=exact,
        longest=max(len(entry.words) for entry in known),
        longest_run=max(map(len, exact)),
    )


def _grouped(known: Iterable[Entry], length: int | None) -> Mapping[str, list[Entry]]:
    """*known* by the first letters of their first word, the longest first."""
    index: dict[str, list[Entry]] = {}
    for entry in known:
        index.setdefault(entry.words[0][:length], []).append(entry)
    for found in index.values():
        found.sort(key=lambda e: (-len(e.words), -len(e.words[0])))
    return MappingProxyType(index)
