"""Fenced blocks of a section become examples.

One block is a new file; `before` and `after` together are a change; `fixed` is what
the block before it should have been. `path=NAME` gives the example a file name and
`no-newline` takes the last line's end away.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from itertools import chain

import msgspec

from qualitywatch import languages
from qualitywatch.languages import Language
from qualitywatch.model import Noun
from qualitywatch.rulebook import markers
from qualitywatch.rulebook.markdown import Block, refusal
from qualitywatch.rulebook.rule import Example

_ROLES = ("before", "after", "fixed")
_NO_NEWLINE = "no-newline"


class Setting(Noun):
    """Where the blocks stand: what their examples have in common."""

    rule_id: str
    languages: tuple[Language, ...]  # that the section serves
    source: str
    known_limits: bool = False


class _Fence(Noun):
    """What the words after a fence say."""

    role: str = ""  # empty: a new file
    path: str | None = None
    no_newline: bool = False


def read(blocks: Iterable[Block], setting: Setting) -> tuple[Example, ...]:
    """The examples in *blocks*, in order; raises `RuleError` for an odd one."""
    examples: list[Example] = []
    before: Block | None = None
    for block in blocks:
        role = _fence(block, setting).role
        _refuse_disorder(role, block, before, examples, setting)
        if role == "before":
            before = block
        elif role == "fixed":
            fixed = _text(block, setting, "fixed")
            examples[-1] = msgspec.structs.replace(examples[-1], fixed=fixed)
        else:
            examples.append(_example(block, before, setting))
            before = None
    if before is not None:
        raise _alone(before, setting)
    return tuple(examples)


def _refuse_disorder(
    role: str,
    block: Block,
    before: Block | None,
    examples: list[Example],
    setting: Setting,
) -> None:
    if before is not None and role != "after":
        raise _alone(before, setting)
    if role == "after" and before is None:
        raise refusal(
            setting.source,
            block.line,
            "an `after` block without a `before` block",
            "a new file needs no word; a change is `before`, then `after`",
        )
    if role == "fixed" and (not examples or examples[-1].fixed is not None):
        raise refusal(
            setting.source,
            block.line,
            "a `fixed` block that follows no example",
            "it is the expected result of the block before it",
        )


def _alone(before: Block, setting: Setting) -> Exception:
    return refusal(
        setting.source,
        before.line,
        "a `before` block without an `after` block",
        "the block that follows must say `after`",
    )


def _example(block: Block, before: Block | None, setting: Setting) -> Example:
    fence = _fence(block, setting)
    marked = markers.strip(_content(block, fence), setting.rule_id)
    if marked.should_find and not setting.known_limits:
        raise refusal(
            setting.source,
            block.line + min(marked.should_find)[0],
            "`should find` outside the section on known limits",
            "move the example below `## Known limits`, or mark it `finds`",
        )
    return Example(
        language=_language(block, setting).name,
        before=None if before is None else _text(before, setting, "before"),
        after=marked.text,
        finds=marked.finds | marked.should_find,
        line=block.line,
        known_limit=setting.known_limits,
        path=_path(block, before, setting),
    )


def _text(block: Block, setting: Setting, role: str) -> str:
    """The text of a block that may hold no marker."""
    content = _content(block, _fence(block, setting))
    marked = markers.strip(content, setting.rule_id)
    if said := marked.finds | marked.should_find:
        raise refusal(
            setting.source,
            block.line + min(said)[0],
            f"a marker in a `{role}` block",
            "only the new text of an example is marked",
        )
    return content


def _content(block: Block, fence: _Fence) -> str:
    return block.text.removesuffix("\n") if fence.no_newline else block.text


def _path(block: Block, before: Block | None, setting: Setting) -> str:
    """The name the blocks give the example, else one that fits the language."""
    blocks = filter(None, (before, block))
    given = {_fence(each, setting).path for each in blocks} - {None}
    if len(given) > 1:
        raise refusal(
            setting.source, block.line, "the two sides of an example differ in `path=`"
        )
    return next(
        (path for path in given if path), _language(block, setting).example_path
    )


def _language(block: Block, setting: Setting) -> Language:
    """The language that the first word of the fence names."""
    word = block.words[0] if block.words else ""
    return languages.of_title(word) or setting.languages[0]


def _fence(block: Block, setting: Setting) -> _Fence:
    fence = _read_fence(block.words[1:])
    if fence is None:
        allowed = chain(_ROLES, ("path=NAME", _NO_NEWLINE))
        raise refusal(
            setting.source,
            block.line,
            f"`{' '.join(block.words)}` can not be understood",
            f"after the language may stand one of: {', '.join(allowed)}",
        )
    return fence


@lru_cache(maxsize=1024)  # most fences say nothing, or what many others say
def _read_fence(words: tuple[str, ...]) -> _Fence | None:
    """What *words* say; `None` where they can not be understood."""
    roles = [word for word in words if word in _ROLES]
    paths = [word.removeprefix("path=") for word in words if word.startswith("path=")]
    known = len(roles) + len(paths) + words.count(_NO_NEWLINE)
    if known != len(words) or len(roles) > 1 or len(paths) > 1 or "" in paths:
        return None
    return _Fence(
        role=roles[0] if roles else "",
        path=paths[0] if paths else None,
        no_newline=_NO_NEWLINE in words,
    )
