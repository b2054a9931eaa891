"""What a test asserts: statement by statement, how strong each is, and of what.

Strength is read from the words: an exact value, a part or a bound of it, that it is
there at all, or nothing (`assert True`). Frameworks share these words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from enum import IntEnum
from functools import cached_property, lru_cache
from typing import NamedTuple

from qualitywatch.analysis.sources.sieve import Sieve
from qualitywatch.analysis.sources.source import line_key
from qualitywatch.analysis.weakening.blocks import indent
from qualitywatch.regex import linear, regex

MAX_STATEMENT = 1_000  # signs that are read of one
MAX_LINES = 15  # of one statement
MAX_ASSERTIONS = 300  # of one test

_HEADS = "|".join(
    (
        r"\b(?:assert\w*!?|Assert(?:ions?|That)?\b|refute\w*|flunk\b|XCT[AFU]\w+)",
        r"\b(?:ASSERT|EXPECT|REQUIRE|CHECK|BOOST_(?:CHECK|REQUIRE|TEST))\w*\s*\(",
        r"\b(?:TEST_ASSERT|ck_assert|cr_assert|munit_assert|prop_assert)\w*",
        r"\bexpect(?:[A-Z_]\w*)?\s*[({]|#(?:expect|require)\(|\bis_expected\b|\bpanic!\(",
        r"\.should\b|\bshould(?:Be|Equal|Not|Have|Contain|Throw|Match|Start|End)\w*",
        r"\)\s*(?:should|must)\b|\.Should\w*\s*[(<]|\.(?:must|wont)_\w+|\bintercept\[",
        r"\brequire\.\w+\(|\bverify\w*\s*\(|\bpytest\.(?:raises|warns|fail)\b",
        r"\bt\.(?:Error|Fatal)f?\(|\bt\.(?:Fail|FailNow|pass|fail|is|not|ok|notOk)\(",
        r"\bt\.(?:true|false|equals?|same|deepEqual|like|throws|rejects)\(",
        r"\bself\.fail\w*\(|\$this->(?:expect|fail)\w*|\bt\.(?:truthy|falsy)\(",
        r"^\s*\[\[?\s.*\]\]?\s*(?:\|\||&&|;|$)",
        r"^\s*(?:ok|is|isnt|cmp_ok|is_deeply|like)\s*\(",
    )
)
ASSERTS = linear(f"(?m){_HEADS}".encode())
"""How an assertion begins, in one line or in many."""

_TRUE = regex(
    r"(?:true|1|!0|!false|not false|yes|1 ?===? ?1|true ?===? ?true)$", re.IGNORECASE
)
_FALSE = regex(r"(?:false|0|!1|!true|not true)$", re.IGNORECASE)
_CONSTANT = regex(
    r"""(?:true|false|null|nil|none|undefined|\d[\d_.]*|"[^"]*"|'[^']*'|`[^`$]*`)$""",
    re.IGNORECASE,
)
_ALWAYS = regex(
    r"(?:\bor True|\|\| ?true)\)*$|^\(*(?:True or|true ?\|\|) "
    r"|(?:len\(.*\)|\.length|\.size\(\)|\.count\(?\)?|\.Count) ?>= ?0$"
    r"|^isinstance\(.*, ?object\)$"
)
_SAY_ALWAYS = ("rue", "0", "object")  # one of them stands in each of those
_EQUATION = regex(r"^(.+?) ?(===?|\bis) (.+)$")
_TEXT = regex(r"""[fr]?(?:"[^"]+"|'[^']+')""")
_CHAINED = regex(r"expect|assertthat|that$")
_TWINS_IN = regex(r"\s*(?:(?:t|T|c|tt)\s*,|(\S).*,\s*\1)")
"""Fits wherever the two arguments that count are the same: they begin alike."""
_SIGNS = regex(r"[\"'`()\[\]{},]")  # that part arguments, or hold them together
_CALL = regex(r"([\w.$:>\-!?]*\w!?)\s*[({]")

