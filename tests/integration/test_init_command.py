"""`init` and the passphrase: safe to repeat, and nobody else can become operator."""

from __future__ import annotations

import os
import stat
import subprocess
from pathlib import Path

import pytest

from qualitywatch import config
from qualitywatch.cli.main import run
from tests.conftest import Repo
from tests.integration.operating import (
    PASSPHRASE,
    PROGRAM,
    Operator,
    Watching,
    on_a_terminal,
    secret,
)

# init


def test_init_makes_what_is_missing(operator: Operator, repo: Repo) -> None:
    """Settings that mean the defaults, and a state folder outside the work tree."""
    done = operator.init("--no-hooks")

    assert 0 == done.code
    assert config.Config() == config.load(repo.root)
    assert (repo.root / ".git" / "qualitywatch" / "state.db").is_file()
    assert "?? qualitywatch.toml" == repo.git("status", "--porcelain")
    assert "next:" in done.out


def test_init_is_safe_to_repeat(enrolled: Operator, repo: Repo) -> None:
    """What a person has written is never written over."""
    settings = repo.write("qualitywatch.toml", "[hub]\nport = 1\n")

    done = enrolled.init("--no-hooks")

    assert 0 == done.code
    assert "[hub]\nport = 1\n" == settings.read_text()
    assert "operator passphrase: kept" in done.out


def test_repeated_init_does_not_change_the_passphrase(enrolled: Operator) -> None:
    """Else any process could make itself the operator."""
    other = secret(enrolled.root.parent / "other", "the agent's own passphrase")

    assert 0 == enrolled.init("--no-hooks", "--passphrase-file", str(other)).code

    assert 2 == enrolled.do("tokens", "list", file=other).code
    assert 0 == enrolled.do("tokens", "list").code


def test_init_leaves_pyproject_settings_alone(operator: Operator, repo: Repo) -> None:
    """One place of settings is enough."""
    repo.write("pyproject.toml", "[tool.qualitywatch.hub]\nport = 1\n")

    done = operator.init("--no-hooks")

    assert "settings: kept (pyproject.toml)" in done.out
    assert not (repo.root / "qualitywatch.toml").exists()


def test_init_says_what_is_wrong_before_it_makes_anything(
    operator: Operator, repo: Repo
) -> None:
    """A broken file is named; the repository is as it was."""
    repo.write("qualitywatch.toml", "[hub]\nprot = 1\n")

    done = operator.init("--no-hooks")

    assert 2 == done.code
    assert "qualitywatch.toml:2: `hub.prot`: unknown setting" in done.err
    assert not operator.state_dir.exists()


def test_init_installs_hooks_that_let_clean_work_pass(
    operator: Operator, repo: Repo
) -> None:
    """Right after `init` a commit goes through, although no daemon has run yet."""
    done = operator.init("--hooks")

    assert "git hooks: pre-commit installed, pre-push installed" in done.out
    assert repo.commit("clean work", **{"new.py": "def f():\n    return 1\n"})


