"""Numbers and types as people read them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from qualitywatch.history.totals import Row
from qualitywatch.model import ViolationType

TYPES: Mapping[ViolationType, str] = MappingProxyType(
    {
        ViolationType.PLACEHOLDER_DROPPED: "Dropped",
        ViolationType.INCOMPLETE_CODE: "Incomplete",
        ViolationType.MALFORMED_SYNTAX: "Syntax",
        ViolationType.LOGIC_ERROR: "Logic",
        ViolationType.SECURITY_RISK: "Security",
    }
)
"""The types in one word each, for the heads of narrow columns."""


def percent(row: Row) -> str:
    """The share of clean commits; a dash where nothing was judged.

    It says 100 only where every commit is clean.
    """
    if row.clean_rate is None:
        return "-"
    tenths = int(1000 * row.clean / row.judged)  # downwards
    return f"{tenths / 10:g} %"


def grouped(number: int) -> str:
    """*number* with a comma between thousands."""
    return f"{number:,}"


def count(number: int, noun: str) -> str:
    """*number* of them, as one says it."""
    return f"{grouped(number)} {noun if number == 1 else f'{noun}s'}"
