"""The grammar of remarks that stand for code, and how a remark is read.

1. `bare` takes off what makes it a comment: leaders, closers, banners.
2. `spell` turns it into one letter a word (see `elision_words`). Ellipses become `~`;
   brackets, commas and clause marks stay; glue words are left out. So
   "// ... (rest of the methods remain the same)" becomes `~(RCVM)`.
3. The first row of `GRAMMAR` whose pattern is found in that string decides.

Most words of prose have no letter but `W` or `B`, so prose fits no pattern.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Any

from qualitywatch.analysis.elision import words
from qualitywatch.analysis.elision.lexicon import fold, is_east_asian, segments, tags
from qualitywatch.model import Noun
from qualitywatch.regex import linear, regex

ELLIPSIS = "ellipsis"
BRACKETS = "brackets"
SENTENCE = "sentence"
HEADING = "heading"
HINT = "hint"


class Token(Noun):
    """A word or sign of a remark and the part it plays."""

    text: str
    tag: str


def _row(form: str, pattern: str) -> tuple[str, Any]:
    return form, linear(pattern)


GLUED = "G"  # an ellipsis with no blank after it, as in "...otherwise"

_SPACED_FIRST = r"^\(*~[(;]*"  # an ellipsis first, brackets allowed
_FIRST = r"^\(*[~G][(;]*"  # the same, a blank behind it or not
_LAST = r"~[)VvHPCFSR(]*$"  # an ellipsis last, "(unchanged)" allowed behind it
_BEFORE = r"[^BXde~)]"  # what may stand between an ellipsis and what counts

GRAMMAR = (
    # "omitted for brevity", "[snip]": nobody says this of code that is there
    _row(SENTENCE, r"^[^BX]{0,12}[Vvz]Z[^W]{0,4}"),
    _row(SENTENCE, r"^\(*~?\(*[OPCFSN]{0,3}z[PCFSHVv]{0,2}\)*~?\)*\.?$"),
    _row(SENTENCE, r"^\(*~?\(*[OPCFS]{0,2}z;[^BX]{0,9}$"),
    # "... rest of the view", "... same as before", "... keep existing code (JSX)"
    _row(ELLIPSIS, _FIRST + r"&?[^BX~)]{0,9}R"),
    _row(ELLIPSIS, _FIRST + r"O[^B]*$"),
    _row(ELLIPSIS, _FIRST + r"[OM][^Bde]{0,4}[PCFSNVv]"),
    _row(ELLIPSIS, _FIRST + rf"(?:[^B&Xde~)V]{_BEFORE}{{0,8}})?V"),
    _row(ELLIPSIS, _SPACED_FIRST + r"[^B&Xde~)]{0,8}v"),
    _row(ELLIPSIS, _SPACED_FIRST + r"[KI]+[^B]*[ROMPCFSVY]"),
    # "... creation logic", "... getters and setters", "... imports (unchanged)"
    _row(ELLIPSIS, _SPACED_FIRST + r"[WNPCFSY][WNPCFSYO&,;]{0,5}[PCFS][^Be.]{0,3}$"),
    _row(ELLIPSIS, _FIRST + r"[PCFS]([&,]*[PCFSN])*~*\)*$"),
    # "... (validation, saving)", "... (handleSubmit)", "... set up the table ..."
    _row(ELLIPSIS, r"^\(*[~G]\((?:[^B&X].*)?[ROMPCFSVvKNHI,]"),
    _row(ELLIPSIS, r"^\(*~[ROMPCFSVvzcKINYHW][^~]*~\)*$"),
    _row(ELLIPSIS, r"^\(*~[Bde&][^~]*[ROPCFV][^~]*~\)*$"),
    _row(ELLIPSIS, r"^\(~\)\(?V"),
    # "... and other handlers", "... plus the rest of the imports"
    _row(ELLIPSIS, _FIRST + r"&+[ROM]+[WN]?[PCFSN]"),
    # "existing code...", "other methods remain the same...", "imports..."
    _row(ELLIPSIS, rf"^\(*Y*[RO][^BeX;~.]*[PCFSVvN][^B;~.]*{_LAST}"),
    _row(ELLIPSIS, rf"^\(*Y*N?[PC]([,&]*[PCFSN])*(\(?V)?M?{_LAST}"),
    _row(ELLIPSIS, rf"^\(*(?:M[WN]?[PCF]|[PCF]O)[HV]*M?{_LAST}"),
    _row(ELLIPSIS, r"^\(*[vKI][KI&]*Y*[RO][^B;~]*~\)*$"),
    _row(ELLIPSIS, r"^\(*H?V[^B~]*~\)*$"),
    # "[Rest of the report generation code]", "(same as before)", "<existing code>"
    _row(BRACKETS, r"^\(H?e?Y*R[ROM]*[^BeX;()]*[PCFSVvN][^Be;()]*\)\.?$"),
    _row(BRACKETS, r"^\(Y*O[ROM]*[^BeX;(),]*[PCFSVv][^Be;()]*\)\.?$"),
    _row(BRACKETS, r"^\([WNOMPCFSHY]{0,5}V[HVvzYOMPCFSN.]{0,5}\)\.?$"),
    _row(BRACKETS, r"^\(V;[^B()]{1,20}\)$"),
    # "nothing else in this function was modified"
    _row(SENTENCE, r"^\(?V[PCFHS]{0,3}e?c[PCFH]{0,3}\.?\)?$"),
    _row(BRACKETS, r"^\(K[KI&]*Y*[ROMY][^Be;()]*\)\.?$"),
    # "FastAPI instance (the rest of the code is unchanged)"
    _row(BRACKETS, r"\(R[^B;()]*[PCFS][^B;()]*V[^()]*\)"),
    # "Rest of the methods remain the same", "remainder of file", "rest of your code"
    _row(SENTENCE, r"(^|[.;,])\(*Y*R[^B;.,]*[PCFN][^Be;.,]*[Vv]"),
    _row(SENTENCE, r"^Y*R[ROMY]*[WN]{0,3}[PC][HV]*$"),
    _row(SENTENCE, r"^Y*R[ROMY]*[PCF]?F(?:[HV]*|eM)$"),
    _row(SENTENCE, r"^Y*R[ROMY]*[WN]{0,3}[PC]eM(?:[YO]?[PCFH]{0,2})\.?$"),
    # "Other methods remain the same but use the new names", "existing code here"
    _row(SENTENCE, r"^Y*O[ROMY]*[WN]{0,3}[PC][^Be;.,]*V"),
    _row(SENTENCE, r"^Y*O[ROMY]*[WN]{0,2}P[HV]+$"),
    _row(SENTENCE, r"^YO[ROMY]*[WN]{0,2}P[WNCFS]{0,3}[HV]+\.?$"),
    # "implementation unchanged", "this function remains unchanged"
    _row(SENTENCE, r"^Y*[WNOSF]{0,2}[PC][OH]?V[HVMYOPCFSN]{0,4}$"),
    _row(SENTENCE, r"^Y*[WNOSF]{0,2}[PC]H?V+M?X"),
    # "no changes to the rest of the function", "omitted other methods"
    _row(SENTENCE, r"^V+R[WN]?[PCF]$|^H?V[RO]+[PC]$"),
    # "Copy all the styles from your signup page", "insert the existing code here"
    _row(SENTENCE, r"^K[K&]*[^Be;.]{0,6}Y[^Be;.]*$"),
    _row(SENTENCE, r"^K[K&]*[RO]+W?P[HV]*$"),
    _row(SENTENCE, r"^[KI][KI&]*[RO]+W?[PCF][HV]+$"),
    _row(SENTENCE, r"^[KI][KI&]*R[RO]*[WNC]{0,2}(?:[PC]|F[HV])[HV]*$"),
    # titles, if code follows: "other methods", "unchanged", "Load data (as before)"
    _row(HEADING, r"^Y*[RO]+Y*[WN]{0,2}[PCFS][PCFSN,&HV]*M?$"),
    _row(HEADING, r"^K?Y*RH?[WNFS]{0,3}V+M?\.?$"),
    _row(HEADING, r"^Y*R[ROMY]*[WNPCFS]{1,4}eM$"),
    _row(HEADING, r"^[HO]*V[HVMYOPCFSN]{0,4}\.?$"),
    _row(HEADING, r"^[KI]?M[PC]H?(?:V[HPCFSO]{0,3})?$"),
    _row(HEADING, r"^K[RO]+[WN]?[PCFS]$|^KP[OV]$"),
    _row(HEADING, r"^Y*[WNOFSPCH&,]{0,4}[NFSPCH];?W?V+M?\.?$"),
    _row(HEADING, r"^Y*OM?[WN]{0,2}[PCFS][HV,]*\.?$|^MPV\.?$"),
    _row(HEADING, r"^[WNOMPCFSIKYH,&]{1,6}\(M*V[HVMYOPCFSN]{0,4}\)$"),
)

_ANY_ROW = linear("|".join(f"(?:{found.pattern})" for _, found in GRAMMAR))

_MARKED = linear(
    r"^\(*~[(;]*[^B&Xde~;)V][^B~]{0,15}$|^\(*~.{1,20}~\)*$|^[(]*~[)]*$"
    r"|^[(~)]*[^BXe~()]{0,8}[ROMKVvz][^BXe~()]{0,8}[(~)]*$"
)
_HAS_ELLIPSIS = linear(r"^\(*[~G]|~[.)]*$")
_ENDS = "~;," + GLUED
# What follows is asked of every remark or word, and short: `re` answers sooner there,
# and none of it has two ways to fit one text.
_WRAPPED = regex(r"\([^()]*\)\Z")
_INNER_GLUE = regex(r"([^~G(])d+")
_IS_BEFORE_STATE = regex(r"e+([VvHZ])")
_TOKEN = linear(
    r"\.{2,}|`[\p{L}\p{N}_$.]+(?:\(\))?`"
    r"|[\p{L}\p{N}\p{M}_$]+(?:[.\-][\p{L}\p{N}_$]+)*(?:\(\))?|[^\s\p{L}\p{N}]"
)
_PLAIN_TOKEN = regex(
    r"\.{2,}|`[\w$.]+(?:\(\))?`"
    r"|[\w$]+(?:[.\-][\w$]+)*(?:\(\))?|[^ \t\n\f\rA-Za-z0-9]",
    re.ASCII,
)
_DOTTED_RULE = regex(r"\.{7,}|(?:\. ){4,}")
_SPACED_DOTS = regex(r"\.(?:[ \t\n\f\r]+\.)+")
_APOSTROPHE = regex(r"['’]\b", re.ASCII)
_CODE = regex(
    r"[={}]|;\Z|::|\d\.\.|\.\.\d|^\.\.+\w+[,.)\]]*\Z|^\.\.+/|^\w+\.\.+\w+\Z"
    r"|^\.\.\.\(\w+ as [\w.<>]+\)",
    re.ASCII,
)
_CODE_NAME = regex(
    r"(?:\w+\(\)|[A-Z_]*[a-z0-9][a-z0-9_]*[A-Z]\w*|\w+_\w*|_+\w+"
    r"|[A-Za-z]\w*\.[\w.]*\w)\Z",
    re.ASCII,
)
_PLAIN_NAME = regex(r"[A-Za-z_$]\w+\Z", re.ASCII)
_SIGNS = {
    **dict.fromkeys("([{<「『【《", "("),
    **dict.fromkeys(")]}>」』】》", ")"),
    **dict.fromkeys(",、", ","),
    **dict.fromkeys(";:—–|→", ";"),
    **dict.fromkeys("&+/", words.AND),
    **dict.fromkeys("`'\"", words.GLUE),
    **dict.fromkeys((".", "..", "!"), "."),
    "?": words.PROSE,
}
_OPENERS = (
    "<!--",
    "{/*",
    "{{!--",
    "{{--",
    "<%--",
    "<%#",
    "{#",
    "{-",
    "(*",
    "--[[",
    "@*",
    "<#",
    "=begin",
    "'''",
    '"""',
)
_CLOSERS = (
    "-->",
    "*/}",
    "--}}",
    "--%>",
    "%>",
    "#}",
    "-}",
    "*)",
    "*@",
    "#>",
    "=end",
    "*/",
    "'''",
    '"""',
)
_BANNER = " \t\r\n#/;%*-=~+|!•·◦─━═\N{ZERO WIDTH SPACE}\N{BYTE ORDER MARK}"
_LIKE_ELLIPSIS = str.maketrans({"⋯": "...", "⋮": "...", "。": "."})


