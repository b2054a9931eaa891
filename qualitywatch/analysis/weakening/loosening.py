"""Is one assertion a looser form of another? By its words, or by one number in it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from qualitywatch.analysis.weakening.assertions import Assertion
from qualitywatch.regex import regex

_NUMBER = regex(r"(?<![\w.])-?\d[\d_]*(?:\.\d+)?(?:e-?\d+)?", re.IGNORECASE)
_SAYS_BOOL = regex(r"\b(?:[tT]rue|[fF]alse|null|None|nil)\b")
_MIN_SUBJECT = 3  # signs of what both speak of

# What stands before (or around) a number, and which way is looser: +1 up, -1 down.
_BOUNDS = (
    (-1, regex(r"(?:places|decimal|decimals|digits|precision)\s*[=:]\s*$", re.I)),
    (-1, regex(r"(?:toBeCloseTo|closeTo)\([^()]*,\s*$")),
    (-1, regex(r"assertAlmostEquals?\([^()]*,[^()]*,\s*$")),
    (
        +1,
        regex(
            r"(?:rel|abs|rtol|atol|rel_tol|abs_tol|delta|eps\w*|tol\w*|within|margin"
            r"|accuracy|threshold|timeout\w*|offset)\s*[=:(,]\s*$",
            re.IGNORECASE,
        ),
    ),
    (+1, regex(r"(?:be_within|isWithin|within|plusOrMinus|offset)\(\s*$")),
    (+1, regex(r"<=?\s*$")),
    (+1, regex(r"(?:[lL]ess\w*|LT|LE|[aA]tMost|[bB]elow|NEAR)\([^()]*\s*$")),
    (-1, regex(r">=?\s*$")),
    (-1, regex(r"(?:[gG]reater\w*|GT|GE|[aA]tLeast|[aA]bove)\([^()]*\s*$")),
)


def is_looser(old: Assertion, new: Assertion, all_new: Sequence[Assertion]) -> str:
    """How *new* is looser than *old* about the same thing; empty where it is not.

    *all_new* is all that the new test asserts: one of them may say as much as *old*.
    """
    if new.is_trivial or old.is_trivial:
        return ""
    if moved := loosened_number(old.text, new.text):
        return f"a bound was loosened from {moved[0]} to {moved[1]}"
    if new.strength >= old.strength:
        return ""
    if not (_is_whole(old.text) and _is_whole(new.text)):
        return ""
    if _SAYS_BOOL.search(old.text) or new.text.startswith("assert not"):
        return ""
    for subject in old.subjects & new.subjects:
        said = [each.strength for each in all_new if subject in each.subjects]
        if len(subject) >= _MIN_SUBJECT and max(said) < old.strength:
            return "an assertion was made looser"
    return ""


def loosened_number(old: str, new: str) -> tuple[str, str] | None:
    """The one number in which both texts differ, if it now bounds less."""
    if _without_numbers(old) != _without_numbers(new):
        return None
    pairs = zip(_NUMBER.finditer(old), _NUMBER.finditer(new), strict=False)
    changed = [(a, b) for a, b in pairs if a[0] != b[0]]
    if len(changed) != 1:
        return None
    was, now = changed[0]
    way = next((w for w, around in _BOUNDS if around.search(new[: now.start()])), 0)
    step = _value(now[0]) - _value(was[0])
    return (was[0], now[0]) if way * step > 0 else None


@lru_cache(maxsize=256)  # each is compared with all of the other side
def _without_numbers(text: str) -> str:
    return _NUMBER.sub("0", text)


def _is_whole(text: str) -> bool:
    return all(text.count(a) == text.count(b) for a, b in ("()", "[]", "{}"))


def _value(text: str) -> float:
    return float(text.replace("_", ""))
