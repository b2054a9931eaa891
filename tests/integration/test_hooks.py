"""The git hooks, fired by real commits and real pushes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from qualitywatch import mirror
from qualitywatch.cli import main
from qualitywatch.errors import MachineError, UserError
from qualitywatch.git import Repository
from qualitywatch.hooks import installation
from qualitywatch.hooks.git import parse_refs
from qualitywatch.hooks.installation import Standing
from qualitywatch.mirror import Mirror
from tests.conftest import Repo
from tests.factories import agent, violation
from tests.integration.gates import CALLED, CALLER, HOLLOW, HONEST, LAZY, MORE, STRICT
from tests.unit.test_gate import quarantine

PYTHON = Path(sys.executable)


class Guarded(Repo):
    """A repository with a remote, and our hooks in it."""

    def run(
        self, *command: str, at: Path | None = None, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """The command as a person or an agent would run it."""
        return subprocess.run(
            command,
            cwd=at or self.root,
            capture_output=True,
            text=True,
            env={**os.environ, **environment},
        )

    def try_commit(
        self, path: str, text: str, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """`git commit` of one file."""
        self.write(path, text)
        self.git("add", path)
        return self.run("git", "commit", "-q", "-m", "x", **environment)

    def unseen(self, message: str = "x", **files: str) -> str:
        """A commit that went past its hook; its id."""
        for path, text in files.items():
            self.write(path, text)
        self.git("add", "-A")
        self.git("commit", "-q", "--no-verify", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD")

    def push(self, *refs: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """`git push origin`."""
        return self.run("git", "push", "-q", "origin", *refs, **environment)

    def hold(self, *subjects: str, **fields: Any) -> None:
        """What the daemon writes when it puts *subjects* in quarantine."""
        written = Mirror(
            quarantines=tuple(
                quarantine(subject, violations=(violation(),), **fields)
                for subject in subjects
            ),
            dismissed=(),
            agents=(agent("cursor-1", name="Cursor Composer 1"),),
        )
        mirror.write(self.root / ".git" / "qualitywatch", written)

    def hook(self, name: str) -> Path:
        """The file of a hook."""
        return self.root / ".git" / "hooks" / name


@pytest.fixture
def plain(repo: Repo, tmp_path: Path) -> Guarded:
    """A repository with honest code, pushed; no hooks yet."""
    guarded = Guarded(repo.root)
    guarded.commit(**{"qualitywatch.toml": STRICT, "app.py": HONEST})
    remote = tmp_path / "remote.git"
    guarded.git("init", "-q", "--bare", str(remote))
    guarded.git("remote", "add", "origin", str(remote))
    guarded.git("push", "-q", "-u", "origin", "main")
    return guarded


@pytest.fixture
def guarded(plain: Guarded) -> Guarded:
    """The same with our hooks."""
    _install(plain.root)
    return plain


def _install(root: Path, interpreter: Path = PYTHON) -> None:
    with _open(root) as repository:
        installation.install(repository, interpreter=interpreter)


def _open(root: Path) -> Repository:
    repository = Repository.discover(root)
    assert repository is not None
    return repository


def _standings(root: Path) -> list[Standing]:
    with _open(root) as repository:
        return [hook.standing for hook in installation.status(repository)]


# Commits


def test_a_commit_of_honest_code(guarded: Guarded) -> None:
    """It goes through without a word."""
    done = guarded.try_commit("app.py", HONEST + "a = 1\n")

    assert (done.returncode, done.stderr) == (0, "")


def test_a_commit_that_drops_code(guarded: Guarded) -> None:
    """It is refused with the place, the rule and what to do."""
    done = guarded.try_commit("app.py", LAZY)

    assert done.returncode == 1
    assert done.stderr.startswith("qualitywatch: NO-GO")
    assert "app.py:4:5  MEDIUM/possible  swallowed-exception" in done.stderr
    assert "to mend it:" in done.stderr


@pytest.mark.parametrize("options", [["-a"], ["--", "app.py"]])
def test_other_ways_to_commit(guarded: Guarded, options: list[str]) -> None:
    """`commit -a` and `commit -- paths` bring an index of their own."""
    guarded.write("app.py", LAZY)

    done = guarded.run("git", "commit", "-q", "-m", "x", *options)

    assert "swallowed-exception" in done.stderr
    assert done.returncode == 1


@pytest.mark.parametrize("options", [["-a"], ["--", "app.py", "use.py"]])
def test_importers_are_read_from_what_is_committed(
    guarded: Guarded, options: list[str]
) -> None:
    """Who is mended in the same commit needs nothing that is gone."""
    guarded.unseen(**{"app.py": CALLED, "use.py": CALLER})
    guarded.write("app.py", CALLED.partition("def refund")[0].rstrip() + "\n")
    guarded.write("use.py", 'from app import total\n\nprint(total([], 1), "refund")\n')

    done = guarded.run("git", "commit", "-q", "-m", "x", *options)

    assert (done.returncode, done.stderr) == (0, "")


def test_a_commit_from_a_subfolder(guarded: Guarded) -> None:
    """The hook runs for the whole repository wherever git was called."""
    guarded.write("app.py", LAZY)
    folder = guarded.write("src/x.txt", "").parent

    done = guarded.run("git", "commit", "-q", "-a", "-m", "x", at=folder)

    assert "swallowed-exception" in done.stderr


def test_the_first_commit(repo: Repo) -> None:
    """A repository without a commit is guarded as well."""
    _install(repo.root)
    guarded = Guarded(repo.root)

    done = guarded.try_commit("app.py", HONEST)

    assert (done.returncode, done.stderr) == (0, "")


def test_a_linked_worktree(guarded: Guarded, tmp_path: Path) -> None:
    """Hooks installed in one checkout guard all of them."""
    linked = tmp_path / "linked"
    guarded.git("worktree", "add", "-q", str(linked), "-b", "side")
    (linked / "app.py").write_text(LAZY)

    done = guarded.run("git", "commit", "-q", "-a", "-m", "x", at=linked)

    assert "swallowed-exception" in done.stderr
    assert _standings(linked) == [Standing.INSTALLED, Standing.INSTALLED]


def test_code_of_the_same_name_in_the_repository(guarded: Guarded) -> None:
    """A folder `qualitywatch` in the work tree does not answer in our place."""
    guarded.write("qualitywatch/__init__.py", "")
    guarded.write("qualitywatch/__main__.py", "raise SystemExit(0)")

    assert guarded.try_commit("app.py", LAZY).returncode == 1


# Quarantine


def test_the_quarantined_agent_can_not_commit(guarded: Guarded) -> None:
    """Refused with the reason, what it did, and who can end it; no daemon runs."""
    guarded.hold("cursor-1")

    done = guarded.try_commit("new.py", "a = 1\n", QUALITYWATCH_AGENT="cursor-1")

    assert done.returncode == 1
    assert "this commit is refused" in done.stderr
    assert "cursor-1 is in quarantine since" in done.stderr
    assert "app.py:2:5  CRITICAL/certain  elided-code" in done.stderr
    assert "lost: 10 lines" in done.stderr
    assert "qualitywatch release cursor-1 --reason" in done.stderr


def test_an_honest_name_does_not_free_a_workspace(guarded: Guarded) -> None:
    """In the workspace of the quarantined agent nobody commits, whatever the name."""
    guarded.hold("cursor-1", workspace=str(guarded.root))

    done = guarded.try_commit("new.py", "a = 1\n", QUALITYWATCH_AGENT="honest")

    assert "cursor-1 is in quarantine" in done.stderr
    assert done.returncode == 1


def test_others_go_on(guarded: Guarded) -> None:
    """A quarantine elsewhere stops nobody here."""
    guarded.hold("cursor-1", workspace="/work/elsewhere")

    assert guarded.try_commit("new.py", "a = 1\n").returncode == 0
    assert guarded.push("main").returncode == 0


def test_the_quarantined_agent_can_not_push(guarded: Guarded) -> None:
    """Not even a clean commit."""
    guarded.unseen(**{"new.py": "a = 1\n"})
    guarded.hold("cursor-1")

    done = guarded.push("main", QUALITYWATCH_AGENT="cursor-1")

    assert "this push is refused" in done.stderr
    assert "qualitywatch release cursor-1 --reason" in done.stderr
    assert guarded.git("rev-parse", "origin/main") != guarded.git("rev-parse", "main")


@pytest.mark.parametrize(
    "message",
    [
        "x\n\nCo-authored-by: Cursor Composer 1 <x@y>",
        "x\n\nco-authored-by: x <cursor-1@y>",
    ],
)
def test_its_commits_are_not_pushed_by_others(guarded: Guarded, message: str) -> None:
    """From any workspace, to any branch."""
    guarded.unseen(message, **{"new.py": "a = 1\n"})
    guarded.hold("cursor-1")

    done = guarded.push("main:elsewhere")

    assert "cursor-1 is in quarantine" in done.stderr
    assert done.returncode == 1


def test_its_branch_is_not_pushed_by_others(guarded: Guarded, tmp_path: Path) -> None:
    """The branch of its workspace stays here, though its commits bear no name."""
    linked = tmp_path / "linked"
    guarded.git("worktree", "add", "-q", str(linked), "-b", "side")
    (linked / "new.py").write_text("a = 1\n")
    guarded.git("-C", str(linked), "add", "-A")
    guarded.git("-C", str(linked), "commit", "-q", "--no-verify", "-m", "x")
    guarded.hold("cursor-1", workspace=str(linked))

    assert "cursor-1 is in quarantine" in guarded.push("side").stderr
    assert guarded.push("main").returncode == 0


def test_old_commits_of_it_do_not_count(guarded: Guarded) -> None:
    """What was pushed before the quarantine does not stop the next human."""
    guarded.unseen("x\n\nCo-authored-by: x <cursor-1@y>")
    guarded.git("push", "-q", "--no-verify", "origin", "main")
    guarded.hold("cursor-1")
    guarded.unseen(**{"new.py": "a = 1\n"})

    assert guarded.push("main").returncode == 0


@pytest.mark.parametrize("damage", ["missing", "empty", "garbage"])
def test_no_list_of_quarantines_no_commit(guarded: Guarded, damage: str) -> None:
    """Who can not be cleared is refused, with a way out."""
    file = guarded.root / ".git/qualitywatch/quarantines.json"
    if damage == "missing":
        file.unlink()
    else:
        file.write_text("" if damage == "empty" else '{"version": 7}')

    done = guarded.try_commit("new.py", "a = 1\n")

    assert done.returncode == 1
    assert "the list of quarantines" in done.stderr
    assert "hint:" in done.stderr


# Pushes


def test_a_push_that_drops_code(guarded: Guarded) -> None:
    """What went past the commit's hook is stopped at the push."""
    guarded.unseen(**{"app.py": LAZY})

    done = guarded.push("main")

    assert done.returncode == 1
    assert "NO-GO" in done.stderr
    assert "swallowed-exception" in done.stderr


