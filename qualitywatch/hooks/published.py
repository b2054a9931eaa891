"""What counts as published when something is pushed.

The refs of `refs/remotes` are this machine's own notes about the remote, and anybody
here can write them. So none of them makes the pushed commit itself known, and none of
them stands for work that the pushed branch is built on.
"""

from __future__ import annotations

from collections.abc import Sequence

from qualitywatch.git import Range, Repository

_REMOTES = "refs/remotes/"
_HEADS = "refs/heads/"
_USUAL = ("main", "master")


def outgoing(
    repository: Repository, head: str, remote: str, *, old: str | None, ref: str
) -> Range:
    """What *remote* lacks of *head*, which becomes its *ref*, until now *old*."""
    known = [old] if old else []
    for name in _disbelieved(repository, head, remote, old, ref):
        known.append(f"--exclude={name.removeprefix(_REMOTES)}")
    return repository.outgoing(head, [*known, repository.published_at(remote)])


def merged_from(
    repository: Repository, head: str, old: str | None, met: Sequence[str]
) -> list[str]:
    """Those of *met* whose work was merged, not what the branch itself went through."""
    others = [commit for commit in met if commit not in (old, head)]
    if not old or not others or repository.merge_base(old, head) != old:
        return others
    own = {each.id for each in repository.commits("--first-parent", head, f"^{old}")}
    return [commit for commit in others if commit not in own]


def _disbelieved(
    repository: Repository, head: str, remote: str, old: str | None, ref: str
) -> list[str]:
    """The refs that say that *head* is published already.

    A new branch on the default branch brings nothing, so that one is believed, unless
    it is what is pushed: the remote has just said that it has none.
    """
    if ref.startswith("refs/tags/"):  # it takes code from nobody
        return []
    at_head = repository.tracking(head)
    if old:
        return list(at_head)
    # Of any remote: where nothing was fetched from this one, what all have counts.
    usual = {name for name in at_head if name.split("/", 3)[-1] in _USUAL}
    defaults = usual | set(at_head.values())
    defaults -= {f"{_REMOTES}{remote}/{ref.removeprefix(_HEADS)}"}
    return [
        name for name, target in at_head.items() if (target or name) not in defaults
    ]