_TWINS = (  # a word of it; both sides of a comparison that is no call
    (" shouldBe ", regex(r"(.+?)\.? shouldBe (.+)$")),
    (").to ", regex(r"expect\((.+?)\)\.to (?:be|eql?|equal)[ (](.+?)\)?$")),
    (" ]", regex(r"\[\[? (.+?) (?:-eq|==?) (.+?) \]\]?")),
)
_ASSERTED = regex(r"assert\s+(?![(!=])(.*)|assert\s*(\(.*)")
_ASSERTED_BY_WORD = regex(r"(assert_\w+|refute\w*)\s+(?![(=])(.*)")
_PATH_SIGN = regex(r"\.|::|->")
# Names of functions, in lower case and without underscores.
_SAYS_TRUE = regex(
    r"(?:xct|test|ck|cr|boost)?assert(?:true|that)?|ok|is(?:true|ok)|true|truthy"
    r"|(?:require|check|boosttest|boostcheck)(?:true)?|expecttrue"
)
_SAYS_FALSE = regex(
    r"(?:xct|test)?assertfalse|isfalse|false|falsy|refute|notok"
    r"|(?:expect|require|check)false"
)
_SAYS_EQUAL = regex(
    r"(?:xct|test|debug|prop|ck|cr)?assert(?:int|str|list|dict|array|deep)?"
    r"(?:equals?|eq|is|same|identical)|(?:strict|deep|deepstrict|are)?equals?|aresame"
    r"|same|is|eq|(?:expect|check|require)eq|boostcheckequal"
)

_EXISTS = regex(
    r"not\.(?:toBeNull|toBeUndefined|to\.be\.(?:null|undefined)|toBe\(\s*(?:null|undef))"
    r"|is not None|!==? ?(?:null|undefined|nil|nullptr)\b|Not_?(?:Null|Nil|None|Empty)"
    r"|not_?(?:null|nil|none|empty)\b|toBeDefined|[tT]o_?[bB]e_?[tT]ruthy|be_truthy"
    r"|\.ok\b|\.exist\b|is_some\(\)|is_ok\(\)|isPresent|be_present|IsNotNone"
    r"|toBeInstanceOf|[iI]s_?[iI]nstance|toBeTypeOf|any\(|Anything|not_to be_nil"
)
_PART = Sieve(
    r"!=|not\.|\bnot in\b|Not_?Equal|NE\(|\bin\b|[cC]ontain|[iI]nclude|\bIn\(|[mM]atch"
    r"|Regex|[sS]tarts?_?[wW]ith|[eE]nds?_?[wW]ith|\s[<>]=?\s|[gG]reater|[lL]ess|[aA]pprox"
    r"|[cC]lose_?[tT]o|[aA]lmost|toHaveProperty|toThrow\(\s*\)|toHaveBeenCalled\(\s*\)"
    r"|to\.throw\(\s*\)|raise_error\s*$|NEAR\(|GT\(|LT\(|GE\(|LE\(|[aA]t_?[lL]east"
)
_SAYS_NO_ERROR = linear(  # what only marks the way that should not be gone
    rb"(?i)does_?not_?throw|no_?throw|nothing_raised|not_to raise|AssertionCount"
    rb"|\bt\.(?:pass|fail)\(|\bself\.fail|this->fail|\bflunk\b|XCTFail|assert\.fail"
    rb"|\bassert\W+(?:False|0)\b"
)
QUOTED = regex(r""""(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`""")
_IS_COMPARED = regex(r"[=<>]|\bis\b")

# Most of a test stands on both sides of its change. No text that is kept is longer
# than a statement may be.
_known = lru_cache(maxsize=1_024)


class Strength(IntEnum):
    """How much of a value an assertion pins down."""

    NONE = 0
    EXISTS = 1
    PART = 2
    EXACT = 3


class Assertion:
    """One assertion: its text on one line, and the line on which it begins."""

    def __init__(self, line: int, text: str) -> None:
        self.line = line
        self.text = text

    @property
    def key(self) -> str:
        """Its words: the same however it is laid out and quoted."""
        return words_of(self.text)

    @property
    def is_trivial(self) -> bool:
        """True when it holds whatever the code does."""
        return _is_trivial(self.text)

    @property
    def strength(self) -> Strength:
        """How much it pins down."""
        return _strength(self.text)

    @cached_property
    def subjects(self) -> frozenset[str]:
        """What it may speak of: its arguments that are no constants."""
        return frozenset(
            part for part in _parts(self.text) if part and not _CONSTANT.match(part)
        )


def assertions(body: Sequence[tuple[int, str]]) -> list[Assertion]:
    """The assertions in *body*, in order."""
    return list(read(body))


def asserts_for_sure(lines: Sequence[str], line: int) -> bool:
    """True where the statement on *line* asserts something, wherever its test ends.

    No line is longer than a statement may be. False where it takes more to know.
    """
    while not (first := lines[line - 1]).strip():
        line += 1
    if not _is_open(first):
        return _is_real(first)
    rows = [
        (0, text) for text in lines[line - 1 : line + 2 * MAX_LINES] if text.strip()
    ]
    whole, end = _joined(rows, 0)
    if end == len(rows) and _is_open(whole):
        return False
    is_cut = any(indent(text) < indent(first) for _, text in rows[:end])
    return not is_cut and _may_begin(first) and _is_real(whole)


