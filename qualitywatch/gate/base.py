"""What a range of commits is compared with: named, or found where this runs.

What the CI system says (`pipelines`) is tried in the order in which it can be trusted.
A base that is missing because the clone is shallow is an error with the line that mends
it, and so is a range with nothing in it: a build that judged nothing must not be green.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from qualitywatch.errors import UserError
from qualitywatch.git import Repository
from qualitywatch.model import Noun

if TYPE_CHECKING:
    from qualitywatch.gate.pipelines import Candidate, Pipeline

MAX_EVENT_BYTES = 32 * 1024 * 1024  # GitHub sends less than 25 MB
_NO_CI = ("", "false", "0")  # of `CI`; some systems write their name into it
_UNSHALLOW = "`git fetch --unshallow`"
_BY_HAND = "name the commit to compare with: qualitywatch gate --base REV"

Environment = Mapping[str, str]


class Base(Noun):
    """The commit that a range is compared with, and on what grounds."""

    rev: str | None  # its id; none where everything is new
    grounds: str
    known: tuple[str, ...] = ()  # commits whose work was only merged (`between`)
    also: Base | None = None  # judged as well: what a forced push has replaced


def named_base(
    environment: Environment, repository: Repository, name: str, head: str
) -> Base:
    """Where *head* (an id) left *name*, which a person gave."""
    try:
        wanted = repository.rev_parse(name)
    except UserError as error:
        if repository.is_shallow():
            raise _too_shallow(error.problem, environment) from error
        raise
    found = _met(repository, wanted, head, f"where it left {name}")
    if found is not None and found.rev == head and _is_ci(environment):
        problem = f"nothing is new: {name} holds {head[:12]} already"
        raise UserError(problem, hint="name an older one with --base")
    if found is None:
        problem = f"{name} and {head[:12]} have no commit in common"
        if repository.is_shallow():
            raise _too_shallow(problem, environment)
        raise UserError(problem, hint="name another one with --base")
    return found


def usual_base(
    environment: Environment, repository: Repository, head: str = "HEAD"
) -> Base:
    """The base of this build, or of what is not pushed yet; `UserError` if none is."""
    newest = repository.rev_parse(head)
    build = _build(environment, _event(environment))
    if build is None:
        return _local(environment, repository, newest)
    base = _merged(repository, build, newest) or _first(repository, build, newest)
    if base is None and not build.request and not repository.is_shallow():
        base = _last_step(repository, build, newest)
    if base is None:
        raise _not_found(repository, build, environment)
    also = base.also and f", and what it was before, {f'{base.also.rev}'[:12]}"
    grounds = f"{base.grounds}{also or ''} ({build.system})"
    return msgspec.structs.replace(base, grounds=grounds)


# Outside CI


def _local(environment: Environment, repository: Repository, head: str) -> Base:
    for name in ("@{upstream}", "refs/remotes/origin/HEAD"):
        upstream = repository.find_commit(name)
        if upstream is not None:
            shown = "the upstream branch" if name.startswith("@") else "origin/HEAD"
            found = _met(repository, upstream, head, f"where it left {shown}")
            if found is not None:
                return _not_nothing(found, head, environment)
    problem = "there is no upstream branch to compare with"
    if repository.is_shallow():
        raise _too_shallow(problem, environment)
    raise UserError(problem, hint=_BY_HAND)


def _is_ci(environment: Environment) -> bool:
    is_told = environment.get("CI", "").lower() not in _NO_CI
    return is_told or _build(environment, None) is not None


def _not_nothing(base: Base, head: str, environment: Environment) -> Base:
    """In a CI system that we do not know, nothing new means that the base is wrong."""
    if base.rev == head and _is_ci(environment):
        raise UserError(
            "nothing lies between HEAD and its upstream branch, and this CI system "
            "is not one of those that we know",
            hint=_BY_HAND,
        )
    return base


# In CI


def _merged(repository: Repository, build: Pipeline, head: str) -> Base | None:
    """The other parent, where *head* is the trial merge of what is proposed."""
    if not build.proposed or build.proposed == head:
        return None
    parents = repository.parents(head)
    others = [id for id in parents if not id.startswith(build.proposed)]
    if len(parents) != 2 or len(others) != 1:
        return None
    grounds = f"the target branch of {build.request}, which HEAD is merged with"
    return Base(rev=others[0], grounds=grounds)


def _first(repository: Repository, build: Pipeline, head: str) -> Base | None:
    """The first candidate that is here, and with which there is anything to judge."""
    for candidate in build.candidates:
        if candidate.is_before and not _may_be_base(repository, build, candidate):
            continue
        found = _commit(repository, candidate)
        if found is None or found == head:
            continue
        base = _compared(repository, build, candidate, found, head)
        if base is not None and base.rev != head:
            return base
    return None


def _may_be_base(repository: Repository, build: Pipeline, before: Candidate) -> bool:
    """False where the default branch is better, and only missing here."""
    if build.candidates[0] == before:
        return True
    defaults = [each for each in build.candidates if not each.is_before]
    is_here = any(_commit(repository, each) is not None for each in defaults)
    return is_here and not repository.is_shallow()


def _compared(
    repository: Repository,
    build: Pipeline,
    candidate: Candidate,
    found: str,
    head: str,
) -> Base | None:
    if candidate.is_before:
        return _stood(repository, build, candidate, found, head)
    base = _met(repository, found, head, candidate.grounds)
    if base is None:
        return None
    replaced = _replaced(repository, build, head)
    return msgspec.structs.replace(base, also=replaced)


def _replaced(repository: Repository, build: Pipeline, head: str) -> Base | None:
    """What a forced push has taken away; `None` where it only added."""
    for candidate in build.candidates:
        found = _commit(repository, candidate) if candidate.is_before else None
        if found is not None and repository.merge_base(found, head) != found:
            return _stood(repository, build, candidate, found, head)
    return None


def _stood(
    repository: Repository,
    build: Pipeline,
    candidate: Candidate,
    found: str,
    head: str,
) -> Base:
    # A branch that was pushed anew has lost what it had: that is compared, not the
    # place where the two parted.
    known = _merged_since(repository, build, found, head)
    return Base(rev=found, grounds=candidate.grounds, known=known)


def _merged_since(
    repository: Repository, build: Pipeline, before: str, head: str
) -> tuple[str, ...]:
    """Commits of the default branch that came into another one since *before*."""
    for candidate in build.candidates:
        default = None if candidate.is_before else _commit(repository, candidate)
        if default is None or repository.merge_base(default, head) == head:
            continue
        met = repository.outgoing(head, [before, default]).boundary
        return tuple(id for id in repository.independent(met) if id != before)
    return ()


def _last_step(repository: Repository, build: Pipeline, head: str) -> Base | None:
    """For a tag or a branch on what the default branch has, which judged it there.

    On the default branch itself the last step may hide others: nobody guesses.
    """
    parents = repository.parents(head)
    if build.is_new and not parents:
        return Base(rev=None, grounds="HEAD is the first commit")
    found = {each: _commit(repository, each) for each in build.candidates}
    if any(each.is_before and commit is None for each, commit in found.items()):
        return None  # it was pushed anew, and what it had is not here
    defaults = [commit for each, commit in found.items() if not each.is_before]
    is_inside = any(
        default is not None and repository.merge_base(default, head) == head
        for default in defaults
    )
    if not build.is_elsewhere or not is_inside or not parents:
        return None
    grounds = "the first parent of HEAD, which the default branch has already"
    return Base(rev=parents[0], grounds=grounds)


def _commit(repository: Repository, candidate: Candidate) -> str | None:
    if candidate.id:
        is_whole = len(candidate.id) >= 40
        find = repository.find_commit if is_whole else repository.with_prefix
        return find(candidate.id)
    return repository.find_commit(f"refs/remotes/origin/{candidate.branch or 'HEAD'}")


def _met(repository: Repository, other: str, head: str, grounds: str) -> Base | None:
    bases = repository.merge_bases(other, head)
    if not bases:
        return None
    several = f", the first of {len(bases)} merge bases" if len(bases) > 1 else ""
    # The others count as merged: what they have, and the first has not, can be lost.
    return Base(rev=bases[0], grounds=f"{grounds}{several}", known=tuple(bases[1:]))


# What the system says


def _build(environment: Environment, event: object) -> Pipeline | None:
    from qualitywatch.gate.pipelines import pipeline  # who names a base needs no table

    return pipeline(environment, event)


def _event(environment: Environment) -> object:
    """What GitHub writes about the event; `None` where nothing is written."""
    path = environment.get("GITHUB_EVENT_PATH", "")
    if not path or environment.get("GITHUB_ACTIONS", "").lower() != "true":
        return None
    try:
        with Path(path).open("rb") as file:
            return msgspec.json.decode(file.read(MAX_EVENT_BYTES))
    except OSError as error:
        raise UserError(
            f"the event can not be read: {error.strerror}", place=path, hint=_BY_HAND
        ) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UserError("the event is no JSON", place=path, hint=_BY_HAND) from error


# Refusals


def _not_found(
    repository: Repository, build: Pipeline, environment: Environment
) -> UserError:
    what = build.request or "this push"
    problem = f"no commit is here that {what} could be compared with ({build.system})"
    if repository.is_shallow():
        return _too_shallow(problem, environment)
    missing = [
        each.id or f"+refs/heads/{each.branch}:refs/remotes/origin/{each.branch}"
        for each in _needed(repository, build)
        if (each.id or each.branch) and _commit(repository, each) is None
    ]
    if not missing and not build.request:
        problem = f"nobody says what stood here before this push ({build.system})"
        return UserError(problem, hint=f"judge the pull request, or {_BY_HAND}")
    if not missing:
        problem = f"nothing is new in {what}: its commits are in the base already"
        return UserError(f"{problem} ({build.system})", hint=_BY_HAND)
    import shlex  # who finds a base pays for none of it

    fetch = f"`git fetch origin {shlex.quote(missing[0])}`"
    return UserError(problem, hint=f"{fetch}, or {_BY_HAND}")


def _needed(repository: Repository, build: Pipeline) -> tuple[Candidate, ...]:
    """Of a push one default branch is enough, by whatever name."""
    before = tuple(each for each in build.candidates if each.is_before)
    defaults = set(build.candidates) - set(before)
    is_here = any(_commit(repository, each) is not None for each in defaults)
    return before if is_here and not build.request else build.candidates


def _too_shallow(problem: str, environment: Environment) -> UserError:
    build = _build(environment, None)
    deepen = build.deepen if build else _UNSHALLOW
    return UserError(
        problem, hint=f"the clone is shallow: fetch the whole history: {deepen}"
    )
