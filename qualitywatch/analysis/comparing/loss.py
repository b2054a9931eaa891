"""Which lines of the base are gone, unit by unit, and what took their place.

A line counts as gone when the file as a whole holds its tokens less often than before,
so that code which was moved, re-indented or broken over other lines is not. Inside a
pair of matched units the gone lines are set against the new lines that stand in the
same place: an edit of two lines loses nothing, a remark in place of ten loses ten.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from qualitywatch.analysis.comparing.occurrences import occurrences
from qualitywatch.analysis.outlines.outline import Outline
from qualitywatch.analysis.sources.source import CodeLine
from qualitywatch.model import Noun
from qualitywatch.regex import regex
from qualitywatch.traces import ALONE, Around

MAX_CELLS = 25_000_000  # of the table that aligning two bodies may fill
STRANGE = 3  # lost lines that nothing new resembles, from which on they count in full

_WORD = regex(r"\w+")


class UnitLoss(Noun):
    """What one unit of the base lost: how much in all, and which of its lines."""

    net: int = 0
    lines: tuple[int, ...] = ()  # in the places that lost more than they gained
    gone: tuple[int, ...] = ()  # all that are gone, whatever took their place
    gained: int = 0  # new lines in the matched unit


def losses(
    before: Outline,
    after: Outline,
    pairs: dict[int, int],
    *,
    around: Around = ALONE,
) -> list[UnitLoss]:
    """The loss of each unit of the base, own lines only, in the order of the units."""
    gone = _excess(before, after, excused=around.lines)
    new = _excess(after, before, excused=frozenset())
    found = []
    for unit in before.units:
        old_lines = before.own_code(unit)
        if unit.index not in pairs:
            lost = _taken_from(gone, old_lines)
            lines = tuple(code.line for code in lost)
            if unit.name in around.moved:
                lost, lines = [], ()
            found.append(UnitLoss(net=len(lost), lines=lines, gone=lines))
            continue
        new_lines = after.own_code(after.units[pairs[unit.index]])
        found.append(_paired(old_lines, new_lines, gone, new))
    return found


def _paired(
    old: Sequence[CodeLine],
    fresh: Sequence[CodeLine],
    gone: Counter[str],
    new: Counter[str],
) -> UnitLoss:
    net, gained = 0, 0
    lines: list[int] = []
    gone_lines: list[int] = []
    for old_hunk, new_hunk in _hunks(old, fresh):
        lost = _taken_from(gone, old_hunk)
        came = _taken_from(new, new_hunk)
        gained += len(came)
        gone_lines += [code.line for code in lost]
        if hunk_net := _net(lost, came):
            net += hunk_net
            lines += [code.line for code in lost]
    return UnitLoss(net=net, lines=tuple(lines), gone=tuple(gone_lines), gained=gained)


def _net(lost: Sequence[CodeLine], came: Sequence[CodeLine]) -> int:
    """How many lost lines no new line makes up for.

    New lines make up for as many old ones, unless three or more of the old ones have
    nothing in common with them: a feature added beside a dropped block is no repair.
    """
    plain = max(0, len(lost) - len(came))
    if len(lost) < STRANGE or not came:
        return plain
    words = {word for code in came for word in _WORD.findall(code.key)}
    strange = sum(not _resembles(code.key, words) for code in lost)
    return max(plain, strange) if strange >= STRANGE else plain


def _resembles(key: str, words: set[str]) -> bool:
    own = set(_WORD.findall(key))
    return 2 * len(own & words) >= len(own)


def _hunks(
    old: Sequence[CodeLine], new: Sequence[CodeLine]
) -> Iterable[tuple[Sequence[CodeLine], Sequence[CodeLine]]]:
    """The places where the two differ, each with its old and its new lines."""
    start, limit = 0, min(len(old), len(new))
    while start < limit and old[start].key == new[start].key:
        start += 1
    end = 0
    while end < limit - start and old[-1 - end].key == new[-1 - end].key:
        end += 1
    old, new = old[start : len(old) - end], new[start : len(new) - end]
    if not old or not new or len(old) * len(new) > MAX_CELLS:
        return [(old, new)] if old or new else []
    from difflib import SequenceMatcher  # which most changes do not need

    matcher = SequenceMatcher(None, [c.key for c in old], [c.key for c in new])
    return [
        (old[i1:i2], new[j1:j2])
        for tag, i1, i2, j1, j2 in matcher.get_opcodes()
        if tag != "equal"
    ]


def _taken_from(budget: Counter[str], lines: Iterable[CodeLine]) -> list[CodeLine]:
    """The lines that the budget still covers; it shrinks by them."""
    taken = []
    for code in lines:
        if budget[code.key] > 0:
            budget[code.key] -= 1
            taken.append(code)
    return taken


def _excess(one: Outline, other: Outline, *, excused: frozenset[str]) -> Counter[str]:
    """How often *one* holds each line more than *other*, however lines are broken."""
    ours = Counter(one.source.code_keys)
    theirs = Counter(other.source.code_keys)
    more = {
        key: count - theirs[key]
        for key, count in ours.items()
        if count > theirs[key] and key not in excused
    }
    if not more:
        return Counter()
    needles = list(more)
    ours_in, theirs_in = (
        occurrences(outline.source.tokens, needles) for outline in (one, other)
    )
    found: Counter[str] = Counter()
    for key, our, their in zip(needles, ours_in, theirs_in, strict=True):
        found[key] = max(0, min(more[key], our - their))
    return found
