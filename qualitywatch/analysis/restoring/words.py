"""What comes out of restoring: the text with the lost block, or why there is none."""

from __future__ import annotations

from qualitywatch.model import Noun, Violation


class Piece(Noun):
    """Lines of the text as it was found, and the lines of the base in their place.

    Both count from 1 and are inclusive; where nothing gave way, `last` is one less than
    `first`.
    """

    first: int
    last: int
    base_first: int
    base_last: int


class Restored(Noun):
    """The text with the lost block in its place."""

    content: bytes
    pieces: tuple[Piece, ...]


class Refusal(Noun):
    """Why a block can not be put back exactly: for a person, who can."""

    reason: str


class Refused(Noun):
    """A violation whose code was not put back, and why."""

    violation: Violation
    reason: str


class Mended(Noun):
    """A whole file with everything put back that could be."""

    content: bytes | None
    restored: tuple[Violation, ...] = ()
    refused: tuple[Refused, ...] = ()
    left: tuple[Violation, ...] = ()  # what is wrong with the text even so
    problem: str | None = None  # why nothing could be tried at all


class CanNot(Exception):
    """The block can not be put back exactly; `reason` becomes the refusal."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
