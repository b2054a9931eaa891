"""Markdown cut into what a rule is made of: headings, prose and fenced blocks.

Only the part of CommonMark that a rule needs: `#` and `##` headings, and fences of
three or more backticks or tildes that begin at the start of their line. A longer
fence may hold a shorter one, so an example can show a fence.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from qualitywatch.errors import RuleError
from qualitywatch.model import Noun

_FENCE = re.compile(r"(?P<fence>`{3,}|~{3,})[ \t]*(?P<info>[^`]*)$")
_INDENTED_FENCE = re.compile(r"[ \t]+(```|~~~)")
_HEADING = re.compile(r"(#{1,2})[ \t]+(.*?)(?:[ \t]+#+)?[ \t]*$")


class Block(Noun):
    """A fenced block: the words after the fence, and the text inside."""

    words: tuple[str, ...]
    text: str  # ends with a newline, unless it is empty
    line: int  # of the opening fence


class Part(Noun):
    """A heading with everything up to the next one."""

    title: str
    level: int  # 1 or 2
    line: int
    prose: str
    blocks: tuple[Block, ...]


def refusal(source: str, line: int, problem: str, hint: str = "") -> RuleError:
    """The error that says what is wrong at *line* of a rule file."""
    return RuleError(problem, place=f"{source}:{line}", hint=hint)


def cut(text: str, *, source: str) -> tuple[Part, ...]:
    """The parts of *text* in order; raises `RuleError` for a block never closed."""
    parts: list[Part] = []
    title, level, line = "", 0, 1
    prose: list[str] = []
    blocks: list[Block] = []
    for item in _items(text.split("\n"), source):
        if isinstance(item, Block):
            blocks.append(item)
        elif heading := _HEADING.match(item[1]):
            parts.append(_part(title, level, line, prose, blocks))
            title, level, line = heading[2], len(heading[1]), item[0]
            prose, blocks = [], []
        else:
            prose.append(item[1])
    parts.append(_part(title, level, line, prose, blocks))
    return tuple(part for part in parts if part.level or part.prose or part.blocks)


def _part(
    title: str, level: int, line: int, prose: list[str], blocks: list[Block]
) -> Part:
    text = "\n".join(prose).strip()
    return Part(title=title, level=level, line=line, prose=text, blocks=tuple(blocks))


def _items(lines: list[str], source: str) -> Iterator[Block | tuple[int, str]]:
    """Blocks, and the lines between them with their numbers."""
    numbered = iter(enumerate(lines, start=1))
    for number, line in numbered:
        if opening := _FENCE.match(line):
            yield _block(numbered, number, opening, source)
        elif _INDENTED_FENCE.match(line):
            raise refusal(
                source,
                number,
                "a fenced block must begin at the start of its line",
                "take the spaces before the fence away",
            )
        else:
            yield number, line


def _block(
    numbered: Iterator[tuple[int, str]], start: int, opening: re.Match[str], source: str
) -> Block:
    fence, words = opening["fence"], tuple(opening["info"].split())
    inside: list[str] = []
    for _, line in numbered:
        if line.startswith(fence) and _closes(line, fence):
            text = "\n".join((*inside, ""))
            return Block(words=words, text=text, line=start)
        inside.append(line)
    raise refusal(
        source, start, "this block is never closed", f"end it with a line `{fence}`"
    )


def _closes(line: str, fence: str) -> bool:
    """True where *line*, which starts with *fence*, holds nothing else."""
    return not line.rstrip().strip(fence[0])
