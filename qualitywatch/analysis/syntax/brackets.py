"""Do the brackets of a text match? A second opinion where a grammar has limits.

Grammars stumble over macros and new syntax, but whoever writes those still closes his
brackets: where they all matched before and do not now, something was cut.
"""

from __future__ import annotations

import re
from types import MappingProxyType

from qualitywatch.regex import regex

_TRIPLE = r'"{3}.*?"{3}'
_RAW = r'R"(?P<fence>[^\s()\\]{0,16})\(.*?\)(?P=fence)"'
_STRINGS = {
    "c": (_RAW,),  # a header may be C++
    "cpp": (_RAW,),
    "csharp": (_TRIPLE, r'\$?@\$?"(?:[^"]|"")*"'),
    "rust": (r'b?r(?P<fence>\#*)".*?"(?P=fence)', r'"(?:[^"\\]|\\.)*"'),
    "kotlin": (_TRIPLE,),
    "scala": (_TRIPLE,),
    "swift": (_TRIPLE,),
    "objective-c": (),
    "css": (),
}
"""The languages we can read so, and the strings of each that go on over lines."""

_SHORT = r"""//[^\n]* | /\*.*?\*/
    | "(?:[^"\\\n]|\\.)*"
    | '(?:[^'\\\n]|\\[^\n]{1,9}?)'
    | (?P<bracket>[()\[\]{}])"""
_TOKENS = MappingProxyType(
    {
        name: regex(" | ".join((*long, _SHORT)), re.VERBOSE | re.DOTALL)
        for name, long in _STRINGS.items()
    }
)
# Code inside a string that holds a string, and strings fenced by `#`: left alone.
_UNCLEAR = regex(
    r'\\\([^)\n]*"|\$\{[^}\n]*"|\$"[^"\n]*\{[^}"\n]*"|(?<![\w#])#"|"{3}#|\$+"{3}'
)
_NESTING = frozenset({"kotlin", "rust", "scala", "swift"})
_NESTED = regex(r"/\*(?:(?!\*/).)*?/\*", re.DOTALL)  # comments inside comments
_CONDITION = regex(r"^[ \t]*#[ \t]*(?:if|el|endif)", re.MULTILINE)
_CLOSES = {")": "(", "]": "[", "}": "{"}


def were_broken(language: str, before: str, after: str) -> bool:
    """True when all brackets matched in *before* and not all do in *after*."""
    if language not in _TOKENS or _conditions(before) != _conditions(after):
        return False
    if any(_is_unclear(text, language) for text in (before, after)):
        return False
    return _match(before, language) and not _match(after, language)


def _is_unclear(text: str, language: str) -> bool:
    if language in _NESTING and _NESTED.search(text):
        return True
    return _UNCLEAR.search(text) is not None


def _conditions(text: str) -> int:
    """Where a preprocessor chooses, both branches may open what one end closes."""
    return len(_CONDITION.findall(text))


def _match(text: str, language: str) -> bool:
    opened: list[str] = []
    for token in _TOKENS[language].finditer(text):
        sign = token["bracket"]
        if sign is None:
            continue
        if sign not in _CLOSES:
            opened.append(sign)
        elif not opened or opened.pop() != _CLOSES[sign]:
            return False
    return not opened
