"""Whole bodies: what stands between the head of a unit and its end, as one piece."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from qualitywatch.analysis.elision.reading import elision
from qualitywatch.analysis.outlines.units import Unit
from qualitywatch.analysis.restoring.gaps import gap
from qualitywatch.analysis.restoring.items import Sides, items
from qualitywatch.analysis.restoring.presence import refuse_lines_that_stand
from qualitywatch.analysis.restoring.splices import Splice, blanks_below, of_gap
from qualitywatch.analysis.restoring.texts import Text
from qualitywatch.analysis.restoring.words import CanNot, Piece
from qualitywatch.analysis.sources.source import Comment, Source, line_key
from qualitywatch.analysis.stubs.confession import sounds_incomplete
from qualitywatch.model import Violation
from qualitywatch.regex import regex

_INDENT = regex(rb"[ \t]*")
_EMPTY = regex(rb"[\s{};]*(?:pass|\.\.\.)?[\s{};]*")
_FILLER = (b"", b"{", b"}", b"{}", b"pass", b"...", b";", b"};")


class _Span(NamedTuple):
    """Where the body of a unit lies in its text, and the lines that it touches."""

    start: int
    end: int
    first: int
    last: int


def hollowed(sides: Sides, violation: Violation) -> list[Splice]:
    """The body that the unit of *violation* had, in place of its stub."""
    old, new = _pair(sides, violation)
    if old.signature != new.signature:
        raise CanNot(
            f"the signature of {new.name} was changed as well: {old.signature!r} became"
            f" {new.signature!r}"
        )
    _refuse_real_code(sides, new)
    stub = _stub_lines(sides, old, new)
    whole = _exchanged(sides, old, new, stub)
    return [whole if whole is not None else _aligned(sides, old, new)]


def whole(sides: Sides, old: Unit, new: Unit, remark: Collection[int]) -> Splice | None:
    """The body of *old* for that of *new*, if nothing but a *remark* fills this one."""
    if old.signature != new.signature:
        return None
    lines = {n for n in remark if not _has_code_beside(sides, new, n)}
    return _exchanged(sides, old, new, lines)


def _has_code_beside(sides: Sides, new: Unit, line: int) -> bool:
    """True where more than a comment stands on *line*, as far as the body goes."""
    span = _span(sides.now.text, sides.comparison.after, new)
    comments = [c for c in sides.comparison.after.comments() if c.line == line]
    if span is None or not comments:
        return False
    said = dict(_pieces(sides.now.text, span)).get(line, b"")
    for comment in comments:
        said = said.replace(comment.text.split("\n")[0].encode(), b"", 1)
    return _EMPTY.fullmatch(said) is None


def _pair(sides: Sides, violation: Violation) -> tuple[Unit, Unit]:
    units = [u for u in sides.now.outline.units if u.name == violation.symbol]
    around = [u for u in units if u.encloses(violation.line)] or units
    if len(around) != 1:
        raise CanNot(f"there are {len(around)} units named {violation.symbol} now")
    old = sides.comparison.origin(around[0])
    if old is None or not sides.comparison.is_sure(old, around[0]):
        raise CanNot(f"it is not clear which one {violation.symbol} was in the base")
    return old, around[0]


def _refuse_real_code(sides: Sides, new: Unit) -> None:
    """Somebody may have filled the stub after it was judged."""
    comparison = sides.comparison
    if new.kind == "function":
        is_stub = comparison.body(new).stub is not None
    else:
        code = comparison.outline.code_of(new)
        is_stub = all(line.line <= max(new.line, new.body_line) for line in code)
    if not is_stub:
        raise CanNot(f"the file changed since: {new.name} is no stub any more")


def _stub_lines(sides: Sides, old: Unit, new: Unit) -> set[int]:
    """The lines of a stub that may go: its code, and what it says of what is missing.

    Documentation stays, and raises no doubt. Another new comment may be an honest one.
    """
    comparison = sides.comparison
    lines = set(range(new.start_line, new.end_line + 1)) - _documentation(sides, new)
    for comment in comparison.outline.comments_of(new):
        if comment.line not in lines or not comparison.is_said_anew(comment):
            continue
        if not _speaks_of_the_stub(sides, old, comment):
            raise CanNot(
                f"the comment in line {comment.line} is new: say whether it stays, by"
                " hand"
            )
    return lines


def _speaks_of_the_stub(sides: Sides, old: Unit, comment: Comment) -> bool:
    """True for a remark that stands for code, a confession, and code commented out."""
    if sounds_incomplete(comment.text) or elision(comment.text) is not None:
        return True
    assert sides.comparison.base is not None
    was = {code.key for code in sides.comparison.base.code_of(old)}
    said = (line.strip().lstrip("#/*- ") for line in comment.text.split("\n"))
    return any(line_key(line) in was for line in said)


def _exchanged(
    sides: Sides, old: Unit, new: Unit, remark: Collection[int]
) -> Splice | None:
    """The body as one piece; `None` where something in the new one has to stay."""
    was = _span(sides.base.text, sides.comparison.before, old)
    has = _span(sides.now.text, sides.comparison.after, new)
    if was is None or has is None or not _is_in_column(sides, old, new):
        return None
    ours = _pieces(sides.now.text, has)
    theirs = [text for _, text in _pieces(sides.base.text, was)]
    if not _is_filled(ours, theirs, remark):
        return None
    lost = _lost_lines(ours, theirs, was)
    refuse_lines_that_stand(sides.comparison, lost)
    end, last = was.end, was.last
    if sides.comparison.after.language.name == "python":  # no bracket ends the body
        last += blanks_below(sides, was.last, has.last)
        end = sides.base.text.start(last) + len(sides.base.text.bare(last))
    content = sides.base.text.content[was.start : end]
    piece = Piece(first=has.first, last=has.last, base_first=was.first, base_last=last)
    return Splice(has.start, has.end, content, piece)


def _span(text: Text, source: Source | None, unit: Unit) -> _Span | None:
    assert source is not None
    if source.language.name == "python":
        colon = next((c for c in reversed(unit.node.children) if c.type == ":"), None)
        if colon is None:
            return None
        start = text.offset(source, colon.end_point)
        end = text.start(unit.end_line) + len(text.bare(unit.end_line))
        return _Span(start, end, colon.end_point[0] + 1, unit.end_line)
    body = unit.body
    if body is None:
        return None
    start = text.offset(source, body.start_point)
    end = text.offset(source, body.end_point)
    content = text.content[start:end]
    if not content.startswith(b"{") or not content.endswith(b"}"):
        return None
    return _Span(start, end, body.start_point[0] + 1, body.end_point[0] + 1)


def _is_in_column(sides: Sides, old: Unit, new: Unit) -> bool:
    """True where both stand at the same indentation."""
    was = _INDENT.match(sides.base.text.bare(old.line))
    has = _INDENT.match(sides.now.text.bare(new.line))
    return was is not None and has is not None and was[0] == has[0]


def _pieces(text: Text, span: _Span) -> list[tuple[int, bytes]]:
    """The lines of a body, without what is beside it on them."""
    found = []
    for line in range(span.first, span.last + 1):
        start = max(span.start, text.start(line))
        content = text.content[start : min(span.end, text.start(line + 1))]
        found.append((line, content))
    return found


def _is_filled(
    ours: Sequence[tuple[int, bytes]], theirs: Sequence[bytes], remark: Collection[int]
) -> bool:
    """True where *ours* is the beginning and end of *theirs*, filler between."""
    top, bottom = _same_ends([text for _, text in ours], theirs)
    middle = ours[top : len(ours) - bottom]
    return all(line in remark or text.strip() in _FILLER for line, text in middle)


def _lost_lines(
    ours: Sequence[tuple[int, bytes]], theirs: Sequence[bytes], was: _Span
) -> range:
    """The lines of the base between those at both ends that stayed."""
    top, bottom = _same_ends([text for _, text in ours], theirs)
    return range(was.first + top, was.last + 1 - bottom)


def _same_ends(ours: Sequence[bytes], theirs: Sequence[bytes]) -> tuple[int, int]:
    """How many lines are the same at the beginning and at the end."""
    top, limit = 0, min(len(ours), len(theirs))
    while top < limit and ours[top] == theirs[top]:
        top += 1
    bottom = 0
    while bottom < limit - top and ours[-1 - bottom] == theirs[-1 - bottom]:
        bottom += 1
    return top, bottom


def _aligned(sides: Sides, old: Unit, new: Unit) -> Splice:
    """The lines of the body between what stayed of it: a head, documentation."""
    was, has = sides.span(old, new)
    base, now = items(sides.base, old, was), items(sides.now, new, has)
    known = {item.key for item in base}
    documented = _documentation(sides, new)
    middle = [
        at
        for at, item in enumerate(now)
        if item.key not in known and item.first not in documented
    ]
    if not middle or any(now[at].is_unit for at in middle):
        raise CanNot("what stands in the body now can not be told from an honest edit")
    filler = range(middle[0], middle[-1] + 1)
    if len(filler) != len(middle):
        raise CanNot("lines of the body that stayed stand inside the stub")
    if now[filler.start].first <= new.line:
        raise CanNot("the stub stands on the line of its head")
    found = gap(base, now[: filler.start], now[filler.stop :], sides.base.keys())
    if not any(item.is_code for item in base[found.start : found.end]):
        raise CanNot("the base has no code in the place of the stub")
    return of_gap(sides, found, base, now, filler, (was, has))


def _documentation(sides: Sides, new: Unit) -> set[int]:
    source = sides.comparison.after
    return {
        line
        for comment in sides.comparison.outline.comments_of(new)
        if comment.kind == "doc" and source.language.name == "python"
        for line in range(comment.line, comment.end_line + 1)
    }
