"""Takes secrets out of what is shown, told or kept: a line of code may hold one.

The shapes are those by which the rule `hard-coded-secret` knows them. Here a mistake
costs a few signs of an excerpt and not an agent its work, so whatever is assigned to a
secret's name goes, be it random or not.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from qualitywatch.analysis.safety.secret_shapes import (
    Secret,
    secrets_in,
    values_of_secret_names,
)
from qualitywatch.model import Evidence, Violation

MOST_SIGNS = 200  # of an excerpt
_LONG_WORD = 12


def redacted(text: str) -> str:
    """*text* with a mark for each secret in it.

    Where it is as long as an excerpt may be it was cut, perhaps within a secret that
    can not be known by the half: a long last word then goes as well.
    """
    lines = text.split("\n")
    found = [
        _redacted_line(line, "\n".join(lines[n:])) for n, line in enumerate(lines, 1)
    ]
    if len(text) >= MOST_SIGNS:
        found[-1] = _without_cut_word(found[-1])
    return "\n".join(found)[:MOST_SIGNS]


def redact(violation: Violation) -> Violation:
    """*violation* without the secrets that its words may hold."""
    shown = msgspec.structs.replace(
        violation,
        excerpt=redacted(violation.excerpt),
        message=_without_secrets(violation.message),
        symbol=violation.symbol and _without_secrets(violation.symbol),
        evidence=violation.evidence and _redacted_evidence(violation.evidence),
    )
    return violation if shown == violation else shown


def marked(line: str, found: Iterable[Secret]) -> str:
    """*line* with marks for its secrets; another secret leaves another mark."""
    import hashlib  # for a hit only: it takes 3 ms

    for secret in sorted(found, key=lambda each: -each.start):
        digest = hashlib.sha256(line[secret.start : secret.end].encode())
        mark = f"[redacted {digest.hexdigest()[:4]}]"
        line = line[: secret.start] + mark + line[secret.end :]
    return line


def _redacted_line(line: str, following: str = "") -> str:
    line = _without_secrets(line, following)
    return marked(line, values_of_secret_names(line))


def _without_secrets(line: str, following: str = "") -> str:
    return marked(line, secrets_in(line, following, bare=True))


def _redacted_evidence(evidence: Evidence) -> Evidence:
    return msgspec.structs.replace(
        evidence,
        lost_symbols=tuple(map(_without_secrets, evidence.lost_symbols)),
        still_referenced=tuple(map(_without_secrets, evidence.still_referenced)),
    )


def _without_cut_word(line: str) -> str:
    head, space, word = line.rpartition(" ")
    return line if len(word) < _LONG_WORD else f"{head}{space}…"
