"""Repositories of every shape, read through real git."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from qualitywatch.errors import MachineError, UserError
from qualitywatch.git import Repository
from qualitywatch.model import ChangeType
from tests.conftest import Repo

NOT_UTF8 = os.fsdecode(b"caf\xe9.py")


@pytest.fixture
def opened(repo: Repo) -> Iterator[Repository]:
    """The repository, with one commit of `app.py`."""
    repo.commit(**{"app.py": "a = 1\n"})
    with _open(repo.root) as repository:
        yield repository


def _open(path: Path, index_file: Path | None = None) -> Repository:
    repository = Repository.discover(path, index_file=index_file)
    assert repository is not None
    return repository


def _children() -> list[psutil.Process]:
    return [p for p in psutil.Process().children() if p.name() == "git"]


# Where


def test_nothing_to_discover(tmp_path: Path) -> None:
    """No repository is an answer, not an error."""
    assert Repository.discover(tmp_path) is None


def test_discovers_from_a_subfolder_and_a_file(repo: Repo) -> None:
    """Root and state belong to the checkout, wherever one stands in it."""
    file = repo.write("src/deep/app.py", "")

    for path in (file, file.parent):
        with _open(path) as repository:
            assert repository.root == repo.root
            assert repository.state_dir == repo.root / ".git" / "qualitywatch"
            assert repository.name == "repo"


def test_worktrees_share_their_state(repo: Repo, tmp_path: Path) -> None:
    """A linked worktree has its own root, and the state of the main one."""
    repo.commit()
    linked = tmp_path / "linked"
    repo.git("worktree", "add", "-q", str(linked), "-b", "side")

    with _open(linked) as repository:
        assert repository.root == linked
        assert repository.common_dir == repo.root / ".git"
        assert repository.checkouts() == {
            repo.root: "refs/heads/main",
            linked: "refs/heads/side",
        }


def test_bare_repository(repo: Repo, tmp_path: Path) -> None:
    """Contents can be read where there is no work tree."""
    repo.commit(**{"app.py": "a = 1\n"})
    bare = tmp_path / "shared.git"
    repo.git("clone", "-q", "--bare", str(repo.root), str(bare))

    with _open(bare) as repository:
        assert repository.root is None
        assert repository.name == "shared"
        assert repository.content("HEAD", "app.py") == b"a = 1\n"
        assert repository.worktrees() == []


def test_no_such_folder(tmp_path: Path) -> None:
    """A mistyped folder is the user's error, not "no repository"."""
    with pytest.raises(UserError, match="no such folder"):
        Repository.discover(tmp_path / "none" / "here")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_somebody_elses_repository(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    """git's refusal comes with its way out, and is not "no repository"."""
    monkeypatch.delenv("SUDO_UID", raising=False)
    for path in (repo.root, repo.root / ".git"):
        os.chown(path, 12345, 12345)

    with pytest.raises(MachineError, match="another user") as raised:
        Repository.discover(repo.root)

    assert "safe.directory" in raised.value.hint


def test_hook_environment_does_not_mislead(
    make_repo: Callable[[str], Repo], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Variables that git exports to the hooks of one repository leave another alone."""
    one, other = make_repo("one"), make_repo("other")
    one.commit(**{"app.py": "one\n"})
    other.commit(**{"app.py": "other\n"})
    monkeypatch.setenv("GIT_DIR", str(one.root / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(one.root / ".git" / "index"))

    with _open(other.root) as repository:
        assert repository.content("HEAD", "app.py") == b"other\n"
        assert repository.staged() == []


# Contents


@pytest.mark.parametrize(
    "name",
    ["app.py", "a b.py", " lead.py", "line\nend.py", "cr\r.py", "ü.py", NOT_UTF8, "-x"],
)
@pytest.mark.parametrize("filtered", [True, False])
def test_content_of_any_name(repo: Repo, name: str, *, filtered: bool) -> None:
    """No name is confused with another or with the protocol."""
    repo.commit(**{name: f"# {name!r}\n"})

    with _open(repo.root) as repository:
        read = repository.content("HEAD", name, filtered=filtered)
        assert read == f"# {name!r}\n".encode()


@pytest.mark.parametrize(
    "content",
    [b"", b"\n", b"no line end", b"\n\n missing\n", b"\0binary", b"x" * 1_000_000],
)
def test_content_is_exact(repo: Repo, content: bytes) -> None:
    """Not a byte more or less, whatever the file holds."""
    repo.write("app.py", content)
    repo.commit()

    with _open(repo.root) as repository:
        assert repository.content("HEAD", "app.py") == content
        assert repository.content("HEAD", "app.py", filtered=False) == content


@pytest.mark.parametrize("size", [0, 10, 600, 700_000])
@pytest.mark.parametrize("limit", [1, 10, 600])
def test_content_up_to_a_limit(repo: Repo, size: int, limit: int) -> None:
    """A long file is cut, and the next answer is not disturbed by the rest."""
    content = (b"0123456789\n" * (size // 10 + 1))[:size]
    repo.write("app.py", content)
    repo.commit(**{"other.py": "other\n"})

    with _open(repo.root) as repository:
        assert repository.content("HEAD", "app.py", limit=limit) == content[:limit]
        assert repository.content("HEAD", "other.py") == b"other\n"


def test_what_is_beyond_the_limit_is_not_kept(repo: Repo) -> None:
    """An asset of 30 MB does not cost 30 MB."""
    repo.write("film.bin", os.urandom(1000) * 30_000)
    repo.commit()

    with _open(repo.root) as repository:
        tracemalloc.start()
        repository.content("HEAD", "film.bin", limit=1000)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()

    assert most < 3_000_000


@pytest.mark.parametrize(
    ("rev", "path"),
    [("HEAD", "none.py"), ("HEAD", "src"), ("nowhere", "app.py"), ("HEAD", "no ne.py")],
)
def test_what_is_not_a_file_has_no_content(repo: Repo, rev: str, path: str) -> None:
    """Missing files, folders and unknown commits are `None`."""
    repo.commit(**{"src/app.py": "a = 1\n", "app.py": "b = 2\n"})

    with _open(repo.root) as repository:
        assert repository.content(rev, path) is None


def test_content_is_filtered_as_in_a_checkout(repo: Repo) -> None:
    """A CRLF checkout does not look rewritten."""
    repo.commit(**{".gitattributes": "*.py text eol=crlf\n", "app.py": "a\nb\n"})

    with _open(repo.root) as repository:
        assert repository.content("HEAD", "app.py") == b"a\r\nb\r\n"
        assert repository.content("HEAD", "app.py", filtered=False) == b"a\nb\n"


@pytest.mark.parametrize("folder", ["", "src/"])
def test_new_attributes_are_noticed(repo: Repo, folder: str) -> None:
    """The process that stays does not keep answering by attributes of yesterday."""
    repo.commit(**{"src/app.py": "a\n"})

    with _open(repo.root) as repository:
        before = repository.content("HEAD", "src/app.py")
        repo.write(f"{folder}.gitattributes", "*.py text eol=crlf\n")
        after = repository.content("HEAD", "src/app.py")

    assert (before, after) == (b"a\n", b"a\r\n")


def test_large_files_stay_pointers(repo: Repo) -> None:
    """Reading a file fetches nothing: an LFS filter is not run."""
    repo.git("config", "filter.lfs.smudge", "sh -c 'echo fetched'")
    repo.git("config", "filter.lfs.required", "true")
    repo.git("config", "filter.lfs.clean", "cat")
    repo.commit(**{".gitattributes": "*.bin filter=lfs\n", "a.bin": "pointer\n"})

    with _open(repo.root) as repository:
        assert repository.content("HEAD", "a.bin") == b"pointer\n"


def test_replaced_objects_do_not_deceive(repo: Repo) -> None:
    """`git replace` can not show us another history than the real one."""
    real = repo.commit(**{"app.py": "real\n"})
    repo.commit(**{"app.py": "fake\n"})
    repo.git("replace", real, "HEAD")

    with _open(repo.root) as repository:
        assert repository.content(real, "app.py") == b"real\n"


def test_new_commits_are_seen(opened: Repository, repo: Repo) -> None:
    """The process that stays follows HEAD."""
    assert opened.content("HEAD", "app.py") == b"a = 1\n"

    repo.commit(**{"app.py": "a = 2\n"})

    assert opened.content("HEAD", "app.py") == b"a = 2\n"


def test_one_process_serves_all(opened: Repository) -> None:
    """A thousand reads start one process, and closing ends it."""
    before = _children()
    for _ in range(1000):
        opened.content("HEAD", "app.py")

    assert len(_children()) == len(before) + 1
    opened.close()
    assert _children() == before


def test_a_dead_process_is_restarted(opened: Repository) -> None:
    """Somebody killed git: the next read does not fail."""
    opened.content("HEAD", "app.py")
    [process] = _children()
    process.send_signal(signal.SIGKILL)
    psutil.wait_procs([process], timeout=5)

    assert opened.content("HEAD", "app.py") == b"a = 1\n"


@pytest.mark.parametrize("name", ["mine", "a=b", "with space", 'quo"te'])
def test_no_filter_program_forges_what_was_committed(repo: Repo, name: str) -> None:
    """Whoever writes `.git/config` neither has us run theirs nor chooses our base."""
    repo.commit(**{"a.py": "real\n", "b.py": "real\n"})
    with _open(repo.root) as repository:
        repository.content("HEAD", "a.py")  # the process that stays has begun
        for kind in ("smudge", "clean"):
            forge = f"touch {repo.root.parent}/executed; echo forged"
            repo.git("config", f"filter.{name}.{kind}", forge)
        repo.git("config", f"filter.{name}.required", "true")
        (repo.root / ".git" / "info").mkdir(exist_ok=True)
        repo.write(".git/info/attributes", f"*.py filter={name.partition(' ')[0]}\n")
        repo.write("a.py", "forged\n")

        assert repository.content("HEAD", "a.py") == b"real\n"
        assert ["a.py"] == [row.path for row in repository.worktree_changes()]
    assert not (repo.root.parent / "executed").exists()


def test_a_filter_program_can_not_keep_us_from_reading(repo: Repo) -> None:
    repo.git("config", "filter.bad.smudge", "false")
    repo.git("config", "filter.bad.required", "true")
    repo.git("config", "filter.bad.clean", "cat")
    repo.commit(**{".gitattributes": "bad.py filter=bad\n", "bad.py": "b"})

    with _open(repo.root) as repository:
        assert repository.content("HEAD", "bad.py") == b"b"


def test_threads_do_not_mix_answers(repo: Repo) -> None:
    """Two threads read different files through one process."""
    repo.commit(**{"a.py": "a" * 9000, "b.py": "b"})
    wrong: list[bytes | None] = []

    def read(repository: Repository, name: str, expected: bytes) -> None:
        for _ in range(300):
            content = repository.content("HEAD", name)
            if content != expected:
                wrong.append(content)

    with _open(repo.root) as repository:
        threads = [
            threading.Thread(target=read, args=(repository, "a.py", b"a" * 9000)),
            threading.Thread(target=read, args=(repository, "b.py", b"b")),
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert wrong == []


# Revisions


def test_before_the_first_commit(repo: Repo) -> None:
    """No commit yet: nothing is at HEAD, and everything staged is new."""
    repo.write("app.py", "a = 1\n")
    repo.git("add", "app.py")

    with _open(repo.root) as repository:
        assert repository.head() is None
        assert repository.content("HEAD", "app.py") is None
        [row] = repository.staged()
        assert (row.path, row.change_type) == ("app.py", ChangeType.INSERT)
        assert [row.path for row in repository.worktree_changes()] == ["app.py"]


@pytest.mark.parametrize("rev", ["nowhere", "", "--output=x", "HEAD:app.py", "a b"])
def test_unknown_revisions(opened: Repository, rev: str) -> None:
    """What names no commit is the user's error, and never an option of git."""
    with pytest.raises(UserError, match="no commit is called"):
        opened.rev_parse(rev)


def test_tags_are_followed(opened: Repository, repo: Repo) -> None:
    """An annotated tag names its commit."""
    repo.git("tag", "-a", "v1", "-m", "one")

    assert opened.rev_parse("v1") == opened.head()


def test_merge_base(opened: Repository, repo: Repo) -> None:
    """The commit both stand on; none for histories that never met."""
    fork = opened.head()
    repo.git("checkout", "-q", "-b", "side")
    side = repo.commit(**{"side.py": ""})
    repo.git("checkout", "-q", "main")
    main = repo.commit(**{"main.py": ""})
    repo.git("checkout", "-q", "--orphan", "stranger")
    stranger = repo.commit("stranger")

    assert opened.merge_base(side, main) == fork
    assert opened.merge_base(stranger, main) is None


def test_commits_with_their_people(opened: Repository, repo: Repo) -> None:
    """Author and trailers are read, and what was there before is left out."""
    base = opened.head()
    repo.git(
        *("commit", "-q", "--allow-empty", "--author", "Bot <bot@x>"),
        *("-m", "change\n\nCo-authored-by: Cursor 1 <cursor-1@x>"),
    )

    [commit] = opened.commits(f"{base}..HEAD")

    assert commit.author.name == "Bot"
    assert commit.committer.name == "Ada"
    assert commit.trailers == (("Co-authored-by", "Cursor 1 <cursor-1@x>"),)


def test_a_shallow_clone_says_so(
    opened: Repository, repo: Repo, tmp_path: Path
) -> None:
    """An unknown commit in a shallow clone comes with the way to fetch it."""
    repo.commit()
    clone = tmp_path / "clone"
    repo.git("clone", "-q", "--depth", "1", f"file://{repo.root}", str(clone))

    with _open(clone) as shallow:
        assert shallow.is_shallow()
        with pytest.raises(UserError) as raised:
            shallow.rev_parse("HEAD~1")
    assert "unshallow" in raised.value.hint
    assert not opened.is_shallow()


# Changes


def test_changed_between_commits(opened: Repository, repo: Repo) -> None:
    """Renames are recognised, and the ids on both sides are readable."""
    base = repo.commit(**{"old.py": "".join(f"line {n}\n" for n in range(30))})
    repo.git("mv", "old.py", "new.py")
    head = repo.commit(**{"app.py": "a = 2\n", "line\nend.py": ""})

    rows = {row.path: row for row in opened.changed(base, head)}

    assert set(rows) == {"app.py", "new.py", "line\nend.py"}
    assert rows["new.py"].old_path == "old.py"
    assert opened.blob(rows["app.py"].before_id or "") == b"a = 1\n"
    assert opened.blob(rows["app.py"].after_id or "") == b"a = 2\n"


def test_changed_since_nothing(opened: Repository) -> None:
    """Compared with the empty tree every file is new."""
    [row] = opened.changed(None, "HEAD")

    assert row.change_type is ChangeType.INSERT


def test_staged_honours_the_index_of_the_hook(repo: Repo, tmp_path: Path) -> None:
    """`git commit -- paths` commits another index than the usual one."""
    repo.commit(**{"app.py": "a = 1\n", "other.py": "b = 1\n"})
    repo.write("app.py", "a = 2\n")
    repo.git("add", "app.py")
    seen = tmp_path / "seen"
    script = (
        f'#!/bin/sh\necho "$GIT_INDEX_FILE" > "{seen}"\n'
        f'cp "$GIT_INDEX_FILE" "{seen}.index"\n'
    )
    hook = repo.write(".git/hooks/pre-commit", script)
    hook.chmod(0o755)
    repo.write("other.py", "b = 2\n")
    repo.git("commit", "-q", "-m", "only other", "--", "other.py")
    repo.git("reset", "-q", "--soft", "HEAD~1")

    assert "next-index" in seen.read_text()
    with _open(repo.root, index_file=Path(f"{seen}.index")) as repository:
        assert [row.path for row in repository.staged()] == ["other.py"]


def test_worktree_changes(opened: Repository, repo: Repo) -> None:
    """Tracked files even if ignored, untracked ones unless ignored."""
    repo.commit(**{".gitignore": "*.log\nkept.py\n"})
    repo.write("kept.py", "k = 1\n")
    repo.git("add", "-f", "kept.py")
    repo.git("commit", "-q", "-m", "tracked all the same")
    repo.write("kept.py", "k = 2\n")
    repo.write("a.log", "")
    repo.write("src/new.py", "")
    (repo.root / "app.py").unlink()

    rows = {row.path: row.change_type for row in opened.worktree_changes()}

    assert rows == {
        "kept.py": ChangeType.UPDATE,
        "src/new.py": ChangeType.INSERT,
        "app.py": ChangeType.DELETE,
    }


def test_ignored(opened: Repository, repo: Repo) -> None:
    """Many paths at once; a path outside does not spoil the answer for the rest."""
    repo.write(".gitignore", "*.log\n")

    found = opened.ignored(["/elsewhere.log", "a.log", "a.py", "line\nend.log"])

    assert found == {"a.log", "line\nend.log"}
    assert opened.ignored([]) == set()


def test_attributes_of_the_base(opened: Repository, repo: Repo) -> None:
    """Only what the base marks counts, the nearest file before the farther one."""
    repo.write("src/.gitattributes", "hand.py -linguist-generated\n")
    lines = "src/* linguist-generated\nlib/** linguist-vendored=true\n"
    base = repo.commit(**{".gitattributes": lines})
    repo.write(".gitattributes", "*.py linguist-generated\n")

    marked = opened.attributes(
        base, ["app.py", "src/made.py", "src/hand.py", "lib/a b/c.py", "lib/x\ny.py"]
    )

    assert marked == {
        "src/made.py": "linguist-generated",
        "lib/a b/c.py": "linguist-vendored",
        "lib/x\ny.py": "linguist-vendored",
    }


def test_outgoing_stands_on_what_is_published(repo: Repo, tmp_path: Path) -> None:
    """The new commits, and the published ones they stand on."""
    published = repo.commit()
    repo.git("init", "-q", "--bare", str(tmp_path / "remote.git"))
    repo.git("remote", "add", "origin", str(tmp_path / "remote.git"))
    repo.git("push", "-q", "origin", "main")
    new = repo.commit()

    with _open(repo.root) as repository:
        known = repository.published_at("origin")
        outgoing = repository.outgoing(new, [known])

        assert known == "--remotes=origin"
        assert repository.published_at("https://example.org/x.git") == "--remotes"
    assert [commit.id for commit in outgoing.commits] == [new]
    assert outgoing.boundary == (published,)


def test_a_reader_leaves_no_process_behind(repo: Repo) -> None:
    """A program that ends without closing does not leave git running."""
    repo.commit(**{"app.py": "a\n"})
    program = (
        "import pathlib, sys\n"
        "from qualitywatch.git import Repository\n"
        "r = Repository.discover(pathlib.Path(sys.argv[1]))\n"
        "r.content('HEAD', 'app.py')\n"
        "print(r._contents._filtered._process.pid)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(repo.root)], capture_output=True, text=True
    )

    pid = int(done.stdout)

    with suppress(psutil.NoSuchProcess):
        psutil.Process(pid).wait(timeout=5)
    assert not psutil.pid_exists(pid)
