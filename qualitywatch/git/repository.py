"""A repository as the rest of the program sees it: contents, changes, commits."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from qualitywatch import whole_file
from qualitywatch.errors import MachineError, UserError
from qualitywatch.git import attributes, command, ignoring, moved, parse
from qualitywatch.git.contents import Contents
from qualitywatch.git.parse import Commit, PathChange
from qualitywatch.model import ChangeType, Noun
from qualitywatch.regex import regex

STATE_FOLDER = "qualitywatch"

_DIFF = (
    *("-r", "-z", "--raw", "--no-abbrev", "--no-ext-diff", "--no-textconv"),
    *("-M", "-l1000"),  # the limit stated, or a setting could lower it
    "--ignore-submodules=dirty",  # else `.gitmodules` could hide where one came
)
_STATUS = (
    *("status", "--porcelain=v2", "-z", "--untracked-files=all", "--find-renames"),
    "--ignore-submodules=dirty",  # what lies in them is not ours
)
_SPACE = regex(r"\s")
_SPECIAL = regex(r"[][(){}.*+?|^$\\]")
_PLAIN = regex(r"[\w./+-]+(?:[~^]\d*)*(?:\^\{\w+\})?(?::[^\r\n]*)?", re.ASCII)


class Range(Noun):
    """The commits below *head* that others lack, and where the two meet."""

    head: str
    commits: tuple[Commit, ...]  # newest first
    boundary: tuple[str, ...]  # ids of the known commits on which the new ones stand


class Repository:
    """One checkout of a git repository, or a bare one; close it, or use `with`.

    Contents come from `git cat-file` processes that stay (`contents`); everything else
    is a call of its own. May be shared by threads.
    """

    def __init__(
        self,
        *,
        root: Path | None,
        git_dir: Path,
        common_dir: Path,
        index_file: Path | None = None,
        incoming: Mapping[str, str] = command.NOTHING_INCOMING,
    ) -> None:
        self.root = root  # None in a bare repository
        self.git_dir = git_dir
        self.common_dir = common_dir
        self.state_dir = common_dir / STATE_FOLDER
        self.name = root.name if root else common_dir.stem
        self._index_file = index_file
        self._folder = root or git_dir
        self._incoming = incoming
        self._contents = Contents(
            folder=self._folder,
            common_dir=common_dir,
            incoming={**incoming, **command.of_index(index_file)},
        )

    @classmethod
    def discover(
        cls,
        path: Path,
        *,
        index_file: Path | None = None,
        incoming: Mapping[str, str] = command.NOTHING_INCOMING,
    ) -> Repository | None:
        """The repository that *path* lies in, or `None` if there is none.

        *index_file* is what git exports to hooks as `GIT_INDEX_FILE`: `git commit -a`
        and `git commit -- paths` commit another index than the usual one.
        *incoming* shows a pre-receive hook the objects of the push (`command`).
        """
        folder = (path if path.is_dir() else path.parent).resolve()
        if not folder.is_dir():
            raise UserError("no such folder", place=str(path))
        places = _places(folder)
        if places is None:
            return None
        git_dir, common, *top = places
        return cls(
            root=Path(top[0]) if top else None,
            git_dir=Path(git_dir),
            common_dir=(folder / common).resolve(),
            index_file=index_file.absolute() if index_file else None,
            incoming=incoming,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the processes; the next read would start them anew."""
        self._contents.close()

    # Contents

    def content(
        self, rev: str, path: str, *, filtered: bool = True, limit: int | None = None
    ) -> bytes | None:
        """The file *path* at *rev*, as in a checkout; `None` if it is not there.

        *filtered=False* gives the bytes as git stores them. *limit* cuts long files.
        """
        name = f"{rev}:{path}"
        if _SPACE.search(name):  # such a name does not fit on a request line
            found = self._verified(name)
            return (
                self.blob(found, path if filtered else None, limit) if found else None
            )
        return self.blob(name, path if filtered else None, limit)

    def blob(
        self, id: str, as_path: str | None = None, limit: int | None = None
    ) -> bytes | None:
        """The object *id*; with *as_path* as a checkout would write it there."""
        return self._contents.read(id, as_path=as_path, limit=limit)

    def files(self, rev: str, folder: str) -> list[str]:
        """The paths of all files below *folder* at *rev*."""
        if folder != "." and self._verified(f"{rev}:{folder}") is None:
            return []
        return self._fields(
            "ls-tree", "-r", "-z", "--name-only", "--full-tree", rev, "--", folder
        )

    def names(self, rev: str, folder: str) -> list[str]:
        """The names of the files and folders that *folder* itself holds at *rev*."""
        inside = [] if folder == "." else [f"{folder}/"]
        listed = self._fields(
            "ls-tree", "-z", "--name-only", "--full-tree", rev, "--", *inside
        )
        return [path.rpartition("/")[2] for path in listed]

    def paths(self, rev: str | None, *, staged: bool = False) -> list[str]:
        """All files at *rev*; without it, in the index or as they lie in the folder."""
        if rev is not None:
            return self.files(rev, ".")
        if staged:
            return self._fields("ls-files", "-z", "--cached")
        others = ("--others", "--exclude-standard")
        listed = self._fields("ls-files", "-z", "--cached", *others)
        return [path for path in listed if (self._folder / path).is_file()]

    def listed(self, *paths: str) -> list[str]:
        """What git keeps or would keep below *paths* in the folder.

        Of a conflict three times; a repository of its own ends in a slash.
        """
        options = ("-z", "--cached", "--others", "--exclude-standard")
        only = [f":(literal){path}" for path in paths]
        return self._fields("ls-files", *options, "--", *only)

    def is_tracked(self, path: str) -> bool:
        """True if git keeps *path*, in `HEAD` or in the index."""
        listed = self._fields("ls-files", "-z", "--cached", "--", f":(literal){path}")
        return bool(listed) or self._verified(f"HEAD:{path}") is not None

    def holds_folder(self, folder: str) -> bool:
        """True where *folder* is a folder of `HEAD`, and no submodule or other link."""
        done = self._git(
            *("ls-tree", "-z", "-d", "--full-tree", "HEAD", "--", folder),
            accept=(0, 128),  # before the first commit
        )
        return done.output.startswith(b"040000 ")

    def ids(self, rev: str) -> dict[str, str]:
        """The id of the content of every file at *rev*; links and submodules left out.

        It says what `HEAD` holds, whatever stands in the index.
        """
        rows = self._fields("ls-tree", "-r", "-z", "--full-tree", rev)
        found = (row.partition("\t") for row in rows)
        return {
            path: head.split(" ")[2]
            for head, _, path in found
            if head.startswith(("100644 ", "100755 "))
        }

    def holding(
        self,
        words: Sequence[Collection[str]],
        suffixes: Iterable[str],
        *,
        rev: str | None,
        staged: bool = False,
    ) -> list[str]:
        """The files with one of *suffixes* that hold one of each of the *words*.

        It looks where `paths` does; a folder's own files are those that git knows and
        those that it does not ignore.
        """
        options = ["-l", "-z", "-E", "-w", "-I", "--full-name", "--all-match"]
        options.append("--no-color")  # else a setting could paint the names
        if rev is None:
            options.append("--cached" if staged else "--untracked")
        patterns = [part for one in words for part in ("-e", _any_of(one))]
        where = [] if rev is None else [rev]
        done = self._git(
            *("grep", *options, *patterns, *where),
            *("--", *(f":(top)*{suffix}" for suffix in suffixes)),
            accept=(0, 1),
        )
        prefix = "" if rev is None else f"{rev}:"
        return [path.removeprefix(prefix) for path in parse.fields(done.output)]

    # Revisions

    def head(self) -> str | None:
        """The commit that is checked out; `None` before the first commit."""
        return self._verified("HEAD^{commit}")

    def rev_parse(self, rev: str) -> str:
        """The id of the commit that *rev* names; `UserError` if it names none."""
        found = self._verified(f"{rev}^{{commit}}")
        if found is None:
            raise UserError(f"no commit is called {rev!r}", hint=self._why_unknown())
        return found

    def find_commit(self, rev: str) -> str | None:
        """The id of the commit that *rev* names, or `None`; a tag is followed."""
        return self._verified(f"{rev}^{{commit}}")

    def merge_base(self, first: str, second: str) -> str | None:
        """The newest commit that both stand on; `None` if they share no history."""
        return next(iter(self.merge_bases(first, second)), None)

    def merge_bases(self, first: str, second: str) -> list[str]:
        """The same, and others as good as it where histories cross: best first."""
        if first == second:
            return [first]
        done = self._git("merge-base", "--all", first, second, accept=(0, 1))
        return parse.text(done.output).split()

    def parents(self, commit: str) -> list[str]:
        """The ids of the parents; none too where a shallow clone ends."""
        output = self._git("rev-list", "--parents", "--max-count=1", commit).output
        return parse.text(output).split()[1:]

    def with_prefix(self, digits: str) -> str | None:
        """The id of the one commit that begins with *digits*, whatever refs exist."""
        found = self._git("rev-parse", f"--disambiguate={digits}", accept=(0, 128))
        ids = [self.find_commit(id) for id in parse.text(found.output).split()]
        commits = {id for id in ids if id is not None}
        return commits.pop() if len(commits) == 1 else None

    def tree_id(self, commit: str) -> str | None:
        """The id of all files at *commit*."""
        return self._verified(f"{commit}^{{tree}}")

    def merging(self) -> list[str]:
        """The commits that an unfinished merge brings in."""
        try:
            content = whole_file.read(self.git_dir / "MERGE_HEAD")
        except OSError:
            return []
        return content.decode("ascii", "replace").split()

    def outgoing(self, head: str, known: Sequence[str]) -> Range:
        """The commits below *head* that *known* (ids, `--remotes=x`) lack."""
        commits = self.commits(head, "--not", *known)
        ids = {commit.id for commit in commits}
        parents = dict.fromkeys(id for commit in commits for id in commit.parents)
        boundary = tuple(id for id in parents if id not in ids)
        return Range(head=head, commits=tuple(commits), boundary=boundary)

    def tips(self, *, limit: int) -> list[str]:
        """The ids of the commits that refs, reflogs and work trees point to."""
        options = ("--no-walk", "--ignore-missing", f"--max-count={limit}")
        done = self._git("rev-list", *options, "--all", "--reflog")
        return parse.text(done.output).split()

    def made(self, head: str, *, old: str | None, known: Iterable[str]) -> list[str]:
        """The commits below *head* that neither *known* nor a remote has, oldest first.

        Without merges, and without those that only repeat a commit below *old*.
        """
        options = ("--reverse", "--topo-order", "--no-merges", "--ignore-missing")
        without = "".join(f"^{id}\n" for id in known).encode()
        words = ("rev-list", *options, "--stdin", head, "--not", "--remotes")
        ids = parse.text(self._git(*words, stdin=without).output).split()
        if not ids or old is None:
            return ids
        fresh = ("--cherry-pick", "--right-only", "--no-merges", f"{old}...{head}")
        done = self._git("rev-list", *fresh, accept=(0, 128))  # *old* may be pruned
        found = parse.text(done.output).split()
        return [id for id in ids if id in set(found)] if done.code == 0 else ids

    def published_at(self, remote: str) -> str:
        """The argument that stands for all we know *remote* to have.

        Of a remote without a name, or one nobody has fetched from, nothing is known:
        then what any remote has counts as published.
        """
        refs = ("for-each-ref", "--count=1", f"refs/remotes/{remote}/")
        return f"--remotes={remote}" if self._git(*refs).output else "--remotes"

    def tracking(self, commit: str) -> dict[str, str]:
        """The refs of remotes that are at *commit*; the ref each only points to."""
        what = ("--format=%(refname) %(symref)", f"--points-at={commit}")
        output = parse.text(self._git("for-each-ref", *what, "refs/remotes/").output)
        rows = (line.partition(" ") for line in output.split("\n") if line)
        return {name: target for name, _, target in rows}

    def independent(self, commits: Sequence[str]) -> list[str]:
        """Those of *commits* that no other one of them stands on."""
        if len(commits) < 2:
            return list(commits)
        done = self._git("merge-base", "--independent", *commits)
        return parse.text(done.output).split()

    def commits(self, *revisions: str) -> list[Commit]:
        """The commits that `git log` would list for *revisions*, newest first."""
        options = ("--no-show-signature", "-z", f"--format={parse.LOG_FORMAT}")
        encoding = ("-c", "i18n.logOutputEncoding=UTF-8")
        return parse.log(self._git(*encoding, "log", *options, *revisions).output)

    def is_shallow(self) -> bool:
        """True if older commits are missing from this clone."""
        return (self.common_dir / "shallow").exists()

    # Changes

    def changed(self, base: str | None, head: str) -> list[PathChange]:
        """What differs between two commits; *base* `None` is the empty tree."""
        older = base or self._empty_tree()
        return parse.raw_diff(self._git("diff-tree", *_DIFF, older, head).output)

    def staged(self, against: str | None = None) -> list[PathChange]:
        """What the next commit would change, compared with *against* (`HEAD`)."""
        older = against or self.head() or self._empty_tree()
        return parse.raw_diff(self._git("diff-index", "--cached", *_DIFF, older).output)

    def worktree_changes(self) -> list[PathChange]:
        """How the files differ from `HEAD`, untracked but not ignored ones included."""
        without = command.no_programs(self._folder)  # nobody's may say "no change"
        rows = parse.status(self._git(*_STATUS, more=without).output)
        new = [row.path for row in rows if row.change_type is ChangeType.INSERT]
        if new and any(row.change_type is ChangeType.DELETE for row in rows):
            rows = self._with_moves(new) or rows
        return [self._with_kind(row) for row in rows]

    def overlooked(self) -> list[str]:
        """The files that git was told not to look at, though they are there.

        `git update-index --assume-unchanged` and `--skip-worktree` hide a change from
        `worktree_changes`; what a sparse checkout leaves out is not there.
        """
        rows = (row.partition(" ") for row in self._fields("ls-files", "-v", "-z"))
        told = [path for tag, _, path in rows if tag.islower() or tag == "S"]
        return [path for path in told if os.path.lexists(self._folder / path)]

    def _with_moves(self, new: Collection[str]) -> list[PathChange]:
        answer = moved.asked_again(
            _STATUS,
            new,
            folder=self._folder,
            index_file=self._index_file or self.git_dir / "index",
            objects=self.common_dir / "objects",
        )
        return [] if answer is None else parse.status(answer)

    # The work tree

    def worktrees(self) -> list[Path]:
        """The folders of all checkouts of this repository."""
        return list(self.checkouts())

    def checkouts(self) -> dict[Path, str | None]:
        """The folder of each checkout, and the full name of the branch it is on."""
        output = parse.text(self._git("worktree", "list", "--porcelain").output)
        blocks = (block.splitlines() for block in output.split("\n\n") if block)
        return {
            Path(lines[0].removeprefix("worktree ")): _branch(lines)
            for lines in blocks
            if "bare" not in lines
        }

    def ignored(self, paths: Iterable[str]) -> set[str]:
        """Those of *paths* that git ignores; a tracked file is never ignored.

        Nor is what `HEAD` holds: to take a file out of the index hides nothing. The
        name of a folder ends in a slash.
        """
        return ignoring.ignored(
            list(paths),
            self._git,
            lambda path: self._verified(f"HEAD:{path.rstrip('/')}") is not None,
        )

    def attributes(self, base: str | None, paths: Collection[str]) -> dict[str, str]:
        """The files among *paths* that *base* marks as generated or vendored.

        Path to the name of the attribute. Only `.gitattributes` files *of the base*
        count: a change must not be able to take itself out of judgement.
        """
        names = attributes.files_for(paths) if base else set()
        read = {name: self.content(f"{base}", name, filtered=False) for name in names}
        files = {name: content for name, content in read.items() if content}
        return attributes.not_ours(files, paths)

    # Settings

    def setting(self, key: str) -> str | None:
        """The value that git's configuration has for *key*."""
        done = self._git("config", "--null", "--get", key, accept=(0, 1))
        return parse.fields(done.output)[0] if done.output else None

    def set_setting(self, key: str, value: str | None) -> None:
        """Write *key* into the repository's own configuration; `None` removes it."""
        if value is None:
            self._git("config", "--local", "--unset-all", key, accept=(0, 5))
        else:
            self._git("config", "--local", key, value)

    def hooks_folder(self) -> Path:
        """Where git looks for hooks now, `core.hooksPath` included."""
        output = self._git("rev-parse", "--git-path", "hooks").output
        return (self._folder / parse.text(output).removesuffix("\n")).resolve()

    # How

    def _git(
        self,
        *arguments: str,
        stdin: bytes = b"",
        accept: Collection[int] = (0,),
        more: Mapping[str, str] = command.NOTHING_INCOMING,
    ) -> command.Done:
        return command.run(
            arguments,
            folder=self._folder,
            stdin=stdin,
            index_file=self._index_file,
            incoming={**self._incoming, **more},
            accept=accept,
        )

    def _with_kind(self, row: PathChange) -> PathChange:
        """Of an untracked file git does not say whether it is a link."""
        is_untracked = row.change_type is ChangeType.INSERT and not row.is_link
        if not is_untracked or not (self._folder / row.path).is_symlink():
            return row
        return msgspec.structs.replace(row, is_link=True)

    def _fields(self, *arguments: str) -> list[str]:
        return parse.fields(self._git(*arguments).output)

    def _verified(self, name: str) -> str | None:
        """The id of what *name* stands for; `None` where that is nothing, or several.

        A plain one is known by the process that stays: a call of its own would cost
        milliseconds. Of others, such as `@{upstream}`, that process may die.
        """
        if _PLAIN.fullmatch(name):
            return self._contents.id(name)
        arguments = ("rev-parse", "--verify", "--quiet", "--end-of-options", name)
        done = self._git(*arguments, accept=(0, 1, 128))
        return parse.text(done.output).strip() or None if done.code == 0 else None

    def _why_unknown(self) -> str:
        if self.is_shallow():
            return "the clone is shallow: fetch the history, `git fetch --unshallow`"
        if self.head() is None:
            return "nothing is committed yet: judge the files, `gate --worktree`"
        return "`git log --all --oneline` lists the commits"

    def _empty_tree(self) -> str:
        done = self._git("hash-object", "-t", "tree", "--stdin")
        return parse.text(done.output).strip()


def _places(folder: Path) -> list[str] | None:
    """The git folder, the common one, and the top of the work tree if there is one.

    One call for all: git answers in order, and stops at the top that a bare repository
    does not have.
    """
    questions = ("--absolute-git-dir", "--git-common-dir", "--show-toplevel")
    done = command.run(["rev-parse", *questions], folder=folder, accept=(0, 128))
    answers = parse.text(done.output).removesuffix("\n").split("\n")
    is_bare = done.code == 128 and "must be run in a work tree" in done.complaint
    if done.code == 128 and not is_bare:
        if "not a git repository" in done.complaint:
            return None
        raise command.failed("rev-parse", done.complaint, folder)
    if len(answers) != len(questions) - is_bare:
        raise MachineError("the repository's path holds a line end", place=str(folder))
    return answers


def _any_of(words: Iterable[str]) -> str:
    """An extended regular expression for one of *words*."""
    return "|".join(_SPECIAL.sub(r"\\\g<0>", word) for word in words)


def _branch(lines: Sequence[str]) -> str | None:
    branches = [line for line in lines if line.startswith("branch ")]
    return branches[0].removeprefix("branch ") if branches else None
