"""How many attempts there were, which of them had success, and which left no record."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from tests.robust.stand import Audited, Reply, code_of

ALL_LOGGED = frozenset(
    {
        "UNAUTHENTICATED",
        "FORBIDDEN",
        "QUARANTINED",
        "BAD_NONCE",
        "IDENTITY_MISMATCH",
        "OUTSIDE_WORKSPACE",
        "INVALID_REQUEST",
        "INVALID_PARAMS",
        "UNKNOWN_METHOD",
        "WRONG_PASSPHRASE",
        "LOCKED_OUT",
    }
)
"""Codes of refusals that the audit must hold."""


@dataclass
class Tally:
    """The score of one kind of attack."""

    kind: str
    tried: int = 0
    succeeded: list[str] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)  # by code
    logged: int = 0  # refusals in the audit: equal ones of a while are one record

    def add(self, what: str, reply: Reply, codes: Iterable[str] = ()) -> None:
        """Count an attempt; only a refusal, with one of *codes*, is no success."""
        code = code_of(reply)
        self.tried += 1
        self.refused[code] += 1
        expected = set(codes)
        if not code or (expected and code not in expected):
            self.succeeded.append(f"{what}: {code or 'answered'}")

    def check(self, what: str, is_held: bool) -> None:
        """Count an attempt that is no call; *is_held* where it had no success."""
        self.tried += 1
        if not is_held:
            self.succeeded.append(what)

    @property
    def to_be_logged(self) -> int:
        """How many refusals the audit must hold."""
        return sum(many for code, many in self.refused.items() if code in ALL_LOGGED)

    def read(self, audit: Iterable[Audited]) -> None:
        """Count what the audit holds."""
        self.logged = sum(one.count for one in audit if one.result == "refused")
