"""The report as lines of JSON: each says what it holds, the decision comes last."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from qualitywatch.model import GateReport, Noun
from qualitywatch.reports.look import Look
from qualitywatch.reports.safe import json_text

_LISTS = {
    "violations": "violation",
    "unanalysable": "unanalysable",
    "skipped": "skipped",
    "quarantines": "quarantine",
    "suppressed": "suppressed",
}


def render(report: GateReport, _look: Look) -> str:
    """One object a line: `{"violation": …}`, and at the end `{"report": …}`."""
    return "".join(f"{line}\n" for line in _lines(report))


def _lines(report: GateReport) -> Iterator[str]:
    for field, word in _LISTS.items():
        for item in getattr(report, field):
            yield _line(word, item)
    fields = msgspec.structs.asdict(report)
    yield _line("report", {k: v for k, v in fields.items() if k not in _LISTS})


def _line(word: str, item: Noun | dict[str, object]) -> str:
    return json_text({word: item})
