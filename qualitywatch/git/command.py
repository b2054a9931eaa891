"""Starts git, the same way every time: nothing in its surroundings misleads it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import NamedTuple

from qualitywatch.errors import MachineError

TIMEOUT_SECONDS = 120.0

# No replaced objects and no monitor: both can show another history than the real one.
GIT = ("git", "-c", "core.fsmonitor=false", "--no-replace-objects")

# git exports these to hooks (`git rev-parse --local-env-vars`): with them a call about
# one repository would answer about another. GIT_CONFIG_COUNT is left, because that is
# how machines without a home folder declare a `safe.directory`.
LOCAL_VARIABLES = frozenset(
    {
        "GIT_ALTERNATE_OBJECT_DIRECTORIES",
        "GIT_CONFIG",
        "GIT_CONFIG_PARAMETERS",
        "GIT_OBJECT_DIRECTORY",
        "GIT_DIR",
        "GIT_WORK_TREE",
        "GIT_IMPLICIT_WORK_TREE",
        "GIT_GRAFT_FILE",
        "GIT_INDEX_FILE",
        "GIT_NO_REPLACE_OBJECTS",
        "GIT_REPLACE_REF_BASE",
        "GIT_PREFIX",
        "GIT_SHALLOW_FILE",
        "GIT_COMMON_DIR",
        "GIT_INTERNAL_SUPER_PREFIX",
    }
)


class Done(NamedTuple):
    """A finished call."""

    code: int
    output: bytes
    complaint: str


def run(
    arguments: Sequence[str],
    *,
    folder: Path,
    stdin: bytes = b"",
    index_file: Path | None = None,
    accept: Collection[int] = (0,),
) -> Done:
    """What git answers in *folder*; `MachineError` where its exit code is another."""
    try:
        process = subprocess.run(
            [*GIT, *arguments],
            cwd=folder,
            input=stdin,
            capture_output=True,
            env=environment(index_file),
            timeout=TIMEOUT_SECONDS,
        )
    except subprocess.TimeoutExpired as error:
        raise MachineError(
            f"git {arguments[0]} gave no answer in {TIMEOUT_SECONDS:.0f} s",
            place=str(folder),
        ) from error
    except OSError as error:
        raise not_started(error, folder) from error
    complaint = process.stderr.decode("utf-8", "replace").strip()
    if process.returncode not in accept:
        raise failed(arguments[0], complaint, folder)
    return Done(process.returncode, process.stdout, complaint)


def environment(index_file: Path | None = None) -> dict[str, str]:
    """Our environment without what points git elsewhere, and with fixed messages."""
    inherited = {k: v for k, v in os.environ.items() if k not in LOCAL_VARIABLES}
    index = {"GIT_INDEX_FILE": str(index_file)} if index_file else {}
    return {
        **inherited,
        **index,
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_TERMINAL_PROMPT": "0",
        "LC_ALL": "C",  # so that we can tell "not a git repository" from the rest
    }


def not_started(error: OSError, folder: Path) -> MachineError:
    """The error for a git that could not be started in *folder*."""
    if not folder.is_dir():
        return MachineError("the folder is gone", place=str(folder))
    if isinstance(error, FileNotFoundError):
        return MachineError(
            "git is not installed, or not on PATH", hint="install git and try again"
        )
    return MachineError(f"git can not be started: {error.strerror or error}")


def failed(name: str, complaint: str, folder: Path) -> MachineError:
    """The error for a call that git refused, with the way out where we know it."""
    if "dubious ownership" in complaint:
        return MachineError(
            "git refuses the repository because another user owns it",
            place=str(folder),
            hint=f"git config --global --add safe.directory {folder}",
        )
    first = complaint.partition("\n")[0] or "no reason given"
    return MachineError(f"git {name}: {first}", place=str(folder))
