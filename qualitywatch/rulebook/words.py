"""What a text must hold for a query to match in it: words, and what expressions find.

A pattern that asks for `(#eq? @name "eval")` says nothing about a text without that
word, and one that asks for `(#match? @sql "^.SELECT ")` nothing about a text in which
`SELECT ` is found nowhere: it need not be compiled for it, nor walk its tree. Only
captures that every match must have are believed; where in doubt a query needs nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import msgspec

from qualitywatch.regex import regex
from qualitywatch.rulebook.queries import LEAVE, TOKEN, renamed, unquoted
from qualitywatch.rulebook.regexes import BrokenPattern
from qualitywatch.rulebook.rule import Asked, Needs, Pattern

_WORDED = ("EQ?", "ANY-OF?")
_SIGN = regex(r"[(\[\]?*]|(?<![\w(])_(?!\w)")
_WORD = regex(r"[A-Za-z0-9_]+")
# The parts of an expression: those kept, classes whole, and those that ask for a place.
_PART = regex(
    r"(?P<kept>\[\^?\]?(?:\\.|\[:\^?\w+:\]|[^\]\\])*\]|\\[^AzbBQ]|[^\\^$])|\\.|.",
    re.DOTALL,
)
_REPEATS = ("*", "+", "?", "{")
_ENCODER = msgspec.msgpack.Encoder(order="deterministic")  # the same in every process
_KINDS = {
    "(": "open",
    "[": "open",
    "]": "close",
    "?": "quantifier",
    "*": "quantifier",
    "_": "wildcard",
}


def patterns_of(text: str) -> tuple[Pattern, ...]:
    """The patterns of the query *text*, each with what it can not match without.

    A word is made of letters, digits and low lines in ASCII, and stands alone. A query
    that can not be read stays whole: its fault is for those who compile it to name.
    """
    try:
        return tuple(_read(text)) or (Pattern(text=text),)
    except BrokenPattern:
        return (Pattern(text=text),)


def packed(text: str) -> bytes:
    """The same, as a `Section` keeps them."""
    return _ENCODER.encode(patterns_of(text))


def _read(text: str) -> Iterator[Pattern]:
    found, ours = _patterns(text), renamed(text)  # which is as long
    ends = [*(element.start for element in found[1:]), len(text)]
    for element, end in zip(found, ends, strict=bool(found)):
        yield Pattern(
            text=ours[element.start if element is not found[0] else 0 : end],
            asked=tuple(
                Asked(predicate=name, arguments=tuple(map(_argument, tokens)))
                for name, *tokens in element.asked
            ),
            needs=_needs(element),
            leaves=LEAVE in element.captured,
        )


def _argument(token: str) -> tuple[str, bool]:
    return (token[1:], True) if token[0] == "@" else (unquoted(token), False)


def _needs(element: _Element) -> Needs:
    words = (_runs(strings) for strings in element.required(*_WORDED))
    found = (
        unanchored(expression)
        for expressions in element.required("MATCH?", "ANY-MATCH?")
        for expression in expressions
    )
    return Needs(
        words=tuple(dict.fromkeys(filter(None, words))),
        found=tuple(dict.fromkeys(filter(None, found))),
    )


def _runs(texts: Iterable[str]) -> frozenset[str]:
    """The longest run of letters in each text; empty where one has none."""
    runs = {max(_WORD.findall(text), key=len, default="") for text in texts}
    return frozenset() if "" in runs else frozenset(runs)


def unanchored(expression: str) -> str:
    """An RE2 expression that fits in every text that holds what *expression* fits.

    What asks where a text or a word begins and ends is left out. Empty where nothing
    can be said: a sign would repeat what is left out, or a quotation holds it.
    """
    parts = []
    for part in _PART.finditer(expression):
        if part["kept"]:
            parts.append(part["kept"])
        elif expression[part.end() : part.end() + 1] in _REPEATS or part[0] == r"\Q":
            return ""
    return "".join(parts)


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
    def captured(self) -> set[str]:
        """The captures that every match of it has."""
        return set() if self.is_optional else self.inside | self.behind

    @property
    def last(self) -> _Element:
        """What a capture or a quantifier belongs to that stands here."""
        return self.children[-1] if self.children else self

    def close(self) -> None:
        """Nothing comes any more: of alternatives only what all of them have counts."""
        found = [child.captured for child in self.children]
        combine = set.intersection if self.sign == "[" else set.union
        self.inside = combine(*found) if found else set()

    def required(self, *predicates: str) -> Iterator[list[str]]:
        """The texts that each of the *predicates* gives for what every match has."""
        for name, *arguments in self.asked:
            if not arguments:
                continue  # a fault, named by those who compile it
            capture, *texts = arguments
            is_told = all(text[0] == '"' for text in texts)
            if name in predicates and is_told and capture[1:] in self.captured:
                yield [unquoted(text) for text in texts]


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
    if done.asking is not None and len(stack) > 1:
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
