"""The pre-receive hook, fired by real pushes into a real bare repository."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from qualitywatch.cli import main
from qualitywatch.errors import MachineError, UserError
from qualitywatch.git import Repository, incoming_objects
from qualitywatch.hooks import installation
from qualitywatch.hooks.installation import Standing
from qualitywatch.hooks.receive import parse_updates
from tests.conftest import Repo
from tests.integration.pushing import HOLLOWED, HONEST, MORE, add_remote

PYTHON = Path(sys.executable)
USE = "from app import half\n\nprint(half(3))\n"
MESSAGE = "hollowed-body"


class Pushed(Repo):
    """A clone of a bare repository that judges what it is given."""

    def __init__(self, root: Path, server: Path) -> None:
        super().__init__(root)
        self.server = Repo(server)

    def push(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """`git push --no-verify origin`, as whoever wants to get past the guard."""
        return subprocess.run(
            ["git", "push", "--no-verify", "origin", *arguments],
            cwd=self.root,
            capture_output=True,
            text=True,
        )

    def refs(self) -> dict[str, str]:
        """What the server has now."""
        lines = self.server.git("for-each-ref", "--format=%(refname) %(objectname)")
        return dict(line.split(" ") for line in lines.splitlines())

    def passes(self, *arguments: str) -> None:
        """The push goes through."""
        done = self.push(*arguments)
        assert done.returncode == 0, done.stderr

    def refused(self, *arguments: str, because: str = MESSAGE) -> str:
        """The push does not, for the reason given; nothing moved. What was said."""
        before = self.refs()
        done = self.push(*arguments)
        assert done.returncode == 1, done.stderr
        assert because in done.stderr
        assert before == self.refs()
        return done.stderr


@pytest.fixture
def bare(repo: Repo, tmp_path: Path) -> Pushed:
    """Honest code on the branch main of a server, without our hook."""
    server = add_remote(repo, tmp_path / "server.git")
    pushed = Pushed(repo.root, server)
    pushed.commit(**{"app.py": HONEST})
    pushed.passes("main")
    return pushed


@pytest.fixture
def pushed(bare: Pushed) -> Pushed:
    """The same with our hook."""
    _install(bare.server.root)
    return bare


def _install(root: Path) -> None:
    with _open(root) as repository:
        installation.install(repository, interpreter=PYTHON, server=True)


def _open(root: Path) -> Repository:
    repository = Repository.discover(root)
    assert repository is not None
    return repository


# What a push changes


def test_honest_code_goes_through(pushed: Pushed) -> None:
    """The hook says nothing where nothing is wrong."""
    pushed.commit(**{"app.py": MORE})

    done = pushed.push("main")

    assert (done.returncode, "remote:" in done.stderr) == (0, False)


def test_dropped_code_is_refused(pushed: Pushed) -> None:
    """Whatever the client skips: its hooks are not asked. Place and reason are told."""
    pushed.commit(**{"app.py": HOLLOWED})

    said = pushed.refused("main")

    assert "remote: qualitywatch: refs/heads/main: NO-GO" in said
    assert "app.py:2:" in said
    assert "pre-receive hook declined" in said


def test_nothing_is_written(pushed: Pushed) -> None:
    """A refused push leaves no file in the server's repository."""
    before = _files(pushed.server.root)
    pushed.commit(**{"app.py": HOLLOWED})

    pushed.refused("main")

    assert before == _files(pushed.server.root)


def test_dropped_and_put_back(pushed: Pushed) -> None:
    """The net change counts."""
    pushed.commit(**{"app.py": HOLLOWED})
    pushed.commit(**{"app.py": MORE})

    pushed.passes("main")


def test_a_new_branch(pushed: Pushed) -> None:
    """It is compared with where it left the branches that exist."""
    pushed.git("checkout", "-q", "-b", "side")
    pushed.passes("side:nothing-new")
    pushed.commit(**{"app.py": HOLLOWED})

    pushed.refused("side")


def test_what_the_server_had_before_the_hook(bare: Pushed) -> None:
    """Old violations are silent: the change is judged, not the file."""
    bare.commit(**{"app.py": HOLLOWED})
    bare.passes("main")
    _install(bare.server.root)
    bare.commit(**{"b.py": "a = 1\n"})

    bare.passes("main")
    bare.passes("main:refs/heads/copy")


