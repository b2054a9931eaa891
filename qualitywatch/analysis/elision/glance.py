"""One glance at many remarks: which of them may stand for code?

A remark fits no row of the grammar unless it has an ellipsis, says how things are or
that something was cut, or begins with what is meant ("other", "the rest of") or kept.
RE2 tells that of all remarks of a text at once, and few are left to be read.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from qualitywatch.analysis.elision import words
from qualitywatch.analysis.elision.lexicon import entries
from qualitywatch.analysis.sources.sieve import lines_with
from qualitywatch.regex import linear

_APART = "\0"  # ends a remark; no text that is analysed holds it
_END = _APART.encode()
_GAP = r"[^\w\x00]"
# Other letters, odd blanks and marks of letters may part or join the words of a phrase.
_ALWAYS = r"\.\.|\.\s+\.|[^\x00-\x7f]|[\x0b\x1c-\x1f]|=begin|=end"
_TELLING = words.STATE + words.BREVITY + words.CUT  # wherever they stand
_MEANT = words.REST + words.OTHER + words.KIND + words.KEEP
_BEFORE_MEANT = words.YOUR + words.INSERT + words.HERE
_BEFORE_MEANT += words.GLUE + words.TOWARDS + words.IS + words.AND
_ENDING = r"[\w$.()-]*"  # of a word that is known by its stem


def may_be_elisions(remarks: Sequence[str]) -> list[int]:
    """The indexes of those of *remarks* that may fit a row of the grammar."""
    if not remarks:  # as of most changes: the words need not be looked up
        return []
    data = _bytes(f"{_APART}\n".join(remarks))
    # Two small looks: together they are a large one, and dearer.
    found = {*lines_with(_meant(), data, _END), *lines_with(_telling(), data, _END)}
    return sorted(at - 1 for at in found)


def may_be_elision(remark: str) -> bool:
    """True where one remark may fit a row."""
    data = _bytes(remark)
    return any(sign.search(data) for sign in (_meant(), _telling()))


def may_be_hint(remark: str) -> bool:
    """True for an ellipsis, or any word that such remarks have."""
    return _mark().search(_bytes(remark)) is not None


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "replace").lower()


@cache
def _meant() -> Any:
    """What says which code is meant: at the start of a remark, or what is left."""
    lead = rf"{_GAP}*(?:(?:[0-9]+s*|{_any_of(_BEFORE_MEANT)}){_GAP}+)*"
    start = rf"(?m:^){lead}(?:{'|'.join(_meanings())})"
    return linear(rf"{_ALWAYS}|{start}|\b{_any_of(words.REST)}".encode())


def _meanings() -> Iterator[str]:
    """Words that mean code by themselves, and those that need another one behind."""
    yield _any_of(words.REST + words.OTHER)
    for first, then in (
        (words.KIND, words.PROGRAM + words.MEMBER),
        (words.KEEP, words.YOUR + words.REST + words.OTHER + words.KIND),
    ):
        yield rf"{_any_of(first)}[^\x00]*\b{_any_of(then)}"


@cache
def _telling() -> Any:
    return linear(rf"\b{_any_of(_TELLING)}".encode())


@cache
def _mark() -> Any:
    every = _any_of(_TELLING + _MEANT + words.STAY)
    return linear(rf"{_ALWAYS}|\b{every}".encode())


def _any_of(tags: str) -> str:
    """Any word or phrase that plays one of these parts, in plain ASCII."""
    chosen = [phrase for tag in tags for phrase in _phrases()[tag]]
    exact = [_spelled(each) for each in chosen if not each[-1].endswith("*")]
    stems = [_spelled(each) for each in chosen if each[-1].endswith("*")]
    any_exact = rf"(?:{'|'.join(exact)})s*\b"
    return f"(?:{'|'.join([any_exact, *stems])})"


@cache
def _phrases() -> Mapping[str, list[tuple[str, ...]]]:
    """Those of plain ASCII, by the part that they play."""
    found: dict[str, list[tuple[str, ...]]] = defaultdict(list)
    for entry in entries():
        if "".join(entry.words).isascii():
            found[entry.tag].append(entry.words)
    return found


def _spelled(phrase: tuple[str, ...]) -> str:
    return f"{_GAP}+".join(word.replace("*", _ENDING) for word in phrase)
