"""Markdown cut into what a rule is made of: headings, prose and fenced blocks.

Only the part of CommonMark that a rule needs: `#` and `##` headings, and fences of
three or more backticks or tildes that begin at the start of their line. A longer
fence may hold a shorter one, so an example can show a fence.
"""

from __future__ import annotations

from collections.abc import Iterator

from qualitywatch.errors import RuleError
from qualitywatch.model import Noun
from qualitywatch.regex import regex

_FENCE = regex(r"(?P<fence>`{3,}|~{3,})[ \t]*(?P<info>[^`]*)$")
_INDENTED_FENCE = regex(r"[ \t]+(```|~~~)")
_FENCES = ("```", "~~~")
_BLANKS = (" ", "\t")
_HEADING = regex(r"(#{1,2})[ \t]+(.*?)(?:[ \t]+#+)?[ \t]*$")

FINDING = (("query",), ("matcher",))
"""The first words of the blocks by which a rule finds."""

_DEFINITION = (("toml",), *FINDING)


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


def cut(text: str, *, source: str, leave: bool = False) -> tuple[Part, ...]:
    """The parts of *text* in order; raises `RuleError` for a block never closed.

    With *leave* the examples are left away, from the first one to the next `##`: they
    are nine tenths of a file, and who judges reads none of them.
    """
    parts: list[Part] = []
    title, level, line = "", 0, 1
    prose: list[str] = []
    blocks: list[Block] = []
    for item in _items(text, source, leave=leave):
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


def _items(text: str, source: str, *, leave: bool) -> Iterator[Block | tuple[int, str]]:
    """Blocks, and the lines between them with their numbers."""
    at, number = 0, 1
    while at <= len(text):
        stop = text.find("\n", at)
        line = text[at:] if stop < 0 else text[at:stop]
        after = at + len(line) + 1
        opening = _FENCE.match(line) if line[:3] in _FENCES else None
        if opening is not None:
            inside, behind = _inside(text, after, opening["fence"])
            if behind < 0:
                raise _never_closed(source, number, opening["fence"])
            words = tuple(opening["info"].split())
            if not leave or words[:1] in _DEFINITION:
                yield Block(words=words, text=text[after:inside], line=number)
            else:  # the examples: on to the next heading
                following = text.find("\n## ", inside)
                behind = len(text) + 1 if following < 0 else following + 1
            number += text.count("\n", at, behind)
            at = behind
            continue
        if line[:1] in _BLANKS and _INDENTED_FENCE.match(line):
            raise refusal(
                source,
                number,
                "a fenced block must begin at the start of its line",
                "take the spaces before the fence away",
            )
        if line or not leave:
            yield number, line
        at, number = after, number + 1


def _inside(text: str, start: int, fence: str) -> tuple[int, int]:
    """Where the block that begins at *start* ends, and where its last fence does.

    -1 for both where no fence closes it.
    """
    at = start - 1  # of the newline before the line that is looked at
    closing = f"\n{fence}"
    while (at := text.find(closing, at)) >= 0:
        stop = text.find("\n", at + 1)
        line = text[at + 1 :] if stop < 0 else text[at + 1 : stop]
        if line == fence or _closes(line, fence):
            return at + 1, at + 1 + len(line) + 1
        at += 1
    return -1, -1


def _never_closed(source: str, line: int, fence: str) -> RuleError:
    problem = "this block is never closed"
    return refusal(source, line, problem, f"end it with a line `{fence}`")


def _closes(line: str, fence: str) -> bool:
    """True where *line*, which starts with *fence*, holds nothing else."""
    return not line.rstrip().strip(fence[0])
