"""The words that a query can not match without.

A pattern that asks for `(#eq? @name "eval")` says nothing about a text without that
word: it need not be compiled for it, nor walk its tree. Only captures that every match
must have are believed; where in doubt a query has no required words.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from qualitywatch.regex import regex
from qualitywatch.rulebook.queries import LEAVE, TOKEN, unquoted

_ASKING = frozenset({"EQ?", "ANY-OF?"})
_SIGN = regex(r"[(\[\]?*]|(?<![\w(])_(?!\w)")
_WORD = regex(r"[A-Za-z0-9_]+")
_KINDS = {
    "(": "open",
    "[": "open",
    "]": "close",
    "?": "quantifier",
    "*": "quantifier",
    "_": "wildcard",
}


class Pattern(NamedTuple):
    """One pattern of a query, and words of which its matches hold one, if any."""

    text: str
    words: frozenset[str] | None
    leaves: bool  # it finds nothing: it says where others find nothing


def patterns_of(text: str) -> list[Pattern]:
    """The patterns of the query *text*, each with the words it can not match without.

    A word is made of letters, digits and low lines in ASCII, and stands alone.
    """
    found = _patterns(text)
    if not found:  # its fault is for tree-sitter to name
        return [Pattern(text=text, words=None, leaves=False)]
    ends = [*(element.start for element in found[1:]), len(text)]
    return [
        Pattern(
            text=text[element.start if element is not found[0] else 0 : end],
            words=_runs(element.required_words()),
            leaves=LEAVE in element.required,
        )
        for element, end in zip(found, ends, strict=True)
    ]


def _runs(words: set[str]) -> frozenset[str] | None:
    """The longest run of letters in each word; `None` where one has none."""
    runs = {max(_WORD.findall(word), key=len, default="") for word in words}
    return None if "" in runs or not runs else frozenset(runs)


class _Element:
    """A bracket of a query: what it must capture, and what it asks of captures."""

    def __init__(self, sign: str = "(", start: int = 0) -> None:
        self.sign = sign
        self.start = start  # in the text of the query
        self.children: list[_Element] = []
        self.inside: set[str] = set()  # captures that a match has in it, once closed
        self.behind: set[str] = set()  # captures behind its closing bracket
        self.is_optional = False
        self.asked: list[list[str]] = []  # predicates: name, then arguments
        self.asking: list[str] | None = None

    @property
    def required(self) -> set[str]:
        """The captures that every match of it has."""
        return set() if self.is_optional else self.inside | self.behind

    @property
    def last(self) -> _Element:
        """What a capture or a quantifier belongs to that stands here."""
        return self.children[-1] if self.children else self

    def close(self) -> None:
        """Nothing comes any more: of alternatives only what all of them have counts."""
        found = [child.required for child in self.children]
        combine = set.intersection if self.sign == "[" else set.union
        self.inside = combine(*found) if found else set()

    def required_words(self) -> set[str]:
        """The longest of its lists of words that no match can avoid."""
        lists = [
            {unquoted(token) for token in strings}
            for name, capture, *strings in self.asked
            if name in _ASKING
            and capture[1:] in self.required
            and all(token[0] == '"' for token in strings)
        ]
        return max(lists, key=lambda words: min(map(len, words)), default=set())


def _patterns(text: str) -> list[_Element]:
    """The patterns of a query, each an element at the outermost level."""
    stack = [_Element()]
    for kind, token, start in _parts(text):
        here = stack[-1]
        if kind == "open":
            stack.append(_Element(token, start))
        elif kind == "close" and len(stack) > 1:
            _put(stack.pop(), stack)
        elif kind == "predicate":
            here.asking = [token[1:].upper()]
        elif here.asking is not None:
            here.asking.append(token)
        elif kind == "capture":
            here.last.behind.add(token[1:])
        elif kind == "quantifier":
            here.last.is_optional = True
        else:
            here.children.append(_Element(start=start))
    return stack[0].children if len(stack) == 1 else []


def _put(done: _Element, stack: list[_Element]) -> None:
    """*done* closed; what it asks, it asks for the whole pattern."""
    done.close()
    if done.asking is not None:
        stack[-1].asked.append(done.asking)
        return
    stack[-1].children.append(done)
    if len(stack) > 1:
        stack[-1].asked += done.asked


def _parts(text: str) -> Iterator[tuple[str, str, int]]:
    """The tokens of a query and their places, brackets and quantifiers alone."""
    for token in TOKEN.finditer(text):
        kind = token.lastgroup or ""
        if kind in ("string", "predicate", "capture", "close"):
            yield kind, token[0], token.start()
        elif kind == "other":
            for sign in _SIGN.finditer(token[0]):
                yield _KINDS[sign[0]], sign[0], token.start() + sign.start()
