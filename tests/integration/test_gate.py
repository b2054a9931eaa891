"""The gate over real commits: which changes it sees, and what it judges them by."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from qualitywatch import mirror
from qualitywatch.cli import main
from qualitywatch.gate import staged, worktree
from qualitywatch.mirror import Mirror
from qualitywatch.model import GO, NO_GO
from tests.conftest import Repo
from tests.integration.gates import HONEST, LAZY, STRICT, Gate, opened
from tests.unit.test_gate import quarantine


@pytest.fixture
def base(repo: Repo) -> str:
    """The first commit: honest code, and a gate that fails from medium on."""
    return repo.commit(**{"qualitywatch.toml": STRICT, "app.py": HONEST})


def _rules(report: dict[str, Any]) -> list[str]:
    return [violation["rule"] for violation in report["violations"]]


# Ranges


def test_a_range_with_dropped_code(repo: Repo, base: str, gate: Gate) -> None:
    """What the range introduces is NO-GO, with both ends named."""
    head = repo.commit(**{"app.py": LAZY})

    report = gate("--base", base)

    assert report["decision"] == NO_GO
    assert _rules(report) == ["swallowed-exception"]
    assert (report["base"], report["head"]) == (base, head)


def test_dropped_and_put_back_inside_the_range(
    repo: Repo, base: str, gate: Gate
) -> None:
    """Only the net change counts."""
    repo.commit(**{"app.py": LAZY})
    repo.commit(**{"app.py": HONEST, "other.py": "a = 1\n"})

    report = gate("--base", base)

    assert (report["decision"], report["files_checked"]) == (GO, 1)


def test_what_the_base_branch_did_since_is_not_ours(
    repo: Repo, base: str, gate: Gate
) -> None:
    """The merge base is compared with, not the tip of the other branch."""
    repo.git("checkout", "-q", "-b", "side")
    repo.commit(**{"side.py": "a = 1\n"})
    repo.git("checkout", "-q", "main")
    repo.commit(**{"app.py": "# all new\n"})

    report = gate("--base", "main", "--head", "side")

    assert (report["base"], report["files_checked"]) == (base, 1)


def test_the_upstream_is_the_usual_base(
    repo: Repo, base: str, gate: Gate, tmp_path: Path
) -> None:
    """Without --base, what is not pushed yet is judged."""
    repo.git("init", "-q", "--bare", str(tmp_path / "remote.git"))
    repo.git("remote", "add", "origin", str(tmp_path / "remote.git"))
    repo.git("push", "-q", "-u", "origin", "main")
    repo.commit(**{"app.py": LAZY})

    report = gate()

    assert (report["base"], report["decision"]) == (base, NO_GO)


@pytest.mark.parametrize("what", ["--staged", "--worktree"])
def test_a_bare_repository_has_nothing_staged(
    what: str, repo: Repo, base: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its empty index is not a change that deletes every file: no GO."""
    bare = tmp_path / "bare.git"
    repo.git("clone", "-q", "--bare", str(repo.root), str(bare))
    monkeypatch.chdir(bare)

    assert 2 == main.run(["gate", what])


def test_an_untracked_link_is_skipped(repo: Repo, base: str, gate: Gate) -> None:
    """Like a tracked one: nobody follows it, and it fails no gate."""
    (repo.root / "new.py").symlink_to("app.py")

    report = gate("--worktree")

    assert [{"path": "new.py", "reason": "symbolic link"}] == report["skipped"]
    assert GO == report["decision"]


@pytest.mark.parametrize("what", ["--worktree", "--staged"])
def test_a_file_that_became_a_link_fails(
    what: str, repo: Repo, base: str, gate: Gate
) -> None:
    """Else a whole module could go where nobody looks."""
    (repo.root / "app.py").unlink()
    (repo.root / "app.py").symlink_to("/dev/null")
    repo.git("add", "-A")

    report = gate(what)

    assert [{"path": "app.py", "reason": "is a symbolic link now"}] == (
        report["unanalysable"]
    )
    assert NO_GO == report["decision"]


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("qualitywatch.toml", "[hub]\nprot = 1\n"),
        ("qualitywatch.toml", "[hub\n"),
        ("pyproject.toml", "[tool.qualitywatch]\nx = 1\n"),
        (".qualitywatch/rules/logic-error/own.md", "# `other`\n"),
        (".qualitywatch/rules/errors/own.md", "# `own`\n"),
    ],
)
def test_a_change_that_breaks_the_judge_fails(
    path: str, content: str, repo: Repo, base: str, gate: Gate
) -> None:
    """By the rules of the base it would pass, and nothing could after it."""
    repo.write(path, content)

    report = gate("--worktree")

    assert [path] == [row["path"] for row in report["unanalysable"]]
    assert NO_GO == report["decision"]


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("qualitywatch.toml", f"{STRICT}[hub]\nport = 1\n"),
        ("pyproject.toml", "[project]\nname = 'x'\n"),
        ("sub/qualitywatch.toml", "unknown = 1\n"),
        (".qualitywatch/rules/README.md", "Our rules.\n"),
    ],
)
def test_a_good_setting_passes(
    path: str, content: str, repo: Repo, base: str, gate: Gate
) -> None:
    """Files that a gate can work with, or never reads, are none of its business."""
    repo.write(path, content)

    assert GO == gate("--worktree")["decision"]