def words_of(line: str) -> str:
    """The key of a line, or of a statement on one."""
    return _words_of(line) if len(line) <= MAX_STATEMENT else line_key(line)


_words_of = _known(line_key)


@_known
def _strength(text: str) -> Strength:
    if _is_trivial(text):
        return Strength.NONE
    words = QUOTED.sub('""', text)
    if _EXISTS.search(words):
        return Strength.EXISTS
    if _PART.search(words) and "raises" not in words:
        return Strength.PART
    return Strength.EXISTS if _is_bare(text) else Strength.EXACT


@lru_cache(maxsize=4_096)  # many tests begin alike
def _is_real(statement: str) -> bool:
    return _may_begin(statement) and not all(map(_is_trivial, _asserted(statement)))


def read(body: Sequence[tuple[int, str]]) -> Iterator[Assertion]:
    """The same one by one, for who needs only the first."""
    behind, found = 0, 0
    for at, (number, text) in enumerate(body):
        if at < behind or not _may_begin(text[:MAX_STATEMENT]):
            continue
        if found >= MAX_ASSERTIONS:
            return
        whole, behind = _joined(body, at)
        for said in _asserted(whole):
            found += 1
            yield Assertion(number, said)


@_known
def _asserted(statement: str) -> tuple[str, ...]:
    """The assertions in *statement*, blanks apart."""
    return tuple(
        " ".join(piece.split())
        for piece in statement.split(";")
        if _may_begin(piece) and not _SAYS_NO_ERROR.search(piece.encode())
    )


@lru_cache(maxsize=4_096)  # most lines stand on both sides of a change
def _may_begin(text: str) -> bool:
    return ASSERTS.search(text.encode()) is not None


def _joined(body: Sequence[tuple[int, str]], at: int) -> tuple[str, int]:
    """The statement that begins at row *at*, on one line, and the row behind it."""
    text, end = body[at][1][:MAX_STATEMENT], at + 1
    while end < min(len(body), at + MAX_LINES) and _is_open(text):
        text = text.removesuffix("\\") + " " + body[end][1].strip()[:MAX_STATEMENT]
        end += 1
    return text[:MAX_STATEMENT], end


def _is_open(text: str) -> bool:
    if text.endswith("\\"):
        return True
    opened, closed = (
        text.count("(") + text.count("["),
        text.count(")") + text.count("]"),
    )
    return opened > closed and not text.rstrip().endswith(("{", "|"))


def _is_bare(text: str) -> bool:
    """True for `assert x`, `assertTrue(x)`: anything but nothing will do."""
    if said := re.match(r"assert\s+(?![(!=])(.*)", text):
        return _IS_COMPARED.search(_without_message(said[1])) is None
    call = _CALL.match(text)
    if call is None or not _SAYS_TRUE.fullmatch(_plain(call[1])):
        return False
    return not any(map(_IS_COMPARED.search, _arguments(text, call.end())[0][:2]))


# Trivial


@_known
def _is_trivial(text: str) -> bool:
    if said := _ASSERTED.match(text):
        condition = _without_message(said[1] or said[2])
        return _holds(condition) or _TEXT.fullmatch(condition) is not None
    if _compares_twins(text):
        return True
    if said := _ASSERTED_BY_WORD.match(text):
        return _is_trivial_call(_plain(said[1]), _split(said[2]))
    call = _CALL.search(text)
    if call is None:
        return False
    name = _plain(call[1])
    says = _says(name)
    if not any(says) or (says == _ONLY_EQUAL and not _TWINS_IN.match(text, call.end())):
        return False
    args, rest = _arguments(text, call.end())
    if args[0] in ("t", "T", "c", "tt") and len(args) > 1:
        args = args[1:]
    if says.chained and rest.lstrip()[:1] == ".":
        return _is_trivial_chain(args[0], rest)
    return _is_trivial_call(name, args)


def _compares_twins(text: str) -> bool:
    for word, twins in _TWINS:
        if word in text and (said := twins.match(text)) and said[1] == said[2]:
            return True
    return False


@lru_cache(maxsize=1_024)
def _plain(name: str) -> str:
    """The last part of a name, in lower case and without underscores."""
    last = _PATH_SIGN.split(name)[-1]
    return last.lower().replace("_", "").rstrip("!")


class _Says(NamedTuple):
    """What a name promises: of all others it does not matter what they are given."""

    chained: bool  # more follows the call
    true: bool
    false: bool
    equal: bool


