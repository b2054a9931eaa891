"""Exported heads as text: one line each, appended to a file that others keep."""

from __future__ import annotations

import msgspec

from qualitywatch.audit.chain import Head
from qualitywatch.errors import UserError
from qualitywatch.model import Noun
from qualitywatch.regex import regex

_SHORT = regex(r"(\d{1,18}):([0-9a-f]{64})")


class Exported(Noun):
    """A line of an exported file: the newest record at one moment."""

    time: str
    repository: str
    head: Head


def short(head: Head) -> str:
    """A head as a person may write it down: NUMBER:HASH."""
    return f"{head.number}:{head.hash}"


def line(exported: Exported) -> bytes:
    """*exported* as one line of a file."""
    return msgspec.json.encode(exported) + b"\n"


def read_short(text: str) -> Head | None:
    """The head that *text* spells as NUMBER:HASH; `None` where it does not."""
    found = _SHORT.fullmatch(text.strip())
    return Head(number=int(found[1]), hash=found[2]) if found else None


def read_lines(content: bytes, *, place: str) -> list[Head]:
    """Every head in an exported file, oldest first.

    Its last line may be half of one, where the machine stopped while it was written.
    Raises `UserError` where another line holds no head.
    """
    lines = content.split(b"\n")
    heads = [_read_line(line) for line in lines[:-1] if line.strip()]
    last = _read_line(lines[-1]) if lines[-1].strip() else None
    if None in heads or not (heads or last):
        raise UserError(
            "holds no head of an audit",
            place=place,
            hint="give a file that [audit] export has written, or NUMBER:HASH",
        )
    return [head for head in (*heads, last) if head is not None]


def _read_line(line: bytes) -> Head | None:
    try:
        return msgspec.json.decode(line, type=Exported).head
    except (msgspec.DecodeError, UnicodeDecodeError):
        return read_short(line.decode("utf-8", "replace"))