def is_code(text: str) -> bool:
    """True for code or a quotation, put behind a comment sign or not."""
    if text.startswith(("'", '"')):
        return True
    is_literal = text.startswith("{") and (":" in text or "," in text)
    return is_literal or bool(_CODE.search(text.strip("{} ")))


def bare(remark: str) -> str:
    """*remark* without what makes it a comment."""
    if remark.startswith("--[["):
        remark = remark.removesuffix("]]")
    lines = (_bare_line(line) for line in remark.splitlines())
    return " ".join(line for line in lines if line)


def _bare_line(line: str) -> str:
    if not line.isascii():
        line = line.encode("utf-8", "replace").decode()  # no lone surrogates
    line = _DOTTED_RULE.sub("", line)
    if not line.isascii():
        line = unicodedata.normalize("NFKC", line.translate(_LIKE_ELLIPSIS))
    line = _SPACED_DOTS.sub("...", line)
    before = None
    while before != line:
        before = line
        for opener in _OPENERS:
            line = line.removeprefix(opener)
        for closer in _CLOSERS:
            line = line.removesuffix(closer)
        line = _without_emblem(line.strip(_BANNER))
    return _without_emblem(line[::-1])[::-1].rstrip()


def _without_emblem(line: str) -> str:
    """*line* without a tick, a warning sign or another picture before its text."""
    at = 0
    while at < len(line) and unicodedata.category(line[at]) in {"So", "Mn", "Cf"}:
        at += 1
    return line[at:]


