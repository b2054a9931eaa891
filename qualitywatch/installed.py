"""Which distributions are installed, told by the names of the folders of their records.

The standard library's `metadata` reads the records themselves, as mail: to import it
takes longer than to judge a file, and half a scan's start would go into asking it.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from functools import cache

from qualitywatch.regex import regex

UNKNOWN = "unknown"
"""The version of what is not installed, as of what was started from sources."""

_SUFFIX = ".dist-info"
_BETWEEN = regex(r"[-_.]+")


def version_of(name: str) -> str:
    """The version of the distribution *name*, or `UNKNOWN`."""
    return _versions().get(_normal(name), UNKNOWN)


@cache
def _versions() -> dict[str, str]:
    """By name; as for modules, the first folder that has it counts."""
    versions: dict[str, str] = {}
    for record in _records():
        name, _, version = record.removesuffix(_SUFFIX).partition("-")
        versions.setdefault(_normal(name), version)
    return versions


def _records() -> Iterator[str]:
    for folder in sys.path:
        with contextlib.suppress(OSError), os.scandir(folder or os.curdir) as entries:
            yield from (each.name for each in entries if each.name.endswith(_SUFFIX))


def _normal(name: str) -> str:
    return _BETWEEN.sub("_", name).lower()
