"""`qualitywatch hook`: what the installed hooks call."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from types import MappingProxyType

import click

from qualitywatch.cli.verdict import here
from qualitywatch.hooks.git import Answer, answer_commit, answer_push

_Arguments = tuple[str, ...]


def _pre_commit(_arguments: _Arguments) -> Answer:
    with here(os.environ.get("GIT_INDEX_FILE")) as repository:
        return answer_commit(repository, agent=_agent(), clock=time.perf_counter)


def _pre_push(arguments: _Arguments) -> Answer:
    lines = sys.stdin.buffer.read().decode("utf-8", "surrogateescape")
    with here() as repository:
        return answer_push(
            repository,
            lines,
            remote=arguments[0] if arguments else "",
            agent=_agent(),
            clock=time.perf_counter,
        )


HOOKS: MappingProxyType[tuple[str, str], Callable[[_Arguments], Answer]] = (
    MappingProxyType(
        {("git", "pre-commit"): _pre_commit, ("git", "pre-push"): _pre_push}
    )
)
"""Harness and event -> what answers it."""


@click.command("hook", context_settings={"ignore_unknown_options": True})
@click.argument("harness")
@click.argument("event")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def command(harness: str, event: str, arguments: _Arguments) -> int:
    """Answer the hook EVENT of HARNESS, with what it was called with."""
    answering = HOOKS.get((harness, event))
    if answering is None:
        known = ", ".join(" ".join(name) for name in HOOKS)
        raise click.UsageError(f"no hook is called {harness} {event}; known: {known}")
    answer = answering(arguments)
    if answer.text:
        print(f"qualitywatch: {answer.text}", end="", file=sys.stderr)
    return 0 if answer.allowed else 1


def _agent() -> str | None:
    return os.environ.get("QUALITYWATCH_AGENT") or None