def tokens(text: str) -> tuple[Token, ...]:
    """The words, ellipses and signs of a bare remark."""
    spoken = _APOSTROPHE.sub(" ", text)
    raw = [piece for found in _found(spoken) for piece in _pieces(found)]
    folded = tuple(fold(piece) for piece in raw)
    read, at = [], 0
    for tag, length in tags(folded):
        read.append(Token(text=raw[at], tag=_tag(raw[at], tag)))
        at += length
    return tuple(read)


def _found(text: str) -> Iterator[str]:
    """The tokens of *text*; an ellipsis says by a `_` that a letter is glued to it."""
    pattern = _PLAIN_TOKEN if text.isascii() else _TOKEN
    for match in pattern.finditer(text):
        end = match.end()
        glued = match[0].startswith("...") and text[end : end + 1].isalpha()
        yield match[0] + "_" if glued else match[0]


def _pieces(found: str) -> Iterator[str]:
    """One token, or the words of a run that is written without blanks."""
    if found.isascii():
        yield found
        return
    start = 0
    for at in range(1, len(found) + 1):
        if at == len(found) or is_east_asian(found[at - 1]) != is_east_asian(found[at]):
            run = found[start:at]
            yield from segments(run) if is_east_asian(run[0]) else (run,)
            start = at


