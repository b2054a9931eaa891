"""The long suite says how far it is while it runs, and what it saw at its end."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import pytest

LINES = pytest.StashKey[list[str]]()
_EVERY = 2.0  # seconds

Tell = Callable[[float, float], None]
Show = Callable[[str], None]


def pytest_configure(config: pytest.Config) -> None:
    """Begin an empty summary."""
    config.stash[LINES] = []


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Everything that a test wanted to be known."""
    if config.stash[LINES]:
        terminalreporter.section("what the long suite saw")
    for line in config.stash[LINES]:
        terminalreporter.write_line(line)


@pytest.fixture
def show(request: pytest.FixtureRequest) -> Show:
    """Puts a line into the summary."""
    name = request.node.name
    return lambda line: request.config.stash[LINES].append(f"{name}: {line}")


@pytest.fixture
def tell(capfd: pytest.CaptureFixture[str], request: pytest.FixtureRequest) -> Tell:
    """Says on the terminal how far the test is, now and then."""
    begun, told = time.monotonic(), 0.0

    def tell(done: float, total: float) -> None:
        nonlocal told
        now = time.monotonic()
        if now - told < _EVERY and done < total:
            return
        told = now
        with capfd.disabled():
            minutes = (now - begun) / 60
            share = f"{done:.0f} of {total:.0f}, {minutes:.1f} min"
            sys.stdout.write(f"\r{request.node.name}: {share} ")
            sys.stdout.flush()

    return tell
