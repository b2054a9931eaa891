"""Ready recipes for well-known tools, and how a setting becomes a plan to run one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fnmatch import fnmatch
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import Literal

from qualitywatch.config import Analyser
from qualitywatch.errors import ConfigError
from qualitywatch.model import Confidence, Noun, ViolationType

Output = Literal["sarif", "shellcheck"]

FILES = "{files}"  # the changed files, as arguments of their own
OUTPUT = "{output}"  # a file to write to; without it standard output is read
ROOT = "{root}"  # the repository, for tools that are installed in it


class Recipe(Noun):
    """How a tool is started, what it looks at, and what its results mean."""

    command: tuple[str, ...]
    files: tuple[str, ...]  # patterns of names
    type: ViolationType
    types: Mapping[str, ViolationType] = MappingProxyType({})  # by prefix of its rules
    confidence: Confidence = Confidence.POSSIBLE
    settings: tuple[str, ...] = ()  # names of its own settings, taken from the base
    links: tuple[str, ...] = ()  # folders of the repository that it needs in place
    output: Output = "sarif"
    secret: bool = False  # what it finds must not be shown


_SCRIPTS = ("*.js", "*.jsx", "*.mjs", "*.cjs", "*.ts", "*.tsx", "*.mts", "*.cts")

RECIPES: Mapping[str, Recipe] = MappingProxyType(
    {
        "ruff": Recipe(
            command=(
                *("ruff", "check", "--output-format=sarif", "--exit-zero"),
                *("--no-cache", "--force-exclude", FILES),
            ),
            files=("*.py", "*.pyi"),
            type=ViolationType.LOGIC_ERROR,
            types={"S": ViolationType.SECURITY_RISK},
            settings=("ruff.toml", ".ruff.toml", "pyproject.toml"),
        ),
        "bandit": Recipe(
            command=("bandit", "--format=sarif", "--quiet", "--exit-zero", FILES),
            files=("*.py",),
            type=ViolationType.SECURITY_RISK,
            settings=(".bandit", "pyproject.toml"),
        ),
        "semgrep": Recipe(
            command=(
                *("semgrep", "scan", "--sarif", "--quiet", "--metrics=off"),
                *("--disable-version-check", "--no-git-ignore"),
                *("--config=.semgrep.yml", FILES),
            ),
            files=("*",),
            type=ViolationType.SECURITY_RISK,
            settings=(".semgrep.yml", ".semgrepignore"),
        ),
        "eslint": Recipe(
            command=(
                f"{ROOT}/node_modules/.bin/eslint",
                *("--format=@microsoft/eslint-formatter-sarif", FILES),
            ),
            files=_SCRIPTS,
            type=ViolationType.LOGIC_ERROR,
            settings=(
                *("eslint.config.*", ".eslintrc*", ".eslintignore"),
                *("package.json", "tsconfig*.json"),
            ),
            links=("node_modules",),
        ),
        "gitleaks": Recipe(
            command=(
                *("gitleaks", "dir", "--no-banner", "--exit-code=0", "--redact"),
                *("--report-format=sarif", f"--report-path={OUTPUT}", "."),
            ),
            files=("*",),
            type=ViolationType.SECURITY_RISK,
            confidence=Confidence.LIKELY,
            settings=(".gitleaks.toml", ".gitleaksignore"),
            secret=True,
        ),
        "shellcheck": Recipe(
            command=("shellcheck", "--format=json1", "--norc", FILES),
            files=("*.sh", "*.bash", "*.ksh", "*.bats"),
            type=ViolationType.LOGIC_ERROR,
            output="shellcheck",
        ),
    }
)
"""The tools that need no more than their name in `[[analysers]]`."""


class Plan(Noun):
    """One tool, ready to be run: the settings of a repository over its recipe."""

    name: str
    command: tuple[str, ...]
    files: tuple[str, ...]
    type: ViolationType
    types: Mapping[str, ViolationType]
    confidence: Confidence
    settings: tuple[str, ...]
    links: tuple[str, ...]
    output: Output
    secret: bool
    seconds: float

    def wants(self, path: str) -> bool:
        """True for a file that the tool looks at."""
        name = PurePosixPath(path).name
        return any(fnmatch(name, p) or fnmatch(path, p) for p in self.files)

    def is_setting(self, path: str) -> bool:
        """True for a file that the tool takes its settings from."""
        name = PurePosixPath(path).name
        return any(fnmatch(name, pattern) for pattern in self.settings)

    def type_of(self, rule: str) -> ViolationType:
        """The violation type of one of the tool's rules: the longest prefix wins."""
        fitting = [prefix for prefix in self.types if rule.startswith(prefix)]
        return self.types[max(fitting, key=len)] if fitting else self.type


def plans(settings: Sequence[Analyser]) -> tuple[Plan, ...]:
    """What to run, in the order of the settings; raises `ConfigError`."""
    names = [one.name for one in settings]
    for name in names:
        if names.count(name) > 1:
            raise ConfigError(
                f"`analysers`: a second one is called {name!r}",
                hint="their violations would be taken for each other's",
            )
    return tuple(_plan(one) for one in settings)


def _plan(given: Analyser) -> Plan:
    recipe = RECIPES.get(given.name)
    if recipe is None and not given.command:
        raise ConfigError(
            f"`analysers`: no recipe is called {given.name!r}, and it has no `command`",
            hint=f"give a `command`, or take one of: {', '.join(RECIPES)}",
        )
    recipe = recipe or Recipe(
        command=given.command, files=("*",), type=ViolationType.LOGIC_ERROR
    )
    return Plan(
        name=given.name,
        command=given.command or recipe.command,
        files=given.files or recipe.files,
        type=given.type or recipe.type,
        types={**recipe.types, **given.types},
        confidence=given.confidence or recipe.confidence,
        settings=given.settings or recipe.settings,
        links=recipe.links,
        output=given.output or recipe.output,
        secret=recipe.secret,
        seconds=given.timeout_ms / 1000,
    )
