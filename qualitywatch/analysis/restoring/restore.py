"""Puts back exactly the lost block of one violation, or says why it can not.

What an agent edited besides is kept byte by byte; what comes back are the bytes of the
base. Where it can not be told which is which, nothing is put back: a person can see.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import msgspec

from qualitywatch.analysis.comparing.compare import Comparison
from qualitywatch.analysis.restoring.bodies import hollowed
from qualitywatch.analysis.restoring.drops import dropped
from qualitywatch.analysis.restoring.items import Side, Sides
from qualitywatch.analysis.restoring.proof import prove
from qualitywatch.analysis.restoring.remarks import for_remark
from qualitywatch.analysis.restoring.splices import Splice, applied
from qualitywatch.analysis.restoring.tails import cut_off
from qualitywatch.analysis.restoring.texts import Text, refuse_unlike
from qualitywatch.analysis.restoring.words import CanNot, Piece, Refusal, Restored
from qualitywatch.analysis.safety.redaction import redacted
from qualitywatch.analysis.sources.embedded import split
from qualitywatch.analysis.sources.skipping import language_of
from qualitywatch.analysis.sources.source import MAX_BYTES, Refused, Source
from qualitywatch.analysis.violations import MAX_EXCERPT
from qualitywatch.languages import Language
from qualitywatch.model import Violation

_Way = Callable[[Sides, Violation], list[Splice]]

WAYS: Mapping[str, _Way] = MappingProxyType(
    {
        "elided-code": for_remark,
        "remark-for-body": for_remark,
        "hollowed-body": hollowed,
        "hollowed-class": hollowed,
        "silent-drop": dropped,
        "truncated-file": cut_off,
    }
)
"""How the code of each rule's violations is put back; those of the others lost none."""

_ANYWHERE = frozenset({"silent-drop", "truncated-file"})  # their line is not needed
_NOTEBOOK = ".ipynb"


def restored(
    base: bytes | None,
    now: bytes | None,
    path: str,
    violation: Violation,
    *,
    old_path: str | None = None,
    max_bytes: int = MAX_BYTES,
) -> Restored | Refusal:
    """*now*, the file at *path*, with the code that *violation* says it lost of *base*.

    *old_path* is where the file was in the base, if it was renamed.
    """
    try:
        way = _way(base, path, violation)
        assert base is not None
        if now is None:
            return _whole_file(base, violation)
        sides = _sides(base, now, path, old_path or path, violation, max_bytes)
        found = applied(sides, way(sides, _located(sides, violation)))
        if found.content == now:
            raise CanNot("nothing is missing: the code is there")
        language = sides.comparison.after.language
        after = _read(path, found.content, language_of(path, base), max_bytes)
        prove(sides, found, _part_like(sides, after, language))
    except CanNot as refused:
        return Refusal(reason=refused.reason)
    except Refused as refused:
        return Refusal(reason=f"the file {refused.reason}")
    return found


def _way(base: bytes | None, path: str, violation: Violation) -> _Way:
    way = WAYS.get(violation.rule)
    if way is None:
        raise CanNot(
            f"{violation.rule} tells of code that is wrong, not of code that is gone:"
            " nothing can be put back"
        )
    if base is None:
        raise CanNot("the base does not have this file: nothing was lost")
    if path.endswith(_NOTEBOOK):
        raise CanNot("a notebook keeps its code in JSON: put it back in its editor")
    return way


def _whole_file(base: bytes, violation: Violation) -> Restored:
    """The deleted file, where it is what others miss."""
    if violation.rule != "silent-drop":
        raise CanNot("the file is gone now, and more than this block with it")
    lines = len(Text(base))
    piece = Piece(first=1, last=0, base_first=1, base_last=lines)
    return Restored(content=base, pieces=(piece,))


def _sides(
    base: bytes,
    now: bytes,
    path: str,
    old_path: str,
    violation: Violation,
    max_bytes: int,
) -> Sides:
    texts = Text(base), Text(now)
    refuse_unlike(*texts)
    before = _read(old_path, base, language_of(old_path, base), max_bytes)
    after = _read(path, now, language_of(path, base), max_bytes)
    comparison, is_part = _comparison(before, after, violation)
    assert comparison.before is not None
    assert comparison.base is not None
    old, new = texts
    ends = [
        _ends(source, text, is_part=is_part)
        for source, text in ((comparison.before, old), (comparison.after, new))
    ]
    return Sides(
        comparison,
        base=Side(old, comparison.base, None),
        now=Side(new, comparison.outline, comparison.origins),
        first=ends[1][0],
        last=ends[1][1],
        base_first=ends[0][0],
        base_last=ends[0][1],
    )


def _read(path: str, content: bytes, language: Language, max_bytes: int) -> Source:
    return Source.read(path, content, language, max_bytes=max_bytes)


def _comparison(
    before: Source, after: Source, violation: Violation
) -> tuple[Comparison, bool]:
    """What *violation* stands in, before and after: the file, or a script in it."""
    host, pairs = split(before, after)
    if not pairs:
        return Comparison(before, after), False
    at = violation.line - 1
    for pair in pairs:
        lines = pair.after.lines
        is_here = pair.after.language.name == violation.language and at < len(lines)
        if is_here and lines[at].strip():
            if pair.before is None:
                raise CanNot("the base does not have this part of the file")
            return Comparison(pair.before, pair.after), True
    return Comparison(*host), False


def _part_like(sides: Sides, after: Source, language: Language) -> Source:
    """Of the whole restored text the part that was compared, where it is one."""
    if sides.comparison.after.language == after.language:
        _, pairs = split(None, after)
        if not pairs or sides.comparison.after.data == sides.now.text.content:
            return after
    (_, host), pairs = split(sides.comparison.before, after)
    line = sides.first - 1
    parts = [pair.after for pair in pairs if pair.after.language == language]
    return next((one for one in parts if one.lines[line : line + 1] != [""]), host)


def _ends(source: Source, text: Text, *, is_part: bool) -> tuple[int, int]:
    """The first and last line that belong to *source* alone."""
    if not is_part:
        return 1, len(text)
    filled = [n for n, line in enumerate(source.lines, 1) if line.strip()]
    if not filled:
        raise CanNot("the base has no code in this part of the file")
    for line in (filled[0], filled[-1]):
        said = source.lines[line - 1].strip().encode("utf-8", "replace")
        if text.bare(line).strip() != said:
            raise CanNot(f"line {line} holds code and a tag")
    return filled[0], filled[-1]


def _located(sides: Sides, violation: Violation) -> Violation:
    """*violation* where its line is now; raises `CanNot` where it is not any more."""
    if violation.rule in _ANYWHERE:
        return violation
    excerpt = violation.excerpt  # as it was, or as it was kept
    said = [line.strip()[:MAX_EXCERPT] for line in sides.comparison.after.lines]
    there = said[violation.line - 1 : violation.line]
    if there == [excerpt] or list(map(redacted, there)) == [excerpt]:
        return violation
    lines = [n for n, text in enumerate(said, 1) if excerpt in (text, redacted(text))]
    if len(lines) != 1:
        raise CanNot(
            f"the file changed since: line {violation.line} is not what was judged;"
            " judge it again"
        )
    moved = lines[0] - violation.line
    return msgspec.structs.replace(
        violation, line=lines[0], end_line=violation.end_line + moved
    )