def test_a_bare_repository(repo: Repo, base: str, gate: Gate, tmp_path: Path) -> None:
    """A range needs no work tree."""
    repo.commit(**{"app.py": LAZY})
    bare = tmp_path / "bare.git"
    repo.git("clone", "-q", "--bare", str(repo.root), str(bare))

    assert gate("--base", base, at=bare)["decision"] == NO_GO


def test_many_files(repo: Repo, base: str, gate: Gate) -> None:
    """A large range goes through the pool of workers, each file with its answer."""
    files = {f"f{n}.py": LAZY if n == 7 else HONEST for n in range(20)}
    repo.commit(**files)

    report = gate("--base", base)

    assert report["files_checked"] == 20
    assert [violation["path"] for violation in report["violations"]] == ["f7.py"]


# The index and the work tree


def test_staged_is_not_the_file_on_disk(repo: Repo, base: str, gate: Gate) -> None:
    """What would be committed is judged, not what lies in the folder."""
    repo.write("app.py", LAZY)
    repo.git("add", "app.py")
    repo.write("app.py", HONEST)

    assert gate("--staged")["decision"] == NO_GO
    assert gate("--worktree")["decision"] == GO


def test_the_work_tree_with_untracked_files(repo: Repo, base: str, gate: Gate) -> None:
    """A new file counts before it is added, unless it is ignored."""
    repo.write(".gitignore", "ignored.py\n")
    repo.write("ignored.py", LAZY)
    repo.write("new.py", LAZY)

    report = gate("--worktree")

    assert [violation["path"] for violation in report["violations"]] == ["new.py"]
    assert gate("--staged")["files_checked"] == 0


def test_a_checkout_with_other_line_ends(repo: Repo, base: str) -> None:
    """Filters of the checkout do not make a file look rewritten."""
    repo.git("config", "core.autocrlf", "true")
    now = HONEST.replace("\n", "\r\n") + "a = 1\r\n"
    repo.write("app.py", now)

    with opened(repo) as repository:
        [change] = worktree(repository, limit=10_000).changes

    assert change.before == HONEST.replace("\n", "\r\n").encode()
    assert change.after == now.encode()


def test_special_files_are_never_waited_for(repo: Repo, base: str) -> None:
    """A pipe in the place of a file is a problem to report, not a place to wait."""
    (repo.root / "app.py").unlink()
    os.mkfifo(repo.root / "app.py")

    with opened(repo) as repository:
        [change] = worktree(repository, limit=10_000).changes

    assert change.problem == "can not be read: not a regular file"


def test_long_files_are_read_up_to_the_limit(repo: Repo, base: str) -> None:
    """Of a file that is too large, just enough is read to refuse it."""
    repo.write("app.py", "a" * 50_000)
    repo.git("add", "-A")

    with opened(repo) as repository:
        [from_disk] = worktree(repository, limit=1000).changes
        [from_index] = staged(repository, limit=1000).changes

    assert from_disk.after == from_index.after == b"a" * 1000


def test_a_damaged_repository(repo: Repo, base: str, gate: Gate) -> None:
    """An object that git has lost makes its file unanalysable, and no other."""
    head = repo.commit(**{"app.py": LAZY, "other.py": "a = 1\n"})
    blob = repo.git("rev-parse", "HEAD:app.py")
    (repo.root / ".git/objects" / blob[:2] / blob[2:]).unlink()

    report = gate("--base", base, "--head", head)

    assert report["unanalysable"] == [
        {"path": "app.py", "reason": f"git has no object {blob}"}
    ]


def test_before_the_first_commit(repo: Repo, gate: Gate) -> None:
    """Everything is new, and judged by the defaults."""
    repo.write("app.py", "def pay():\n    # TODO: implement\n    return True\n")
    repo.git("add", "-A")

    report = gate("--staged", "--fail-on", "medium")

    assert (report["base"], report["decision"]) == (None, NO_GO)