def _tag(text: str, tag: str) -> str:
    if text.startswith("..."):
        return GLUED if text.endswith("_") else "~"
    if text.startswith("`") and len(text) > 1:
        return words.NAME
    if tag == words.OTHER_WORD and _CODE_NAME.match(text):
        return words.NAME
    return _SIGNS.get(text, tag)


def spell(tokens: Sequence[Token]) -> str:
    """One letter for each token that counts."""
    spelled: str = "".join(t.tag for t in tokens if t.tag != words.GLUE).strip(";,")
    while spelled.startswith("((") and spelled.endswith("))"):
        spelled = spelled[1:-1]
    spelled = _INNER_GLUE.sub(r"\1", spelled)
    spelled = _IS_BEFORE_STATE.sub(r"\1", spelled)
    return spelled + ")" if "(" in spelled and ")" not in spelled else spelled


def form_of(spelled: str) -> str | None:
    """The form of the first row that fits; `None` for an ordinary comment.

    Marks more never make an elision an ordinary comment: where no row fits the remark
    with its marks, the remark without them is tried.
    """
    if form := _first_row(spelled):
        return form
    plain = _without_marks(spelled)
    form = _first_row(plain) if plain != spelled else None
    return ELLIPSIS if form and _HAS_ELLIPSIS.search(spelled) else form


def is_marked(spelled: str) -> bool:
    """True for an ellipsis, or a word of the lexicon, that is no part of a sentence."""
    return bool(_MARKED.search(spelled))


def _first_row(spelled: str) -> str | None:
    if not _ANY_ROW.search(spelled):
        return None
    return next(form for form, found in GRAMMAR if found.search(spelled))


def _without_marks(spelled: str) -> str:
    """*spelled* without ellipses at its ends and brackets around it."""
    before = None
    while before != spelled:
        before = spelled
        spelled = spelled.strip(_ENDS)
        if _WRAPPED.match(spelled):
            spelled = spelled[1:-1]
    return spelled


def names_in(tokens: Sequence[Token]) -> tuple[str, ...]:
    """Identifiers by their form, and plain words in a list that ends in a noun."""
    names: list[str] = []
    listed: list[str] = []
    for token in tokens:
        if token.tag == words.NAME:
            names += [*listed, token.text.strip("`").removesuffix("()")]
            listed = []
        elif token.text == "constructor" or _is_listed(token):
            listed.append(token.text)
        elif token.tag == words.MEMBER:
            names += listed
            listed = []
        elif token.tag not in {",", words.AND, words.OTHER, words.GLUE}:
            listed = []
    return tuple(dict.fromkeys(names))


def _is_listed(token: Token) -> bool:
    return token.tag == words.OTHER_WORD and bool(_PLAIN_NAME.match(token.text))
