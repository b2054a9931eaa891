"""What people see while they wait."""

from __future__ import annotations

import time

from qualitywatch.cli.progress import Progress


def test_how_far_it_is() -> None:
    """Items pass unchanged and are counted."""
    shown = Progress("judging")

    passed = [(item, shown.line(time.monotonic())) for item in shown.counted("ab", 2)]

    assert [item for item, _ in passed] == ["a", "b"]
    assert passed[0][1].endswith("judging 1 of 2 files")
    assert passed[1][1].endswith("judging 2 of 2 files")


def test_the_sign_turns() -> None:
    """A line drawn later looks different: it is alive."""
    shown = Progress("judging")
    now = time.monotonic()

    assert shown.line(now + 1.05) != shown.line(now + 1.15)
