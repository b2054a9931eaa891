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

CONTENT_BYTES = 24 * 1024 * 1024  # of contents that are kept
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
        return ahead

    def learn(self, commits: Sequence[Commit]) -> None:
        """From now on the parents of *commits* are known, the oldest first."""
        self._ancestry = Ancestry(commits)

    def look_ahead(self, commits: Sequence[Commit]) -> None:
        """Read what judging *commits* asks for; what was read before goes."""
        left = {pair for commit in commits for pair in self._pairs(commit)}
        rows: dict[Pair, Rows] = {}
        while left:
            pairs = {head: base for base, head in left}  # each commit once a round
            for head, found in self._readable(pairs).items():
                rows[pairs[head], head] = found
            left -= {(base, head) for head, base in pairs.items()}
        self._rows = rows

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
        read = {name: self.content(f"{base}", name, filtered=False) for name in names}
        files = {name: content for name, content in read.items() if content}
        if not files:
            return {}
        return self._marked(files, paths)

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

    def _readable(self, pairs: Mapping[str, str | None]) -> dict[str, Rows]:
        """The same, without the commits in which an object is missing."""
        try:
            return self._differences(pairs)
        except MachineError:
            if len(pairs) == 1:
                return {}
        listed = list(pairs.items())
        half = len(listed) // 2
        return self._readable(dict(listed[:half])) | self._readable(dict(listed[half:]))

    def _differences(self, pairs: Mapping[str, str | None]) -> dict[str, Rows]:
        """How each commit differs from the one that *pairs* has for it."""
        lines = (f"{head} {base or ''}".strip() for head, base in pairs.items())
        stdin = parse.raw("".join(f"{line}\n" for line in lines))
        done = self._git("diff-tree", "--stdin", "--root", *_DIFF, stdin=stdin)
        return {head: [] for head in pairs} | dict(_by_commit(done.output))


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


def _by_commit(output: bytes) -> Iterator[tuple[str, Rows]]:
    """The rows below each commit of `diff-tree --stdin -z`."""
    head, rows = "", list[bytes]()
    parts = iter(output.split(b"\0")[:-1])
    for part in parts:
        if part.startswith(b":"):
            is_pair = part.rpartition(b" ")[2][:1] in (b"R", b"C")
            rows += [part, next(parts), *([next(parts)] if is_pair else [])]
            continue
        if head:
            yield head, _parsed(rows)
        head, rows = parse.text(part), []
    if head:
        yield head, _parsed(rows)


def _parsed(rows: Sequence[bytes]) -> Rows:
    return parse.raw_diff(b"".join(row + b"\0" for row in rows))


def _speaking(files: Mapping[str, bytes], path: str) -> Files:
    """Those of *files* that lie above *path*."""
    names = attributes.files_for([path])
    return frozenset((name, files[name]) for name in names & files.keys())