def test_an_unresolved_conflict(repo: Repo, base: str, gate: Gate) -> None:
    """A conflict in the index can not be judged, and is not called clean."""
    repo.git("checkout", "-q", "-b", "side")
    repo.commit(**{"app.py": "a = 1\n"})
    repo.git("checkout", "-q", "main")
    repo.commit(**{"app.py": "a = 2\n"})
    repo.git("merge", "-q", "side", check=False)

    report = gate("--staged")

    assert report["unanalysable"] == [
        {"path": "app.py", "reason": "the merge conflict is not resolved"}
    ]


def test_a_merge_brings_in_what_others_wrote(repo: Repo, base: str, gate: Gate) -> None:
    """Files that are as the merged branch has them are nobody's edit here."""
    repo.git("checkout", "-q", "-b", "side")
    repo.commit(**{"app.py": LAZY})
    repo.git("checkout", "-q", "main")
    repo.commit(**{"other.py": "a = 1\n"})
    repo.git("merge", "-q", "--no-ff", "--no-commit", "side")

    assert gate("--staged")["files_checked"] == 0


# What judges


def test_a_change_can_not_loosen_its_own_judge(
    repo: Repo, base: str, gate: Gate
) -> None:
    """Settings of the base count, not those that come with the change."""
    disabled = f'{STRICT}[rules]\ndisabled = ["swallowed-exception"]\n'
    repo.commit(**{"app.py": LAZY, "qualitywatch.toml": disabled})
    assert gate("--base", base)["decision"] == NO_GO

    later = repo.git("rev-parse", "HEAD")
    repo.commit(**{"new.py": LAZY})
    assert gate("--base", later)["decision"] == GO


def test_staged_settings_do_not_count_either(repo: Repo, base: str, gate: Gate) -> None:
    """For the index and the work tree the judge is HEAD."""
    repo.write("qualitywatch.toml", '[rules]\ndisabled = ["swallowed-exception"]\n')
    repo.write("app.py", LAZY)
    repo.git("add", "-A")

    assert gate("--staged")["decision"] == NO_GO
    assert gate("--worktree")["decision"] == NO_GO


RULE = Path(__file__).parents[2] / "rules/logic-error/swallowed-exception.md"


def test_rules_of_the_base(repo: Repo, base: str, gate: Gate) -> None:
    """A repository's own rule judges from the commit after it."""
    own = RULE.read_text().replace("swallowed-exception", "own-rule")
    middle = repo.commit(
        **{".qualitywatch/rules/logic-error/own-rule.md": own, "app.py": LAZY}
    )
    repo.commit(**{"new.py": LAZY})

    assert "own-rule" not in _rules(gate("--base", base))
    assert "own-rule" in _rules(gate("--base", middle))


def test_generated_files_of_the_base(repo: Repo, base: str, gate: Gate) -> None:
    """A mark that the base has is believed; one that comes with the change is not."""
    marked = repo.commit(**{".gitattributes": "made.py linguist-generated\n"})
    repo.commit(
        **{"made.py": LAZY, ".gitattributes": "*.py linguist-generated\n", "b.py": LAZY}
    )

    report = gate("--base", marked)

    swallowed = [v for v in report["violations"] if v["rule"] == "swallowed-exception"]
    assert ["b.py"] == [violation["path"] for violation in swallowed]
    assert {
        "path": "made.py",
        "reason": "linguist-generated, says .gitattributes of the base",
    } in report["skipped"]


def test_links_and_submodules_are_skipped(
    repo: Repo, base: str, gate: Gate, make_repo: Callable[[str], Repo]
) -> None:
    """They are listed, and are not read as if they were code."""
    library = make_repo("library")
    library.commit(**{"lib.py": LAZY})
    clone = ("-c", "protocol.file.allow=always", "submodule", "--quiet", "add")
    repo.git(*clone, str(library.root), "lib")
    (repo.root / "link.py").symlink_to("app.py")
    repo.commit()

    skipped = {row["path"]: row["reason"] for row in gate("--base", base)["skipped"]}

    assert skipped["lib"] == "submodule"
    assert skipped["link.py"] == "symbolic link"


def test_names_that_are_not_utf8(repo: Repo, base: str, gate: Gate) -> None:
    """Such a file is judged like any other, and its name can be printed."""
    repo.commit(**{"caf\udce9.py": LAZY})

    [violation] = gate("--base", base)["violations"]

    assert violation["path"] == "caf\\xe9.py"


# Quarantine


def _state(repo: Repo, **fields: Any) -> None:
    folder = repo.root / ".git" / "qualitywatch"
    folder.mkdir(exist_ok=True)
    empty: dict[str, Any] = {"quarantines": (), "dismissed": (), "agents": ()}
    mirror.write(folder, Mirror(**{**empty, **fields}))