def test_dropped_and_put_back(guarded: Guarded) -> None:
    """The net change of the push counts."""
    guarded.unseen(**{"app.py": LAZY})
    guarded.unseen(**{"app.py": HONEST + "a = 1\n"})

    assert guarded.push("main").returncode == 0


@pytest.mark.parametrize("ref", ["side", "HEAD:refs/heads/other", "HEAD~0:x/y"])
def test_a_new_branch(guarded: Guarded, ref: str) -> None:
    """It is compared with what it stands on, not with nothing."""
    guarded.git("checkout", "-q", "-b", "side")
    guarded.unseen(**{"new.py": "a = 1\n"})
    assert guarded.push("side").returncode == 0

    guarded.unseen(**{"app.py": LAZY})
    refspec = ref.replace(":x/y", ":refs/heads/x/y")
    assert "swallowed-exception" in guarded.push(refspec).stderr


def test_old_violations_in_the_history_are_silent(plain: Guarded) -> None:
    """A branch from a commit with an old violation introduces nothing."""
    plain.unseen(**{"old.py": LAZY})
    plain.git("push", "-q", "origin", "main")
    _install(plain.root)
    plain.git("checkout", "-q", "-b", "side")
    plain.unseen(**{"new.py": "a = 1\n"})

    assert plain.push("side").returncode == 0


