"""The checks that rules may name: one row each, the strongest word first.

Where two checks speak of one unit with equal severity and confidence, the upper row
wins.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType

from qualitywatch.analysis.checks.duplicate_branch import duplicate_branch
from qualitywatch.analysis.checks.duplicate_key import duplicate_key
from qualitywatch.analysis.checks.elided_code import elided_code, leftover_remark
from qualitywatch.analysis.checks.empty_handler import empty_handler
from qualitywatch.analysis.checks.guard_tampering import guard_tampering
from qualitywatch.analysis.checks.hollowed_body import hollowed_body
from qualitywatch.analysis.checks.hollowed_class import hollowed_class
from qualitywatch.analysis.checks.ignored_parameters import ignored_parameters
from qualitywatch.analysis.checks.invisible_signs import invisible_signs
from qualitywatch.analysis.checks.leftovers import (
    conflict_marker,
    markdown_fence,
    patch_envelope,
    search_replace_mark,
    tool_call,
)
from qualitywatch.analysis.checks.lowered_threshold import lowered_threshold
from qualitywatch.analysis.checks.mutable_default import mutable_default
from qualitywatch.analysis.checks.new_stub import confessed_stub, new_stub
from qualitywatch.analysis.checks.preamble import assistant_preamble
from qualitywatch.analysis.checks.remark_for_body import remark_for_body
from qualitywatch.analysis.checks.secrets import hard_coded_secret
from qualitywatch.analysis.checks.silent_drop import silent_drop
from qualitywatch.analysis.checks.simulated_result import simulated_result
from qualitywatch.analysis.checks.suppressions import (
    new_suppression,
    unused_suppression,
    void_suppression,
)
from qualitywatch.analysis.checks.syntax import broken_syntax
from qualitywatch.analysis.checks.truncated_file import truncated_file
from qualitywatch.analysis.checks.weakened_authorisation import (
    weakened_authorisation,
)
from qualitywatch.analysis.checks.weakened_tests import (
    deleted_test,
    emptied_test,
    focused_test,
    loosened_assertion,
    removed_assertion,
    skipped_test,
    trivial_assertion,
)
from qualitywatch.analysis.comparing.compare import Comparison
from qualitywatch.analysis.hit import Hit

Check = Callable[[Comparison], Iterable[Hit]]

CHECKS: Mapping[str, Check] = MappingProxyType(
    {
        "elided-code": elided_code,
        "truncated-file": truncated_file,
        "silent-drop": silent_drop,
        "hollowed-class": hollowed_class,
        "hollowed-body": hollowed_body,
        "remark-for-body": remark_for_body,
        "confessed-stub": confessed_stub,
        "simulated-result": simulated_result,
        "conflict-marker": conflict_marker,
        "search-replace-mark": search_replace_mark,
        "patch-envelope": patch_envelope,
        "tool-call": tool_call,
        "markdown-fence": markdown_fence,
        "assistant-preamble": assistant_preamble,
        "broken-syntax": broken_syntax,
        "invisible-signs": invisible_signs,
        "empty-handler": empty_handler,
        "new-stub": new_stub,
        "leftover-remark": leftover_remark,
        "duplicate-branch": duplicate_branch,
        "duplicate-key": duplicate_key,
        "ignored-parameters": ignored_parameters,
        "mutable-default": mutable_default,
        "emptied-test": emptied_test,
        "trivial-assertion": trivial_assertion,
        "removed-assertion": removed_assertion,
        "loosened-assertion": loosened_assertion,
        "skipped-test": skipped_test,
        "focused-test": focused_test,
        "deleted-test": deleted_test,
        "lowered-threshold": lowered_threshold,
        "guard-tampering": guard_tampering,
        "hard-coded-secret": hard_coded_secret,
        "weakened-authorisation": weakened_authorisation,
        "new-suppression": new_suppression,
        "void-suppression": void_suppression,
        "unused-suppression": unused_suppression,
    }
)
"""Every check by the name that a rule file gives in `check`."""

OF_DELETIONS = frozenset({"guard-tampering", "silent-drop", "deleted-test"})
"""The checks that judge deleted files too (`Comparison.is_deleted`)."""
