"""Checks that are asked twice of one text: to judge it, and to count its stubs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import wraps

from qualitywatch.analysis.comparing.compare import Comparison
from qualitywatch.analysis.hit import Hit


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