def test_the_whole_history_to_an_empty_remote(guarded: Guarded, tmp_path: Path) -> None:
    """A remote nobody has fetched from is not the place of anything new."""
    guarded.git("init", "-q", "--bare", str(tmp_path / "second.git"))
    guarded.unseen(**{"app.py": LAZY})

    done = guarded.run("git", "push", "-q", str(tmp_path / "second.git"), "main")

    assert "swallowed-exception" in done.stderr


def test_the_first_push_of_all(repo: Repo, tmp_path: Path) -> None:
    """With no remote anywhere, everything is new."""
    guarded = Guarded(repo.root)
    guarded.commit(**{"qualitywatch.toml": STRICT, "app.py": HONEST})
    guarded.git("init", "-q", "--bare", str(tmp_path / "remote.git"))
    guarded.git("remote", "add", "origin", str(tmp_path / "remote.git"))
    _install(guarded.root)

    assert guarded.push("main").returncode == 0


def test_what_others_pushed_is_not_ours(guarded: Guarded) -> None:
    """A merge of the published main brings nothing new, whatever it holds."""
    guarded.git("checkout", "-q", "-b", "side")
    guarded.unseen(**{"new.py": "a = 1\n"})
    assert guarded.push("side").returncode == 0
    guarded.git("checkout", "-q", "main")
    guarded.unseen(**{"theirs.py": LAZY})
    guarded.git("push", "-q", "--no-verify", "origin", "main")
    guarded.git("checkout", "-q", "side")
    guarded.git("merge", "-q", "--no-edit", "main")

    assert guarded.push("side").returncode == 0


