"""Puts back what a change lost, and judges the result: it must be clean."""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from qualitywatch.analysis import examine
from qualitywatch.analysis.restoring.restore import WAYS, restored
from qualitywatch.analysis.restoring.words import Mended, Refusal, Refused
from qualitywatch.analysis.sources.source import MAX_BYTES
from qualitywatch.model import Change, Violation
from qualitywatch.rulebook import Rulebook
from qualitywatch.traces import ALONE, Around

MAX_ROUNDS = 100  # of putting back and judging again
_FIRST = "truncated-file"  # a text that ends in the middle hides what else is missing


def mend(
    change: Change,
    rulebook: Rulebook,
    *,
    around: Around = ALONE,
    only: Violation | None = None,
    max_bytes: int = MAX_BYTES,
) -> Mended:
    """*change* with its lost code put back; with *only*, that of one violation."""
    mender = _Mender(rulebook, around, max_bytes)
    if only is not None:
        return mender.one(change, only)
    return mender.all(change)


class _Mender:
    def __init__(self, rulebook: Rulebook, around: Around, max_bytes: int) -> None:
        self._rulebook = rulebook
        self._around = around
        self._max_bytes = max_bytes
        self._rounds = MAX_ROUNDS

    def one(self, change: Change, recorded: Violation) -> Mended:
        """The code of *recorded*; what else is wrong with the file stays as it is."""
        found = self._judged(change)
        same = [one for one in found if one.fingerprint == recorded.fingerprint]
        violation = same[0] if same else recorded
        outcome = self._whole(change, violation)
        if isinstance(outcome, Refusal):
            refused = Refused(violation=recorded, reason=outcome.reason)
            return Mended(content=change.after, refused=(refused,), left=tuple(found))
        left = self._judged(_with(change, outcome))
        return Mended(content=outcome, restored=(recorded,), left=tuple(left))

    def all(self, change: Change) -> Mended:
        """The code of all violations, as far as it can be put back."""
        done: list[Violation] = []
        refused: dict[str, Refused] = {}
        found = self._judged(change)
        while self._rounds > 0 and (waiting := _next(found, refused)):
            outcome = self._whole(change, waiting)
            if isinstance(outcome, Refusal):
                refused[waiting.fingerprint] = Refused(
                    violation=waiting, reason=outcome.reason
                )
                continue
            done.append(waiting)
            refused.clear()  # what was not clear may be, now that more is back
            change = _with(change, outcome)
            found = self._judged(change)
        return Mended(
            content=change.after,
            restored=tuple(done),
            refused=tuple(refused.values()),
            left=tuple(found),
        )

    def _whole(self, change: Change, violation: Violation) -> bytes | Refusal:
        """The file without *violation*, or why it can not be so.

        One unit shows one violation: when its code is back, another may come to light
        in the same place, whose code is put back too.
        """
        waiting: Violation | None = violation
        while waiting is not None:
            outcome = restored(
                change.before,
                change.after,
                change.path,
                waiting,
                old_path=change.old_path,
                max_bytes=self._max_bytes,
            )
            if isinstance(outcome, Refusal):
                return outcome
            change = _with(change, outcome.content)
            waiting = self._again(change, violation)
            if waiting is not None and self._rounds <= 0:
                return Refusal(reason="more is missing than can be put back at once")
        assert change.after is not None
        return change.after

    def _again(self, change: Change, violation: Violation) -> Violation | None:
        """The same violation, if the file still has it."""
        return next(
            (
                one
                for one in self._judged(change)
                if (one.rule, one.symbol) == (violation.rule, violation.symbol)
                and one.evidence is not None
            ),
            None,
        )

    def _judged(self, change: Change) -> list[Violation]:
        self._rounds -= 1
        examined = examine(
            change, self._rulebook, around=self._around, max_bytes=self._max_bytes
        )
        return list(examined.analysis.violations)


def _next(found: list[Violation], refused: Collection[str]) -> Violation | None:
    """The violation to mend next: one that lost code, and was not refused."""
    waiting = [
        one
        for one in found
        if one.rule in WAYS
        and one.evidence is not None
        and one.fingerprint not in refused
    ]
    return min(waiting, key=lambda one: one.rule != _FIRST, default=None)


def _with(change: Change, content: bytes) -> Change:
    return msgspec.structs.replace(change, after=content)
