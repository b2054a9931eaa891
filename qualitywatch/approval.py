"""Settings and rules as an operator approved them.

An agent can write `qualitywatch.toml` and `.qualitywatch/rules/`, and wait for the next
start. So a daemon goes by what stood there when an operator last approved it, which it
keeps in its database; the first start approves what it finds. Whatever differs is said
aloud and waits for `qualitywatch approve`, after which a daemon that runs goes by it.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Collection, Iterator
from operator import attrgetter
from pathlib import Path
from typing import NamedTuple

import msgspec

from qualitywatch import config, rulebook
from qualitywatch.config import Config
from qualitywatch.errors import QualityWatchError, RuleError
from qualitywatch.model import Noun
from qualitywatch.rulebook import Rulebook

MAX_RULES = 1000  # files of a repository's own
AFTER_RESTART = ("hub.host", "hub.port", "hub.certificate", "hub.key", "hub.names")
"""What a daemon can not change while it runs."""


class Standing(Noun):
    """All that decides how a repository is judged, apart from what we ship."""

    settings: Config = Config()
    rules: dict[str, str] = msgspec.field(
        default_factory=dict
    )  # path below the folder of rules -> text

    @property
    def digest(self) -> str:
        """By which an operator says which one they mean."""
        content = msgspec.json.encode(self, order="deterministic")
        return hashlib.sha256(content).hexdigest()


class Effective(NamedTuple):
    """What a daemon goes by, and why that is not what stands in the files."""

    standing: Standing
    is_first: bool  # nothing was approved before
    problem: str | None


class InForce(Noun):
    """What became of settings and rules that an operator has approved."""

    now: bool  # the daemon that runs goes by them
    after_restart: tuple[str, ...] = ()  # settings that wait for the next start
    problem: str | None = None  # why they are not in force yet


async def not_running(approved: Standing) -> InForce:
    """The answer where no daemon runs: the next one goes by what was *approved*."""
    return InForce(now=False)


def usable(root: Path, *, known_checks: Collection[str]) -> Standing:
    """What stands in the files at *root* and can be gone by, down to each rule.

    Raises `ConfigError` and `RuleError`.
    """
    found = standing(root, refuse_shared=True)
    rules_of(found, known_checks=known_checks)
    return found


def standing(root: Path, *, refuse_shared: bool = False) -> Standing:
    """What stands in the files at *root*; raises `ConfigError` and `RuleError`."""
    settings = config.load(root, refuse_shared=refuse_shared)
    return Standing(settings=settings, rules=dict(_rules(root / rulebook.OWN_FOLDER)))


def effective(root: Path, approved: str | None) -> Effective:
    """What to go by at *root*, where an operator has *approved* that (or nothing).

    Raises what is wrong with the files only where nothing was approved before.
    """
    if approved is None:
        return Effective(
            standing(root, refuse_shared=True), is_first=True, problem=None
        )
    known = read(approved)
    if known is None:
        reason = "what an operator approved can not be read: defaults are in force"
        return Effective(Standing(), is_first=False, problem=_waiting(reason))
    try:
        now = standing(root, refuse_shared=True)
    except QualityWatchError as error:
        return Effective(known, is_first=False, problem=_waiting(str(error)))
    if now == known:
        return Effective(known, is_first=False, problem=None)
    names = ", ".join(differing(known, now))
    reason = f"not as an operator approved them: {names} ({now.digest[:12]})"
    return Effective(known, is_first=False, problem=_waiting(reason))


def differing(known: Standing, now: Standing) -> list[str]:
    """The names of what is not the same in both."""
    names = ["settings"] if known.settings != now.settings else []
    every = sorted({*known.rules, *now.rules})
    return names + [n for n in every if known.rules.get(n) != now.rules.get(n)]


def after_restart(old: Config, new: Config) -> tuple[str, ...]:
    """The settings that differ and wait for the next start of the daemon."""
    readers = {key: attrgetter(key) for key in AFTER_RESTART}
    return tuple(key for key, read in readers.items() if read(old) != read(new))


def stamp(root: Path) -> frozenset[tuple[str, int, int, int, int]]:
    """Another one when a file that decides how *root* is judged may be another one."""
    folder = root / rulebook.OWN_FOLDER
    files = [root / config.FILE_NAME, root / config.PYPROJECT, folder]
    files += _below(folder)[: MAX_RULES + 1]
    return frozenset(mark for file in files if (mark := _mark(file)) is not None)


def write(approved: Standing) -> str:
    """*approved* as the database keeps it."""
    return msgspec.json.encode(approved, order="deterministic").decode()


def read(approved: str) -> Standing | None:
    """What `write` wrote; `None` where another version of us wrote it otherwise."""
    try:
        return msgspec.json.decode(approved, type=Standing)
    except msgspec.MsgspecError:
        return None


def rules_of(approved: Standing, *, known_checks: Collection[str]) -> Rulebook:
    """The rules we ship and those *approved*, without the ones switched off."""
    if not approved.rules:
        rules = rulebook.load()
    else:
        with tempfile.TemporaryDirectory(prefix="qualitywatch-") as folder:
            for name, text in approved.rules.items():
                file = Path(folder) / rulebook.OWN_FOLDER / name
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text)
            rules = _own_rules(Path(folder), known_checks)
    return rules.without(approved.settings.rules.disabled)


def _own_rules(folder: Path, known_checks: Collection[str]) -> Rulebook:
    try:
        return rulebook.for_repository(folder, known_checks=known_checks)
    except RuleError as error:  # of a copy: say where the rule stands
        place = error.place.removeprefix(f"{folder}/")
        raise RuleError(error.problem, place=place, hint=error.hint) from error


def _rules(folder: Path) -> Iterator[tuple[str, str]]:
    files = _below(folder)
    if len(files) > MAX_RULES:
        raise RuleError(f"holds more than {MAX_RULES} rules", place=str(folder))
    for file in files:
        content = _read(file)
        if len(content) > rulebook.MAX_BYTES:
            raise RuleError("is larger than 256 KiB", place=f"{file}:1")
        yield file.relative_to(folder).as_posix(), content.decode("utf-8", "replace")


def _below(folder: Path) -> list[Path]:
    """The rules below *folder*; more than there may be where there are many folders.

    An agent that makes a million of them, or a link to `/`, keeps nobody busy.
    """
    found: list[Path] = []
    for number, (at, folders, files) in enumerate(os.walk(folder)):  # never raises
        found += (Path(at, name) for name in (*folders, *files) if _is_rule(name))
        if number > MAX_RULES or len(found) > MAX_RULES:
            return [folder] * (MAX_RULES + 1)
    return sorted(found)


def _is_rule(name: str) -> bool:
    return name.endswith(".md")


def _read(file: Path) -> bytes:
    """What stands in a rule; never waits on a pipe, and names what is no rule."""
    name = os.fsencode(file).decode("utf-8", "backslashreplace")
    if name != str(file):
        raise RuleError("its name is not UTF-8", place=name)
    try:
        if not file.is_file():
            raise RuleError("is not a file", place=name)
        with open(file, "rb", opener=_at_once) as opened:
            return opened.read(rulebook.MAX_BYTES + 1)
    except OSError as error:
        raise RuleError(f"can not be read: {error.strerror}", place=name) from error


def _mark(file: Path) -> tuple[str, int, int, int, int] | None:
    try:
        found = file.lstat()
    except OSError:
        return None
    name = os.fsencode(file).decode("utf-8", "backslashreplace")
    times = (found.st_mtime_ns, found.st_ctime_ns)
    return (name, found.st_ino, found.st_size, *times)


def _at_once(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK)


def _waiting(reason: str) -> str:
    return f"{reason}; `qualitywatch approve` shows what changed and takes it"
