"""What a worker does: it reads files itself, judges them, and sends rows back.

Contents never travel between processes, and of a clean file only numbers do.
"""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from qualitywatch.gate.acceptance import accepted
from qualitywatch.gate.tree import read_file
from qualitywatch.model import Inventory
from qualitywatch.reports.safe import encodable
from qualitywatch.rulebook import Rulebook
from qualitywatch.scan.rows import BY_NAME, UNSURE, Row, Stamp, State, row_of, unread
from qualitywatch.workers import inside

DIGEST_BYTES = 16

_ATTEMPTS = 3  # to read a file that somebody writes meanwhile


class Item(NamedTuple):
    """A file to look into."""

    root: str
    path: str  # below the root
    size: int
    known: bytes = b""  # the digest of the content that the caller knows


def rows(items: Sequence[Item]) -> Sequence[Row]:
    """A row for each of *items*; runs in a worker."""
    limit = inside.limits().max_file_bytes
    found = []
    for item in items:
        found.append(row(item, inside.rulebook(), max_bytes=limit))
        inside.sweep()
    return found


def row(item: Item, rulebook: Rulebook, *, max_bytes: int) -> Row:
    """What stands in one file."""
    from qualitywatch.analysis import skip_reason  # only workers parse

    path = encodable(item.path)
    place = f"{item.root}/{item.path}"
    try:
        if reason := skip_reason(path, None):
            stamp = Stamp.of(os.lstat(place))
            return Row(stamp=stamp, digest=BY_NAME, state=State.SKIPPED, reason=reason)
        content, stamp = _read(place, max_bytes + 1)
    except FileNotFoundError:
        return Row(stamp=UNSURE, digest=b"", state=State.GONE)
    except OSError as error:
        return unread(f"can not be read: {error.strerror}")
    digest = hashlib.blake2b(content, digest_size=DIGEST_BYTES).digest()
    if digest == item.known:
        return Row(stamp=stamp, digest=digest, state=State.SAME)
    found = _standing(path, content, rulebook, max_bytes)
    return row_of(found, digest=digest, stamp=stamp)


def _read(place: str, limit: int) -> tuple[bytes, Stamp]:
    """The content, and the stamp of the file that held it all the while."""
    stamp = Stamp.of(os.lstat(place))
    for _ in range(_ATTEMPTS):
        content = read_file(place, limit)
        if content is None:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
        before, stamp = stamp, Stamp.of(os.lstat(place))
        if stamp == before:
            return content, stamp
    raise OSError(errno.EBUSY, "it is being written all the time")


def _standing(
    path: str, content: bytes, rulebook: Rulebook, max_bytes: int
) -> Inventory:
    """The inventory; a suppression that stands in the tree counts there."""
    from qualitywatch.analysis.inventory import inventory  # only workers parse

    found = inventory(path, content, rulebook, max_bytes=max_bytes)
    return msgspec.structs.replace(found, analysis=accepted(found.analysis))
