"""The toml block of a rule: its fields, each with the type it must have."""

from __future__ import annotations

import tomllib
from collections.abc import Collection
from typing import Annotated

import msgspec

from qualitywatch.model import (
    SEVERITY_OF_TYPE,
    Confidence,
    Severity,
    ViolationType,
    When,
)
from qualitywatch.regex import regex
from qualitywatch.rulebook.markdown import Block, refusal
from qualitywatch.rulebook.rule import TAGS, Where, closest

_TOML_LINE = regex(r"at line (\d+)")

OneLine = Annotated[str, msgspec.Meta(pattern=r"^\S[^\n]*$")]
Message = Annotated[OneLine, msgspec.Meta(max_length=80)]
Version = Annotated[str, msgspec.Meta(pattern=r"^\d+\.\d+\.\d+$")]


class Fields(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The toml block of a rule."""

    severity: Severity
    confidence: Confidence
    message: Message
    remedy: OneLine
    since: Version
    tags: tuple[str, ...]
    when: When = When.SAVE
    where: Where = Where.ALL
    check: OneLine | None = None
    remark: str | None = None


def read(
    block: Block,
    type: ViolationType,
    source: str,
    known_checks: Collection[str] | None = None,
) -> Fields:
    """The fields in *block*; raises `RuleError` with the line of the odd one."""
    try:
        fields = msgspec.convert(tomllib.loads(block.text), Fields)
    except tomllib.TOMLDecodeError as error:
        said = _TOML_LINE.search(str(error))
        line = block.line + int(said[1]) if said else block.line
        raise refusal(source, line, f"not TOML: {error}") from error
    except msgspec.ValidationError as error:
        raise _explained(str(error), block, source) from error
    _refuse_odd_fields(fields, block, type, source)
    _refuse_unknown_check(fields, block, known_checks, source)
    return fields


def _explained(message: str, block: Block, source: str) -> Exception:
    """msgspec says "... - at `$.severity`": give the line, and a way out."""
    problem, _, where = message.partition(" - at ")
    known = Fields.__struct_fields__
    if "unknown field" in problem or "missing required field" in problem:
        name = problem.split("`")[1]
        word = "unknown" if "unknown" in problem else "missing"
        hint = closest(name, known) if word == "unknown" else f"add `{name} = ...`"
        line = line_of(name, block)
        return refusal(source, line, f"{word} field `{name}`", hint)
    name = where.strip("`").removeprefix("$.").partition("[")[0]
    hints = {
        "severity": f"one of: {', '.join(Severity)}",
        "confidence": f"one of: {', '.join(Confidence)}",
        "when": f"one of: {', '.join(When)}",
        "where": f"one of: {', '.join(Where)}",
        "message": "one line of at most 80 signs that states the fault",
        "remedy": "one line, one imperative sentence",
        "since": 'a version, such as "0.1.0"',
    }
    said = problem[:1].lower() + problem[1:]
    return refusal(
        source, line_of(name, block), f"`{name}`: {said}", hints.get(name, "")
    )


def _refuse_odd_fields(
    fields: Fields, block: Block, type: ViolationType, source: str
) -> None:
    highest = SEVERITY_OF_TYPE[type]
    if fields.severity.rank > highest.rank:
        raise refusal(
            source,
            line_of("severity", block),
            f"severity `{fields.severity}` is above that of {type}",
            f"a rule may lower the severity of its type (`{highest}`), never raise it",
        )
    if unknown := sorted(set(fields.tags) - TAGS):
        line = line_of("tags", block)
        hint = closest(unknown[0], TAGS)
        raise refusal(source, line, f"unknown tag `{unknown[0]}`", hint)
    if fields.check is not None and fields.remark is not None:
        raise refusal(
            source,
            line_of("remark", block),
            "`check` and `remark`: more than one way of finding",
            "keep one of them",
        )


def _refuse_unknown_check(
    fields: Fields, block: Block, known: Collection[str] | None, source: str
) -> None:
    if fields.check is None or known is None or fields.check in known:
        return
    line = line_of("check", block)
    hint = closest(fields.check, known)
    raise refusal(source, line, f"unknown check `{fields.check}`", hint)


def line_of(field: str, block: Block) -> int:
    """The line of the file on which *field* stands, else that of the fence."""
    for offset, line in enumerate(block.text.split("\n"), start=1):
        if line.partition("=")[0].strip() == field:
            return block.line + offset
    return block.line
