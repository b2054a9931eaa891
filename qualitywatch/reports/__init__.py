"""A judgement, written down: one file per format, one row here.

To add a format: a module with `render(judged, look) -> str`, and its row. A format in
`SHARED` writes anything that is `Judged`, an inventory of `scan` as well as a
`GateReport`, and has to show what was not read even where it has no place for it
(`judged.notices`). The others need the decision and are for change sets only.

Every text that comes from outside goes through `safe`, and then through the escaping of
the format. A module is imported when its format is asked for, and not before.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from qualitywatch.model import GateReport
from qualitywatch.reports.judged import Judged
from qualitywatch.reports.look import Look, bases_of

__all__ = ["FORMATS", "SHARED", "Judged", "Look", "bases_of"]


def _lazy(name: str) -> Callable[[Any, Look], str]:
    def render(judged: Any, look: Look) -> str:
        module = importlib.import_module(f"qualitywatch.reports.{name}")
        text: str = module.render(judged, look)
        return text

    return render


SHARED: Mapping[str, Callable[[Judged, Look], str]] = MappingProxyType(
    {name: _lazy(name) for name in ("sarif", "github", "gitlab", "junit", "markdown")}
)
"""Name of a format for anything `Judged` -> the function that writes it."""

FORMATS: Mapping[str, Callable[[GateReport, Look], str]] = MappingProxyType(
    {name: _lazy(name) for name in ("text", "json", "jsonl")} | dict(SHARED)
)
"""Name of a format -> the function that writes a report in it, line end included."""
