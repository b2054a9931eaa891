"""One line to make a noun."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from qualitywatch.model import (
    Agent,
    Change,
    Confidence,
    Evidence,
    Offer,
    Severity,
    Violation,
    ViolationType,
)
from qualitywatch.warden import repairs


def change(
    before: str | None, after: str | None, path: str = "app.py", **fields: Any
) -> Change:
    """A change of one file, from texts."""
    return Change(
        path=path,
        before=None if before is None else before.encode(),
        after=None if after is None else after.encode(),
        **fields,
    )


def agent(id: str = "cursor-1", **fields: Any) -> Agent:
    """An agent that is called like its id."""
    return Agent(**{"id": id, "name": id, **fields})


def offer(
    path: str = "app.py", content: str = "back\n", violations: Sequence[Violation] = ()
) -> Offer:
    """A repair of a file that is gone, with its content."""
    return repairs.offer(
        path=path,
        workspace="/repo",
        content=content.encode(),
        standing=None,
        violations=violations,
    )


def violation(**fields: Any) -> Violation:
    """A blocking violation: elided code in `app.py`."""
    blocking = Violation(
        id="0" * 32,
        type=ViolationType.PLACEHOLDER_DROPPED,
        rule="elided-code",
        severity=Severity.CRITICAL,
        confidence=Confidence.CERTAIN,
        path="app.py",
        language="python",
        line=2,
        column=5,
        end_line=2,
        end_column=40,
        symbol="total",
        message="Code replaced by a remark",
        remedy="Put the code back.",
        excerpt="# ... rest of the method unchanged",
        evidence=Evidence(lost_lines=10, base_ranges=((2, 11),)),
        fingerprint="f" * 16,
    )
    return msgspec.structs.replace(blocking, **fields)
