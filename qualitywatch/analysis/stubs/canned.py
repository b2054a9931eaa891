"""Is the answer of a body made up? It is where nothing in the body does any work.

A body that makes up its answer calls nothing but random numbers, clocks and waiting,
and reads nothing but its own variables: what it was given it passes on, at most.
"""

from __future__ import annotations

import re

from qualitywatch.analysis.stubs.answers import (
    Token,
    is_key,
    is_known_word,
    is_maker,
    is_named,
    tokens,
)
from qualitywatch.analysis.stubs.idioms import Idioms
from qualitywatch.regex import regex

MAX_CANNED = 8000  # characters of a body; a longer one is data

_LOCAL = regex(
    r"\b(?:const|let|var|val|my|local|auto|final|mut)\s+(?:mut\s+)?\$?(\w+)"
    r"|(?<![\w.>:])\$?(\w+)\s*(?::\s*[\w<>\[\], ?]+)?\s*:?=(?!=)"
    r"|\b(\w+)\s+in\b|\bfor\s*\(\s*\w+\s+(\w+)\s*=|\b[A-Z]\w*\s+(\w+)\s*[{(;]"
    r"|(?<!\w)\$?(\w+)\s*(?:=>|->)|\|\s*(\w+)\s*\|"
)
_SEVERAL = regex(r"\(([\w\s,$]*)\)\s*(?:=>|->)|\bfor\s+(\w+\s*,\s*\w+)\s+(?:in|:=)")
_SYNTAX = regex(
    r"if|else|elif|for|while|in|of|do|end|then|fi|done|return|let|const|var|val|def|fun|func"
    r"|fn|function|local|my|auto|final|mut|is|and|or|not|range|foreach|switch|case|when"
    r"|break|continue|try|catch|except|finally|with|lambda|yield|echo|print|async|await"
    r"|throw|raise|unless|begin"
)
_HARMLESS = regex(
    r"(?:\w+(?:\.|::|->))*(?:random\w*|rand\w*|uniform|choice|sample|shuffle|gauss|next(?:Int"
    r"|Double)?|now|today|utcnow|time\w*|currentTimeMillis|uuid\w*|randomUUID|NewGuid|NewString"
    r"|nanoid|sleep\w*|Sleep|delay|Delay|setTimeout|resolve|range|xrange|enumerate|floor"
    r"|ceil|round|toFixed|toISOString|isoformat|hexdigest|hex|str|String|Number|int|float"
    r"|usleep|Date|Math|push|append|add|fill|from|keys|repeat|padStart|mt_rand|time_sleep"
    r"|from_secs|from_millis|Second|Millisecond|gen_range|thread_rng|Since|Unix\w*|hours"
    r"|days|timedelta|date|strftime|to_s|times|upto|toString|of|set[A-Z]\w*|uniqid|\w*seconds"
    r"|minutes|to_string|to_owned|into|Float\d*|Int\w*|Perm|sleep_for|sleep_until)"
)
_MADE_UP = regex(
    r"mock|dummy|fake|sample|simulat|placeholder|canned|demo|hard_?coded", re.IGNORECASE
)
_FILLED_IN = regex(r"[$#]?\{([^{}]*)\}|\\\(([^()]*)\)")
_ARITHMETIC = frozenset("+-*/%<>&|?")


def is_canned(text: str, given: frozenset[str], idioms: Idioms) -> bool:
    """True where *text*, a body without its comments, makes up what it answers.

    *given* are the words of the signature.
    """
    if not text or len(text) > MAX_CANNED:
        return False
    own = _locals(text)
    has_data = False
    for token in tokens(text):
        if token.kind in ("string", "number"):
            has_data = True
            if token.kind == "string" and _does_work(token.text):
                return False
        elif token.kind == "path" and not _is_idle(token, own, given, idioms):
            return False
        has_data = has_data or token.text in (
            "true",
            "false",
            "True",
            "False",
            "[",
            "{",
        )
    return has_data


def _is_idle(
    token: Token, own: frozenset[str], given: frozenset[str], idioms: Idioms
) -> bool:
    """True for a word that does no work and reads nothing from outside."""
    text = token.text
    first = re.split(r"\.|::|->|\?\.|\\", text.lstrip("$"), maxsplit=1)[0]
    return (
        _SYNTAX.fullmatch(text) is not None
        or is_known_word(token, idioms)
        or first in own
        or (idioms.has_types and token.after[:1].isalpha())  # the type of a variable
        or is_key(token)
        or is_maker(token, idioms)
        or (token.before == "." and _HARMLESS.fullmatch(text) is not None)
        or _HARMLESS.fullmatch(text) is not None
        or idioms.talk.match(text) is not None
        or (first in given and _is_passed_on(token))
        or _MADE_UP.search(text) is not None
        or is_named(token, idioms)
    )


def _is_passed_on(token: Token) -> bool:
    """True where what was given is neither looked into nor computed with."""
    return (
        re.fullmatch(r"\$?\w+", token.text) is not None
        and token.after[:1] not in _ARITHMETIC | {"[", "(", "."}
        and token.before not in _ARITHMETIC
        and token.before not in ("if", "while", "!", "not")
        and not token.after.startswith(("==", "!="))
    )


def _does_work(string: str) -> bool:
    """True for a string into which the result of a call is put."""
    return any("(" in (a or b) for a, b in _FILLED_IN.findall(string))


def _locals(text: str) -> frozenset[str]:
    found = {name for names in _LOCAL.findall(text) for name in names if name}
    for several in _SEVERAL.findall(text):
        found.update(re.findall(r"\w+", " ".join(several)))
    return frozenset(found - {"self", "this", "cls"})
