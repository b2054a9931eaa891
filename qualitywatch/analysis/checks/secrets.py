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
from qualitywatch.analysis.safety.secret_shapes import (
    Secret,
    secrets_in,
    suspect_lines,
)
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
    is_bare = source.language.name in _BARE
    if not suspect_lines(comparison.new_data, bare=is_bare):
        return
    for number in suspect_lines(source.data, bare=is_bare)[:MAX_LINES]:
        if not comparison.is_new_line(number):
            continue
        found = _found(source, number, is_bare=is_bare)
        shown = marked(source.lines[number - 1], found).strip()
        for secret in found:
            if not (is_model and secret.kind == "a secret"):
                yield _hit(number, secret, shown, is_model=is_model)


def _found(source: Source, number: int, *, is_bare: bool) -> list[Secret]:
    following = "\n".join(source.lines[number : number + FOLLOWING])
    line = source.lines[number - 1][:MAX_SIGNS]
    return list(secrets_in(line, following[:MAX_SIGNS], bare=is_bare))


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
