"""Which tests a change can have touched: all others are the same on both sides.

What is asked of a test costs more than to see that no line of it is new or gone.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence

import msgspec

from qualitywatch.analysis.comparing.news import shared_ends
from qualitywatch.analysis.weakening.blocks import (
    MAX_ABOVE,
    ends_blocks,
    extent,
    indent,
    is_barrier,
)


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


def touched(headers: Sequence[int], lines: Sequence[str], same: Shared) -> list[int]:
    """Those of *headers* that are in the change, or whose test reaches into it.

    What stands in the shared lines is told from them alone: on both sides alike.
    """
    begin = bisect_right(headers, same.first)
    open_ones = list(_open(headers[:begin], lines, same.first))
    return [*reversed(open_ones), *within(headers, lines, same)]


def within(headers: Sequence[int], lines: Sequence[str], same: Shared) -> Sequence[int]:
    """Those of *headers* that are in the change, or whose annotations may be."""
    end = len(lines) - same.last + 1
    most = min(len(lines), end + MAX_ABOVE)
    while end < most and not is_barrier(lines[end - 1]):
        end += 1
    return headers[bisect_right(headers, same.first) : bisect_right(headers, end)]


def _open(headers: Sequence[int], lines: Sequence[str], first: int) -> Iterator[int]:
    """Those whose block no line up to the *first* ones ends, the last one first."""
    least = None
    for header in reversed(headers):
        text = lines[header - 1]
        depth = indent(text)
        if least is None or depth < least:
            if extent(lines, header)[1] > first:
                yield header
            least = depth if ends_blocks(text) else least
        if least == 0:
            return


def _may_go_on(line: str) -> bool:
    return not line.strip() or line.rstrip().endswith("(")
