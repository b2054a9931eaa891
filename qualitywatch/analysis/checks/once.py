"""What is found out once of a comparison, and asked for more often.

Some checks are asked to judge a text and to count its stubs; several read new remarks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import wraps

from qualitywatch.analysis.comparing.compare import Comparison
from qualitywatch.analysis.hit import Hit
from qualitywatch.analysis.sources.source import Comment


def said_anew(comparison: Comparison) -> tuple[Comment, ...]:
    """The comments that the new text has more often; mostly none."""
    comments = comparison.after.comments()
    return tuple(filter(comparison.is_said_anew, comments))


def once(
    check: Callable[[Comparison], Iterator[Hit]],
) -> Callable[[Comparison], tuple[Hit, ...]]:
    """*check*, carried out once for each comparison."""

    def found(comparison: Comparison) -> tuple[Hit, ...]:
        return tuple(check(comparison))

    @wraps(check)
    def ask(comparison: Comparison) -> tuple[Hit, ...]:
        return comparison.once(found)

    return ask
