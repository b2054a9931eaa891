"""A repository for who walks through many commits: nothing is asked or read twice.

The differences of hundreds of commits come from one `git diff-tree`. What a file was
after one commit is what it is before the next, so contents are kept for a while.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Self

from qualitywatch.errors import MachineError
from qualitywatch.git import Commit, PathChange, Repository, attributes, parse
from qualitywatch.history.ancestry import Ancestry, OutOfSight

CONTENT_BYTES = 8 * 1024 * 1024  # of contents that are kept
MAX_MARKS = 100_000  # paths of which is known what the attributes say

_ID = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
# As `Repository.changed` does it: the verdicts must agree.
_DIFF = (
    *("-r", "-z", "--raw", "--no-abbrev", "--no-ext-diff", "--no-textconv"),
    *("-M", "-l1000", "--ignore-submodules=dirty"),
)

Rows = list[PathChange]
Pair = tuple[str | None, str]  # base and head
Files = frozenset[tuple[str, bytes]]


class Ahead(Repository):
    """The same repository, which answers from what `look_ahead` has read."""

    _ancestry: Ancestry
    _rows: Mapping[Pair, Rows]
    _blobs: _Recent
    _marks: dict[tuple[str, Files], str | None]
    _standing: dict[str, str]  # commit -> one that has the same attribute files
    _files: dict[tuple[str, str], bytes]  # these, by such a commit and path

    @classmethod
    def of(cls, repository: Repository) -> Self:
        """The repository that *repository* is, opened once more."""
        ahead = cls(
            root=repository.root,
            git_dir=repository.git_dir,
            common_dir=repository.common_dir,
        )
        ahead._ancestry = Ancestry()
        ahead._rows = {}
        ahead._blobs = _Recent(CONTENT_BYTES)
        ahead._marks = {}
        ahead._standing = {}
        ahead._files = {}
        return ahead

    def learn(self, commits: Sequence[Commit]) -> None:
        """From now on the parents of *commits* are known, the oldest first."""
        self._ancestry = Ancestry(commits)

    def look_ahead(self, commits: Sequence[Commit]) -> None:
        """Read what judging *commits* asks for; what was read before goes."""
        pairs = dict.fromkeys(
            pair for commit in commits for pair in self._pairs(commit)
        )
        self._rows = self._readable(list(pairs))
        for commit in commits:
            self._note_attributes(commit)

    def merge_base(self, first: str, second: str) -> str | None:
        """The newest commit that both stand on; `None` if they share no history."""
        try:
            return self._ancestry.parted(first, second)
        except OutOfSight:
            return super().merge_base(first, second)

    def changed(self, base: str | None, head: str) -> Rows:
        """What differs between two commits; *base* `None` is the empty tree."""
        rows = self._rows.get((base, head))
        return super().changed(base, head) if rows is None else rows

    def blob(
        self, id: str, as_path: str | None = None, limit: int | None = None
    ) -> bytes | None:
        """The object *id*; with *as_path* as a checkout would write it there."""
        if as_path is not None or not _ID.fullmatch(id):
            return super().blob(id, as_path, limit)
        key = f"{id} {limit}"
        content = self._blobs.get(key)
        if content is None:
            content = super().blob(id, limit=limit)
            if content is not None:
                self._blobs.put(key, content)
        return content

    def attributes(self, base: str | None, paths: Collection[str]) -> dict[str, str]:
        """The files among *paths* that *base* marks as generated or vendored."""
        names = attributes.files_for(paths) if base else set()
        read = {name: self._attribute_file(f"{base}", name) for name in names}
        files = {name: content for name, content in read.items() if content}
        if not files:
            return {}
        return self._marked(files, paths)

    def _note_attributes(self, commit: Commit) -> None:
        """Most commits touch no attribute file: theirs are those of their parent."""
        parent = commit.parents[0] if commit.parents else None
        rows = self._rows.get((parent, commit.id))
        if parent is not None and rows is not None:
            touched = (path for row in rows for path in (row.path, row.old_path or ""))
            if not any(path.endswith(attributes.FILE_NAME) for path in touched):
                self._standing[commit.id] = self._standing.get(parent, parent)

    def _attribute_file(self, commit: str, name: str) -> bytes:
        """The attribute file *name* at *commit*; nothing where there is none."""
        key = (self._standing.get(commit, commit), name)
        if key not in self._files:
            if len(self._files) > MAX_MARKS:
                self._files.clear()
            self._files[key] = self.content(commit, name, filtered=False) or b""
        return self._files[key]

    def _pairs(self, commit: Commit) -> Iterator[Pair]:
        """The commits whose difference decides what is judged of *commit*."""
        base = commit.parents[0] if commit.parents else None
        yield base, commit.id
        for other in commit.parents[1:]:
            parted = self.merge_base(commit.parents[0], other)
            yield from (
                (other, commit.id),
                (parted, commit.parents[0]),
                (parted, other),
            )

    def _marked(
        self, files: Mapping[str, bytes], paths: Collection[str]
    ) -> dict[str, str]:
        """The same from the *files*; git is asked once for a path and its files."""
        spoken = {path: _speaking(files, path) for path in paths}
        unknown = [path for path in paths if (path, spoken[path]) not in self._marks]
        if len(self._marks) > MAX_MARKS:
            self._marks.clear()
            unknown = list(paths)
        told = attributes.not_ours(files, unknown) if unknown else {}
        for path in unknown:
            self._marks[path, spoken[path]] = told.get(path)
        marks = {path: self._marks[path, spoken[path]] for path in paths}
        return {path: mark for path, mark in marks.items() if mark}

    def _readable(self, pairs: Sequence[Pair]) -> dict[Pair, Rows]:
        """How the commits of each pair differ, where no object is missing."""
        try:
            return self._differences(pairs)
        except MachineError:
            half = len(pairs) // 2
        if not half:
            return {}
        return self._readable(pairs[:half]) | self._readable(pairs[half:])

    def _differences(self, pairs: Sequence[Pair]) -> dict[Pair, Rows]:
        lines = "".join(f"{head} {base or ''}".rstrip() + "\n" for base, head in pairs)
        words = ("diff-tree", "--stdin", "--always", "--root", *_DIFF)
        output = self._git(*words, stdin=parse.raw(lines)).output
        return dict(zip(pairs, _by_commit(output), strict=True))


class _Recent:
    """Contents by name: the least recently used go first."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._size = 0
        self._contents: OrderedDict[str, bytes] = OrderedDict()

    def get(self, name: str) -> bytes | None:
        """The content of that name, if it is still here."""
        content = self._contents.get(name)
        if content is not None:
            self._contents.move_to_end(name)
        return content

    def put(self, name: str, content: bytes) -> None:
        """Keep *content*, if it leaves room for others."""
        if len(content) > self._most // 4:
            return
        self._contents[name] = content
        self._size += len(content)
        while self._size > self._most:
            self._size -= len(self._contents.popitem(last=False)[1])


def _by_commit(output: bytes) -> Iterator[Rows]:
    """The rows below each commit of `diff-tree --stdin --always -z`."""
    rows: list[bytes] | None = None
    parts = iter(output.split(b"\0")[:-1])
    for part in parts:
        if rows is not None and part.startswith(b":"):
            is_pair = part.rpartition(b" ")[2][:1] in (b"R", b"C")
            rows += [part, next(parts), *([next(parts)] if is_pair else [])]
            continue
        if rows is not None:
            yield _parsed(rows)
        rows = []
    if rows is not None:
        yield _parsed(rows)


def _parsed(rows: Sequence[bytes]) -> Rows:
    return parse.raw_diff(b"".join(row + b"\0" for row in rows))


def _speaking(files: Mapping[str, bytes], path: str) -> Files:
    """Those of *files* that lie above *path*."""
    names = attributes.files_for([path])
    return frozenset((name, files[name]) for name in names & files.keys())
