"""What a quarantined agent offers to put back: weighed, bounded, kept apart."""

from __future__ import annotations

import hashlib
import uuid
from collections import Counter
from collections.abc import Sequence

import msgspec

from qualitywatch.analysis.safety.redaction import redact
from qualitywatch.errors import PeerError
from qualitywatch.model import Offer, Repair, Violation

MOST_FILES = 100
MOST_BYTES = 2 * 1024 * 1024
MOST_SHOWN = 50  # violations that a proposal names; the others are counted


def offer(
    *,
    path: str,
    workspace: str,
    content: bytes,
    standing: bytes | None,
    violations: Sequence[Violation],
) -> Offer:
    """*content* for the file *path*, which is *standing* now, and what it would lack.

    Lines are counted, not aligned: that takes no longer for a hostile text.
    """
    now, before = (Counter(text.splitlines()) for text in (content, standing or b""))
    repair = Repair(
        id=uuid.uuid4().hex,
        path=path,
        workspace=workspace,
        sha256=hashlib.sha256(content).hexdigest(),
        size=len(content),
        lines=now.total(),
        added=(now - before).total(),
        removed=(before - now).total(),
        lacking=len(violations),
        violations=tuple(map(redact, violations)),
    )
    return Offer(repair=repair, content=content)


def bounded(offers: Sequence[Offer]) -> tuple[Offer, ...]:
    """*offers* as they may be told to everybody; `PeerError` where they are too much.

    A proposal travels with every event of its quarantine, so that it has to be small.
    """
    size = sum(len(one.content) for one in offers)
    if len(offers) > MOST_FILES or size > MOST_BYTES:
        raise PeerError(
            "TOO_LARGE",
            f"{len(offers)} files of {size} bytes together are too much to look at,"
            f" the limit is {MOST_FILES} files and {MOST_BYTES} bytes",
            hint="offer the files from which code is lost, and no others",
        )
    left, kept = MOST_SHOWN, []
    for one in offers:
        shown = one.repair.violations[:left]
        left -= len(shown)
        repair = msgspec.structs.replace(one.repair, violations=shown)
        kept.append(msgspec.structs.replace(one, repair=repair))
    return tuple(kept)
