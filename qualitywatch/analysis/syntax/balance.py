"""Does a text end inside something that it opened? Without a grammar, by its signs.

Strings and comments are passed over as well as their marks tell. That is not exact, so
it is asked of the base first: where that does not come out even, there is no answer.
"""

from __future__ import annotations

import re
from functools import lru_cache

from qualitywatch.languages import Language
from qualitywatch.regex import regex

MAX_DEPTH = 10_000  # brackets open at once

_CLOSES = {")": "(", "]": "[", "}": "{"}
_QUOTES = (
    r'"""(?:[^\\]|\\.)*?"""',
    r"'''(?:[^\\]|\\.)*?'''",
    r'"(?:[^"\\\n]|\\.)*"',
    r"'(?:[^'\\\n]|\\.)*'",
    r"`(?:[^`\\]|\\.)*`",
)
_ENDLESS = r'(?P<endless>"""|\'\'\'|`|/\*)'  # a long string or comment without its end
_TAG = regex(r"<(?P<end>/?)(?P<name>[A-Za-z][\w:.-]*)(?:[^<>\"']|\"[^\"]*\"|'[^']*')*>")
_VOID = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta"}
    | {"param", "source", "track", "wbr"}
)
_ENDS_BY_ITSELF = frozenset(
    {"p", "li", "dt", "dd", "option", "tr", "td", "th", "thead", "tbody", "tfoot"}
    | {"colgroup", "rt", "rp", "html", "head", "body"}
)
_MARKUP = frozenset({"html", "vue", "svelte", "xml", "razor", "blade"})


def ends_inside(language: Language, before: str, after: str) -> bool | None:
    """True where *after* leaves open what it opens; `None` where nobody can say."""
    if language.name in _MARKUP:
        if _open_tags(before):
            return None
        return _open_tags(after) > 0
    depth = _depth(before, language)
    if depth != 0:
        return None
    depth = _depth(after, language)
    return None if depth is None else depth > 0


def _depth(text: str, language: Language) -> int | None:
    """How many brackets are open at the end; `None` where they do not match."""
    opened: list[str] = []
    for token in _tokens(language).finditer(text):
        if token["endless"]:
            return len(opened) + 1
        sign = token["bracket"]
        if not sign:
            continue
        if sign not in _CLOSES:
            opened.append(sign)
        elif not opened or opened.pop() != _CLOSES[sign]:
            return None
        if len(opened) > MAX_DEPTH:
            return None
    return len(opened)


@lru_cache(maxsize=64)
def _tokens(language: Language) -> re.Pattern[str]:
    comments = [
        rf"{re.escape(start)}.*?{re.escape(end)}"
        for start, end in language.block_comments
    ]
    comments += [
        rf"(?<![:\w\\$]){re.escape(mark)}[^\n]*" for mark in language.line_comments
    ]
    parts = [*comments, *_QUOTES, _ENDLESS, r"(?P<bracket>[()\[\]{}])"]
    return re.compile("|".join(parts), re.DOTALL)


def _open_tags(text: str) -> int:
    """How many elements are open at the end."""
    text = re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL)
    opened: list[str] = []
    inside = ""  # a script or style, in which nothing is a tag
    for tag in _TAG.finditer(text):
        name = tag["name"].lower()
        if name in _VOID | _ENDS_BY_ITSELF or tag[0].endswith("/>"):
            continue
        if inside:
            inside = "" if tag["end"] and name == inside else inside
            if not inside and opened:
                opened.pop()
        elif not tag["end"]:
            opened.append(name)
            inside = name if name in ("script", "style") else ""
        elif name in opened:
            while opened.pop() != name:
                pass
    return len(opened)
