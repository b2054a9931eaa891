"""Where a gate runs and what could loosen it, at every door."""

from __future__ import annotations

from pathlib import Path

import pytest

from qualitywatch.model import NO_GO
from tests.conftest import Repo
from tests.integration.gates import CALLED, HOLLOW, LAZY, Gate, at_doors, unread


def test_a_detached_head(repo: Repo, base: str, gate: Gate) -> None:
    """Nobody needs a branch."""
    repo.git("checkout", "-q", "--detach")
    repo.commit(**{"app.py": HOLLOW})

    assert NO_GO == gate("--base", base)["decision"]


def test_another_head_than_the_one_checked_out(
    repo: Repo, base: str, gate: Gate, tmp_path: Path
) -> None:
    """In a bare repository too; settings are those of the base, not of the folder."""
    repo.git("checkout", "-q", "-b", "side")
    side = repo.commit(**{"lib/pay.py": LAZY, "qualitywatch.toml": ""})
    repo.git("checkout", "-q", "main")
    bare = tmp_path / "bare.git"
    repo.git("clone", "-q", "--bare", str(repo.root), str(bare))

    for place in (repo.root, bare):
        report = gate("--base", "main", "--head", side, at=place)
        assert (NO_GO, side) == (report["decision"], report["head"])


@pytest.mark.parametrize(
    "path", ["qualitywatch.toml", ".qualitywatch/rules/logic-error/own.md"]
)
def test_our_own_file_as_a_link(repo: Repo, base: str, gate: Gate, path: str) -> None:
    """git has only the name of what it leads to: no gate after this could judge."""
    place = repo.root / path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.unlink(missing_ok=True)
    place.symlink_to("app.py")

    for report in at_doors(repo, gate, base):
        assert [(path, "is a symbolic link")] == [
            (path, reason.removesuffix(" now")) for path, reason in unread(report)
        ]


@pytest.mark.parametrize("door", [["--base", "HEAD~1"], ["--staged"], ["--worktree"]])
@pytest.mark.parametrize(
    "loosened",
    [
        {"qualitywatch.toml": '[gate]\nfail_on = "critical"\n'},
        {"qualitywatch.toml": '[rules]\ndisabled = ["swallowed-exception"]\n'},
        {"qualitywatch.toml": "", "pyproject.toml": "[tool.qualitywatch.gate]\n"},
        {".gitattributes": "*.py linguist-generated\n"},
        {".gitattributes": "*.py binary -diff\n"},
        {".gitignore": "*.py\n"},
    ],
)
def test_nothing_in_the_change_loosens_its_judge(
    repo: Repo,
    base: str,
    gate: Gate,
    door: list[str],
    loosened: dict[str, str],
) -> None:
    """At every door the base judges, whatever comes with the change."""
    for path, content in {**loosened, "lib/pay.py": LAZY}.items():
        repo.write(path, content)
    if door != ["--worktree"]:
        repo.git("add", "-A")
    if door == ["--base", "HEAD~1"]:
        repo.commit()

    report = gate(*door)

    assert NO_GO == report["decision"]
    assert "swallowed-exception" in [found["rule"] for found in report["violations"]]


def test_nothing_in_the_environment_loosens_the_judge(
    repo: Repo, base: str, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No variable, and no setting of git, is a way round."""
    repo.write("lib/pay.py", LAZY)
    repo.git("config", "diff.external", "true")
    repo.git("config", "diff.ignoreSubmodules", "all")
    repo.git("config", "core.attributesFile", str(repo.write(".git/a", "* binary\n")))
    for name in ("FAIL_ON", "GATE_FAIL_ON", "CONFIG", "DISABLED", "BASE", "HEAD"):
        monkeypatch.setenv(f"QUALITYWATCH_{name}", "critical")
    monkeypatch.setenv("GIT_EXTERNAL_DIFF", "true")

    for report in at_doors(repo, gate, base):
        assert NO_GO == report["decision"]


def test_a_variable_that_changes_what_paths_mean(
    repo: Repo, base: str, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever still imports what is gone is found all the same."""
    repo.write("app.py", CALLED.partition("def refund")[0].rstrip() + "\n")
    monkeypatch.setenv("GIT_LITERAL_PATHSPECS", "1")

    [violation] = gate("--worktree")["violations"]

    assert "silent-drop" == violation["rule"]


def test_the_number_of_git_processes(
    repo: Repo, base: str, gate: Gate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each costs milliseconds, at every commit of everybody."""
    repo.commit(**{"lib/pay.py": LAZY})
    trace = tmp_path / "trace"
    monkeypatch.setenv("GIT_TRACE", str(trace))

    gate("--base", base)

    started = [line for line in trace.read_text().splitlines() if " git.c:" in line]
    assert len(started) <= 5, "\n".join(started)
