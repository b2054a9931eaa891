"""What every format needs of a judgement, whoever judged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from qualitywatch.model import (
    GO,
    NO_GO,
    GateReport,
    Noun,
    Quarantine,
    Skipped,
    Suppressed,
    Unanalysable,
    Violation,
)

UNANALYSABLE = "unanalysable"
QUARANTINE = "quarantine"
NO_GO_ALONE = "no-go"

_MAX_MESSAGE = 2_000


class Judged(Protocol):
    """Violations, and what else a reader must know: of a change set or of a tree.

    `GateReport` and `Analysis` are such. A report with a decision says it in every
    format; what has none (an inventory) is written without.
    """

    @property
    def violations(self) -> Sequence[Violation]:
        """What stands."""

    @property
    def unanalysable(self) -> Sequence[Unanalysable]:
        """What should have been judged and was not."""

    @property
    def skipped(self) -> Sequence[Skipped]:
        """What is not ours to judge."""

    @property
    def suppressed(self) -> Sequence[Suppressed]:
        """What comments allow, or want to."""


class Notice(Noun):
    """What is no violation, and must not look green: for formats without its place."""

    check: str
    path: str | None
    message: str

    @property
    def fingerprint(self) -> str:
        """The same from run to run for the same file or subject."""
        known = self.path if self.check == UNANALYSABLE else self.message
        import hashlib  # no judgement that is shown as text has to pay for it

        parts = f"{self.check}\0{known}".encode("utf-8", "surrogatepass")
        return hashlib.sha256(parts).hexdigest()[:16]


def notices(judged: Judged) -> Iterator[Notice]:
    """What was not read, who is in quarantine, and a NO-GO that nothing else shows."""
    found = [
        *(_unread(row) for row in judged.unanalysable),
        *(_held(quarantine) for quarantine in quarantines(judged)),
    ]
    yield from found
    if decision(judged) == NO_GO and not found and not judged.violations:
        said = "; ".join(reasons(judged)) or "the gate says NO-GO"
        yield Notice(check=NO_GO_ALONE, path=None, message=said[:_MAX_MESSAGE])


def decision(judged: Judged) -> str | None:
    """GO, NO-GO, or `None` where nothing is decided."""
    return judged.decision if isinstance(judged, GateReport) else None


def passes(judged: Judged) -> bool:
    """True where it was decided that nothing here stops anybody."""
    return decision(judged) == GO


def reasons(judged: Judged) -> tuple[str, ...]:
    """Why it was decided so."""
    return judged.reasons if isinstance(judged, GateReport) else ()


def quarantines(judged: Judged) -> tuple[Quarantine, ...]:
    """Whose work it is that is in quarantine."""
    return judged.quarantines if isinstance(judged, GateReport) else ()


def allowed(judged: Judged) -> list[Suppressed]:
    """What a comment of the base, or one that a human accepted, allows."""
    return [row for row in judged.suppressed if row.counts]


def waiting(judged: Judged) -> Mapping[str, Suppressed]:
    """Fingerprint -> the new comment that wants to allow it, and has no effect."""
    return {
        row.violation.fingerprint: row for row in judged.suppressed if not row.counts
    }


def strongest(violations: Sequence[Violation]) -> list[Violation]:
    """*violations*, the worst and surest first, else in their order."""
    return sorted(violations, key=lambda v: (-v.severity.rank, -v.confidence.rank))


def symbol_to_add(violation: Violation) -> str | None:
    """The symbol, where the message does not name it already."""
    symbol = violation.symbol
    return symbol if symbol and symbol not in violation.message else None


def summary(judged: Judged) -> str:
    """One line: why, and how much was looked at."""
    parts = list(reasons(judged))
    if isinstance(judged, GateReport):
        parts.append(f"{count(judged.files_checked, 'file')} checked")
    else:
        parts.append(count(len(judged.violations), "violation"))
    if judged.skipped:
        parts.append(f"{len(judged.skipped)} skipped")
    return "; ".join(parts)


def count(number: int, noun: str) -> str:
    """`1 file`, `2 files`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _unread(row: Unanalysable) -> Notice:
    said = f"could not be analysed: {row.reason}"[:_MAX_MESSAGE]
    return Notice(check=UNANALYSABLE, path=row.path, message=said)


def _held(quarantine: Quarantine) -> Notice:
    place = next((violation.path for violation in quarantine.violations), None)
    said = (
        f"{quarantine.subject} is in quarantine: {quarantine.reason[:_MAX_MESSAGE]}; "
        "only a human can end it: "
        f"qualitywatch release {quarantine.subject} --reason …"
    )
    return Notice(check=QUARANTINE, path=place, message=said)
