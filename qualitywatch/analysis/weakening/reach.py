"""Which tests a change can have touched: all others are the same on both sides.

What is asked of a test costs more than to see that no line of it is new or gone.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from qualitywatch.analysis.comparing.news import shared_ends
from qualitywatch.analysis.weakening.blocks import MAX_ABOVE, is_barrier


class Shared(msgspec.Struct, frozen=True):
    """How many lines both sides begin with, and how many of the rest they end with."""

    first: int
    last: int


def shared(
    before: tuple[Sequence[str], Sequence[str]],
    after: tuple[Sequence[str], Sequence[str]],
) -> Shared:
    """What both texts share, as they stand and without their comments."""
    ends = [shared_ends(old, new) for old, new in zip(before, after, strict=True)]
    first, last = map(min, zip(*ends, strict=True))
    lines = after[0]
    while first and _may_go_on(lines[first - 1]):  # a header that spans lines
        first -= 1
    return Shared(first, last)


def last_touched(lines: Sequence[str], same: Shared) -> int:
    """The last line that is in the change, or below annotations that may be."""
    end = len(lines) - same.last + 1
    most = min(len(lines), end + MAX_ABOVE)
    while end < most and not is_barrier(lines[end - 1]):
        end += 1
    return end


def _may_go_on(line: str) -> bool:
    return not line.strip() or line.rstrip().endswith("(")
