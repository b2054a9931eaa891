"""What a change is judged by: settings and rules as they stand in the base.

A change can not loosen its own judge, because what it writes there counts only for
the changes after it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from qualitywatch import config, rulebook
from qualitywatch.config import Config
from qualitywatch.errors import RuleError
from qualitywatch.gate.references import References
from qualitywatch.model import Analysis
from qualitywatch.rulebook import Rulebook

if TYPE_CHECKING:
    from qualitywatch.gate.analysing import Analyser
    from qualitywatch.gate.changes import ChangeSet
    from qualitywatch.git import Repository


class Trusted(NamedTuple):
    """Settings and rules of the base."""

    settings: Config
    rules: Rulebook

    @property
    def limit(self) -> int:
        """How much of a file is read: of a longer one just enough to refuse it."""
        return self.settings.analysis.max_file_bytes + 1


def trusted(repository: Repository, base: str | None) -> Trusted:
    """Settings and rules as they stand at *base*; `None`: before the first commit."""
    settings = _settings_at(repository, base)
    rules = _rules_at(repository, base)
    return Trusted(settings, rules.without(settings.rules.disabled))


def analyser(trust: Trusted) -> Analyser:
    """The `analyse` of `judge` that keeps parsers in processes with limits."""
    from qualitywatch.gate import analysing  # one change alone needs no such processes

    return analysing.Analyser(trust.rules, trust.settings.analysis)


def who_needs(changes: ChangeSet, analyse: Analyser) -> References:
    """Finds who in the repository still needs what *changes* take away."""
    return References(changes.tree, analyse.imports)


def analysers_say(
    repository: Repository, changes: ChangeSet, trust: Trusted
) -> Analysis:
    """What the configured analysers say that *changes* introduced."""
    if not trust.settings.analysers:
        return Analysis()
    from qualitywatch.analysers.recipes import plans  # who has none pays for none
    from qualitywatch.analysers.running import introduced

    return sum(
        (
            introduced(plan, changes.changes, repository, changes.base)
            for plan in plans(trust.settings.analysers)
        ),
        Analysis(),
    )


def _settings_at(repository: Repository, base: str | None) -> Config:
    if base is None:
        return Config()
    for name, parse in (
        (config.FILE_NAME, config.parse),
        (config.PYPROJECT, config.parse_pyproject),
    ):
        content = repository.content(
            base, name, filtered=False, limit=config.MAX_BYTES + 1
        )
        if content is not None:
            return parse(content, place=f"{name} at {base[:12]}")
    return Config()


def _rules_at(repository: Repository, base: str | None) -> Rulebook:
    own = rulebook.OWN_FOLDER.as_posix()
    names = repository.files(base, own) if base else []
    if base is None or not names:
        return rulebook.load()
    import tempfile  # only a repository's own rules need it, and the parsers

    from qualitywatch.analysis import CHECKS

    with tempfile.TemporaryDirectory(prefix="qualitywatch-") as folder:
        for name in names:
            _write_rule(repository, base, name, Path(folder))
        try:
            return rulebook.for_repository(Path(folder), known_checks=CHECKS)
        except RuleError as error:
            place = error.place.removeprefix(f"{folder}/")
            raise RuleError(
                error.problem, place=f"{place} at {base[:12]}", hint=error.hint
            ) from error


def _write_rule(repository: Repository, base: str, name: str, folder: Path) -> None:
    limit = rulebook.MAX_BYTES + 1
    content = repository.content(base, name, filtered=False, limit=limit)
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content or b"")