def test_the_first_push_of_all(repo: Repo, tmp_path: Path) -> None:
    """Into an empty repository: what its own history dropped is told."""
    server = tmp_path / "empty.git"
    repo.git("init", "-q", "--bare", "-b", "main", str(server))
    repo.git("remote", "add", "origin", str(server))
    _install(server)
    first = Pushed(repo.root, server)
    first.commit(**{"app.py": HONEST})
    first.commit(**{"app.py": HOLLOWED})

    first.refused("main")
    first.commit(**{"app.py": MORE})
    first.passes("main")


def test_a_forced_push_backwards(bare: Pushed) -> None:
    """To a commit that the server has long had: the code since then would go."""
    bare.commit(**{"app.py": HOLLOWED})
    bare.commit(**{"app.py": HONEST})
    bare.passes("main")
    _install(bare.server.root)

    bare.refused("--force", "main~1:main")


def test_a_forced_push_of_another_history(pushed: Pushed) -> None:
    """Nothing in common: the trees are compared."""
    pushed.git("checkout", "-q", "--orphan", "other")
    pushed.commit(**{"app.py": HOLLOWED})

    pushed.refused("--force", "other:main")


def test_a_forced_push_onto_a_stale_branch(pushed: Pushed) -> None:
    """That the server has the older code on another branch excuses nothing."""
    pushed.git("checkout", "-q", "-b", "stale")
    pushed.passes("stale")
    pushed.git("checkout", "-q", "main")
    pushed.commit(**{"app.py": MORE, "use.py": USE})
    pushed.passes("main")
    pushed.git("checkout", "-q", "stale")
    pushed.commit(**{"use.py": USE})

    pushed.refused("--force", "stale:main", because="silent-drop")


def test_deleting(pushed: Pushed) -> None:
    """Whether a branch may go is for git to say."""
    pushed.passes("main:side")
    pushed.passes(":side")
    pushed.server.git("config", "receive.denyDeletes", "true")
    pushed.passes("main:side")

    pushed.refused(":side", because="deletion prohibited")


@pytest.mark.parametrize(
    "options", [["-a", "-m", "one"], []], ids=["annotated", "light"]
)
def test_tags(pushed: Pushed, options: list[str]) -> None:
    """A tag may not smuggle commits in; on those that are known it is free to move."""
    known = pushed.git("rev-parse", "HEAD")
    pushed.git("tag", *options, "good")
    pushed.passes("good")
    pushed.commit(**{"app.py": MORE})
    pushed.passes("main")
    pushed.git("tag", "-f", *options, "good")
    pushed.passes("--force", "good")
    pushed.git("tag", "-f", *options, "good", known)
    pushed.passes("--force", "good")
    pushed.commit(**{"app.py": HOLLOWED})
    pushed.git("tag", *options, "bad")

    pushed.refused("bad")


def test_a_tag_on_a_file(pushed: Pushed) -> None:
    """It changes no line of work; a branch that leads to no commit is refused."""
    pushed.git("tag", "blob", pushed.git("rev-parse", "HEAD:app.py"))

    pushed.passes("blob")


def test_several_refs_of_which_one_is_bad(pushed: Pushed) -> None:
    """All or nothing; the message names the guilty one."""
    pushed.git("checkout", "-q", "-b", "good")
    pushed.commit(**{"app.py": MORE})
    pushed.git("checkout", "-q", "-b", "bad", "main")
    pushed.commit(**{"app.py": HOLLOWED})

    said = pushed.refused("good", "bad", "good:another")

    assert "refs/heads/bad: NO-GO" in said
    assert "refs/heads/good: NO-GO" not in said


# Merges


def _merge(pushed: Pushed, resolution: str) -> None:
    """The branch side, which the server has, merged into a main that has moved on."""
    pushed.git("checkout", "-q", "-b", "side")
    pushed.commit(**{"side.py": "a = 1\n"})
    pushed.passes("side")
    pushed.git("checkout", "-q", "main")
    pushed.commit(**{"app.py": MORE})
    pushed.passes("main")
    pushed.git("merge", "-q", "--no-commit", "side")
    pushed.commit("merge", **{"app.py": resolution})


