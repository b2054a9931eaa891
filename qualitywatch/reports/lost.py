"""The lost code itself, folded: what stood in the base and is gone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from qualitywatch.model import Evidence

FIRST, LAST = 5, 3  # lines of a folded block that are shown
MAX_BLOCKS = 8  # of one violation
MAX_WIDTH = 200  # of a line

_UTF_16 = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}


class Line(NamedTuple):
    """A line of the base; without a number it stands for those that are folded."""

    number: int | None
    text: str


def lost_lines(base: bytes, evidence: Evidence, *, whole: bool) -> Iterator[Line]:
    """The lines of *base* that *evidence* names; folded unless the *whole* is asked."""
    lines = _lines(base)
    blocks = [
        (max(first, 1), min(last, len(lines)))
        for first, last in evidence.base_ranges
        if first <= len(lines) and first <= last
    ]
    shown = blocks if whole else blocks[:MAX_BLOCKS]
    for first, last in shown:
        yield from _block(lines, first, last, whole=whole)
    rest = blocks[len(shown) :]
    if rest:
        number = sum(last - first + 1 for first, last in rest)
        yield _fold(number, f" at {len(rest)} more places")


def _block(
    lines: Sequence[str], first: int, last: int, *, whole: bool
) -> Iterator[Line]:
    folded = last - first + 1 - FIRST - LAST
    if whole or folded <= 1:
        yield from (_line(lines, n, whole=whole) for n in range(first, last + 1))
        return
    yield from (_line(lines, n, whole=False) for n in range(first, first + FIRST))
    yield _fold(folded)
    yield from (_line(lines, n, whole=False) for n in range(last - LAST + 1, last + 1))


def _line(lines: Sequence[str], number: int, *, whole: bool) -> Line:
    text = lines[number - 1]
    if not whole and len(text) > MAX_WIDTH:
        text = text[:MAX_WIDTH] + " …"
    return Line(number, text)


def _fold(number: int, where: str = "") -> Line:
    return Line(None, f"… {number} more {'line' if number == 1 else 'lines'}{where} …")


@lru_cache(maxsize=8)
def _lines(base: bytes) -> tuple[str, ...]:
    """The lines as the analysis counts them; any bytes have some."""
    encoding = _UTF_16.get(base[:2])
    if encoding:
        text = base[2:].decode(encoding, "replace")
    else:
        try:
            text = base.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = base.decode("latin-1")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return tuple(text.removesuffix("\n").split("\n"))