def test_init_outside_git_keeps_its_state_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A plain folder can be watched too; commands find it from below."""
    (tmp_path / "plain" / "deep").mkdir(parents=True)
    operator = Operator(tmp_path / "plain", capsys)

    assert 0 == operator.init().code

    assert (tmp_path / "plain" / ".qualitywatch" / "state" / "state.db").is_file()
    assert 0 == run(["agents", "--repo", str(tmp_path / "plain" / "deep")])


def test_state_is_private_whatever_the_umask(operator: Operator) -> None:
    """Folders 0700 and files 0600, even for somebody who shares everything."""
    old = os.umask(0)
    try:
        assert 0 == operator.init("--no-hooks").code
    finally:
        os.umask(old)

    modes = {
        path: stat.S_IMODE(path.stat().st_mode)
        for path in (operator.state_dir, *operator.state_dir.rglob("*"))
    }
    assert {} == {path: oct(mode) for path, mode in modes.items() if mode & 0o077}
    assert 0o644 == stat.S_IMODE((operator.root / config.FILE_NAME).stat().st_mode)


def test_passphrase_can_be_changed_by_who_knows_it(enrolled: Operator) -> None:
    """The old one opens nothing any more."""
    new = secret(enrolled.root.parent / "new", "another horse, another staple")

    done = enrolled.init(
        "--no-hooks", "--change-passphrase", "--new-passphrase-file", str(new)
    )

    assert "operator passphrase: changed" in done.out
    assert 0 == enrolled.do("tokens", "list", file=new).code
    assert 2 == enrolled.do("tokens", "list").code


def test_passphrase_can_not_be_changed_by_others(enrolled: Operator) -> None:
    """A wrong old one changes nothing."""
    wrong = secret(enrolled.root.parent / "wrong", "an agent's guess")
    new = secret(enrolled.root.parent / "new", "the agent's own passphrase")

    done = enrolled.init(
        *("--change-passphrase", "--new-passphrase-file", str(new)),
        *("--passphrase-file", str(wrong)),
    )

    assert 2 == done.code
    assert "this is not the passphrase; nothing was changed" in done.err
    assert 0 == enrolled.do("tokens", "list").code


def test_passphrase_is_not_changed_under_a_daemon(enrolled: Operator) -> None:
    """It would go on with the old one; `init` alone does no harm there."""
    with Watching(enrolled):
        assert 75 == enrolled.init("--no-hooks", "--change-passphrase").code
        assert 0 == enrolled.init("--no-hooks").code


def test_short_passphrase_is_refused_and_init_can_be_repeated(
    operator: Operator,
) -> None:
    """A first try that fails half-way leaves nothing that stops the second."""
    operator.passphrase_file.write_text("short")
    assert 2 == operator.init("--no-hooks").code
    operator.passphrase_file.write_text(PASSPHRASE)

    assert 0 == operator.init("--no-hooks").code


def test_lost_state_is_reported_and_begun_anew_only_on_demand(
    enrolled: Operator,
) -> None:
    """Removing the folder must not be a way out of quarantine."""
    enrolled.state_dir.rename(enrolled.root.parent / "stolen")

    assert "its state folder is gone" in enrolled.init("--no-hooks").err
    assert "its state folder is gone" in enrolled.look("agents").err
    assert 0 == enrolled.init("--no-hooks", "--again").code


# The passphrase


@pytest.mark.parametrize(
    ("content", "mode", "problem"),
    [
        (PASSPHRASE, 0o640, "others can read or write this passphrase file"),
        (PASSPHRASE, 0o604, "others can read or write this passphrase file"),
        (PASSPHRASE, 0o620, "others can read or write this passphrase file"),
        ("", 0o600, "does not hold one line with the passphrase"),
        ("\n", 0o600, "does not hold one line with the passphrase"),
        (f"{PASSPHRASE}\nmore\n", 0o600, "does not hold one line"),
        ("a" * 2000, 0o600, "does not hold one line with the passphrase"),
        (b"\xff\xfe", 0o600, "is not text in UTF-8"),
    ],
)
def test_passphrase_file_is_refused(
    enrolled: Operator, content: str | bytes, mode: int, problem: str
) -> None:
    """Unclear, or open to others: nothing is done, and it is said why."""
    file = secret(enrolled.root.parent / "typed", content)
    file.chmod(mode)

    done = enrolled.do("tokens", "create", "--agent", "a", file=file)

    assert (2, "") == (done.code, done.out)
    assert problem in done.err


def test_missing_passphrase_file_is_said(enrolled: Operator) -> None:
    """The reason of the operating system is passed on."""
    done = enrolled.do("tokens", "list", file=Path("/nowhere/at/all"))

    assert 2 == done.code
    assert "/nowhere/at/all: can not be read: No such file" in done.err


def test_passphrase_is_asked_on_the_terminal(enrolled: Operator) -> None:
    """Typed unseen; it never stands on the command line or in the environment."""
    seen, code = on_a_terminal(
        ["tokens", "create", "--agent", "a", "--repo", str(enrolled.root)],
        answers={"operator passphrase:": PASSPHRASE},
    )

    assert 0 == code
    assert "qwa_" in seen
    assert PASSPHRASE not in seen


def test_first_passphrase_is_asked_twice(operator: Operator) -> None:
    """A slip of the finger must not lock everybody out; hooks are offered."""
    seen, code = on_a_terminal(
        ["init", str(operator.root)],
        answers={
            "must not know it):": PASSPHRASE,
            "epeat for confirmation:": PASSPHRASE,
            "[Y/n]:": "y",
        },
    )

    assert 0 == code, seen
    assert "pre-push installed" in seen
    assert 0 == operator.do("tokens", "list").code


def test_standard_input_is_no_terminal(enrolled: Operator) -> None:
    """An agent can pipe; it must not get a prompt to guess at."""
    done = subprocess.run(
        [*PROGRAM, "tokens", "list", "--repo", str(enrolled.root)],
        input=PASSPHRASE + "\n",
        capture_output=True,
        text=True,
        start_new_session=True,
    )

    assert 2 == done.returncode
    assert "asked for on a terminal, and there is none" in done.stderr
    assert "--passphrase-file" in done.stderr


@pytest.mark.parametrize(
    "words",
    [
        ["release", "cursor-1", "--reason", "x"],
        ["quarantine", "cursor-1", "--reason", "x"],
        ["tokens", "create", "--agent", "a"],
        ["tokens", "list"],
        ["tokens", "revoke", "a"],
        ["violations", "dismiss", "a", "--reason", "x"],
    ],
    ids=" ".join,
)
def test_agent_process_is_sent_away(
    enrolled: Operator, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    """Even with the right passphrase: whoever says it is an agent is not a person."""
    monkeypatch.setenv("QUALITYWATCH_AGENT", "cursor-1")

    done = enrolled.do(*words)

    assert 2 == done.code
    assert "this process belongs to the agent 'cursor-1'" in done.err


def test_agent_process_can_not_init(
    operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever sets the passphrase is the operator."""
    monkeypatch.setenv("QUALITYWATCH_AGENT", "cursor-1")

    assert 2 == operator.init().code
    assert not operator.state_dir.exists()
