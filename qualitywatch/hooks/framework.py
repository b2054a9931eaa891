"""What the pre-commit framework tells its hooks, put as git would tell them.

It hides git's own arguments and lines and exports variables instead
(https://pre-commit.com/#pre-push). Where it exports none it was run by hand.
"""

from __future__ import annotations

from collections.abc import Mapping

from qualitywatch.git import Repository

_NONE = "0" * 40
_FROM, _TO = "PRE_COMMIT_FROM_REF", "PRE_COMMIT_TO_REF"
_LOCAL, _REMOTE = "PRE_COMMIT_LOCAL_BRANCH", "PRE_COMMIT_REMOTE_BRANCH"


def gate_arguments(environment: Mapping[str, str]) -> list[list[str]]:
    """What `gate` is asked, each time: about what is staged, and a range if one is set.

    In `run --from-ref A --to-ref B` nothing is staged, so that everything would pass.
    At a commit somebody may have set both to hide what is.
    """
    older, newer = environment.get(_FROM), environment.get(_TO)
    if older and newer:
        return [["--staged"], [f"--base={older}", f"--head={newer}"]]
    return [["--staged"]]


def pushed(environment: Mapping[str, str], repository: Repository) -> str:
    """The line that git wrote for the one pushed ref that the framework looks at.

    Where the first commit of all is pushed it names no commits, only the branch.
    """
    branch = environment.get(_LOCAL) or "HEAD"
    head = repository.rev_parse(environment.get(_TO) or branch)
    old = repository.find_commit(environment.get(_FROM) or "") or _NONE
    return f"{branch} {head} {environment.get(_REMOTE) or branch} {old}\n"
