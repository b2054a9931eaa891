"""Which tests a change can not have touched: all that tells where they end is shared.

To find the end of every test of two texts and compare what stands between costs more
than all that is then asked about the few that differ.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from qualitywatch.analysis.comparing.news import shared_ends
from qualitywatch.analysis.weakening.cases import Case, ends_blocks, indent


class Still:
    """Knows the lines that both texts begin and end with, and the tests in them."""

    def __init__(self, before: Sequence[Case], after: Sequence[Case]) -> None:
        self._first = self._last = self._shift = 0
        self._lines: list[int] = []
        self._depths: list[int] = []
        if not before or not after:
            return
        old, new = before[0].text, after[0].text
        firsts, lasts = zip(
            shared_ends(old.lines, new.lines),
            shared_ends(old.raw_lines, new.raw_lines),
            strict=True,
        )
        self._first = min(firsts)
        self._last = len(new.lines) - min(lasts)
        self._shift = len(new.lines) - len(old.lines)
        headers = sorted(
            (case.line, indent(text))
            for case in after
            if ends_blocks(text := new.lines[case.line - 1])
        )
        self._lines = [line for line, _ in headers]
        self._depths = [depth for _, depth in headers]

    def holds(self, old: Case, new: Case) -> bool:
        """True where *old* and *new* are the same text, annotations included."""
        if new.line == old.line and self._is_closed(new):
            return True
        firsts = (old.first + self._shift, new.first)
        is_shifted = old.line + self._shift == new.line and firsts[0] == firsts[1]
        return is_shifted and new.first > self._last

    def _is_closed(self, case: Case) -> bool:
        """True where the next header that ends it stands among the first lines."""
        at = bisect_right(self._lines, case.line)
        depth = indent(case.text.lines[case.line - 1])
        while at < len(self._lines) and self._lines[at] <= self._first:
            if self._depths[at] <= depth:
                return True
            at += 1
        return False
