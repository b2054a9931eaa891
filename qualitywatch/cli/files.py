"""Reports that go to files, beside the one that is printed: `--report FORMAT=FILE`."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from pathlib import Path

import click

from qualitywatch.errors import UserError
from qualitywatch.model import GateReport, Noun
from qualitywatch.reports import FORMATS, Look

_KEY = "qualitywatch.reports"
_SUMMARY = "GITHUB_STEP_SUMMARY"


class Target(Noun):
    """A file that shall hold the report in that format."""

    format: str
    path: Path


def remember(
    context: click.Context, _option: click.Parameter, values: Sequence[str]
) -> None:
    """Keep what `--report` asks for; `UserError` before anything is judged.

    Kept in the context, so that a command need not pass on what it never looks at. The
    report of an earlier run goes: one that fails shall not leave it for its own.
    """
    targets = [_target(value) for value in values]
    for target in targets:
        _clear(target)
    context.meta[_KEY] = targets


def asked_for() -> list[Target]:
    """What `--report` asks for in the command that runs."""
    context = click.get_current_context(silent=True)
    targets: list[Target] = context.meta.get(_KEY, []) if context else []
    return targets


def write(report: GateReport, targets: Sequence[Target], look: Look) -> None:
    """Write *report* to every one of *targets*, whole or not at all."""
    for target in targets:
        text = FORMATS[target.format](report, look)
        try:
            _put(target, text.encode("utf-8", "backslashreplace"))
        except OSError as error:
            raise _unwritable(target.path, error.strerror or str(error)) from error


def _target(value: str) -> Target:
    format, sign, name = value.partition("=")
    if not sign or format not in FORMATS:
        raise UserError(
            "is not FORMAT=FILE",
            place=f"--report {value}",
            hint=f"FORMAT is one of: {', '.join(FORMATS)}",
        )
    if name in ("", "-"):
        raise UserError(
            "names no file",
            place=f"--report {value}",
            hint="--format prints on standard output; is the variable in it set?",
        )
    path = Path(name)
    if path.is_dir():
        raise _unwritable(path, "is a folder")
    if not path.absolute().parent.is_dir():
        raise _unwritable(path, "there is no such folder")
    return Target(format=format, path=path)


def _unwritable(path: Path, reason: str) -> UserError:
    return UserError(
        f"the report can not be written: {reason}",
        place=str(path),
        hint="name a file in a folder that exists and that you may write to",
    )


def _clear(target: Target) -> None:
    path = target.path.resolve()
    try:
        if not _grows(target, path) and not _is_special(path):
            path.unlink(missing_ok=True)
    except OSError as error:
        raise _unwritable(target.path, error.strerror or str(error)) from error


def _put(target: Target, content: bytes) -> None:
    from qualitywatch import whole_file  # most reports are only printed

    path = target.path.resolve()
    if _grows(target, path):
        with path.open("ab") as file:
            file.write(content)
    elif _is_special(path):
        with path.open("wb") as file:  # a pipe, a device: nothing to replace
            file.write(content)
    else:
        mode = whole_file.usual_mode()
        whole_file.replace(path, content, durable=False, mode=mode)


def _grows(target: Target, path: Path) -> bool:
    """True for the page of a GitHub job: the step's other commands write there too."""
    named = os.environ.get(_SUMMARY)
    if not named or target.format != "markdown":
        return False
    return path == Path(named).resolve()


def _is_special(path: Path) -> bool:
    return path.exists() and not stat.S_ISREG(path.stat().st_mode)