def test_a_remote_that_moved_on(guarded: Guarded, tmp_path: Path) -> None:
    """Somebody else has pushed a commit that we never saw: who can judge its loss?"""
    other = tmp_path / "other"
    guarded.git("clone", "-q", "-b", "main", str(tmp_path / "remote.git"), str(other))
    other_repo = Guarded(other)
    other_repo.unseen(**{"theirs.py": "a = 1\n"})
    other_repo.git("push", "-q", "origin", "main")
    guarded.unseen(**{"app.py": "a = 1\n"})

    refused = guarded.push("--force", "main")

    assert refused.returncode == 1
    assert "refs/heads/main holds commits that nobody here has seen" in refused.stderr
    assert "hint: fetch first: git fetch origin" in refused.stderr


def test_a_forced_push_backwards(guarded: Guarded) -> None:
    """It brings nothing new, and takes away what the remote has."""
    guarded.unseen(**{"app.py": HOLLOW, "use.py": CALLER})
    guarded.unseen(**{"app.py": CALLED})
    guarded.unseen(**{"new.py": "a = 1\n"})
    guarded.git("push", "-q", "--no-verify", "origin", "main")

    assert "hollowed-body" in guarded.push("--force", "HEAD~2:main").stderr
    assert guarded.push("--force", "HEAD~1:main").returncode == 0


