"""Which commits a CI system says a build is about: its variables, made into values.

One function a system, and one row in the table. Nothing is believed as it stands: a
value from the environment or from the event's file is an id, the name of a branch, or
an error.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import msgspec

from qualitywatch.errors import UserError
from qualitywatch.model import Noun
from qualitywatch.regex import regex

Environment = Mapping[str, str]

_ID = regex(r"[0-9a-f]{7,64}")
_NUMBER = regex(r"[0-9]{1,18}")
_NO_BRANCH = regex(
    r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|/\.|\.lock(/|$)|^[-./]|[./]$|^@$"
)
_HEADS = "refs/heads/"
_UNSHALLOW = "`git fetch --unshallow`"


class Candidate(Noun):
    """A commit to compare with, as the CI system names it, and why that one."""

    grounds: str
    id: str = ""  # or else
    branch: str = ""  # as `origin` has it; empty: the one that `origin` calls default
    is_before: bool = False  # where the same branch stood, not what it was made from


class Pipeline(Noun):
    """What a build is about."""

    system: str
    request: str = ""  # "pull request 12"; empty: a push
    proposed: str = ""  # its newest commit, where HEAD may be a trial merge of it
    candidates: tuple[Candidate, ...] = ()  # best first
    is_new: bool = False  # nothing stood there before, says the system
    is_elsewhere: bool = False  # not on the default branch, says the system
    deepen: str = _UNSHALLOW  # how to get the whole history there


def pipeline(environment: Environment, event: object = None) -> Pipeline | None:
    """The build that *environment* tells of; `None` outside CI.

    *event* is what GitHub's file about the event holds.
    """
    for (name, value), read in _SYSTEMS.items():
        said = environment.get(name, "")
        if said and (not value or said.lower() == value):
            return read(environment, event)
    return None


# One function a system


def _github(environment: Environment, event: object) -> Pipeline:
    said = _Said(event)
    number = said.number("pull_request", "number") or said.number("number")
    base = said.id("pull_request", "base", "sha")
    target = _branch(environment, "GITHUB_BASE_REF")
    queue = said.id("merge_group", "base_sha")
    build = Pipeline(
        system="GitHub Actions",
        deepen="`fetch-depth: 0` below `with:` of actions/checkout",
    )
    if queue:
        grounds = "what the merge queue builds on"
        return _with(build, request="merge group", candidates=[_at(queue, grounds)])
    if base or target:
        request = f"pull request {number}".rstrip()
        grounds = f"the target branch of {request}"
        return _with(
            build,
            request=request,
            proposed=said.id("pull_request", "head", "sha"),
            candidates=[_at(base, grounds), _on(target, grounds)],
        )
    default = said.branch("repository", "default_branch")
    built = environment.get("GITHUB_REF", "")  # a tag may have the name of a branch
    on_default = _same(built, f"{_HEADS}{default}" if default else "")
    return _push(build, said.id("before"), default, on_default, said.none("before"))


def _gitlab(environment: Environment, _event: object) -> Pipeline:
    build = Pipeline(system="GitLab CI", deepen="`GIT_DEPTH: 0` below `variables:`")
    target = _branch(environment, "CI_MERGE_REQUEST_TARGET_BRANCH_NAME")
    merged = _id(environment, "CI_MERGE_REQUEST_TARGET_BRANCH_SHA")
    parted = _id(environment, "CI_MERGE_REQUEST_DIFF_BASE_SHA")
    if target or merged or parted:
        request = _numbered("merge request", environment, "CI_MERGE_REQUEST_IID")
        grounds = f"the target branch of {request}"
        # The last one may be stale: the request may have got another target since.
        candidates = [_at(merged, grounds), _on(target, grounds), _at(parted, grounds)]
        proposed = _id(environment, "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA")
        return _with(build, request=request, proposed=proposed, candidates=candidates)
    default = _branch(environment, "CI_DEFAULT_BRANCH")
    on_default = _same(environment.get("CI_COMMIT_BRANCH", ""), default)
    if environment.get("CI_COMMIT_TAG"):
        on_default = False
    before = _id(environment, "CI_COMMIT_BEFORE_SHA")
    is_new = _is_none(environment.get("CI_COMMIT_BEFORE_SHA", ""))
    return _push(build, before, default, on_default, is_new)


def _jenkins(environment: Environment, _event: object) -> Pipeline:
    build = Pipeline(system="Jenkins")
    target = _branch(environment, "CHANGE_TARGET")
    if target:
        request = _numbered("change", environment, "CHANGE_ID")
        grounds = f"the target branch of {request}"
        return _with(build, request=request, candidates=[_on(target, grounds)])
    # Not GIT_PREVIOUS_COMMIT: after a build that failed it would hide the reason.
    good = _id(environment, "GIT_PREVIOUS_SUCCESSFUL_COMMIT")
    grounds = "the last successful build"  # and judged, so it may come first
    judged = _at(good, grounds, is_before=True)
    return _with(build, candidates=[judged, *_defaults()])


def _azure(environment: Environment, _event: object) -> Pipeline:
    build = Pipeline(
        system="Azure Pipelines", deepen="`fetchDepth: 0` below `- checkout: self`"
    )
    target = _branch(environment, "SYSTEM_PULLREQUEST_TARGETBRANCH")
    if target:
        number = "SYSTEM_PULLREQUEST_PULLREQUESTID"
        request = _numbered("pull request", environment, number)
        grounds = f"the target branch of {request}"
        proposed = _id(environment, "SYSTEM_PULLREQUEST_SOURCECOMMITID")
        candidates = [_on(target, grounds)]
        return _with(build, request=request, proposed=proposed, candidates=candidates)
    return _push(build, "", "")


def _bitbucket(environment: Environment, _event: object) -> Pipeline:
    build = Pipeline(system="Bitbucket Pipelines", deepen="`clone: depth: full`")
    target = _branch(environment, "BITBUCKET_PR_DESTINATION_BRANCH")
    commit = _id(environment, "BITBUCKET_PR_DESTINATION_COMMIT")
    if target or commit:
        request = _numbered("pull request", environment, "BITBUCKET_PR_ID")
        grounds = f"the target branch of {request}"
        candidates = [_at(commit, grounds), _on(target, grounds)]
        proposed = _id(environment, "BITBUCKET_COMMIT")
        return _with(build, request=request, proposed=proposed, candidates=candidates)
    return _push(build, "", "")


def _buildkite(environment: Environment, _event: object) -> Pipeline:
    build = Pipeline(system="Buildkite")
    number = environment.get("BUILDKITE_PULL_REQUEST", "false")
    if number not in ("", "false"):
        request = _numbered("pull request", environment, "BUILDKITE_PULL_REQUEST")
        grounds = f"the target branch of {request}"
        target = _branch(environment, "BUILDKITE_PULL_REQUEST_BASE_BRANCH")
        return _with(build, request=request, candidates=[_on(target, grounds)])
    default = _branch(environment, "BUILDKITE_PIPELINE_DEFAULT_BRANCH")
    on_default = _same(environment.get("BUILDKITE_BRANCH", ""), default)
    if environment.get("BUILDKITE_TAG"):
        on_default = False
    return _push(build, "", default, on_default)


_SYSTEMS: Mapping[tuple[str, str], Callable[[Environment, object], Pipeline]]
_SYSTEMS = MappingProxyType(
    {
        ("GITHUB_ACTIONS", "true"): _github,
        ("GITLAB_CI", "true"): _gitlab,
        ("JENKINS_URL", ""): _jenkins,
        ("TF_BUILD", "true"): _azure,
        ("BITBUCKET_BUILD_NUMBER", ""): _bitbucket,
        ("BUILDKITE", "true"): _buildkite,
    }
)
"""The variable that shows a system, and its value; any if empty."""


# Candidates


def _push(
    build: Pipeline,
    before: str,
    default: str,
    on_default: bool | None = None,  # `None`: nobody says
    is_new: bool = False,
) -> Pipeline:
    """A push: on the default branch where it stood, else where it left that one.

    Elsewhere the push before may have dropped what this one does not speak of.
    """
    stood = _at(before, "what was pushed before", is_before=True)
    defaults = _defaults(default)
    candidates = [stood, *defaults] if on_default else [*defaults, stood]
    return msgspec.structs.replace(
        _with(build, candidates=candidates),
        is_new=is_new,
        is_elsewhere=on_default is False,
    )


def _same(built: str, default: str) -> bool | None:
    """True where the default branch is built; `None` where one of them is unknown."""
    return built == default if built and default else None


def _defaults(name: str = "") -> list[Candidate | None]:
    """The default branch as *name* or as `origin` says; else by its usual names."""
    grounds = "the default branch"
    if name:
        return [_on(name, grounds)]
    usual = [_on(usual, grounds) for usual in ("main", "master")]
    return [Candidate(grounds=grounds), *usual]


def _at(id: str, grounds: str, *, is_before: bool = False) -> Candidate | None:
    return Candidate(id=id, grounds=grounds, is_before=is_before) if id else None


def _on(branch: str, grounds: str) -> Candidate | None:
    return Candidate(branch=branch, grounds=grounds) if branch else None


def _with(
    build: Pipeline,
    *,
    candidates: list[Candidate | None],
    request: str = "",
    proposed: str = "",
) -> Pipeline:
    return Pipeline(
        system=build.system,
        deepen=build.deepen,
        request=request,
        proposed=proposed,
        candidates=tuple(each for each in candidates if each is not None),
    )


# Values


class _Said:
    """What the file about the event holds, of whatever shape it is."""

    def __init__(self, event: object) -> None:
        self._event = event

    def id(self, *path: str) -> str:
        """The id of a commit; empty where there is none."""
        return _checked_id(self._at(path), ".".join(path))

    def none(self, *path: str) -> bool:
        """True where zeros say that there is no such commit."""
        return _is_none(self._at(path))

    def branch(self, *path: str) -> str:
        """The name of a branch; empty where there is none."""
        return _checked_branch(self._at(path), ".".join(path))

    def number(self, *path: str) -> str:
        """A number as it is written; empty where there is none."""
        found = self._at(path)
        return found if _NUMBER.fullmatch(found) else ""

    def _at(self, path: tuple[str, ...]) -> str:
        found: Any = self._event
        for name in path:
            found = found.get(name) if isinstance(found, dict) else None
        return str(found) if isinstance(found, str | int) else ""


def _numbered(what: str, environment: Environment, name: str) -> str:
    number = environment.get(name, "")
    return f"{what} {number}" if _NUMBER.fullmatch(number) else what


def _id(environment: Environment, name: str) -> str:
    return _checked_id(environment.get(name, ""), name)


def _branch(environment: Environment, name: str) -> str:
    return _checked_branch(environment.get(name, ""), name)


def _is_none(value: str) -> bool:
    return bool(value) and not value.strip("0")


def _checked_id(value: str, place: str) -> str:
    if not value.strip("0"):  # zeros mean that there is none
        return ""
    if not _ID.fullmatch(value):
        raise UserError(
            f"{value[:80]!r} is no id of a commit",
            place=place,
            hint="name the commit to compare with: qualitywatch gate --base REV",
        )
    return value


def _checked_branch(value: str, place: str) -> str:
    name = value.removeprefix(_HEADS)
    if name and (len(name) > 1000 or _NO_BRANCH.search(name)):
        raise UserError(
            f"{value[:80]!r} is no name of a branch",
            place=place,
            hint="name the commit to compare with: qualitywatch gate --base REV",
        )
    return name
