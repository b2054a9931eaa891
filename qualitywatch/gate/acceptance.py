"""What a human accepts when a gate is run with `--accept-new-suppressions`."""

from __future__ import annotations

import msgspec

from qualitywatch.model import Analysis, Violation

ABOUT_NEW = "new-suppression"
"""The rule that asks a human to read a suppression; accepted, it has its answer."""


def accepted(analysis: Analysis) -> Analysis:
    """*analysis* as if its new suppressions stood in the base already."""
    new = {_place(each.violation) for each in analysis.suppressed if not each.counts}
    return msgspec.structs.replace(
        analysis,
        violations=tuple(
            violation
            for violation in analysis.violations
            if _place(violation) not in new and violation.rule != ABOUT_NEW
        ),
        suppressed=tuple(
            msgspec.structs.replace(each, counts=True) for each in analysis.suppressed
        ),
    )


def _place(violation: Violation) -> tuple[str, str, int, int]:
    return violation.rule, violation.path, violation.line, violation.column
