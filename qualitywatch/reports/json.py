"""The report as one JSON object, for programs."""

from __future__ import annotations

from qualitywatch.model import GateReport
from qualitywatch.reports.look import Look
from qualitywatch.reports.safe import json_text


def render(report: GateReport, _look: Look) -> str:
    """Every field of *report*, in the order of the contract."""
    return json_text(report, indent=2) + "\n"
