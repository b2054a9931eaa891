"""Regular expressions that are compiled when they are first used.

The analysis knows four hundred; one file meets forty. To compile them all costs a
command that judges one file more than judging it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, AnyStr, cast

_ASKED = (
    "findall",
    "finditer",
    "fullmatch",
    "groupindex",
    "groups",
    "match",
    "search",
    "split",
    "sub",
    "subn",
)


def regex(pattern: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """What `re.compile` gives, later: a broken *pattern* raises at its first use."""
    later = Later(pattern, lambda: re.compile(pattern, flags))
    return cast("re.Pattern[AnyStr]", later)


def linear(pattern: str | bytes, *, groups: bool = True) -> Any:
    """The same for RE2, which no text can hold for long.

    Without *groups* it only tells where it fits, which takes less to find out.
    """

    def compiled() -> Any:
        import re2

        options = re2.Options()
        options.never_capture = not groups
        return re2.compile(pattern, options)

    return Later(pattern, compiled)


class Later:
    """Stands for a pattern; from its first use on it has the pattern's own methods."""

    def __init__(self, pattern: str | bytes, make: Callable[[], Any]) -> None:
        self.pattern = pattern
        self._make = make

    def __getattr__(self, name: str) -> Any:
        if name not in _ASKED:
            raise AttributeError(name)
        made = self._make()
        for each in _ASKED:
            setattr(self, each, getattr(made, each))
        return getattr(made, name)
