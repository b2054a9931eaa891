"""A judgement, written down: one file per format, one row here.

To add a format: a module with `render(report, look) -> str`, and its row.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from qualitywatch.model import GateReport
from qualitywatch.reports import json, jsonl, text
from qualitywatch.reports.look import Look

__all__ = ["FORMATS", "Look"]

FORMATS: Mapping[str, Callable[[GateReport, Look], str]] = MappingProxyType(
    {"text": text.render, "json": json.render, "jsonl": jsonl.render}
)
"""Name of a format -> the function that writes a report in it, line end included."""
