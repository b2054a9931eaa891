"""What the headings and blocks of a rule file mean."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from qualitywatch import languages
from qualitywatch.languages import Language
from qualitywatch.rulebook.markdown import Block, Part, refusal

ANY_LANGUAGE = "Any language"
"""The heading of a section that serves every language."""

LIMITS = "Known limits"
REFERENCES = "References"

_ILLUSTRATIONS = (("text",), ("console",))  # blocks that are not data


def data(part: Part, source: str, hint: str = "") -> tuple[Block, ...]:
    """The blocks of *part* that are data; with a *hint*, none may be."""
    found = tuple(b for b in part.blocks if b.words[:1] not in _ILLUSTRATIONS)
    if found and hint:
        raise refusal(source, found[0].line, "a block of data in a prose section", hint)
    return found


@lru_cache(maxsize=256)  # most rules have the same headings
def served(title: str) -> tuple[Language, ...]:
    """The languages a heading names: `Go`, `JavaScript, JSX`, or `Any language`."""
    if title == ANY_LANGUAGE:
        return tuple(languages.LANGUAGES.values())
    found = [languages.of_title(word) for word in title.split(", ")]
    titles = ", ".join(language.title for language in found if language)
    return tuple(filter(None, found)) if titles == title else ()


def titles() -> Iterable[str]:
    return (language.title for language in languages.LANGUAGES.values())
