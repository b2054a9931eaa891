"""Merged work is nobody's edit; what a merge leaves out of either side is.

A file that the result shares with one side was only taken from there, as long as the
other side has not touched it. A resolution that takes a file whole from one side,
though both have changed it, drops the work of the other, and that is judged. So is a
file that is neither side's, against what git would have made of both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec

from qualitywatch.git import PathChange, Repository
from qualitywatch.model import Noun

Rows = Sequence[PathChange]
Against = Callable[[str], Rows]
"""How the result differs from a commit."""


class Side(Noun):
    """What else was merged: how the result differs from it, and who touched what."""

    differing: tuple[PathChange, ...]
    ours: frozenset[str] = frozenset()  # paths that the base changed since they parted
    theirs: frozenset[str] = frozenset()  # and those that this side changed
    parted: Mapping[str, str | None] = msgspec.field(
        default_factory=dict
    )  # what they were when both parted: path -> object


class Contested(Noun):
    """A file that both sides have changed, and of which the result is neither."""

    row: PathChange  # from theirs to the result
    ours: str
    parted: str | None  # `None`: both have made it


def sides(
    repository: Repository,
    base: str | None,
    others: Iterable[str],
    against: Against,
    *,
    fully: bool,
) -> list[Side]:
    """Each of *others*; *fully* with what both sides did since they parted."""
    return [
        _side(repository, base, other, tuple(against(other)))
        if fully
        else Side(differing=tuple(against(other)))
        for other in others
    ]


def judged_rows(rows: Rows, merged: Sequence[Side]) -> list[PathChange]:
    """Those of *rows* (base to result) that no side explains, and what a side lost."""
    taken = _paths(rows)
    left_out = {
        row.path: row
        for side in merged
        for row in side.differing
        if taken.isdisjoint(_names(row)) and not side.theirs.isdisjoint(_names(row))
    }
    # Where the result is not simply what a side has, that side explains nothing.
    unexplained = [_paths(side.differing) | side.ours for side in merged]
    own = [
        row
        for row in rows
        if not any(paths.isdisjoint(_names(row)) for paths in unexplained)
    ]
    return [*own, *left_out.values()]


def contested(rows: Rows, merged: Sequence[Side]) -> list[Contested]:
    """The files of which one side's work may be gone, though *rows* show none of it."""
    before = {row.path: row.before_id for row in rows if row.old_path is None}
    return [
        Contested(row=row, ours=ours, parted=side.parted.get(row.path))
        for side in merged
        for row in side.differing
        if row.old_path is None
        and row.before_id is not None
        and not (row.is_unmerged or row.is_link or row.is_submodule)
        and row.path in side.theirs
        and (ours := before.get(row.path)) is not None
    ]


def _side(
    repository: Repository,
    base: str | None,
    other: str,
    differing: tuple[PathChange, ...],
) -> Side:
    parted = repository.merge_base(base, other) if base else None
    theirs = repository.changed(parted, other)
    return Side(
        differing=differing,
        ours=_paths(repository.changed(parted, base)) if base else frozenset(),
        theirs=_paths(theirs),
        parted={row.path: row.before_id for row in theirs if row.old_path is None},
    )


def _names(row: PathChange) -> set[str]:
    return {row.path, row.old_path or row.path}


def _paths(rows: Iterable[PathChange]) -> frozenset[str]:
    return frozenset(name for row in rows for name in _names(row))
