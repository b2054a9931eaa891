"""Markers: the words at the end of an example's line that say "here".

A marker is taken out before the code is analysed: a comment at the end of a line can
change the tree it stands in. The line of an elision example is itself a comment, so
only the last comment of a line is looked at, and only if it says exactly this.
"""

from __future__ import annotations

import re

from qualitywatch.model import Noun
from qualitywatch.regex import regex

_MARKER = regex(
    r"""[ \t]*
    (?:\#|//|--|\{/\*|/\*|<!--)[ \t]*
    (?P<word>finds|should[ ]find)
    (?P<ids>(?:[ ,]+[a-z0-9][a-z0-9-]*)*)[ \t]*
    (?:\*/\}|\*/|-->)?[ \t]*$""",
    re.VERBOSE,
)


class Marked(Noun):
    """A text without its markers, and what they said."""

    text: str
    finds: frozenset[tuple[int, str]]  # (line, rule id)
    should_find: frozenset[tuple[int, str]]


def strip(text: str, rule_id: str) -> Marked:
    """*text* without markers; a marker that names no rule means *rule_id*."""
    if "find" not in text:
        return Marked(text=text, finds=frozenset(), should_find=frozenset())
    lines: list[str] = []
    said: dict[str, set[tuple[int, str]]] = {"finds": set(), "should find": set()}
    for number, line in enumerate(text.split("\n"), start=1):
        marker = _MARKER.search(line) if "find" in line else None
        lines.append(line[: marker.start()] if marker else line)
        if marker:
            ids = marker["ids"].replace(",", " ").split() or [rule_id]
            said[marker["word"]].update((number, id) for id in ids)
    return Marked(
        text="\n".join(lines),
        finds=frozenset(said["finds"]),
        should_find=frozenset(said["should find"]),
    )