def test_commits_of_an_agent_in_quarantine(repo: Repo, base: str, gate: Gate) -> None:
    """Clean commits of it are NO-GO where the state is known, and GO where not."""
    repo.write("new.py", "a = 1\n")
    repo.git("add", "-A")
    repo.git("commit", "-q", "-m", "x", "--author", "cursor-1 <cursor-1@local>")
    assert gate("--base", base)["decision"] == GO

    _state(repo, quarantines=(quarantine("cursor-1"),))
    report = gate("--base", base)

    assert report["decision"] == NO_GO
    assert [row["subject"] for row in report["quarantines"]] == ["cursor-1"]


def test_dismissed_violations(repo: Repo, base: str, gate: Gate) -> None:
    """The local gate honours what an operator has dismissed."""
    repo.commit(**{"app.py": LAZY})
    [violation] = gate("--base", base)["violations"]

    _state(repo, dismissed=(violation["fingerprint"],))

    assert gate("--base", base)["decision"] == GO


ALLOWED = LAZY.replace(
    "Exception:",
    "Exception:  # qualitywatch: allow swallowed-exception -- a lost cent is no loss",
)


def test_a_suppression_counts_once_it_stands_in_the_base(
    repo: Repo, base: str, gate: Gate
) -> None:
    """The range that brings it fails; a range after it may edit its line."""
    middle = repo.commit(**{"app.py": ALLOWED})
    repo.commit(**{"app.py": ALLOWED.replace("Exception:", "BaseException:")})

    assert gate("--base", base, "--head", middle)["decision"] == NO_GO
    later = gate("--base", middle)
    assert later["decision"] == GO
    assert [True] == [each["counts"] for each in later["suppressed"]]


def test_a_human_accepts_a_new_suppression(repo: Repo, base: str, gate: Gate) -> None:
    """For one run, by hand."""
    repo.commit(**{"app.py": ALLOWED})

    assert gate("--base", base, "--accept-new-suppressions")["decision"] == GO


def test_an_agent_accepts_nothing(
    repo: Repo, base: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The flag is refused where the process calls itself an agent."""
    monkeypatch.chdir(repo.root)
    monkeypatch.setenv("QUALITYWATCH_AGENT", "cursor-1")

    assert main.run(["gate", "--worktree", "--accept-new-suppressions"]) == 2


@pytest.mark.parametrize("leftover", ["folder", "mark"])
def test_a_state_that_vanished_is_not_go(
    repo: Repo,
    base: str,
    leftover: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Where there was a list of quarantines and it is gone, the gate refuses."""
    if leftover == "mark":
        repo.git("config", "qualitywatch.enrolled", "1")
    else:
        repo.write(".git/qualitywatch/state.db", "")
    monkeypatch.chdir(repo.root)

    assert main.run(["gate", "--base", base]) == 2
    assert "the list of quarantines is missing" in capsys.readouterr().err


# Wrong usage

WRONG = [
    (["--base", "nowhere"], "no commit is called 'nowhere'"),
    ([], "there is no upstream branch to compare with"),
    (["--staged", "--worktree"], "not both"),
    (["--staged", "--base", "HEAD"], "go with a range of commits only"),
    (["--format", "xml"], "'xml' is not one of"),
]


@pytest.mark.parametrize(("arguments", "message"), WRONG)
def test_wrong_usage(
    repo: Repo,
    base: str,
    arguments: list[str],
    message: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Each mistake is named, and exits with 2."""
    monkeypatch.chdir(repo.root)

    assert main.run(["gate", *arguments]) == 2
    assert message in capsys.readouterr().err


def test_outside_a_repository(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """No repository is wrong usage, with the way out."""
    monkeypatch.chdir(tmp_path)

    assert main.run(["gate"]) == 2
    assert "this is not a git repository" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("path", "content", "message"),
    [
        ("qualitywatch.toml", "[gaet]\n", "qualitywatch.toml at "),
        (".qualitywatch/rules/logic-error/x.md", "no rule\n", "logic-error/x.md:1 at "),
    ],
)
def test_a_broken_judge_stops_the_gate(
    repo: Repo,
    path: str,
    content: str,
    message: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Settings or rules that can not be read are an error that names the place."""
    base = repo.commit(**{path: content})
    repo.commit(**{"app.py": LAZY})
    monkeypatch.chdir(repo.root)

    assert main.run(["gate", "--base", base]) == 2
    assert message in capsys.readouterr().err


def test_a_shallow_clone_without_the_base(
    repo: Repo,
    base: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Too little history is an error with a way out, never a silent pass."""
    repo.commit(**{"app.py": LAZY})
    clone = tmp_path / "clone"
    repo.git("clone", "-q", "--depth", "1", f"file://{repo.root}", str(clone))
    monkeypatch.chdir(clone)

    assert main.run(["gate", "--base", base]) == 2
    assert "unshallow" in capsys.readouterr().err
