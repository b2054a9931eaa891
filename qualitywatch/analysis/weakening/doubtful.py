"""Which tests may assert nothing: one look at what follows each of them.

Nearly all assert something real first, and of those nothing else has to be known.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from qualitywatch.analysis.weakening.assertions import (
    ASSERTS,
    MAX_STATEMENT,
    asserts_for_sure,
)
from qualitywatch.analysis.weakening.headers import Header


def doubtful(header: Header, data: bytes, lines: Sequence[str]) -> Iterator[int]:
    """The lines of headers behind which no real assertion is sure to come next.

    The next one may be another test's: then this one has none. *lines* are those of
    *data*, without comments.
    """
    if max(map(len, lines)) > MAX_STATEMENT:  # the end of a line may be left unread
        yield from header.lines(data)
        return
    line, place, is_real = 1, 0, False  # of the next assertion
    for found in header.places(data):
        start, end = found.span()
        if place < end:
            asserts = ASSERTS.search(data, end)
            if asserts is None:
                return
            begin = asserts.start()
            line, place = line + data.count(b"\n", place, begin), begin
            is_real = asserts_for_sure(lines, line)
        if not is_real or place < _whole_lines_from(data, end):
            yield line - data.count(b"\n", start, place)


def _whole_lines_from(data: bytes, end: int) -> int:
    """Where the first line begins that is all body, if the header ends at *end*."""
    line_end = data.find(b"\n", end)
    if data[end - 1 : end] == b"(":
        rest = data[end:line_end]
        opened = rest.count(b"(") + rest.count(b"[")
        if rest.count(b")") + rest.count(b"]") <= opened:
            return len(data)  # on a line of its parameters, or behind them
    return len(data) if line_end < 0 else line_end + 1
