"""A row: what is known of one file, small enough to keep for every file of a tree."""

from __future__ import annotations

import os
from enum import IntEnum
from typing import Annotated, NamedTuple

import msgspec
from msgspec import Meta

from qualitywatch.model import Inventory, Noun

Natural = Annotated[int, Meta(ge=0)]


class State(IntEnum):
    """What became of a file."""

    COUNTED = 0
    APART = 1  # judged, and its functions do not count; the reason says why
    SKIPPED = 2  # not ours to judge
    UNREAD = 3  # it should have been judged and could not be
    SAME = 4  # its content is what the caller knows already
    GONE = 5  # it vanished while we looked


class Stamp(NamedTuple):
    """What changes when a file does; nobody but the kernel sets the last one."""

    modified_ns: int
    size: int
    inode: int
    changed_ns: int

    @classmethod
    def of(cls, status: os.stat_result) -> Stamp:
        """The stamp of a file by its *status*."""
        return cls(
            status.st_mtime_ns, status.st_size, status.st_ino, status.st_ctime_ns
        )


UNSURE = Stamp(0, 0, 0, 0)
"""The stamp of a file that may change without showing it: it is read again."""

BY_NAME = b"name"
"""In place of a digest: whatever the file holds, its name decides."""


class Row(Noun, frozen=True, array_like=True, gc=False):
    """What is known of one file."""

    stamp: Stamp
    digest: bytes  # of its content; empty: what stands here may be chance
    state: State
    functions: Natural = 0
    reason: str = ""
    told: bytes = b""  # the `Inventory`, where there is more to tell than numbers


_INVENTORY = msgspec.msgpack.Decoder(Inventory)


def row_of(inventory: Inventory, *, digest: bytes, stamp: Stamp) -> Row:
    """*inventory* as a row."""
    analysis = inventory.analysis
    unread = next(iter(analysis.unanalysable), None)
    skipped = next(iter(analysis.skipped), None)
    if unread is not None:
        state, reason = State.UNREAD, unread.reason
    elif skipped is not None:
        state, reason = State.SKIPPED, skipped.reason
    else:
        state = State.COUNTED if inventory.apart is None else State.APART
        reason = inventory.apart or ""
    tells = inventory.stubs or analysis.violations or analysis.suppressed
    return Row(
        stamp=stamp,
        digest=digest,
        state=state,
        functions=inventory.functions,
        reason=reason,
        told=msgspec.msgpack.encode(inventory) if tells else b"",
    )


def told(row: Row) -> Inventory:
    """What *row* tells beyond numbers; `msgspec.DecodeError` where it was tampered."""
    return _INVENTORY.decode(row.told) if row.told else Inventory()


def unread(reason: str) -> Row:
    """The row of a file that could not be judged this time; the next may be luckier."""
    return Row(stamp=UNSURE, digest=b"", state=State.UNREAD, reason=reason)


def is_settled(stamp: Stamp, *, before_ns: int) -> bool:
    """True for a file that has rested since *before_ns*: another write would show."""
    return max(stamp.modified_ns, stamp.changed_ns) < before_ns