_ONLY_EQUAL = _Says(chained=False, true=False, false=False, equal=True)


@lru_cache(maxsize=1_024)
def _says(name: str) -> _Says:
    return _Says(
        chained=_CHAINED.match(name) is not None,
        true=_SAYS_TRUE.fullmatch(name) is not None,
        false=_SAYS_FALSE.fullmatch(name) is not None,
        equal=_SAYS_EQUAL.fullmatch(name) is not None,
    )


def _is_trivial_call(name: str, args: Sequence[str]) -> bool:
    says = _says(name)
    if says.true:
        return _holds(args[0])
    if says.false:
        return _FALSE.match(args[0]) is not None
    return says.equal and len(args) > 1 and args[0] == args[1] != ""


def _is_trivial_chain(subject: str, rest: str) -> bool:
    """`expect(true).toBe(true)`, `expect(x).toEqual(x)`."""
    if re.match(r"\s*\.\s*(?:not|rejects|resolves)\b", rest):
        return False
    call = re.search(r"(\w+)\s*\(", rest)
    args = _arguments(rest, call.end())[0] if call else [""]
    if args[0] == "0" and re.search(r"(?i)greater\w*equal|at_?least|gte$", rest):
        return re.search(r"(?i)(?:length|size|count)(?:\(\))?$", subject) is not None
    if _TRUE.match(args[0]) and _holds(subject):
        return True
    if call and args[0]:
        is_equal = re.search(r"be$|equal|eql?$|same|is$", call[1], re.I) is not None
        return is_equal and args[0] == subject and bool(subject)
    says_true = re.search(r"[tT]ruthy|[dD]efined|\.ok\b|\.true\b|isTrue", rest)
    return (
        says_true is not None
        and _CONSTANT.match(subject) is not None
        and (_FALSE.match(subject) is None)
    )


def _holds(condition: str) -> bool:
    """True for a condition that nothing can make false."""
    condition = condition.strip()
    while _is_in_brackets(condition):
        condition = _split(condition[1:-1])[0].strip()
    if _TRUE.match(condition):
        return True
    if any(map(condition.__contains__, _SAY_ALWAYS)) and _ALWAYS.search(condition):
        return True
    sides = _EQUATION.match(condition)
    if sides is None or sides[1].strip() != sides[3].strip():
        return False
    return sides[2] != "is" or "(" not in sides[1]  # two calls may give two objects


def _is_in_brackets(condition: str) -> bool:
    """True where the first bracket is closed by the last sign."""
    if not (condition.startswith("(") and condition.endswith(")")):
        return False
    return not _arguments(condition, 1)[1]


def _without_message(condition: str) -> str:
    return _split(condition)[0]


# Arguments


def _parts(text: str) -> list[str]:
    if said := re.match(r"assert\s+(.*)", text):
        condition = _without_message(said[1])
        sides = re.split(
            r" (?:==|!=|>=|<=|>|<|is not|is|not in|in) ", condition, maxsplit=1
        )
        return [side.strip().removeprefix("not ") for side in sides]
    if said := re.match(r"(.*?)\.?\s*\b(?:should|must_|wont_)", text):
        return [re.sub(r"^(?:expect|_)\((.*)\)$", r"\1", said[1].strip())]
    call = _CALL.search(text)
    return [] if call is None else _arguments(text, call.end())[0]


def _arguments(text: str, start: int) -> tuple[list[str], str]:
    """The arguments of the bracket opened before *start*, and what follows it."""
    depth, quote = 1, ""
    for found in _SIGNS.finditer(text, start):
        sign, at = found[0], found.start()
        if quote:
            quote = "" if sign == quote and text[at - 1] != "\\" else quote
        elif sign in "\"'`":
            quote = sign
        elif sign in "([{":
            depth += 1
        elif sign in ")]}":
            depth -= 1
            if depth == 0:
                return _split(text[start:at]), text[at + 1 :]
    return _split(text[start:]), ""


def _split(text: str) -> list[str]:
    """*text* cut at the commas that no bracket or quote holds."""
    pieces, depth, quote, begin = [], 0, "", 0
    for found in _SIGNS.finditer(text):
        sign, at = found[0], found.start()
        if quote:
            quote = "" if sign == quote and text[at - 1] != "\\" else quote
        elif sign in "\"'`":
            quote = sign
        elif sign in "([{":
            depth += 1
        elif sign in ")]}":
            depth -= 1
        elif sign == "," and depth == 0:
            pieces.append(text[begin:at].strip())
            begin = at + 1
    pieces.append(text[begin:].strip())
    return pieces
