"""Lines that go round this guard: the words of shells, hooks, and services that build.

Text only, so that one lexicon serves scripts, makefiles, workflows and settings.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath

import re2

from qualitywatch.model import Confidence, Noun

MAX_LINE = 2_000  # signs of a line that are read
NEAR = 8  # lines around a call of this guard that belong to the same step

HINT = re2.compile(
    rb"(?i)qualitywatch|no-verify|hookspath|husky|\bskip=|\.git/hooks|\bcommit\s+-\w*n"
)
"""A text without it neither calls nor avoids the guard."""

_CALL = re.compile(
    r"\bqualitywatch\b\s+(?:gate|hook|check|watch|start|history|scan)\b"
    r"|\b(?:uses|repo|image)\s*:\s*\S*qualitywatch|\bid\s*:\s*['\"]?qualitywatch"
    r"|-m\s+qualitywatch\b|\bhook\s+git\s+pre-(?:commit|push|receive)\b",
    re.IGNORECASE,
)
_COMMENTED = re.compile(r"^\s*(?:#|//|--|;|<!--|REM\b)", re.IGNORECASE)
_MUTED = re.compile(
    r"\|\|\s*(?:true|:|exit\s+0|echo\b)|;\s*(?:true|exit\s+0)\s*['\"]?\s*$"
    r"|--accept-new-suppressions|--fail-on[ =]critical|--exit-zero"
)
_MUTED_STEP = re.compile(
    r"^\s*(?:-\s*)?(?:continue-on-error\s*:\s*true|allow_failure\s*:\s*true"
    r"|continueOnError\s*:\s*true|if\s*:\s*['\"]?(?:\$\{\{\s*)?false"
    r"|when\s*:\s*manual|stages\s*:\s*\[\s*manual)",
    re.IGNORECASE,
)
_BUILDS = re.compile(
    r"(^|/)(\.github/(workflows|actions)/.*\.ya?ml|\.gitlab-ci\.ya?ml|\.circleci/.*"
    r"|azure-pipelines.*\.ya?ml|\.travis\.ya?ml|bitbucket-pipelines\.ya?ml|jenkinsfile"
    r"|\.pre-commit-config\.ya?ml|\.?lefthook.*\.ya?ml|\.husky/.*|\.githooks/.*"
    r"|\.overcommit\.ya?ml|package\.json|\.lintstagedrc.*|makefile|justfile|tox\.ini"
    r"|noxfile\.py|taskfile\.ya?ml|\.ci/.*|\.drone\.ya?ml|\.woodpecker.*|action\.ya?ml"
    r"|pyproject\.toml|composer\.json|\.claude/.*|\.cursor/.*|\.codex/.*|\.gemini/.*)$",
    re.IGNORECASE,
)
_SCRIPTS = frozenset(
    {
        "bash",
        "yaml",
        "makefile",
        "json",
        "toml",
        "text",
        "dockerfile",
        "powershell",
        "ini",
    }
)
_WAYS_ROUND = (
    (
        "skips the hooks by name",
        Confidence.LIKELY,
        re.compile(r"\bSKIP=['\"]?[\w,-]*qualitywatch"),
    ),
    (
        "sends git's hooks to nowhere",
        Confidence.LIKELY,
        re.compile(
            r"core\.hooksPath['\",=\s]+(?:/dev/null|NUL|''|\"\"|/tmp\b|none)", re.I
        ),
    ),
    (
        "takes the hooks away",
        Confidence.LIKELY,
        re.compile(
            r"\b(?:rm|del|unlink|mv|chmod\s+(?:-x|[ugoa]*-x|0?[0-6]{3}))\s[^|;&]*"
            r"(?:\.git/hooks\b|\.husky\b|\.qualitywatch\b|\bqualitywatch\.toml)"
        ),
    ),
    (
        "takes this guard's hooks away",
        Confidence.LIKELY,
        re.compile(r"\bqualitywatch\s+(?:hooks\s+uninstall|stop|release|dismiss)\b"),
    ),
    (
        "stops this guard",
        Confidence.LIKELY,
        re.compile(r"\b(?:pkill|killall|taskkill)\b[^|;&]*\bqualitywatch"),
    ),
    (
        "commits or pushes past the hooks",
        Confidence.POSSIBLE,
        re.compile(
            r"\b(?:git|commit|push|merge)\b.*--no-verify\b"
            r"|\bgit\b(?:\s+-[cC]\s+\S+)*\s+commit\s+(?:-[a-zA-Z-]+\s+)*-[a-mo-z]*n[a-z]*\b"
        ),
    ),
    (
        "moves git's hooks",
        Confidence.POSSIBLE,
        re.compile(r"\bgit\b.*\bconfig\b.*core\.hooksPath|core\.hooksPath=", re.I),
    ),
    (
        "switches the hooks off",
        Confidence.POSSIBLE,
        re.compile(r"\bHUSKY(?:_SKIP_HOOKS)?=['\"]?[01]\b|\bHUSKY\s*:\s*['\"]?0"),
    ),
)


class Way(Noun):
    """A line that goes round the guard, and how."""

    what: str
    confidence: Confidence


def is_build_file(path: str) -> bool:
    """True for a file in which hooks or a build may call this guard."""
    return _BUILDS.search(path) is not None


def is_script(language: str) -> bool:
    """True for a language in which a line is run as it stands."""
    return language in _SCRIPTS


def calls_guard(line: str) -> bool:
    """True for a line that runs this guard, not for one in a comment."""
    return _CALL.search(line[:MAX_LINE]) is not None and not _COMMENTED.match(line)


def mutes(line: str) -> bool:
    """True for a call of this guard whose answer is thrown away."""
    return _MUTED.search(line[:MAX_LINE]) is not None


def mutes_step(line: str) -> bool:
    """True for a line that lets the step around it fail, or not run at all."""
    return _MUTED_STEP.match(line[:MAX_LINE]) is not None


def way_round(line: str) -> Way | None:
    """How *line* goes round the guard, the surest way first."""
    if _COMMENTED.match(line):
        return None
    for what, confidence, pattern in _WAYS_ROUND:
        if pattern.search(line[:MAX_LINE]):
            return Way(what=what, confidence=confidence)
    return None


# Files that say what is looked at

_HIDDEN = re.compile(
    r"\s(?:linguist-(?:generated|vendored|documentation)(?:=true)?|binary|-diff|-text)(?=\s|$)"
)
_EVERYTHING = frozenset({"*", "**", "**/*", "*.*", "/", ".", "./"})
_SOURCE_FOLDERS = frozenset({"src", "app", "source", "sources", "packages", "internal"})
_OWN = re.compile(r"^/?(?:qualitywatch\.toml|\.qualitywatch(?:/rules(?:/.*)?)?/?)$")


def hides_source(line: str, suffixes: frozenset[str]) -> Confidence | None:
    """How surely a line of `.gitattributes` hides source code from readers."""
    pattern, _, rest = line.strip().partition(" ")
    if pattern.startswith("#") or not _HIDDEN.search(f" {rest}"):
        return None
    return _covers(pattern, suffixes)


def ignores_source(line: str, suffixes: frozenset[str]) -> Confidence | None:
    """How surely a line of an ignore file covers source code, or our own files."""
    pattern = line.strip()
    if _OWN.match(pattern):
        return Confidence.LIKELY
    covers = _covers(pattern, suffixes)
    return None if covers is None else Confidence.POSSIBLE


def _covers(pattern: str, suffixes: frozenset[str]) -> Confidence | None:
    if pattern.startswith(("#", "!")) or not pattern:
        return None
    if pattern in _EVERYTHING:
        return Confidence.LIKELY
    parts = PurePosixPath(pattern.strip("/")).parts
    if parts[:1] and parts[0] in _SOURCE_FOLDERS and _is_open(parts[1:], suffixes):
        return Confidence.LIKELY
    is_suffix = len(parts) == 1 or parts[:-1] == ("**",)
    if is_suffix and parts and parts[-1].removeprefix("*") in suffixes:
        return Confidence.POSSIBLE
    return None


def _is_open(parts: tuple[str, ...], suffixes: frozenset[str]) -> bool:
    """True for what stands below a folder if it is everything, or all of a language."""
    return all(
        part in _EVERYTHING or part.removeprefix("*") in suffixes for part in parts
    )
