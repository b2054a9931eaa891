"""Settings and rules as an operator approved them.

An agent can write `qualitywatch.toml` and `.qualitywatch/rules/`, and wait for the next
start. So a daemon goes by what stood there when an operator last approved it, which it
keeps in its database; the first start approves what it finds. Whatever differs is said
aloud and waits for `qualitywatch approve`.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

from qualitywatch import config, rulebook
from qualitywatch.config import Config
from qualitywatch.errors import QualityWatchError, RuleError
from qualitywatch.model import Noun
from qualitywatch.rulebook import Rulebook

MAX_RULES = 1000  # files of a repository's own


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
    reason = f"not as an operator approved them: {names}"
    return Effective(known, is_first=False, problem=_waiting(reason))


def differing(known: Standing, now: Standing) -> list[str]:
    """The names of what is not the same in both."""
    names = ["settings"] if known.settings != now.settings else []
    every = sorted({*known.rules, *now.rules})
    return names + [n for n in every if known.rules.get(n) != now.rules.get(n)]


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
    if not folder.is_dir():
        return
    files = sorted(folder.rglob("*.md"))
    if len(files) > MAX_RULES:
        raise RuleError(f"holds more than {MAX_RULES} rules", place=str(folder))
    for file in files:
        content = _read(file)
        if len(content) > rulebook.MAX_BYTES:
            raise RuleError("is larger than 256 KiB", place=f"{file}:1")
        yield file.relative_to(folder).as_posix(), content.decode("utf-8", "replace")


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


def _at_once(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK)


def _waiting(reason: str) -> str:
    return f"{reason}; `qualitywatch approve` shows what changed and takes it"
