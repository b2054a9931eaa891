"""Which changes are judged: a range of commits, the index, or the work tree.

Both sides of a range, and of the index, are compared as git stores them; files of the
work tree with what a checkout would have written.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path

import msgspec

from qualitywatch.errors import MachineError, UserError
from qualitywatch.gate import merging, own_files
from qualitywatch.gate.lazily import Lazily
from qualitywatch.gate.merging import Contested
from qualitywatch.gate.tree import Tree, read_file
from qualitywatch.git import PathChange, Repository, merged
from qualitywatch.model import Change, ChangeType, Noun, Skipped
from qualitywatch.reports.safe import encodable


class ChangeSet(Noun):
    """Changes that are judged together, and between which commits they lie."""

    base: str | None
    head: str | None
    changes: Sequence[Change]  # most are read from git when somebody gets to them
    tree: Tree  # all files as they are after the changes
    skipped: tuple[Skipped, ...] = ()


def between(
    repository: Repository,
    base: str | None,
    head: str,
    *,
    known: Iterable[str] = (),
    fully: bool = True,
    limit: int,
) -> ChangeSet:
    """The net changes from *base* (`None`: nothing) to *head*.

    A file that is the same in one of the commits *known* was only merged from there.
    *fully* also judges where one side's work was left out for the other's (`merging`):
    three more calls of git for each of *known*.
    *limit* is how much of a file is read: of a longer one enough to refuse it.
    """

    def against(other: str) -> list[PathChange]:
        return repository.changed(other, head)

    sides = merging.sides(repository, base, known, against, fully=fully)
    found = repository.changed(base, head)
    rows = merging.judged_rows(found, sides)
    read = _FromGit(repository, limit)
    tree = Tree(repository, rev=head, limit=limit)
    also = [read.resolved(each) for each in merging.contested(found, sides)]
    return _change_set(repository, base, head, rows, read, tree, also)


def joined(first: ChangeSet, second: ChangeSet) -> ChangeSet:
    """*first*, and what only *second* holds: changes since another base."""
    also = tuple(each for each in second.changes if each not in first.changes)
    told = {each.path for each in first.skipped}
    skipped = tuple(each for each in second.skipped if each.path not in told)
    return msgspec.structs.replace(
        first, changes=(*first.changes, *also), skipped=first.skipped + skipped
    )


def staged(repository: Repository, *, limit: int) -> ChangeSet:
    """What the next commit would change."""
    _checkout(repository)
    base, others = repository.head(), repository.merging()
    sides = merging.sides(repository, base, others, repository.staged, fully=True)
    found = repository.staged(base)
    rows = merging.judged_rows(found, sides)
    read = _FromGit(repository, limit)
    tree = Tree(repository, staged=True, limit=limit)
    also = [read.resolved(each) for each in merging.contested(found, sides)]
    return _change_set(repository, base, None, rows, read, tree, also)


def worktree(repository: Repository, *, limit: int) -> ChangeSet:
    """How the files as they are now differ from `HEAD`."""
    read = _FromDisk(repository, _checkout(repository), limit)
    rows = repository.worktree_changes()
    tree = Tree(repository, limit=limit)
    return _change_set(repository, repository.head(), None, rows, read, tree)


def _checkout(repository: Repository) -> Path:
    if repository.root is None:
        raise UserError(
            "a bare repository has no work tree and no index",
            place=str(repository.git_dir),
            hint="judge a range of commits: qualitywatch gate --base REV --head REV",
        )
    return repository.root


def _change_set(
    repository: Repository,
    base: str | None,
    head: str | None,
    rows: Sequence[PathChange],
    read: _FromGit | _FromDisk,
    tree: Tree,
    also: Sequence[Change] = (),
) -> ChangeSet:
    rows = [part for row in rows for part in _in_sight(row)]
    marked = repository.attributes(base, [row.path for row in rows])
    reasons = {row.path: _not_judged(row, marked) for row in rows}
    judged = [row for row in rows if not reasons[row.path]]
    changes = _differing(judged, read)
    if also:
        paths = {encodable(row.path) for row in judged}
        resolved = [c for c in also if c.path in paths and not _is_same(c, read.limit)]
        changes = (*changes, *resolved)
    return ChangeSet(
        base=base,
        head=head,
        changes=changes,
        tree=tree,
        skipped=tuple(
            Skipped(path=encodable(path), reason=reason)
            for path, reason in reasons.items()
            if reason
        ),
    )


def _differing(
    rows: Sequence[PathChange], read: _FromGit | _FromDisk
) -> Sequence[Change]:
    """The changes of *rows* but those that change nothing; most are yet to be read."""
    changes = Lazily(partial(_checked, read=read), rows)
    told = [
        at
        for at, row in enumerate(rows)
        if _is_told_apart(row) or not _is_same(changes[at], read.proof)
    ]
    return Lazily(changes.__getitem__, told)


def _in_sight(row: PathChange) -> tuple[PathChange, ...]:
    """The row; code renamed to what nobody judges was deleted, and that is new."""
    old = row.old_path
    if old is None:
        return (row,)
    from qualitywatch.analysis.sources.skipping import skip_reason  # with the parsers

    if skip_reason(old, None) or not skip_reason(row.path, None):
        return (row,)
    gone = msgspec.structs.replace(
        row, path=old, old_path=None, change_type=ChangeType.DELETE, after_id=None
    )
    new = msgspec.structs.replace(
        row, old_path=None, change_type=ChangeType.INSERT, before_id=None
    )
    return (gone, new)


def _not_judged(row: PathChange, marked: dict[str, str]) -> str | None:
    if row.is_submodule and not row.became_submodule:
        return "submodule"
    if row.is_link and not row.became_link and not _is_link_of_ours(row):
        return "symbolic link"
    if row.path in marked:
        return f"{marked[row.path]}, says .gitattributes of the base"
    return None


def _is_link_of_ours(row: PathChange) -> bool:
    """True where settings or a rule would be read from what is only a name."""
    return row.change_type is not ChangeType.DELETE and own_files.is_ours(row.path)


def _checked(row: PathChange, read: _FromGit | _FromDisk) -> Change:
    """The change, with a problem where it hides the file or breaks one of ours."""
    if row.became_link:
        return _unread(row, "is a symbolic link now")
    if _is_link_of_ours(row) and row.is_link:
        return _unread(row, "is a symbolic link")
    if row.became_submodule:
        return _unread(row, "is a submodule now")
    change = read.change(row)
    fault = own_files.fault(change.path, change.after)
    return change if fault is None else _unread(row, fault)


def _is_told_apart(row: PathChange) -> bool:
    """True where git tells that the content differs; files on disk have no ids."""
    return row.after_id not in (None, row.before_id)


def _is_same(change: Change, proof: float) -> bool:
    """A new mode, a touched file: the content is what it was.

    Of *proof* bytes and more nobody knows that: they were cut, and may go on otherwise.
    """
    return (
        change.problem is None
        and change.old_path is None
        and change.before == change.after
        and len(change.after or b"") < proof
    )


class _FromGit:
    """Both sides as git stores them."""

    proof = math.inf  # what has one id is the same to its end

    def __init__(self, repository: Repository, limit: int) -> None:
        self._repository = repository
        self.limit = limit

    def change(self, row: PathChange) -> Change:
        """The change of one path, or the problem that kept us from reading it."""
        if row.is_unmerged:
            return _unread(row, "the merge conflict is not resolved")
        try:
            return _change(
                row, before=self._blob(row.before_id), after=self._blob(row.after_id)
            )
        except MachineError as error:
            return _unread(row, str(error))

    def resolved(self, found: Contested) -> Change:
        """From what git would have made of both sides to what was made of them."""
        change = self.change(found.row)
        if change.problem is not None or change.before is None:
            return change
        try:
            ours, parted = self._blob(found.ours), self._blob(found.parted)
        except MachineError as error:
            return _unread(found.row, str(error))
        before = merged(ours or b"", parted or b"", change.before)
        if before is None:  # no text: theirs as it is
            return change
        return msgspec.structs.replace(change, before=before)

    def _blob(self, id: str | None) -> bytes | None:
        if id is None:
            return None
        content = self._repository.blob(id, limit=self.limit)
        if content is None:
            raise MachineError(f"git has no object {id}")
        return content


class _FromDisk:
    """The base as a checkout would have written it, and the file as it is."""

    def __init__(self, repository: Repository, root: Path, limit: int) -> None:
        self._repository = repository
        self._root = root
        self.limit = limit
        self.proof = limit

    def change(self, row: PathChange) -> Change:
        """The change of one path, or the problem that kept us from reading it."""
        try:
            after = read_file(self._root / row.path, self.limit)
            return _change(row, before=self._before(row), after=after)
        except OSError as error:
            return _unread(row, f"can not be read: {error.strerror}")
        except MachineError as error:
            return _unread(row, str(error))

    def _before(self, row: PathChange) -> bytes | None:
        if row.before_id is None:
            return None
        path = row.old_path or row.path
        content = self._repository.blob(row.before_id, path, self.limit)
        if content is None:
            raise MachineError(f"git has no object {row.before_id}")
        return content


def _change(row: PathChange, *, before: bytes | None, after: bytes | None) -> Change:
    return Change(
        path=encodable(row.path),
        old_path=None if row.old_path is None else encodable(row.old_path),
        before=before,
        after=after,
    )


def _unread(row: PathChange, problem: str) -> Change:
    return Change(path=encodable(row.path), before=None, after=None, problem=problem)
