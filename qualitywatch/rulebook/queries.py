"""The text of a `query`: tree-sitter's language with predicates answered by us.

The binding of tree-sitter would hand `#match?` to a backtracking `re`, which 26
letters can hold for seconds, and it can not read the text of a tree that was parsed
piece by piece. So the names of predicates are written in capitals before tree-sitter
sees them: that makes them unknown to it, it leaves them out, and the offsets in its
messages stay true. We answer them for each match; to let it ask us would lose memory,
since the binding keeps every node that it hands to a callback, and so the tree.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import msgspec

from qualitywatch import languages
from qualitywatch.languages import Language
from qualitywatch.regex import regex
from qualitywatch.rulebook.regexes import BrokenPattern, compile_regex
from qualitywatch.rulebook.rule import closest

if TYPE_CHECKING:
    import tree_sitter

HIT = "hit"
CANDIDATE = "candidate"
LEAVE = "leave"


class Predicate(msgspec.Struct, frozen=True):
    """What a predicate asks: of all nodes or any, equal, one of, or matching."""

    kind: str  # "eq", "any-of", "match", "kind", "within" or "sound"
    negated: bool = False
    any: bool = False


PREDICATES: Mapping[str, Predicate] = {
    "EQ?": Predicate("eq"),
    "NOT-EQ?": Predicate("eq", negated=True),
    "ANY-EQ?": Predicate("eq", any=True),
    "ANY-NOT-EQ?": Predicate("eq", negated=True, any=True),
    "ANY-OF?": Predicate("any-of"),
    "NOT-ANY-OF?": Predicate("any-of", negated=True),
    "MATCH?": Predicate("match"),
    "NOT-MATCH?": Predicate("match", negated=True),
    "ANY-MATCH?": Predicate("match", any=True),
    "ANY-NOT-MATCH?": Predicate("match", negated=True, any=True),
    "KIND?": Predicate("kind"),
    "WITHIN?": Predicate("within"),
    "SOUND?": Predicate("sound"),
}
"""The predicates of a query by the names under which tree-sitter leaves them out.

