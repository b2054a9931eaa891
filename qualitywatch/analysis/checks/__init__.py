"""The checks that rules may name: one row each, the strongest word first.

Where two checks speak of one unit with equal severity and confidence, the upper row
wins.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType

from qualitywatch.analysis.checks.elided_code import elided_code, leftover_remark
from qualitywatch.analysis.checks.hollowed_body import hollowed_body
from qualitywatch.analysis.checks.leftovers import conflict_marker, markdown_fence
from qualitywatch.analysis.checks.new_stub import (
    confessed_stub,
    new_stub,
    remark_for_body,
)
from qualitywatch.analysis.checks.silent_drop import silent_drop
from qualitywatch.analysis.checks.syntax import broken_syntax
from qualitywatch.analysis.compare import Comparison
from qualitywatch.analysis.hit import Hit

Check = Callable[[Comparison], Iterable[Hit]]

CHECKS: Mapping[str, Check] = MappingProxyType(
    {
        "elided-code": elided_code,
        "silent-drop": silent_drop,
        "hollowed-body": hollowed_body,
        "remark-for-body": remark_for_body,
        "confessed-stub": confessed_stub,
        "conflict-marker": conflict_marker,
        "markdown-fence": markdown_fence,
        "broken-syntax": broken_syntax,
        "new-stub": new_stub,
        "leftover-remark": leftover_remark,
    }
)
"""Every check by the name that a rule file gives in `check`."""
