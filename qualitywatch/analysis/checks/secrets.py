"""Secrets that a change writes into a file.

Needs a function: whether a value is a secret is counted (how surprising its signs are),
and what is found must never be shown again: not in an excerpt, not in a message.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from qualitywatch.analysis.comparing.compare import Comparison
from qualitywatch.analysis.hit import Hit
from qualitywatch.analysis.safety.redaction import marked
from qualitywatch.analysis.safety.secret_shapes import SUSPECT, Secret, secrets_in
from qualitywatch.analysis.sources.source import Source
from qualitywatch.model import Confidence, Severity
from qualitywatch.regex import regex

MAX_LINES = 2_000  # suspicious lines of one file that are looked at closely
MAX_SIGNS = 20_000  # of one line
FOLLOWING = 4  # lines below a line that may hold the body of a key

_BARE = frozenset({"bash", "ini", "yaml", "text", "dockerfile", "makefile"})
_MODELS = regex(r"[.-](example|sample|template|dist|defaults?)(\.|$)|^docs?/", re.I)


def hard_coded_secret(comparison: Comparison) -> Iterator[Hit]:
    """One hit for each secret on a line that the base did not have."""
    source = comparison.after
    is_model = _MODELS.search(comparison.path) is not None
    for number in _suspicious(source):
        if not comparison.is_new_line(number):
            continue
        found = list(_found(source, number))
        shown = marked(source.lines[number - 1], found).strip()
        for secret in found:
            if not (is_model and secret.kind == "a secret"):
                yield _hit(number, secret, shown, is_model=is_model)


def _suspicious(source: Source) -> Iterator[int]:
    line, position, last, seen = 1, 0, 0, 0
    for match in SUSPECT.finditer(source.data):
        line += source.data.count(b"\n", position, match.start())
        position = match.start()
        if line != last:
            last, seen = line, seen + 1
            yield line
        if seen >= MAX_LINES:
            return


def _found(source: Source, number: int) -> Iterator[Secret]:
    following = "\n".join(source.lines[number : number + FOLLOWING])
    is_bare = source.language.name in _BARE
    line = source.lines[number - 1][:MAX_SIGNS]
    yield from secrets_in(line, following[:MAX_SIGNS], bare=is_bare)


def _hit(number: int, secret: Secret, shown: str, *, is_model: bool) -> Hit:
    confidence = Confidence.POSSIBLE if is_model else secret.confidence
    is_weak = confidence is Confidence.POSSIBLE
    return Hit(
        line=number,
        column=secret.start + 1,
        end_line=number,
        end_column=max(secret.start + 1, secret.end),
        names={"kind": secret.kind},
        confidence=confidence,
        severity=Severity.HIGH if is_weak else None,
        excerpt=shown,
        hides_line=True,
    )
