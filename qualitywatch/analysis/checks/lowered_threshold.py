"""Thresholds of coverage and quality that a change makes easier to meet.

Needs a function: two numbers are compared, and which way is looser depends on the key.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

import msgspec

from qualitywatch.analysis.comparing.compare import Comparison
from qualitywatch.analysis.hit import Hit
from qualitywatch.model import Evidence
from qualitywatch.regex import regex

MAX_LINE = 500  # signs of a line that are read
MAX_HITS = 20

_NUMBER = r"(?P<number>-?\d+(?:\.\d+)?)"


class _Threshold(msgspec.Struct, frozen=True):
    """A key with a number, in the files where it is a threshold."""

    file: re.Pattern[str]  # on the path
    key: re.Pattern[str]  # on the line
    looser: int  # +1: a greater number, -1: a smaller one
    is_gone_looser: bool = False  # without the key nothing is asked for


def _threshold(
    file: str, key: str, looser: int, *, is_gone_looser: bool = False
) -> _Threshold:
    return _Threshold(
        regex(file),
        regex(key.replace("NUMBER", _NUMBER)),
        looser,
        is_gone_looser,
    )


_SCRIPT = r"package\.json$|(?:jest|vitest|vite|karma|nyc)[\w.]*\.(?:[cm]?[jt]s|json)$"
_ANY_SETTING = (
    r"(?:^|/)(?:pyproject\.toml|setup\.cfg|tox\.ini|pytest\.ini|noxfile\.py"
    r"|\.coveragerc|Makefile|[jJ]ustfile|package\.json|\.simplecov)$"
    r"|_helper\.rb$|\.ya?ml$|\.sh$"
)
_THRESHOLDS = (
    _threshold(
        _ANY_SETTING,
        r"\b(?:cov-)?fail[_-]under\b[\s=:\"']*NUMBER",
        -1,
        is_gone_looser=True,
    ),
    _threshold(_ANY_SETTING, r"\bminimum_coverage\w*[\s(]+(?:line: )?NUMBER", -1),
    _threshold(
        rf"{_SCRIPT}|\.nycrc",
        r"""["']?\b(?:branches|functions|lines|statements)["']?\s*:\s*NUMBER""",
        -1,
    ),
    _threshold(r"codecov\.ya?ml$", r"\btarget:\s*[\"']?NUMBER", -1),
    _threshold(r"codecov\.ya?ml$", r"\bthreshold:\s*[\"']?NUMBER", +1),
    _threshold(r"\.gradle(?:\.kts)?$", r"\bminimum\s*=\s*\D{0,20}NUMBER", -1),
    _threshold(r"pom\.xml$", r"<minimum>\s*NUMBER", -1),
    _threshold(r"infection\.json|stryker", r"\b(?:minM\w*|break)\W{1,4}NUMBER", -1),
    _threshold(
        rf"{_ANY_SETTING}|{_SCRIPT}|eslintrc|eslint\.config|\.flake8$|ruff\.toml$",
        r"\bmax-(?:complexity|warnings)\b[\s=:\"'\[,\w]{1,12}?NUMBER",
        +1,
    ),
)


def lowered_threshold(comparison: Comparison) -> Iterator[Hit]:
    """Numbers that now ask for less, and a limit of coverage that is gone."""
    if comparison.before is None:
        return
    asked = [row for row in _THRESHOLDS if row.file.search(comparison.path)]
    before, after = comparison.before, comparison.after
    hits = (
        hit
        for row in asked
        if row.key.search(before.text)  # one look at all lines, and mostly the only one
        for hit in _lowered(row, before.lines, after.lines)
    )
    for _, hit in zip(range(MAX_HITS), hits, strict=False):
        yield hit


def _lowered(
    row: _Threshold, before: Sequence[str], after: Sequence[str]
) -> Iterator[Hit]:
    old, new = _found(row, before), _found(row, after)
    for key, was in old.items():
        now = new.get(key, [])
        if len(was) == len(now):
            for (line, number, _), (at, current, text) in zip(was, now, strict=True):
                if row.looser * (float(current) - float(number)) > 0:
                    yield _hit(at, text, line, f"{number} to {current}")
    if row.is_gone_looser and old and not new:
        line, number, _ = next(iter(old.values()))[0]
        at = max(1, min(line - 1, len(after)))
        yield _hit(at, after[at - 1], line, f"{number} to nothing")


def _found(
    row: _Threshold, lines: Sequence[str]
) -> dict[str, list[tuple[int, str, str]]]:
    """Line, number and text of each place, by the line without the number."""
    found: dict[str, list[tuple[int, str, str]]] = defaultdict(list)
    for at, text in enumerate(lines, 1):
        for said in row.key.finditer(text[:MAX_LINE]):
            first, end = said.span("number")
            key = " ".join((said[0][: first - said.start()]).split())
            found[key].append((at, text[first:end], text))
    return found


def _hit(line: int, text: str, old: int, said: str) -> Hit:
    return Hit(
        line=line,
        column=len(text) - len(text.lstrip()) + 1,
        end_line=line,
        end_column=max(1, len(text.rstrip())),
        names={"said": said},
        evidence=Evidence(lost_lines=1, base_ranges=((old, old),)),
    )
