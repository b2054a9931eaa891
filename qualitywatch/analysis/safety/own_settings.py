"""What a change to this guard's own settings and rules makes looser.

Settings are compared as they are read, not as they are written: an order, a comment or
a default written out is no difference.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import PurePosixPath
from typing import Any

from qualitywatch import config, rulebook
from qualitywatch.errors import UserError
from qualitywatch.model import Confidence, Noun, Severity, ViolationType
from qualitywatch.rulebook import Rule, Where

_TYPES = {rulebook.folder_of(type): type for type in ViolationType}
_BARS = (
    ("policy", "severity", Severity),
    ("policy", "confidence", Confidence),
    ("gate", "fail_on", Severity),
    ("gate", "confidence", Confidence),
)
_OWN_TABLE = config.PYPROJECT_TABLE.rpartition(".")[2]
_LISTS = (("rules", "disabled"), ("watch", "ignore"))


class Looser(Noun):
    """One thing that is looser now; `word` stands on the line that says so, if any."""

    what: str
    word: str
    confidence: Confidence


def is_settings(path: str) -> bool:
    """True for a file that can hold this guard's settings."""
    return path in (config.FILE_NAME, config.PYPROJECT)


# Settings


def looser_settings(path: str, before: str, after: str) -> Iterator[Looser]:
    """What *after* makes looser; an absent file is the defaults."""
    if path == config.PYPROJECT and _OWN_TABLE not in before + after:
        return
    old, new = _settings(path, before), _settings(path, after)
    if old is None or new is None:
        return
    for table, key, scale in _BARS:
        yield from _raised_bar(old, new, table, key, scale)
    for table, key in _LISTS:
        for added in sorted(_list(new, table, key) - _list(old, table, key)):
            yield _looser(f"`{table}.{key}` gained `{added}`", added)
    yield from _lost_analysers(_analysers(old), _analysers(new))
    yield from _new_commands(old, new)
    was, now = (_get(side, "policy", "unattributed") for side in (old, new))
    if was == "quarantine" != now:
        yield _looser("`policy.unattributed` no longer quarantines", "unattributed")


def _looser(
    what: str, word: str, confidence: Confidence = Confidence.CERTAIN
) -> Looser:
    return Looser(what=what, word=word, confidence=confidence)


def _settings(path: str, text: str) -> dict[str, Any] | None:
    """The tables as written; `None` where they are not TOML."""
    import tomllib  # 2 ms that only settings have to pay

    try:
        tables: Any = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        return None  # `malformed-syntax` and the gate speak of that
    if path == config.PYPROJECT:
        for part in config.PYPROJECT_TABLE.split("."):
            tables = tables.get(part, {}) if isinstance(tables, dict) else {}
    return tables if isinstance(tables, dict) else {}


def _get(tables: dict[str, Any], table: str, key: str) -> Any:
    found = tables.get(table)
    return found.get(key) if isinstance(found, dict) else None


def _raised_bar(
    old: dict[str, Any],
    new: dict[str, Any],
    table: str,
    key: str,
    scale: type[Severity] | type[Confidence],
) -> Iterator[Looser]:
    default = getattr(getattr(config.Config(), table), key)
    was, now = (_rank(_get(side, table, key), default, scale) for side in (old, new))
    if now > was:
        yield _looser(f"`{table}.{key}` is higher", key)


def _rank(
    value: object,
    default: Severity | Confidence,
    scale: type[Severity] | type[Confidence],
) -> int:
    known = {member.value: member.rank for member in scale}
    return known.get(str(value), default.rank)


def _list(tables: dict[str, Any], table: str, key: str) -> set[str]:
    found = _get(tables, table, key)
    return {str(item) for item in found} if isinstance(found, list) else set()


def _analysers(tables: dict[str, Any]) -> dict[str, Any]:
    """The tables of the analysers by name."""
    found = tables.get("analysers")
    listed = found if isinstance(found, list) else []
    return {str(each.get("name")): each for each in listed if isinstance(each, dict)}


def _lost_analysers(old: dict[str, Any], new: dict[str, Any]) -> Iterator[Looser]:
    for name, table in sorted(old.items()):
        if name not in new:
            yield _looser(f"the analyser `{name}` is gone", "analysers")
        elif new[name] != table:
            what = f"the analyser `{name}` changed"
            yield _looser(what, name, Confidence.POSSIBLE)


def _new_commands(old: dict[str, Any], new: dict[str, Any]) -> Iterator[Looser]:
    """Each command that hooks and CI run from the next commit on."""
    for name, words in sorted(_commands(new) - _commands(old)):
        what = f"hooks and CI will run another command for the analyser `{name}`"
        yield _looser(what, words[0] if words else name, Confidence.LIKELY)


def _commands(tables: dict[str, Any]) -> set[tuple[str, tuple[str, ...]]]:
    """By analyser; a recipe's own command is ours."""
    found = tables.get("analysers")
    return {
        (str(each.get("name")), tuple(map(str, each["command"])))
        for each in (found if isinstance(found, list) else [])
        if isinstance(each, dict) and isinstance(each.get("command"), list)
    }


# Rules


def looser_rule(path: str, before: str, after: str | None) -> Iterator[Looser]:
    """What *after* makes looser in a rule; `None`: the rule is gone."""
    if after is None:
        yield _looser("a rule of this repository is gone", "")
        return
    old, new = _rule(path, before), _rule(path, after)
    if old is None or new is None:
        return
    yield from filter(None, (ask(old, new) for ask in _QUESTIONS))
    if old.text != new.text and _finding(old) != _finding(new):
        what = f"what `{new.id}` looks for changed"
        yield _looser(what, "query", Confidence.POSSIBLE)


def _rule(path: str, text: str) -> Rule | None:
    place = PurePosixPath(path)
    type = _TYPES.get(place.parent.name)
    if type is None:
        return None
    try:
        return rulebook.parse(text, source=path, id=place.stem, type=type)
    except UserError:
        return None  # the gate says that no gate could judge with it


def _lower_severity(old: Rule, new: Rule) -> Looser | None:
    if new.severity.rank >= old.severity.rank:
        return None
    return _looser(f"`{new.id}` has a lower severity", "severity")


def _lower_confidence(old: Rule, new: Rule) -> Looser | None:
    if new.confidence.rank >= old.confidence.rank:
        return None
    return _looser(f"`{new.id}` has a lower confidence", "confidence")


def _narrower(old: Rule, new: Rule) -> Looser | None:
    if new.where is old.where or new.where is Where.ALL:
        return None
    return _looser(f"`{new.id}` looks into fewer files", "where")


def _fewer_languages(old: Rule, new: Rule) -> Looser | None:
    gone = sorted(set(old.languages) - set(new.languages))
    if not gone or "any" in new.languages:
        return None
    return _looser(f"`{new.id}` no longer serves {', '.join(gone[:5])}", "")


_QUESTIONS: tuple[Callable[[Rule, Rule], Looser | None], ...] = (
    _lower_severity,
    _lower_confidence,
    _narrower,
    _fewer_languages,
)


def _finding(rule: Rule) -> tuple[object, ...]:
    """What makes the rule find what it finds."""
    sections = tuple((s.language, s.query, s.matcher) for s in rule.sections)
    return (rule.check, rule.remark, rule.when, sections)
