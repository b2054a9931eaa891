"""What a function answers, read from the text of the answer.

A constant names nothing: it is made of literals, of keys, and of what makes a plain
value out of plain values. Texts are compared and not trees, because eighteen grammars
draw `new List<string>()`, `Vec::new()` and `[]` in eighteen ways.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from enum import StrEnum

import msgspec

from qualitywatch.analysis.stubs.idioms import Idioms
from qualitywatch.regex import regex

MAX_ANSWER = 600  # characters of a constant answer; a longer one is data


class Stub(StrEnum):
    """What stands where code should be."""

    EMPTY = "empty"  # nothing, `pass` or `...`
    CONSTANT = "constant"  # returns the same whatever it is asked
    NAMED = "named"  # the same, by the name of a constant or of a class
    ECHO = "echo"  # returns what it was given
    LOG = "log"  # only says or waits, and may return a constant
    NOT_IMPLEMENTED = "not implemented"  # raises an error that says so
    REFUSED = "refused"  # raises an error that says "unsupported" and no more
    THROW = "throw"  # raises another error


class Token(msgspec.Struct, frozen=True):
    """A word or sign of an answer, with what stands around it."""

    kind: str  # string, number, path or sign
    text: str
    before: str  # the token before it
    after: str  # the two signs behind it, blanks left out
    depth: int  # of open brackets


_TOKEN = regex(
    r"""
      (?P<comment>//[^\n]*|/\*.*?\*/)
    | (?P<string>[A-Za-z@$]{0,2}(?:\"{3}.*?\"{3}|"(?:[^"\\]|\\.)*"|'(?:[^'\\\n]|\\.)*'
        |`[^`]*`)|(?<![\w:"')\]]):[a-z_]\w*(?![\w:]))
    | (?P<number>\d[\w.]*)
    | (?P<path>[A-Za-z_$@][\w$]*(?:(?:\.|::|->|\\|\?\.)[A-Za-z_$][\w$]*)*
        (?:!(?=[(\[{]))?)
    | (?P<sign>=>|\S)
    """,
    re.VERBOSE | re.DOTALL,
)
_INTERPOLATED = regex(
    r"[$#]\{|(?<=[\"\s/=:,(])\$\w|\\\(|\A[fF$s]r?[\"'].*\{", re.DOTALL
)
_GENERICS = regex(r"(?<=\w)<[\w\s,.?\[\]:&*<>]{0,80}>(?=\s*[({\[])")
_NAME = regex(r"\$?[A-Za-z_]\w*\Z")
_CAST = frozenset({"as", "satisfies", "as!", "as?"})


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_WORDS = _words(
    """true false null nil none None True False NULL nullptr undefined NaN Nil Unit unit
    Infinity NO YES nullopt new return await async const as satisfies readonly any never
    unknown default void struct not try co_return mut static typeof ref out in yes no
    std::nullopt self::None Option::None Option.None Ok Some"""
)
_TYPES = _words(
    """string int bool boolean byte char double float long short number object rune
    error uint int8 int16 int32 int64 uint8 uint16 uint32 uint64 float32 float64
    interface map decimal u8 u16 u32 u64 i8 i16 i32 i64 f32 f64 usize isize str size_t
    unsigned signed
    any Record Array Int Long Float Double String Boolean Bool Char Byte Void dynamic
    var"""
)
_SUFFIXES = _words(
    "to_string to_owned into clone freeze to_vec unwrap asList toList build"
)
_NOUGHTS = ("0", "False", "false", "None", "null", "nil")
_NOUGHT = r"(?:0(?:\.0+)?|False|false|None|null|nil)"
_NULLIFIED = regex(
    rf"(?:\A\s*{_NOUGHT}\s*\*|\*\s*{_NOUGHT}|\b(?:and|&&)\s*{_NOUGHT})\s*\Z"
    rf"|\A{_NOUGHT}\s*(?:\*|and\b|&&)"
)
"""A product with nought, a conjunction with false: the same whatever it is asked."""
_OPENING, _CLOSING = frozenset("([{"), frozenset(")]}")
_SPREAD = regex(r"\.\.\.\s*[\w$({\[]")  # what is spread was given, and is merged


def answer_of(
    text: str, given: Callable[[], frozenset[str]], idioms: Idioms
) -> Stub | None:
    """What the answer *text* amounts to; `None` where it takes work to find it.

    *given* tells the words of the signature; few answers make us ask.
    """
    text = text.strip().rstrip(";").rstrip()
    if len(text) > MAX_ANSWER or ("..." in text and _SPREAD.search(text)):
        return None
    if not text or idioms.void.match(text):
        return Stub.EMPTY
    if _NAME.match(text) and text not in _WORDS and text.lstrip("$") in given():
        return Stub.ECHO
    if _is_nullified(text):
        return Stub.CONSTANT
    found = Stub.CONSTANT
    for token in tokens(text):
        verdict = _verdict(token, idioms)
        if verdict is None:
            return None
        if verdict is Stub.NAMED:
            found = verdict
    return found


def _is_nullified(text: str) -> bool:
    """True where nought stands at one end of *text*, and makes nought of the rest."""
    has_nought = text.startswith(_NOUGHTS) or text.endswith(_NOUGHTS)
    return has_nought and _NULLIFIED.search(text) is not None


def tokens(text: str) -> Iterator[Token]:
    """The tokens of *text*, comments and type arguments left out."""
    text = _GENERICS.sub("", text) if "<" in text else text
    before, depth = "", 0
    for match in _TOKEN.finditer(text):
        kind, token = match.lastgroup or "sign", match[0]
        if kind == "comment":
            continue
        depth += (token in _OPENING) - (token in _CLOSING)
        after = text[match.end() : match.end() + 40].lstrip()[:2]
        yield Token(kind, token, before, after, depth)
        before = token


def is_plain_string(text: str) -> bool:
    """True for a string literal into which nothing is put at run time."""
    return _INTERPOLATED.search(text) is None


def is_key(token: Token) -> bool:
    """True for the name of a field or of an argument, which is no value."""
    if token.after.startswith(":") and token.after != "::":
        return True
    return token.after[:1] == "=" and token.after != "==" and token.depth > 0


def is_known_word(token: Token, idioms: Idioms) -> bool:
    """True for keywords, literals in words and, where there are such, types."""
    return (
        token.text in _WORDS
        or token.before in _CAST
        or (idioms.has_types and (token.text in _TYPES or token.before == "]"))
    )


def is_maker(token: Token, idioms: Idioms) -> bool:
    """True for what makes a plain value: `List.of(`, `Vec::new(`, `dict(`."""
    return idioms.makers.match(token.text) is not None and (
        token.after[:1] in _OPENING or not token.text.islower()
    )


def is_named(token: Token, idioms: Idioms) -> bool:
    """True for the name of a constant or class; a call of its method is work."""
    if token.before == "." or not _begins_upper(token.text):
        return False
    if idioms.calls_by_capitals and token.after[:1] == "(":
        return token.before == "new"
    last = re.split(r"\W+", token.text)[-1]
    is_call = token.after[:1] == "(" and last != token.text
    return not is_call or last[:1].isupper()


def _verdict(token: Token, idioms: Idioms) -> Stub | None:
    if token.kind == "string":
        return Stub.CONSTANT if is_plain_string(token.text) else None
    if token.kind == "number":
        return Stub.CONSTANT
    if token.kind == "sign":
        return None if token.text == "?" or _makes_function(token) else Stub.CONSTANT
    if is_known_word(token, idioms) or is_maker(token, idioms) or is_key(token):
        return Stub.CONSTANT
    if token.before == ".":
        return Stub.CONSTANT if token.text in _SUFFIXES else Stub.NAMED
    return Stub.NAMED if is_named(token, idioms) else None


def _makes_function(token: Token) -> bool:
    return token.text == ")" and token.after == "=>"


def _begins_upper(path: str) -> bool:
    return path.lstrip("_\\")[:1].isupper()
