"""The command line: every command is there, explains itself, and ends with its code."""

from __future__ import annotations

import errno
import importlib
import os
import pkgutil
import subprocess
import sys
from collections.abc import Iterator

import click
import pytest

import qualitywatch.cli
from qualitywatch.cli import main
from qualitywatch.cli.main import COMMANDS, cli, run
from qualitywatch.errors import (
    ConfigError,
    InTheWay,
    MachineError,
    PeerError,
    UserError,
)


def every_command() -> Iterator[tuple[str, ...]]:
    """The words of each command and subcommand."""
    for name in COMMANDS:
        yield (name,)
        command = cli.get_command(click.Context(cli), name)
        if isinstance(command, click.Group):
            yield from ((name, sub) for sub in command.commands)


def _command(words: tuple[str, ...]) -> click.Command:
    command: click.Command = cli
    for word in words:
        assert isinstance(command, click.Group)
        found = command.get_command(click.Context(command), word)
        assert found is not None
        command = found
    return command


def test_every_command_has_a_row() -> None:
    """A command file without a row in `COMMANDS` could never be called."""
    modules = {info.name for info in pkgutil.iter_modules(qualitywatch.cli.__path__)}

    with_command = {
        name
        for name in modules
        if hasattr(importlib.import_module(f"qualitywatch.cli.{name}"), "command")
    }

    assert {row[0] for row in COMMANDS.values()} == with_command


@pytest.mark.parametrize("words", list(every_command()), ids=" ".join)
def test_command_explains_itself(words: tuple[str, ...]) -> None:
    """Every command and subcommand says what the user gets."""
    command = _command(words)

    assert command.help
    assert command.get_short_help_str(limit=200).endswith((".", "?"))


@pytest.mark.parametrize("words", list(every_command()), ids=" ".join)
def test_help_is_printed(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    """`-h` answers with the usage, not with an error."""
    assert 0 == run([*words, "-h"])
    assert f"Usage: qualitywatch {' '.join(words)}" in capsys.readouterr().out


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    """The first thing that people type."""
    assert 0 == run(["--help"])

    printed = capsys.readouterr().out
    assert [] == [name for name in COMMANDS if f"  {name} " not in printed]


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["nonsense"], "No such command"),
        (["release"], "Missing argument 'SUBJECT'"),
        (["release", "a"], "Missing option '--reason'"),
        (["release", "a", "--reason", "  "], "say why, in words"),
        (["quarantine", "a", "--reason", ""], "say why, in words"),
        (["tokens", "create"], "--agent ID is needed"),
        (["tokens", "create", "--agent", "Not Valid"], "--agent ID is needed"),
        (["tokens", "create", "--agent", "ws:main"], "--agent ID is needed"),
        (["tokens", "create", "--role", "root"], "Invalid value for '--role'"),
        (["tokens", "create", "--role", "observer", "--agent", "a"], "no agent"),
        (["tokens", "create", "--agent", "a", "--days", "0"], "'--days'"),
        (["violations", "show"], "Missing argument 'ID'"),
        (["violations", "dismiss", "a"], "Missing option '--reason'"),
        (["violations", "--limit", "0"], "'--limit'"),
        (["agents", "--format", "xml"], "'--format'"),
        (["agents", "--repo", "/nowhere"], "/nowhere: is not a folder"),
        (["init", "--new-passphrase-file", "f"], "needs --change-passphrase"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_usage_is_code_2(
    arguments: list[str], problem: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is wrong is said on stderr, and nothing on stdout."""
    assert 2 == run(arguments)

    printed = capsys.readouterr()
    assert problem in printed.err
    assert "" == printed.out


@pytest.mark.parametrize(
    ("result", "code"),
    [
        (None, 0),
        (0, 0),
        (1, 1),
        (UserError("x"), 2),
        (ConfigError("x"), 2),
        (MachineError("x"), 2),
        (PeerError("FORBIDDEN", "x"), 2),
        (click.UsageError("x"), 2),
        (InTheWay("x"), 75),
        (click.Abort(), 130),
        (KeyboardInterrupt(), 130),
        (BrokenPipeError(), 0),
        (ZeroDivisionError("x"), 3),
    ],
    ids=repr,
)
def test_exit_code(
    result: object,
    code: int,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """The table of exit codes is an interface."""

    @click.command()
    def command() -> object:
        if isinstance(result, BaseException):
            raise result
        return result

    monkeypatch.setattr(main, "cli", command)
    monkeypatch.setattr(main, "_pipe_closed", lambda: 0)

    assert code == run([])


def test_module_is_a_program() -> None:
    """`python -m qualitywatch` is the same as the script."""
    done = subprocess.run(
        [sys.executable, "-m", "qualitywatch", "--version"],
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.startswith("qualitywatch, version ")


@pytest.mark.parametrize("number", [errno.EACCES, errno.ENOSPC, errno.EROFS])
def test_what_the_machine_refuses_is_no_bug(
    number: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A closed door or a full disk: the place, what is wrong, and the way out."""
    fault = OSError(number, os.strerror(number), "/repo/.git/qualitywatch")

    @click.command()
    def command() -> None:
        raise fault

    monkeypatch.setattr(main, "cli", command)

    assert 2 == run([])

    told = capsys.readouterr().err
    assert f"/repo/.git/qualitywatch: {os.strerror(number)}\n  hint: " in told
    assert "Traceback" not in told
