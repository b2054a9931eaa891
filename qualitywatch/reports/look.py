"""How a report should look, and what the report itself does not hold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from qualitywatch.model import Change, Noun, Violation

if TYPE_CHECKING:  # a hook that only says GO does without the rules
    from qualitywatch.rulebook.rule import Rule

MAX_BASE = 4 * 1024 * 1024  # bytes; of a larger file no lost code is shown


class Look(Noun):
    """What only the caller knows: who reads, on what, and what was there before."""

    verbose: bool = False
    colour: bool = False
    bases: Mapping[str, bytes] = {}  # path -> the base of a file that lost code
    rules: tuple[Rule, ...] = ()  # whose words a format may hand on


def bases_of(
    violations: Iterable[Violation], changes: Iterable[Change]
) -> dict[str, bytes]:
    """The base of every changed file that lost code, as `Look.bases` wants it."""
    lost = {found.path for found in violations if found.evidence is not None}
    return {
        change.path: change.before
        for change in changes
        if change.path in lost
        and change.before is not None
        and len(change.before) <= MAX_BASE
    }