`#sound?` asks for a node that was parsed without an error in it or beside it.
`#kind?` asks for a node of one of some types, where that is seldom asked: tree-sitter
takes as long to compile a dozen alternatives as to read a large file. `#within?` asks
for a node right inside one of some types: a pattern that begins with what is rare costs
a tenth of one that begins with every block.
"""

TOKEN = regex(
    r"""(?P<comment>;[^\n]*)
    |(?P<string>"(?:[^"\\]|\\.)*")
    |(?P<predicate>\#[A-Za-z0-9_.-]+[?!]?)
    |(?P<capture>@[A-Za-z0-9_.-]+)
    |(?P<close>\))
    |(?P<other>[^\s;"#@)]+)""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = regex(r"\\(.)", re.DOTALL)
_ESCAPED = {"n": "\n", "r": "\r", "t": "\t", "0": "\0", "\\": "\\", '"': '"'}
_ERROR_PLACE = regex(r" at row (\d+)(?:, column (\d+))?")


class _Asked(msgspec.Struct, frozen=True):
    """A predicate as it stands in the text of a query."""

    name: str
    arguments: list[str]  # tokens
    line: int


def refuse_odd_predicates(text: str) -> None:
    """Raises `BrokenPattern` for what a predicate in the query *text* can not be."""
    for asked in _asked(text):
        _refuse_odd_predicate(asked)
        if PREDICATES[asked.name].kind == "match":
            compile_regex(unquoted(asked.arguments[1], asked.line), asked.line)


def renamed(text: str) -> str:
    """The query *text* with its predicates made ours, for tree-sitter to leave out."""
    return TOKEN.sub(_renamed, text)


def compile_query(language: Language, text: str) -> tree_sitter.Query:
    """*text* compiled for *language*; raises `BrokenPattern` with the offset."""
    refuse_odd_predicates(text)
    compiled = compile_read_query(language, renamed(text))
    if not compiled.pattern_count:
        raise BrokenPattern(1, "the query is empty")
    encoded = text.encode()
    for index in range(compiled.pattern_count):
        start = compiled.start_byte_for_pattern(index)
        pattern = encoded[start : compiled.end_byte_for_pattern(index)].decode()
        if captures(pattern).isdisjoint({HIT, CANDIDATE, LEAVE}):
            raise BrokenPattern(
                encoded.count(b"\n", 0, start) + 1,
                "a pattern that captures neither `@hit` nor `@candidate`",
                "`@hit` is the place to show; `@candidate` asks the matcher first; "
                "inside a `@leave` nothing is found",
            )
    _refuse_unknown_kind(language, text)
    return compiled


def compile_read_query(language: Language, text: str) -> tree_sitter.Query:
    """Text whose predicates are ours already, compiled; raises `BrokenPattern`."""
    import tree_sitter

    if language.grammar is None:
        raise BrokenPattern(1, f"{language.title} has no grammar to query")
    try:
        return tree_sitter.Query(languages.load_grammar(language), text)
    except tree_sitter.QueryError as error:
        said = str(error)
        place = _ERROR_PLACE.search(said)
        line = int(place[1]) + 1 if place else 1
        column = f", column {int(place[2]) + 1}" if place and place[2] else ""
        problem = _ERROR_PLACE.sub("", said)
        raise BrokenPattern(
            line,
            f"the query does not compile: {problem} (line {line}{column} of the block)",
            f"node types are those of the tree-sitter grammar of {language.title}",
        ) from error


def captures(text: str) -> frozenset[str]:
    """The names that the query *text* captures, without the `@`."""
    tokens = (match for match in TOKEN.finditer(text) if match["capture"])
    return frozenset(match[0][1:] for match in tokens)


def _asked(text: str) -> Iterator[_Asked]:
    """The predicates in *text*, each with the tokens up to its bracket."""
    current: _Asked | None = None
    for token in TOKEN.finditer(text):
        if token["predicate"]:
            line = text.count("\n", 0, token.start()) + 1
            current = _Asked(token[0][1:].upper(), [], line)
        elif token["close"] and current is not None:
            yield current
            current = None
        elif current is not None and not token["comment"]:
            current.arguments.append(token[0])


def _refuse_odd_predicate(asked: _Asked) -> None:
    name = asked.name.lower()
    if asked.name not in PREDICATES:
        known = [predicate.lower() for predicate in PREDICATES]
        problem = f"unknown predicate `#{name}`"
        raise BrokenPattern(asked.line, problem, closest(name, known))
    kind = PREDICATES[asked.name].kind
    signs = "".join(argument[0] for argument in asked.arguments)
    wanted = {
        "eq": r'@[@"]',
        "match": r'@"',
        "any-of": r'@"+',
        "kind": r'@"+',
        "within": r'@"+',
        "sound": "@",
    }[kind]
    if not re.fullmatch(wanted, signs):
        takes = {
            "eq": "a capture and a capture or string",
            "match": "a capture and a string",
            "any-of": "a capture and strings",
            "kind": "a capture and strings",
            "within": "a capture and strings",
            "sound": "a capture",
        }[kind]
        raise BrokenPattern(asked.line, f"`#{name}` takes {takes}")


def _refuse_unknown_kind(language: Language, text: str) -> None:
    """tree-sitter refuses a type that the grammar has not; so do we."""
    grammar = languages.load_grammar(language)
    for asked in _asked(text):
        if PREDICATES[asked.name].kind not in ("kind", "within"):
            continue
        for token in asked.arguments[1:]:
            if grammar.id_for_node_kind(unquoted(token), True) is None:
                raise BrokenPattern(
                    asked.line,
                    f"`#{asked.name.lower()}` names {token}, which is no node type",
                    f"node types are those of the grammar of {language.title}",
                )


def _renamed(token: re.Match[str]) -> str:
    return token[0].upper() if token["predicate"] else token[0]


def unquoted(token: str, line: int = 1) -> str:
    """The text that tree-sitter reads in a string of a query."""
    for escape in _ESCAPE.finditer(token, 1, len(token) - 1):
        if escape[1] not in _ESCAPED:
            problem = f"`{escape[0]}` in a string means `{escape[1]}`"
            raise BrokenPattern(line, problem, f"write `\\{escape[0]}`")
    return _ESCAPE.sub(lambda escape: _ESCAPED[escape[1]], token[1:-1])