def test_an_honest_merge(pushed: Pushed) -> None:
    """What either side had goes through."""
    _merge(pushed, MORE)

    pushed.passes("main")


def test_a_merge_that_drops_code_of_both(pushed: Pushed) -> None:
    """No parent explains it."""
    _merge(pushed, HOLLOWED)

    pushed.refused("main")


def test_a_merge_that_takes_the_side_that_had_less(pushed: Pushed) -> None:
    """A branch that never saw the code does not excuse that it goes."""
    pushed.git("checkout", "-q", "-b", "side")
    pushed.commit(**{"side.py": "a = 1\n"})
    pushed.passes("side")
    pushed.git("checkout", "-q", "main")
    pushed.commit(**{"app.py": MORE, "use.py": USE})
    pushed.passes("main")
    pushed.git("merge", "-q", "--no-commit", "side")
    pushed.git("checkout", "-q", "side", "--", "app.py")
    pushed.commit("merge")

    pushed.refused("main", because="silent-drop")


def test_merging_what_was_judged_elsewhere(bare: Pushed) -> None:
    """What another branch of the server did before is not this push's doing."""
    bare.git("checkout", "-q", "-b", "old")
    bare.commit(**{"app.py": HOLLOWED})
    bare.passes("old")
    _install(bare.server.root)
    bare.git("checkout", "-q", "main")
    bare.commit(**{"b.py": "a = 1\n"})
    bare.git("merge", "-q", "--no-edit", "old")

    bare.passes("main")


# By what it is judged


def test_a_push_can_not_loosen_its_judge(pushed: Pushed) -> None:
    """Settings and rules are those of what the ref was."""
    loose = '[gate]\nfail_on = "critical"\n[rules]\ndisabled = ["hollowed-body"]\n'
    pushed.commit(**{"qualitywatch.toml": loose, "app.py": HOLLOWED})

    pushed.refused("main")


def test_the_settings_of_the_ref_count(bare: Pushed) -> None:
    """What stood there before is what the team wanted."""
    bare.commit(**{"qualitywatch.toml": '[rules]\ndisabled = ["hollowed-body"]\n'})
    bare.passes("main")
    _install(bare.server.root)
    bare.commit(**{"app.py": HOLLOWED})

    bare.passes("main")


def test_no_command_of_the_content_runs(bare: Pushed, tmp_path: Path) -> None:
    """Who may push does not choose what the server executes."""
    ran = tmp_path / "ran"
    analyser = f'[[analysers]]\nname = "own"\ncommand = ["touch", "{ran}"]\n'
    bare.commit(**{"qualitywatch.toml": analyser})
    bare.passes("main")
    _install(bare.server.root)
    bare.commit(**{"app.py": MORE})

    bare.passes("main")
    assert not ran.exists()


def test_an_agent_in_quarantine_is_not_known_here(pushed: Pushed) -> None:
    """A server has no daemon: no list of quarantines is asked for, and none made."""
    pushed.commit(**{"app.py": MORE})
    pushed.passes("main")

    assert not (pushed.server.root / "qualitywatch").exists()


# Closed, never open


def test_what_can_not_be_analysed_is_refused(pushed: Pushed) -> None:
    """No silent green."""
    pushed.commit(**{"big.py": "a = 1\n" * 400_000})

    pushed.refused("main", because="could not be analysed")


def test_a_push_that_takes_too_long(pushed: Pushed) -> None:
    """The limit is the server's, and the message says how to move it."""
    pushed.server.git("config", "qualitywatch.receiveSeconds", "1")
    names = {f"f{n}.py": HONEST.replace("total", f"t{n}") * 40 for n in range(400)}
    pushed.commit(**names)

    said = pushed.refused("main", because="takes longer than 1 s")

    assert "git config qualitywatch.receiveSeconds 5" in said


@pytest.mark.parametrize("setting", ["0", "soon", "-1"])
def test_a_limit_that_is_none(pushed: Pushed, setting: str) -> None:
    """A slip of the pen does not open the door."""
    pushed.server.git("config", "qualitywatch.receiveSeconds", setting)
    pushed.commit(**{"app.py": MORE})

    pushed.refused("main", because="is no number of seconds")