def test_a_forced_push_of_a_rebased_branch(guarded: Guarded) -> None:
    """What main brought in between is nobody's edit, and nothing of it is judged."""
    guarded.git("checkout", "-q", "-b", "side")
    guarded.unseen(**{"new.py": "a = 1\n"})
    assert guarded.push("side").returncode == 0
    guarded.git("checkout", "-q", "main")
    guarded.unseen(**{"theirs.py": LAZY})
    guarded.git("push", "-q", "--no-verify", "origin", "main")
    guarded.git("rebase", "-q", "main", "side")

    assert guarded.push("--force", "side").returncode == 0
    guarded.unseen(**{"new.py": LAZY})
    guarded.git("commit", "-q", "--no-verify", "--amend", "-m", "other")
    assert guarded.push("--force", "side").returncode == 1


@pytest.mark.parametrize(("strategy", "code"), [("ort", 0), ("ours", 1)])
def test_a_merge_that_throws_a_side_away(
    guarded: Guarded, strategy: str, code: int
) -> None:
    """A resolution that keeps one side whole has dropped the other."""
    guarded.unseen(**{"app.py": CALLED})
    guarded.git("push", "-q", "--no-verify", "origin", "main")
    guarded.git("checkout", "-q", "-b", "side")
    guarded.unseen(**{"new.py": "a = 1\n"})
    guarded.git("push", "-q", "--no-verify", "origin", "side")
    guarded.git("checkout", "-q", "main")
    guarded.unseen(**{"app.py": CALLED + MORE, "use.py": CALLER})
    guarded.git("push", "-q", "--no-verify", "origin", "main")
    guarded.git("checkout", "-q", "side")
    guarded.git("merge", "-q", "--no-edit", "-s", strategy, "main")
    guarded.git("checkout", "-q", "main", "--", "use.py")
    guarded.git("commit", "-q", "--no-verify", "--allow-empty", "--amend", "-m", "x")

    assert guarded.push("side").returncode == code


def test_code_dropped_inside_a_first_push(repo: Repo, tmp_path: Path) -> None:
    """Nothing to compare with: each commit is, with the one before it."""
    guarded = Guarded(repo.root)
    guarded.commit(**{"app.py": CALLED, "use.py": CALLER})
    guarded.commit(**{"app.py": HOLLOW})
    guarded.git("mv", "app.py", "moved.py")
    guarded.commit()
    guarded.commit(**{"other.py": "a = 1\n"})
    guarded.git("init", "-q", "--bare", str(tmp_path / "remote.git"))
    guarded.git("remote", "add", "origin", str(tmp_path / "remote.git"))
    _install(guarded.root)

    refused = guarded.push("main")
    guarded.unseen(**{"moved.py": CALLED})
    passed = guarded.push("main")

    assert "hollowed-body" in refused.stderr
    assert (refused.returncode, passed.returncode) == (1, 0), passed.stderr


@pytest.mark.parametrize("refs", [["--delete", "side"], ["v1"], ["blob-tag"], ["main"]])
def test_pushes_without_new_commits(guarded: Guarded, refs: list[str]) -> None:
    """Deleted branches, tags on known commits or on files, and nothing at all."""
    guarded.git("push", "-q", "--no-verify", "origin", "main:side")
    guarded.git("tag", "-a", "v1", "-m", "one")
    guarded.git("tag", "blob-tag", "HEAD:app.py")

    done = guarded.push(*refs)

    assert (done.returncode, done.stderr) == (0, "")


def test_an_annotated_tag_on_new_commits(guarded: Guarded) -> None:
    """A tag carries commits as a branch does."""
    guarded.unseen(**{"app.py": LAZY})
    guarded.git("tag", "-a", "v1", "-m", "one")

    assert "swallowed-exception" in guarded.push("v1").stderr


def test_what_git_hands_over() -> None:
    """Four words a line; anything else is not git."""
    [ref] = parse_refs("refs/heads/a 1 refs/heads/b 2\n\n")

    assert (ref.local_ref, ref.remote_id) == ("refs/heads/a", "2")
    with pytest.raises(MachineError, match="four words"):
        parse_refs("hello\n")


# Installation


