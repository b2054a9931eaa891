"""The operator's passphrase: typed on the terminal, or read from a private file.

It is never taken from the environment or an argument, where every process of the same
user could read it, and never from standard input, which an agent can feed.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from qualitywatch.errors import UserError

MAX_BYTES = 1024
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_Command = TypeVar("_Command", bound=Callable[..., Any])


def option(command: _Command) -> _Command:
    """The option `--passphrase-file`."""
    return click.option(
        "--passphrase-file",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="Read the operator passphrase from FILE, which only you may read.",
    )(command)


def given(file: Path | None) -> str:
    """The operator's passphrase, from *file* or asked for on the terminal."""
    return read(file) if file is not None else ask("operator passphrase")


def chosen(file: Path | None) -> str:
    """A new passphrase, from *file* or asked for twice on the terminal."""
    if file is not None:
        return read(file)
    _need_terminal()
    answer: str = click.prompt(
        "choose an operator passphrase (agents must not know it)",
        hide_input=True,
        confirmation_prompt=True,
        err=True,
    )
    return answer


def ask(question: str) -> str:
    """What is typed on the terminal, unseen; `UserError` where there is none."""
    _need_terminal()
    answer: str = click.prompt(question, hide_input=True, err=True)
    return answer


def on_terminal() -> bool:
    """True where a person can be asked."""
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return False
    return True


def read(file: Path) -> str:
    """The passphrase in *file*: its first line; refuses a file that others can read."""
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise UserError(
            f"can not be read: {error.strerror}", place=str(file)
        ) from error
    with os.fdopen(descriptor, "rb", closefd=True) as opened:
        _refuse_shared(os.fstat(descriptor), file)
        content = opened.read(MAX_BYTES + 1)
    return _line(content, file)


def _refuse_shared(status: os.stat_result, file: Path) -> None:
    if not stat.S_ISREG(status.st_mode) and not stat.S_ISFIFO(status.st_mode):
        raise UserError("is not a file", place=str(file))
    if status.st_uid not in (os.geteuid(), 0):
        raise UserError(
            "belongs to another user", place=str(file), hint="use a file of your own"
        )
    if status.st_mode & _OTHERS:
        raise UserError(
            "others can read or write this passphrase file",
            place=str(file),
            hint=f"chmod 600 {file}",
        )


def _line(content: bytes, file: Path) -> str:
    try:
        passphrase = content.decode("utf-8").rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise UserError("is not text in UTF-8", place=str(file)) from error
    if not passphrase or len(content) > MAX_BYTES or "\n" in passphrase:
        raise UserError("does not hold one line with the passphrase", place=str(file))
    return passphrase


def _need_terminal() -> None:
    if not on_terminal():
        raise UserError(
            "the operator passphrase is asked for on a terminal, and there is none",
            hint="give --passphrase-file FILE, a file that no agent can read",
        )
