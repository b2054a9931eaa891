"""Folders of Markdown -> the rulebook.

`load` reads `<folder>/<violation-type>/<id>.md`. The rules we ship are proven by our
tests, so reading them imports no parser; everybody else's are compiled as well,
because a broken rule has to stop a gate before it judges.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from qualitywatch.errors import RuleError
from qualitywatch.model import ViolationType
from qualitywatch.rulebook.kept import kept
from qualitywatch.rulebook.rule import (
    TAGS,
    Example,
    Rule,
    Rulebook,
    Section,
    Where,
    closest,
)

__all__ = [
    "BUILT_IN",
    "OWN_FOLDER",
    "TAGS",
    "TEMPLATE",
    "Example",
    "Rule",
    "Rulebook",
    "Section",
    "Where",
    "closest",
    "folder_of",
    "for_repository",
    "load",
    "parse",
    "read",
]

_PLACES = (Path(__file__).parents[1] / "_rules", Path(__file__).parents[2] / "rules")
BUILT_IN = next((place for place in _PLACES if place.is_dir()), _PLACES[0])
"""The rules we ship: beside the code in a wheel, above it in an editable install."""

TEMPLATE = BUILT_IN / "TEMPLATE.txt"
OWN_FOLDER = Path(".qualitywatch", "rules")
"""Where a repository keeps rules of its own."""

MAX_BYTES = 256 * 1024
_INDEX = "README.md"


def load(
    *folders: Path,
    validate: bool | None = None,
    known_checks: Collection[str] | None = None,
) -> Rulebook:
    """The rules in *folders*, by default the ones we ship.

    Raises `RuleError`. Queries, matchers and regular expressions are compiled too if
    *validate* is true, or by default in every folder that is not our own.
    """
    rules: dict[str, Rule] = {}
    for folder in folders or (BUILT_IN,):
        compiled = folder != BUILT_IN if validate is None else validate
        for rule in _rules(folder, validate=compiled, known_checks=known_checks):
            _refuse_twin(rule, rules.get(rule.id))
            rules[rule.id] = rule
    return Rulebook.holding(rules.values())


def _rules(
    folder: Path, *, validate: bool, known_checks: Collection[str] | None
) -> Iterable[Rule]:
    def read_all() -> list[Rule]:
        return [
            read(path, validate=validate, known_checks=known_checks)
            for path in _files(folder)
        ]

    if folder != BUILT_IN or validate:
        return read_all()
    return kept(folder, read_all)


def for_repository(
    root: Path, *, known_checks: Collection[str] | None = None
) -> Rulebook:
    """The rules we ship and those of the repository at *root*."""
    own = root / OWN_FOLDER
    folders = (BUILT_IN, own) if own.is_dir() else (BUILT_IN,)
    return load(*folders, known_checks=known_checks)


def read(
    path: Path, *, validate: bool = True, known_checks: Collection[str] | None = None
) -> Rule:
    """The rule in the file *path*, which stands in the folder of its type."""
    from qualitywatch.rulebook import reading  # not for what is kept

    make = reading.parse if validate else reading.define
    rule = make(
        _text(path),
        source=str(path),
        id=path.stem,
        type=_type(path),
        known_checks=known_checks,
    )
    if validate:
        from qualitywatch.rulebook.validation import refuse_broken

        refuse_broken(rule)
    return rule


def parse(
    text: str,
    *,
    source: str,
    id: str,
    type: ViolationType,
    known_checks: Collection[str] | None = None,
) -> Rule:
    """The rule that *text* defines; raises `RuleError` with place, problem and hint."""
    from qualitywatch.rulebook import reading  # as above

    return reading.parse(
        text, source=source, id=id, type=type, known_checks=known_checks
    )


def folder_of(type: ViolationType) -> str:
    """The name of the folder that holds the rules of *type*."""
    return type.value.lower().replace("_", "-")


def _files(folder: Path) -> Iterator[Path]:
    """The rule files below *folder*, sorted, without indexes."""
    if not folder.is_dir():
        raise RuleError("there is no such folder of rules", place=str(folder))
    return (path for path in sorted(folder.rglob("*.md")) if path.name != _INDEX)


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            raise RuleError("is larger than 256 KiB", place=f"{path}:1")
        return content.decode("utf-8")
    except OSError as error:
        problem = f"can not be read: {error.strerror}"
        raise RuleError(problem, place=f"{path}:1") from error
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise RuleError("is not UTF-8", place=f"{path}:{line}") from error


def _type(path: Path) -> ViolationType:
    folders = {folder_of(type): type for type in ViolationType}
    try:
        return folders[path.absolute().parent.name]
    except KeyError:
        raise RuleError(
            f"the folder `{path.parent.name}` is no violation type",
            place=f"{path}:1",
            hint=f"a rule stands in one of: {', '.join(folders)}",
        ) from None


def _refuse_twin(rule: Rule, twin: Rule | None) -> None:
    if twin is not None:
        raise RuleError(
            f"a second rule `{rule.id}`",
            place=rule.place(1),
            hint=f"the other one is {twin.source}; give one another name",
        )