def _script(path: Path, text: str) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def test_installing_twice_changes_nothing(guarded: Guarded) -> None:
    """Ours is never taken for a hook that was there before."""
    before = guarded.hook("pre-commit").read_bytes()
    _install(guarded.root)

    assert guarded.hook("pre-commit").read_bytes() == before
    assert not guarded.hook("pre-commit.qualitywatch-orig").exists()


def test_a_hook_that_was_there_still_runs(plain: Guarded, tmp_path: Path) -> None:
    """It gets the same arguments and the same input as ours."""
    seen = tmp_path / "seen"
    _script(plain.hook("pre-push"), f'(echo "$@"; cat) > "{seen}"')
    _install(plain.root)
    plain.unseen(**{"app.py": LAZY})

    done = plain.push("main")

    arguments, line = seen.read_text().splitlines()
    assert arguments.startswith("origin ")
    assert line.startswith("refs/heads/main ")
    assert "swallowed-exception" in done.stderr


def test_the_other_hook_can_still_refuse(plain: Guarded) -> None:
    """Its exit code counts."""
    _script(plain.hook("pre-commit"), "echo not today >&2; exit 7")
    _install(plain.root)

    done = plain.try_commit("app.py", HONEST + "a = 1\n")

    assert (done.returncode, done.stderr) == (1, "not today\n")


def test_the_other_hook_may_mend_what_is_staged(plain: Guarded) -> None:
    """A formatter runs first; what it leaves is what we judge."""
    fix = "printf 'a = 1\\n' > app.py; git add app.py"
    _script(plain.hook("pre-commit"), fix)
    _install(plain.root)

    assert plain.try_commit("app.py", LAZY).returncode == 0


def test_uninstalling_puts_it_back(plain: Guarded) -> None:
    """Everything is as it was."""
    script = _script(plain.hook("pre-commit"), "exit 0")
    before = script.read_bytes()
    _install(plain.root)

    with _open(plain.root) as repository:
        installation.uninstall(repository)

    assert sorted(path.name for path in script.parent.iterdir()) == ["pre-commit"]
    assert script.read_bytes() == before


def test_strangers_are_left_alone(guarded: Guarded) -> None:
    """A hook that another program has put over ours is not ours to remove."""
    stranger = _script(guarded.hook("pre-commit"), "exit 0")

    with _open(guarded.root) as repository:
        first, second = installation.uninstall(repository)

    assert (first.standing, second.standing) == (Standing.FOREIGN, Standing.MISSING)
    assert stranger.exists()


def test_another_program_that_chains_ours(guarded: Guarded) -> None:
    """A tool that moves our hook aside and calls it makes no endless circle."""
    ours = guarded.hook("pre-commit")
    ours.rename(guarded.hook("pre-commit.legacy"))
    _script(ours, 'exec "$(dirname "$0")/pre-commit.legacy"')
    _install(guarded.root)

    assert guarded.try_commit("app.py", LAZY).returncode == 1
    assert guarded.try_commit("app.py", HONEST + "a = 1\n").returncode == 0


def test_two_strangers(plain: Guarded) -> None:
    """A second hook can not be kept beside the first: we say so and change nothing."""
    _script(plain.hook("pre-push"), "exit 0")
    _install(plain.root)
    stranger = _script(plain.hook("pre-push"), "exit 1").read_bytes()

    with pytest.raises(UserError, match="an older one is already kept"):
        _install(plain.root)

    assert plain.hook("pre-push").read_bytes() == stranger


def test_hooks_in_another_folder(plain: Guarded, tmp_path: Path) -> None:
    """We do not write into a folder that others manage; the line to add is given."""
    plain.git("config", "core.hooksPath", str(tmp_path / "shared"))

    with pytest.raises(UserError, match=r"core\.hooksPath") as raised:
        _install(plain.root)

    assert f"{PYTHON} -P -m qualitywatch hook git pre-commit" in raised.value.hint
    assert not plain.hook("pre-commit").exists()


