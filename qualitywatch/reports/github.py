"""Annotations of a GitHub Actions job: workflow commands, one a line.

GitHub shows ten of each level for a step and drops the others without a word, so the
tenth says what is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from qualitywatch.model import Suppressed, Violation
from qualitywatch.reports import levels
from qualitywatch.reports.judged import (
    Judged,
    Notice,
    allowed,
    decision,
    notices,
    passes,
    strongest,
    summary,
    symbol_to_add,
    waiting,
)
from qualitywatch.reports.levels import Level
from qualitywatch.reports.look import Look
from qualitywatch.reports.safe import clipped, safe

SHOWN = 10  # annotations of one level, of one step
MAX_MESSAGE = 4_000
MAX_PLACES = 50  # that the last annotation names

_COMMANDS = {Level.ERROR: "error", Level.WARNING: "warning", Level.NOTE: "notice"}


class Annotation(NamedTuple):
    """One mark in the page of a job, on a line of a file or on none."""

    level: Level
    title: str
    message: str
    path: str | None = None
    lines: tuple[int, int] | None = None
    columns: tuple[int, int] | None = None

    @property
    def place(self) -> str:
        """`path:line title`, for a list."""
        where = f"{self.path}:{self.lines[0]} " if self.path and self.lines else ""
        return f"{where or (self.path or '')} {self.title}".replace("  ", " ").strip()


def render(judged: Judged, _look: Look) -> str:
    """The headline and the worst of *judged*, at most ten commands of each level."""
    every = list(_annotations(judged))
    return "".join(
        f"{_command(shown)}\n"
        for level in Level
        for shown in _fitting([one for one in every if one.level is level])
    )


def escaped(text: str) -> str:
    """*text* as the message of a command."""
    text = safe(text, keep_newlines=True)
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def escaped_value(text: str) -> str:
    """*text* as the value of a property of a command."""
    return escaped(text).replace(":", "%3A").replace(",", "%2C")


def _annotations(judged: Judged) -> Iterator[Annotation]:
    said = decision(judged) or "qualitywatch"
    level = Level.NOTE if passes(judged) or decision(judged) is None else Level.ERROR
    yield Annotation(level, said, summary(judged))
    yield from map(_of_notice, notices(judged))
    new = waiting(judged)
    for violation in strongest(judged.violations):
        waits = new.get(violation.fingerprint)
        yield _of_violation(violation, waits, passes=passes(judged))
    yield from map(_of_allowed, allowed(judged))


def _of_notice(notice: Notice) -> Annotation:
    return Annotation(Level.ERROR, notice.check, notice.message, notice.path)


def _of_violation(
    violation: Violation, waits: Suppressed | None, *, passes: bool
) -> Annotation:
    about = [violation.message]
    if symbol := symbol_to_add(violation):
        about.append(f"in {symbol}")
    if violation.evidence is not None:
        about.append(f"lost lines: {violation.evidence.lost_lines}")
    if waits is not None:
        about.append(f"a new comment wants to allow it: {waits.reason}")
    if violation.remedy:
        about.append(f"to mend it: {violation.remedy}")
    return _at(violation, levels.of(violation, passes=passes), "\n".join(about))


def _of_allowed(row: Suppressed) -> Annotation:
    said = f"allowed by a comment: {row.reason}\n{row.violation.message}"
    return _at(row.violation, Level.NOTE, said)


def _at(violation: Violation, level: Level, message: str) -> Annotation:
    first = max(violation.line, 1)
    lines = (first, max(violation.end_line, first))
    start = max(violation.column, 1)
    columns = (start, max(violation.end_column, start))
    one_line = lines[0] == lines[1]  # GitHub takes columns on one line only
    return Annotation(
        level=level,
        title=f"{violation.rule} ({violation.severity}, {violation.confidence})",
        message=message,
        path=violation.path,
        lines=lines,
        columns=columns if one_line else None,
    )


def _fitting(annotations: Sequence[Annotation]) -> Iterator[Annotation]:
    if len(annotations) <= SHOWN:
        yield from annotations
        return
    yield from annotations[: SHOWN - 1]
    rest = annotations[SHOWN - 1 :]
    places = [one.place for one in rest[:MAX_PLACES]]
    if len(rest) > MAX_PLACES:
        places.append(f"… and {len(rest) - MAX_PLACES} more")
    yield Annotation(rest[0].level, f"{len(rest)} more", "\n".join(places))


def _command(annotation: Annotation) -> str:
    said = clipped(annotation.message, MAX_MESSAGE)
    values = ",".join(f"{k}={escaped_value(v)}" for k, v in _values(annotation).items())
    return f"::{_COMMANDS[annotation.level]} {values}::{escaped(said)}"


def _values(annotation: Annotation) -> Mapping[str, str]:
    values = {}
    if annotation.path is not None:
        values["file"] = annotation.path
    if annotation.lines is not None:
        values["line"], values["endLine"] = map(str, annotation.lines)
    if annotation.columns is not None:
        values["col"], values["endColumn"] = map(str, annotation.columns)
    values["title"] = annotation.title
    return values
