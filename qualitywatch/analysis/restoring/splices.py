"""Splices: which lines give way to which, and the text that comes of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from qualitywatch.analysis.restoring.gaps import Gap
from qualitywatch.analysis.restoring.items import Item, Sides
from qualitywatch.analysis.restoring.texts import Text
from qualitywatch.analysis.restoring.words import CanNot, Piece, Restored


class Splice(NamedTuple):
    """The bytes *start* to *end* of the text now, what takes their place, its lines."""

    start: int
    end: int
    content: bytes
    piece: Piece


def lines_for(sides: Sides, now: range, base: range) -> Splice:
    """The whole lines *base* in place of the whole lines *now*."""
    return Splice(
        sides.now.text.start(now.start),
        sides.now.text.start(now.stop),
        sides.base.text.between(base.start, base.stop - 1),
        Piece(
            first=now.start,
            last=now.stop - 1,
            base_first=base.start,
            base_last=base.stop - 1,
        ),
    )


def of_gap(
    sides: Sides,
    found: Gap,
    base: Sequence[Item],
    now: Sequence[Item],
    filler: range,
    spans: tuple[range, range],
) -> Splice:
    """The items of the gap in place of the items *filler* of the text now.

    Blank lines come with the side that survived: between the gap and a line of the
    base they are the base's. Beside a new line those of the text now stay, if it has
    any there.
    """
    old, new = spans
    kept = len(now) - filler.stop - found.below
    stays = filler.start - found.above
    top = now[stays - 1].last + 1 if stays else new.start
    bottom = now[-kept].first - 1 if kept else new.stop - 1
    base_top = base[found.start - 1].last + 1 if found.start else old.start
    base_bottom = old.stop - 1 if found.end == len(base) else base[found.end].first - 1
    first, last = now[filler.start].first, now[filler.stop - 1].last
    if found.above:
        if _has_blank(sides.now.text, top, first):
            base_top = base[found.start].first
    else:
        first = top
    if found.below:
        if _has_blank(sides.now.text, last, bottom):
            base_bottom = base[found.end - 1].last
    else:
        last = bottom
        if not kept:
            base_bottom += blanks_below(sides, base_bottom, last)
    return lines_for(sides, range(first, last + 1), range(base_top, base_bottom + 1))


def _has_blank(text: Text, first: int, last: int) -> bool:
    return any(text.is_blank(line) for line in range(first, last + 1))


def blanks_below(sides: Sides, base_last: int, last: int) -> int:
    """How many blank lines of the base went with what stood above them.

    Only where the text now has none there, and goes on as the base does.
    """
    base, now = sides.base.text, sides.now.text
    following = base_last + 1
    while following <= len(base) and base.is_blank(following):
        following += 1
    is_both = following <= len(base) and last < len(now)
    if is_both and base.bare(following) == now.bare(last + 1):
        return following - base_last - 1
    return 0


def applied(sides: Sides, splices: Sequence[Splice]) -> Restored:
    """The text now with all *splices* done; raises `CanNot` where they overlap."""
    text, at, pieces = sides.now.text, 0, list[bytes]()
    ordered = sorted(set(splices), key=lambda one: (one.start, one.end))
    for splice in ordered:
        if splice.start < at:
            raise CanNot("two remarks stand for the same code")
        pieces.append(text.content[at : splice.start])
        if splice.content and _is_open(pieces, splice, text):
            pieces.append(_line_end(sides.base.text))
        pieces.append(splice.content)
        at = splice.end
    rest = text.content[at:]
    content = b"".join(pieces)
    if rest and ordered and _joins(ordered[-1], content, text):
        content += _line_end(sides.base.text)
    return Restored(content=content + rest, pieces=tuple(one.piece for one in ordered))


def _is_open(pieces: Sequence[bytes], splice: Splice, text: Text) -> bool:
    """True where whole lines go behind a last line that has no end."""
    before = b"".join(pieces[-2:])
    is_whole = splice.start in (text.start(splice.piece.first), len(text.content))
    return is_whole and bool(before) and not before.endswith((b"\n", b"\r"))


def _joins(splice: Splice, content: bytes, text: Text) -> bool:
    is_whole = splice.end == text.start(splice.piece.last + 1)
    return is_whole and not content.endswith((b"\n", b"\r"))


def _line_end(base: Text) -> bytes:
    return base.end_of(1) or b"\n"
