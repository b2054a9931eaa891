"""The machine: what must be there before anything of ours can run."""

from __future__ import annotations

import itertools
import os
import platform
import resource
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib import metadata
from pathlib import Path

from qualitywatch.cli.checkup.checked import Patient, Result, noted, well, wrong
from qualitywatch.regex import regex
from qualitywatch.reports.judged import count

OLDEST_PYTHON = (3, 11)
OLDEST_GIT = (2, 36)  # the first that has `git hook run`
LEAST_FREE_BYTES = 200 * 1024 * 1024
LEAST_FREE_FILES = 1000
SPARE_FILES = 200  # that a daemon opens besides its connections
MOST_AHEAD = timedelta(minutes=5)
BUILT = datetime(2025, 1, 1, tzinfo=UTC)  # no clock that is right shows less
MOST_FOLDERS = 1_000_000  # counted
_INOTIFY = Path("/proc/sys/fs/inotify")
_REQUIREMENT = regex(r"^([A-Za-z0-9._-]+)[^;]*?>=([0-9.]+)")
_VERSION = regex(r"(\d+)\.(\d+)")


def python(patient: Patient) -> Iterator[Result]:
    """The interpreter is new enough."""
    said = f"{platform.python_version()} ({sys.executable})"
    if sys.version_info >= OLDEST_PYTHON:
        yield well(said)
    else:
        yield wrong(said, f"use Python {_dotted(OLDEST_PYTHON)} or newer")


def packages(patient: Patient) -> Iterator[Result]:
    """What we need is installed, and new enough."""
    try:
        needed = metadata.requires("qualitywatch") or []
    except metadata.PackageNotFoundError:
        yield noted("started from sources that are not installed")
        return
    listed = [row for row in needed if "extra ==" not in row]
    bad = [name for row in listed if (name := _lacking(row)) is not None]
    if bad:
        yield wrong(", ".join(bad), "pip install --upgrade qualitywatch")
    else:
        yield well(f"qualitywatch {metadata.version('qualitywatch')}, with its needs")


def git(patient: Patient) -> Iterator[Result]:
    """git answers, and knows what we ask of it."""
    install = f"install git {_dotted(OLDEST_GIT)} or newer, and see that PATH holds it"
    try:
        done = subprocess.run(["git", "--version"], capture_output=True, timeout=10)
    except (OSError, subprocess.TimeoutExpired) as error:
        yield wrong(f"git does not answer: {error}", install)
        return
    said = done.stdout.decode("utf-8", "replace").strip()
    found = _VERSION.search(said)
    if found and (int(found[1]), int(found[2])) >= OLDEST_GIT:
        yield well(said)
    else:
        yield wrong(said or "git --version says nothing", install)


def clock(patient: Patient) -> Iterator[Result]:
    """Times in the records will make sense."""
    now, newest = datetime.now(UTC), patient.records and patient.records.newest_event
    set_it = "set the clock, and let the system keep it (for example with chrony)"
    if now < BUILT:
        yield wrong(f"the clock shows {now:%Y-%m-%d}", set_it)
    elif newest and datetime.fromisoformat(newest) - now > MOST_AHEAD:
        yield wrong(f"the newest event is of {newest}: the clock went back", set_it)
    else:
        yield well(f"{now:%Y-%m-%d %H:%M:%S} UTC")


def disk(patient: Patient) -> Iterator[Result]:
    """There is room for records."""
    folder = _existing(patient.state_dir)
    free = shutil.disk_usage(folder).free
    nodes = os.statvfs(folder)
    said = f"{free // 1024**2} MiB free at {folder}"
    if free < LEAST_FREE_BYTES:
        needed = f"{LEAST_FREE_BYTES // 1024**2} MiB"
        yield wrong(said, f"make room: below {needed} records may not be kept")
    elif nodes.f_files and nodes.f_favail < LEAST_FREE_FILES:
        yield wrong(f"{nodes.f_favail} files can still be made", "remove files")
    else:
        yield well(said)


def open_files(patient: Patient) -> Iterator[Result]:
    """Every connection that the settings allow can be opened."""
    from qualitywatch import approval
    from qualitywatch.config import Config

    content = patient.records.approved if patient.records else None
    known = approval.read(content) if content else None
    settings = known.settings if known else Config()
    needed = settings.hub.max_connections + SPARE_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    said = f"{soft} open files are allowed, {needed} may be needed"
    if soft >= needed or soft == resource.RLIM_INFINITY:
        yield well(said)
    elif hard >= needed or hard == resource.RLIM_INFINITY:
        yield well(f"{said}; the daemon raises it")
    else:
        lower = f"set hub.max_connections to {max(1, hard - SPARE_FILES)} or less"
        yield wrong(said, f"ulimit -n {needed}, or {lower}")


def watches(patient: Patient) -> Iterator[Result]:
    """The system lets us watch every folder."""
    limit = _number(_INOTIFY / "max_user_watches")
    if limit is None:
        yield noted("this system has no inotify")
        return
    folders = _folders(patient.root)
    said = f"{count(folders, 'folder')}, {limit} watches are allowed"
    if folders >= limit:
        yield wrong(
            f"{said}: the rest is polled",
            f"sysctl fs.inotify.max_user_watches={folders * 2}",
        )
    else:
        yield well(said)


def _lacking(requirement: str) -> str | None:
    """The name of what is missing or too old."""
    found = _REQUIREMENT.match(requirement)
    if found is None:
        return None
    try:
        version = metadata.version(found[1])
    except metadata.PackageNotFoundError:
        return f"{found[1]} is missing"
    if _numbers(version) < _numbers(found[2]):
        return f"{found[1]} {version} is older than {found[2]}"
    return None


def _numbers(version: str) -> tuple[int, ...]:
    parts = itertools.takewhile(str.isdigit, version.split("."))
    return tuple(int(part) for part in parts)


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))


def _existing(folder: Path) -> Path:
    return next(one for one in (folder, *folder.parents) if one.is_dir())


def _folders(root: Path) -> int:
    """How many folders a watcher has to watch; those of git are few."""
    found = 0
    for _, below, _ in os.walk(root):
        below[:] = [name for name in below if name != ".git"]
        found += 1
        if found > MOST_FOLDERS:
            break
    return found


def _number(file: Path) -> int | None:
    try:
        return int(file.read_text())
    except (OSError, ValueError):
        return None