def test_an_error_of_ours_is_refused(bare: Pushed) -> None:
    """A base that can not be judged by lets nothing through."""
    bare.commit(**{"qualitywatch.toml": "[gate]\nfail_on = 7\n"})
    bare.passes("main")
    _install(bare.server.root)
    bare.commit(**{"app.py": MORE})

    bare.refused("main", because="qualitywatch.toml at ")


def test_the_interpreter_is_gone(pushed: Pushed) -> None:
    """Nothing judged it, so nothing goes in."""
    with _open(pushed.server.root) as repository:
        gone = Path("/usr/bin/env")
        installation.install(repository, interpreter=gone, server=True)
    pushed.commit(**{"app.py": MORE})

    said = pushed.refused("main", because="can not run qualitywatch any more")

    assert "hooks install git --server" in said
    assert "no-verify" not in said


@pytest.mark.parametrize("lines", ["hello\n", "a b c d\n"])
def test_what_git_never_says(lines: str) -> None:
    """A line that is no ref is an error, not an empty push."""
    with pytest.raises(MachineError, match="three words"):
        parse_updates(lines)


def test_the_objects_of_the_push(tmp_path: Path) -> None:
    """Only inside a pre-receive hook is git shown another folder of objects."""
    given = {"GIT_OBJECT_DIRECTORY": "incoming", "GIT_QUARANTINE_PATH": "x"}

    assert not incoming_objects({"GIT_OBJECT_DIRECTORY": "incoming"}, tmp_path)
    with pytest.raises(MachineError, match="are gone"):
        incoming_objects(given, tmp_path)
    (tmp_path / "incoming").mkdir()
    found = incoming_objects(given, tmp_path)
    assert found["GIT_OBJECT_DIRECTORY"] == str(tmp_path / "incoming")


# Installation


def test_a_hook_that_was_there_still_runs(bare: Pushed, tmp_path: Path) -> None:
    """It reads the same lines and the same objects, and may refuse."""
    seen = tmp_path / "seen"
    hook = bare.server.root / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    program = f'read old new ref; echo "$ref" > "{seen}"; git cat-file -e "$new"'
    hook.write_text(f"#!/bin/sh\n{program}\n")
    hook.chmod(0o755)
    _install(bare.server.root)
    bare.commit(**{"app.py": HOLLOWED})

    bare.refused("main")
    assert seen.read_text() == "refs/heads/main\n"
    hook.with_name("pre-receive.qualitywatch-orig").write_text("#!/bin/sh\nexit 1\n")
    bare.commit(**{"app.py": MORE})
    bare.refused("main", because="pre-receive hook declined")


def test_hooks_command(
    bare: Pushed, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Install, look, uninstall, in the server's repository."""
    monkeypatch.chdir(bare.server.root)

    assert main.run(["hooks", "install", "git", "--server"]) == 0
    assert "pre-receive: installed" in capsys.readouterr().out
    assert main.run(["hooks", "status", "--format", "json"]) == 0
    [row] = json.loads(capsys.readouterr().out)
    assert (row["name"], row["standing"]) == ("pre-receive", "installed")
    assert main.run(["hooks", "uninstall"]) == 0
    assert "pre-receive: not installed" in capsys.readouterr().out


def test_the_hooks_of_a_checkout_in_a_bare_repository(bare: Pushed) -> None:
    """Nobody commits there; the message says what does guard it."""
    with (
        _open(bare.server.root) as repository,
        pytest.raises(UserError, match="nobody commits") as raised,
    ):
        installation.install(repository, interpreter=PYTHON)

    assert "--server" in raised.value.hint


def test_a_checkout_that_is_pushed_to(bare: Pushed, tmp_path: Path) -> None:
    """A repository with a work tree can have both kinds, and loses both."""
    with _open(bare.root) as repository:
        installation.install(repository, interpreter=PYTHON)
        rows = installation.install(repository, interpreter=PYTHON, server=True)
        gone = installation.uninstall(repository)

    assert [row.name for row in rows] == ["pre-commit", "pre-push", "pre-receive"]
    assert {row.standing for row in rows} == {Standing.INSTALLED}
    assert {row.standing for row in gone} == {Standing.MISSING}


def _files(folder: Path) -> set[Path]:
    return set(folder.rglob("*"))