def test_the_line_to_add_works(plain: Guarded, tmp_path: Path) -> None:
    """The line that we give to a person does in their script what ours does."""
    line = installation.command_line(PYTHON, "pre-commit")
    _script(tmp_path / "shared" / "pre-commit", f"{line} || exit 1")
    _install(plain.root)
    plain.git("config", "core.hooksPath", str(tmp_path / "shared"))

    assert plain.try_commit("app.py", LAZY).returncode == 1


def test_the_interpreter_is_gone(guarded: Guarded, tmp_path: Path) -> None:
    """Nothing judged it, so nothing goes through; the message says what to do."""
    _install(guarded.root, tmp_path / "gone" / "python")

    done = guarded.try_commit("app.py", HONEST + "a = 1\n")

    assert done.returncode == 1
    assert "can not run qualitywatch any more" in done.stderr
    assert "hooks install git" in done.stderr
    assert _standings(guarded.root) == [Standing.BROKEN, Standing.BROKEN]


def test_our_package_is_gone(guarded: Guarded) -> None:
    """An interpreter without qualitywatch is as good as none."""
    _install(guarded.root, Path("/usr/bin/env"))

    done = guarded.try_commit("app.py", HONEST + "a = 1\n")

    assert done.returncode == 1
    assert "can not run qualitywatch any more" in done.stderr


def test_an_interpreter_with_odd_signs(plain: Guarded, tmp_path: Path) -> None:
    """Spaces and quotes in its path are quoted."""
    odd = tmp_path / "it's $HOME here" / "python"
    odd.parent.mkdir()
    odd.write_text(f'#!/bin/sh\nexec {PYTHON} "$@"\n')
    odd.chmod(0o755)
    _install(plain.root, odd)

    assert "swallowed-exception" in plain.try_commit("app.py", LAZY).stderr
    with _open(plain.root) as repository:
        assert installation.status(repository)[0].interpreter == str(odd)


def test_a_list_of_quarantines_is_not_made_anew(guarded: Guarded) -> None:
    """Where there was one, installing again does not clear everybody."""
    guarded.git("config", "qualitywatch.enrolled", "1")
    (guarded.root / ".git/qualitywatch/quarantines.json").unlink()

    with pytest.raises(MachineError, match="is missing"):
        _install(guarded.root)


def test_the_state_folder_is_private(guarded: Guarded) -> None:
    """Nobody else on the machine reads who is in quarantine."""
    folder = guarded.root / ".git/qualitywatch"

    assert folder.stat().st_mode & 0o077 == 0


# The command


def test_hooks_command(
    plain: Guarded, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Install, look, uninstall."""
    monkeypatch.chdir(plain.root)

    assert main.run(["hooks", "install", "git"]) == 0
    assert "pre-push: installed" in capsys.readouterr().out
    assert main.run(["hooks", "status", "--format", "json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["standing"] for row in rows] == ["installed", "installed"]
    assert main.run(["hooks", "uninstall"]) == 0
    assert "pre-commit: not installed" in capsys.readouterr().out


def test_unknown_hooks(
    plain: Guarded, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A hook we do not know is refused with those we know."""
    monkeypatch.chdir(plain.root)

    assert main.run(["hook", "git", "post-commit"]) == 2
    assert "known: git pre-commit, git pre-push" in capsys.readouterr().err


def test_hooks_import_little(guarded: Guarded) -> None:
    """A commit of nothing to judge pays for no parser, server or terminal library."""
    heavy = "websockets aiosqlite rich libcst tree_sitter pebble argon2 watchdog"
    program = (
        "import sys; from qualitywatch.cli import main; "
        "main.run(['hook', 'git', 'pre-commit']); "
        f"print(sorted(set('{heavy}'.split()) & set(sys.modules)))"
    )

    done = guarded.run(sys.executable, "-c", program)

    assert done.stdout == "[]\n"
