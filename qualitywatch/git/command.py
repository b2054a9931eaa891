"""Starts git, the same way every time: nothing in its surroundings misleads it."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from qualitywatch.errors import MachineError

TIMEOUT_SECONDS = 120.0

# No replaced objects and no monitor: both can show another history than the real one.
# No short look at files either: a size and a restored time would hide a change.
GIT = (
    *("git", "-c", "core.fsmonitor=false", "-c", "core.trustctime=true"),
    *("-c", "core.checkStat=default", "--no-replace-objects"),
)

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

# They change what a path on the command line means.
PATHSPEC_VARIABLES = frozenset(
    f"GIT_{kind}_PATHSPECS" for kind in ("LITERAL", "GLOB", "NOGLOB", "ICASE")
)

# Where git keeps the objects of a push that a pre-receive hook has not let in yet.
_OBJECTS = "GIT_OBJECT_DIRECTORY"
_OTHER_OBJECTS = "GIT_ALTERNATE_OBJECT_DIRECTORIES"
NOTHING_INCOMING: Mapping[str, str] = MappingProxyType({})


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
    incoming: Mapping[str, str] = NOTHING_INCOMING,
    accept: Collection[int] = (0,),
) -> Done:
    """What git answers in *folder*; `MachineError` where its exit code is another."""
    import subprocess  # 4 ms that `check` has not to pay

    try:
        process = subprocess.run(
            [*GIT, *arguments],
            cwd=folder,
            input=stdin,
            capture_output=True,
            env=environment(index_file, incoming),
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


def environment(
    index_file: Path | None = None, incoming: Mapping[str, str] = NOTHING_INCOMING
) -> dict[str, str]:
    """Our environment without what points git elsewhere, and with fixed messages."""
    misleading = LOCAL_VARIABLES | PATHSPEC_VARIABLES
    inherited = {k: v for k, v in os.environ.items() if k not in misleading}
    return {
        **inherited,
        **of_index(index_file),
        **incoming,
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_TERMINAL_PROMPT": "0",
        "LC_ALL": "C",  # so that we can tell "not a git repository" from the rest
    }


def of_index(index_file: Path | None) -> Mapping[str, str]:
    """The variable by which git looks into that index instead of the usual one."""
    return {"GIT_INDEX_FILE": str(index_file)} if index_file else {}


def incoming_objects(
    surroundings: Mapping[str, str], folder: Path
) -> Mapping[str, str]:
    """The variables by which git, started in *folder*, reads what a push brings.

    Only a pre-receive hook may ask: anywhere else they could show another history.
    """
    if not surroundings.get("GIT_QUARANTINE_PATH") or not surroundings.get(_OBJECTS):
        return NOTHING_INCOMING
    objects = folder / surroundings[_OBJECTS]
    if not objects.is_dir():
        raise MachineError("the objects of the push are gone", place=str(objects))
    others = surroundings.get(_OTHER_OBJECTS, "")
    return MappingProxyType({_OBJECTS: str(objects), _OTHER_OBJECTS: others})


def no_programs(folder: Path) -> Mapping[str, str]:
    """The variables by which git runs no filter program, whatever is configured.

    Anybody who can write `.git/config` could have us run theirs, and have it say that a
    file always was what it is now. Line ends and encodings need no program.
    """
    words = ["config", "--null", "--name-only", "--get-regexp", r"^filter\."]
    names = run(words, folder=folder, accept=(0, 1)).output.decode("utf-8", "replace")
    keys = sorted({name for name in names.split("\0") if name})
    first = int(os.environ.get("GIT_CONFIG_COUNT") or 0)
    found = {"GIT_CONFIG_COUNT": str(first + len(keys))}
    for number, key in enumerate(keys, start=first):
        found[f"GIT_CONFIG_KEY_{number}"] = key
        is_flag = key.endswith(".required")
        found[f"GIT_CONFIG_VALUE_{number}"] = "false" if is_flag else ""
    return MappingProxyType(found)


def beside(objects: Path, folder: Path) -> Mapping[str, str]:
    """The variables by which git reads *objects*, and writes new ones to *folder*."""
    names = {_OBJECTS: str(folder), _OTHER_OBJECTS: str(objects)}
    return MappingProxyType(names)


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
