"""Lines that go round this guard: the words of shells, hooks, and services that build.

Text only, so that one lexicon serves scripts, makefiles, workflows and settings.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import PurePosixPath

from qualitywatch.model import Confidence, Noun
from qualitywatch.regex import linear, regex

MAX_LINE = 2_000  # signs of a line that are read
MAX_PATTERN = 200
NEAR = 8  # lines around a call of this guard that belong to the same step

HINT = linear(
    rb"(?i)qualitywatch|no-verify|hookspath|husky|\bskip=|\.git/hooks|\bcommit\s+-\w*n"
)
"""A text without it neither calls nor avoids the guard."""

WAY = linear(rb"(?i)qualitywatch|no-verify|hookspath|husky|\.git/hooks|\bcommit\b")
"""A line without it goes no way round it."""

_CALL = regex(
    r"\bqualitywatch\b\s+(?:gate|hook|check|watch|start|history|scan)\b"
    r"|\b(?:uses|repo|image)\s*:\s*\S*qualitywatch|\bid\s*:\s*['\"]?qualitywatch"
    r"|-m\s+qualitywatch\b|\bhook\s+git\s+pre-(?:commit|push|receive)\b",
    re.IGNORECASE,
)
_COMMENTED = regex(r"^\s*(?:#|//|--|;|<!--|REM\b)", re.IGNORECASE)
_MUTED = regex(
    r"\|\|\s*(?:true|:|exit\s+0|echo\b)|;\s*(?:true|exit\s+0)\s*['\"]?\s*$"
    r"|--accept-new-suppressions|--fail-on[ =]critical|--exit-zero"
)
_MUTED_STEP = regex(
    r"^\s*(?:-\s*)?(?:continue-on-error\s*:\s*true|allow_failure\s*:\s*true"
    r"|continueOnError\s*:\s*true|if\s*:\s*['\"]?(?:\$\{\{\s*)?false"
    r"|when\s*:\s*manual|stages\s*:\s*\[\s*manual)",
    re.IGNORECASE,
)
_BUILDS = regex(
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
        regex(r"\bSKIP=['\"]?[\w,-]*qualitywatch"),
    ),
    (
        "sends git's hooks to nowhere",
        Confidence.LIKELY,
        regex(r"core\.hooksPath['\",=\s]+(?:/dev/null|NUL|''|\"\"|/tmp\b|none)", re.I),
    ),
    (
        "takes the hooks away",
        Confidence.LIKELY,
        regex(
            r"\b(?:rm|del|unlink|mv|chmod\s+(?:-x|[ugoa]*-x|0?[0-6]{3}))\s[^|;&]*"
            r"(?:\.git/hooks\b|\.husky\b|\.qualitywatch\b|\bqualitywatch\.toml)"
        ),
    ),
    (
        "takes this guard's hooks away",
        Confidence.LIKELY,
        regex(r"\bqualitywatch\s+(?:hooks\s+uninstall|stop|release|dismiss)\b"),
    ),
    (
        "stops this guard",
        Confidence.LIKELY,
        regex(r"\b(?:pkill|killall|taskkill)\b[^|;&]*\bqualitywatch"),
    ),
    (
        "commits or pushes past the hooks",
        Confidence.POSSIBLE,
        regex(
            r"\b(?:git|commit|push|merge)\b.*--no-verify\b"
            r"|\bgit\b(?:\s+-[cC]\s+\S+)*\s+commit\s+(?:-[a-zA-Z-]+\s+)*-[a-mo-z]*n[a-z]*\b"
        ),
    ),
    (
        "moves git's hooks",
        Confidence.POSSIBLE,
        regex(r"\bgit\b.*\bconfig\b.*core\.hooksPath|core\.hooksPath=", re.I),
    ),
    (
        "switches the hooks off",
        Confidence.POSSIBLE,
        regex(r"\bHUSKY(?:_SKIP_HOOKS)?=['\"]?[01]\b|\bHUSKY\s*:\s*['\"]?0"),
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

_MACRO = "[attr]"
_UNJUDGED = regex(r"linguist-(?:generated|vendored)(?:=(?:true|set))?")
_UNREAD = regex(r"linguist-documentation(?:=(?:true|set))?|binary|-diff|-text")
_QUOTED = regex(r'"((?:[^"\\]|\\.)*)"(?:\s+(.*))?')
_OCTAL = regex(r"\\([0-3][0-7]{2})")
_ANY_NAME = "qzvx"  # that no pattern means, unless it means them all
_EVERYTHING = frozenset({"*", "**", "**/*", "*.*", "/", ".", "./"})
_SOURCE_FOLDERS = frozenset({"src", "app", "source", "sources", "packages", "internal"})
_OWN = regex(r"^/?(?:qualitywatch\.toml|\.qualitywatch(?:/rules(?:/.*)?)?/?)$")


class Macros(Noun):
    """Attributes that stand for others, by what those hide code from."""

    unjudged: frozenset[str]  # this guard
    unread: frozenset[str]  # readers


def macros(lines: Iterable[str]) -> Macros:
    """The `[attr]` lines of a `.gitattributes`, each with all that it stands for."""
    users: dict[str, list[str]] = {}
    for line in lines:
        if line.lstrip().startswith(_MACRO):
            pattern, attributes = _attributes(line)
            for each in attributes:
                users.setdefault(each, []).append(pattern.removeprefix(_MACRO))
    return Macros(
        unjudged=_reached(users, [each for each in users if _UNJUDGED.fullmatch(each)]),
        unread=_reached(users, [each for each in users if _UNREAD.fullmatch(each)]),
    )


def _reached(users: dict[str, list[str]], start: list[str]) -> frozenset[str]:
    found: set[str] = set()
    waiting = list(start)
    while waiting:
        new = [each for each in users.get(waiting.pop(), ()) if each not in found]
        found.update(new)
        waiting += new
    return frozenset(found)


def hides_source(
    line: str, suffixes: frozenset[str], known: Macros
) -> Confidence | None:
    """How surely a line of `.gitattributes` hides source code from readers, or us."""
    pattern, attributes = _attributes(line)
    is_unjudged = any(
        each in known.unjudged or _UNJUDGED.fullmatch(each) for each in attributes
    )
    is_unread = any(
        each in known.unread or _UNREAD.fullmatch(each) for each in attributes
    )
    if pattern.startswith("#") or not (is_unjudged or is_unread):
        return None
    if pattern.startswith(_MACRO):  # lines that stood there may use it already
        return Confidence.LIKELY if is_unjudged else Confidence.POSSIBLE
    covers = _covers(pattern, suffixes)
    return Confidence.LIKELY if covers and is_unjudged else covers


def _attributes(line: str) -> tuple[str, list[str]]:
    """The pattern of a line, which may be quoted as in C, and what it says."""
    quoted = _QUOTED.fullmatch(line.strip()[:MAX_LINE])
    if quoted is None:
        pattern, *attributes = line.split() or [""]
        return pattern, attributes
    pattern = _OCTAL.sub(lambda found: chr(int(found[1], 8)), quoted[1])
    return pattern, (quoted[2] or "").split()


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
    if is_suffix and parts and _is_of_language(parts[-1], suffixes):
        return Confidence.POSSIBLE
    return None


def _is_of_language(pattern: str, suffixes: frozenset[str]) -> bool:
    """True for what any file of a language is called, `*.py` or `*.p[y]`."""
    if pattern.removeprefix("*") in suffixes:
        return True
    is_open = "*" in pattern or "?" in pattern or "[" in pattern
    return (is_open and len(pattern) <= MAX_PATTERN) and any(
        fnmatchcase(f"{_ANY_NAME}{suffix}", pattern) for suffix in suffixes
    )


def _is_open(parts: tuple[str, ...], suffixes: frozenset[str]) -> bool:
    """True for what stands below a folder if it is everything, or all of a language."""
    return all(
        part in _EVERYTHING or part.removeprefix("*") in suffixes for part in parts
    )
