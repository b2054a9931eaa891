"""Code dropped by program, and honest edits beside it, in any of the sample files."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import NamedTuple

from qualitywatch.analysis.outlines.outline import Outline
from qualitywatch.analysis.outlines.units import Unit
from qualitywatch.analysis.sources.source import Source
from qualitywatch.languages import Language, of_path

REMARKS = (
    "... rest of the code unchanged",
    "... existing code ...",
    "(other code remains the same)",
)
STUBS = {
    "py": "raise NotImplementedError",
    "js": 'throw new Error("Not implemented");',
    "ts": 'throw new Error("Not implemented");',
    "go": 'panic("not implemented")',
    "rs": "todo!()",
    "rb": "raise NotImplementedError",
    "java": 'throw new UnsupportedOperationException("Not implemented");',
    "cs": "throw new NotImplementedException();",
}
FUNCTIONS = {
    "py": "def newly_added(a, b):\n    return a + b",
    "js": "function newlyAdded(a, b) {\n  return a + b;\n}",
    "ts": "function newlyAdded(a: number, b: number) {\n  return a + b;\n}",
    "go": "func newlyAdded(a, b int) int {\n\treturn a + b\n}",
    "rs": "fn newly_added(a: i32, b: i32) -> i32 {\n    a + b\n}",
    "rb": "def newly_added(a, b)\n  a + b\nend",
    "java": "class NewlyAdded {\n    int add(int a) {\n        return a + 1;\n    }\n}",
    "cs": "class NewlyAdded\n{\n    int Add(int a, int b) { return a + b; }\n}",
}
EDITS = ("comment", "number", "word", "blank", "call", "function")

_INDENT = re.compile(r"[ \t]*")
_COMMENTED = ("//", "#", "/*", "*", "///", "@")


class Drop(NamedTuple):
    """Lines *first* to *last* (from 0, exclusive) give way to others."""

    kind: str  # body, stub, block, unit or tail
    first: int
    last: int
    lines: tuple[str, ...]


class Edited(NamedTuple):
    """A text after honest edits, and the drop where it is now."""

    lines: tuple[str, ...]
    drop: Drop

    @property
    def whole(self) -> bytes:
        """With the edits alone."""
        return "\n".join(self.lines).encode()

    @property
    def dropped(self) -> bytes:
        """With the edits and the drop."""
        first, last = self.drop.first, self.drop.last
        kept = (*self.lines[:first], *self.drop.lines, *self.lines[last:])
        return "\n".join(kept).encode()


def suffix(path: str) -> str:
    """What tells the language."""
    return path.rpartition(".")[2]


def remark(path: str, text: str) -> str:
    """A comment in the language of *path*."""
    language = _language(path)
    if language.line_comments:
        return f"{language.line_comments[0]} {text}"
    opening, closing = language.block_comments[0]
    return f"{opening} {text} {closing}"


@lru_cache(maxsize=64)
def drops(path: str, text: str) -> tuple[Drop, ...]:
    """Every drop that we make of *text*."""
    lines = text.split("\n")
    outline = Outline(Source.read(path, text.encode(), _language(path)))
    found: list[Drop] = []
    for unit in outline.units[1:]:
        if unit.end_line - unit.start_line >= 4:
            found += _of_unit(path, lines, unit)
    return tuple(found)


def _of_unit(path: str, lines: list[str], unit: Unit) -> Iterator[Drop]:
    if unit.kind == "function" and lines[unit.line - 1].rstrip().endswith(
        ("{", ":", ")")
    ):
        yield from _bodies(path, lines, unit)
    yield _unit(lines, unit)
    for at in range(unit.line + 1, unit.end_line, 3):
        yield Drop("tail", at, len(lines), ())
        yield Drop("tail", at, len(lines), _torn(lines[at]))
    for first in range(unit.line, unit.end_line - 4, 2):
        said = _at(lines[first]) + remark(path, REMARKS[1])
        yield Drop("block", first, min(first + 5, unit.end_line - 1), (said,))


def _bodies(path: str, lines: list[str], unit: Unit) -> Iterator[Drop]:
    is_apart = lines[unit.line].strip() == "{"
    first = unit.line + is_apart
    last = unit.end_line - (suffix(path) != "py")
    indent = _at(lines[first])
    for text in REMARKS:
        yield Drop("body", first, last, (indent + remark(path, text),))
    if suffix(path) == "py":
        said = indent + remark(path, REMARKS[0])
        yield Drop("body", first, last, (said, f"{indent}pass"))
    if stub := STUBS.get(suffix(path)):
        yield Drop("stub", first, last, (indent + stub,))


def _unit(lines: list[str], unit: Unit) -> Drop:
    """The unit with its comment, and a blank line of those around it."""
    first, last = unit.start_line - 1, unit.end_line
    while first > 1 and lines[first - 1].strip().startswith(_COMMENTED):
        first -= 1
    if last < len(lines) and not lines[last].strip():
        last += 1
    elif first and not lines[first - 1].strip():
        first -= 1
    return Drop("unit", first, last, ())


def _torn(line: str) -> tuple[str, ...]:
    half = line[: len(line) // 2 + 1]
    return (half,) if half.strip() else ()


def _at(line: str) -> str:
    found = _INDENT.match(line)
    return "" if found is None else found[0]


def edited(path: str, text: str, drop: Drop, edits: list[tuple[str, int]]) -> Edited:
    """*text* with *edits*, each a kind and a number that says where."""
    state = Edited(tuple(text.split("\n")), drop)
    for kind, number in edits:
        state = _WAYS[kind](path, state, number)
    return state


def _inserted(state: Edited, number: int, made: Callable[[str], list[str]]) -> Edited:
    """New lines anywhere but in the dropped ones, or where those end the text."""
    lines, drop = state
    spots = [
        spot
        for spot in range(len(lines))
        if spot < drop.first - 1 or drop.last + 1 < spot
    ]
    if not spots:
        return state
    spot = spots[number % len(spots)]
    new = made(_at(lines[spot]))
    shift = len(new) if spot <= drop.first else 0
    moved = drop._replace(first=drop.first + shift, last=drop.last + shift)
    if drop.last == len(lines):
        moved = moved._replace(last=len(lines) + len(new))
    return Edited((*lines[:spot], *new, *lines[spot:]), moved)


def _changed(state: Edited, number: int, pattern: str, more: str) -> Edited:
    """A word or number on some line that stays becomes a longer one."""
    lines, drop = list(state.lines), state.drop
    spots = [
        at
        for at, line in enumerate(lines)
        if not drop.first <= at < drop.last and re.search(pattern, line)
    ]
    if spots:
        at = spots[number % len(spots)]
        lines[at] = re.sub(pattern, lambda word: word[0] + more, lines[at], count=1)
    return Edited(tuple(lines), drop)


def _function(path: str, state: Edited, number: int) -> Edited:
    """A function at the end of the text."""
    lines, drop = state
    new = FUNCTIONS.get(suffix(path))
    if new is None or drop.last >= len(lines) - 1:
        return state
    return Edited((*lines[:-1], "", *new.split("\n"), lines[-1]), drop)


_WAYS: dict[str, Callable[[str, Edited, int], Edited]] = {
    "comment": lambda path, state, number: _inserted(
        state, number, lambda indent: [indent + remark(path, "counts the beans")]
    ),
    "blank": lambda path, state, number: _inserted(state, number, lambda _: [""]),
    "call": lambda path, state, number: _inserted(
        state,
        number,
        lambda indent: [f"{indent}freshly_logged(41)" + _stop(path)],
    ),
    "number": lambda path, state, number: _changed(state, number, r"\d+", "7"),
    "word": lambda path, state, number: _changed(
        state, number, r"\b[a-z]\w{3,}\b", "Edited"
    ),
    "function": _function,
}


def _stop(path: str) -> str:
    return "" if suffix(path) in ("py", "rb", "go") else ";"


def _language(path: str) -> Language:
    found = of_path(path)
    assert found is not None
    return found
