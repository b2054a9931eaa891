"""`qualitywatch hook`: what the installed hooks call."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType

import click

from qualitywatch.cli.here import here
from qualitywatch.errors import ConfigError, MachineError
from qualitywatch.git import Repository, incoming_objects
from qualitywatch.hooks import framework, installation, probing
from qualitywatch.hooks.git import Answer, answer_commit, answer_push

RECEIVE_SECONDS = 60
_SECONDS_KEY = "qualitywatch.receiveSeconds"  # the server's own: no push can set it

_Arguments = tuple[str, ...]


def _pre_commit(_arguments: _Arguments) -> Answer:
    with here(os.environ.get("GIT_INDEX_FILE")) as repository:
        installation.prepare(repository, "pre-commit")
        return answer_commit(repository, agent=_agent(), clock=time.perf_counter)


def _pre_push(arguments: _Arguments) -> Answer:
    with here() as repository:
        remote = arguments[0] if arguments else ""
        return _push(repository, _lines(), remote)


def _push(repository: Repository, lines: str, remote: str) -> Answer:
    installation.prepare(repository, "pre-push")
    return answer_push(
        repository, lines, remote=remote, agent=_agent(), clock=time.perf_counter
    )


def _framework_commit(_arguments: _Arguments) -> Answer:
    from qualitywatch.cli import gate  # prints its own report

    codes = [
        gate.command.main(arguments, "qualitywatch gate", standalone_mode=False)
        for arguments in framework.gate_arguments(os.environ)
    ]
    return Answer(allowed=not any(codes), text="")


def _framework_push(_arguments: _Arguments) -> Answer:
    with here() as repository:
        remote = os.environ.get("PRE_COMMIT_REMOTE_NAME", "")
        return _push(repository, framework.pushed(os.environ, repository), remote)


def _pre_receive(_arguments: _Arguments) -> Answer:
    from qualitywatch.hooks.receive import answer_receive  # only servers need it

    incoming = incoming_objects(os.environ, Path.cwd())
    with here(incoming=incoming) as repository, _limited(_seconds(repository)):
        return answer_receive(repository, _lines(), clock=time.perf_counter)


HOOKS: MappingProxyType[tuple[str, str], Callable[[_Arguments], Answer]] = (
    MappingProxyType(
        {
            ("git", "pre-commit"): _pre_commit,
            ("git", "pre-push"): _pre_push,
            ("git", "pre-receive"): _pre_receive,
            ("pre-commit-framework", "pre-commit"): _framework_commit,
            ("pre-commit-framework", "pre-push"): _framework_push,
        }
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
    if probed := probing.answer():
        print(f"qualitywatch: {probed}", file=sys.stderr)
        return 1  # so that nobody passes us by it
    answer = answering(arguments)
    if answer.text:
        print(f"qualitywatch: {answer.text}", end="", file=sys.stderr)
    return 0 if answer.allowed else 1


def _lines() -> str:
    return sys.stdin.buffer.read().decode("utf-8", "surrogateescape")


def _agent() -> str | None:
    return os.environ.get("QUALITYWATCH_AGENT") or None


# How long a push may wait


class _TimeIsUp(BaseException):
    """Not an `Exception`: nobody on the way may take it for a file it can not read."""


def _seconds(repository: Repository) -> int:
    setting = repository.setting(_SECONDS_KEY)
    if setting is None:
        return RECEIVE_SECONDS
    if not setting.isascii() or not setting.isdigit() or not int(setting):
        raise ConfigError(
            f"{setting!r} is no number of seconds",
            place=_SECONDS_KEY,
            hint=f"on the server: git config {_SECONDS_KEY} {RECEIVE_SECONDS}",
        )
    return int(setting)


@contextmanager
def _limited(seconds: int) -> Iterator[None]:
    """Raises `MachineError` where what is done inside takes longer."""

    def stop(_signal: int, _frame: object) -> None:
        raise _TimeIsUp

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    except _TimeIsUp:
        raise MachineError(
            f"judging this push takes longer than {seconds} s, so it is refused",
            hint="push fewer commits at once, or have the server allow more time: "
            f"git config {_SECONDS_KEY} {seconds * 5}",
        ) from None
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
