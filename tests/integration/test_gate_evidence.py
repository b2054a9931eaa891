"""The proof of a judgement: whole, checkable with other tools, and never in the way."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from qualitywatch.cli import main
from qualitywatch.gate.evidence import digest
from qualitywatch.model import GO, NO_GO
from tests.conftest import Repo
from tests.integration.gates import HONEST, LAZY, STRICT

CHECK = (
    "import hashlib, json, sys; told = json.load(sys.stdin); said = told.pop('sha256');"
    "text = json.dumps(told, sort_keys=True, separators=(',', ':'));"
    "sys.exit(said != hashlib.sha256(text.encode()).hexdigest())"
)

Prove = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture
def base(repo: Repo) -> str:
    """The first commit: honest code, and a gate that fails from medium on."""
    return repo.commit(**{"qualitywatch.toml": STRICT, "app.py": HONEST})


@pytest.fixture
def prove(repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Prove:
    """Runs the gate with `--evidence`; its exit code and the proof."""
    monkeypatch.chdir(repo.root)

    def run(*arguments: str, file: Path | None = None) -> tuple[int, dict[str, Any]]:
        target = file or tmp_path / "proof.json"
        code = main.run(["gate", *arguments, "--evidence", str(target)])
        return code, json.loads(target.read_text())

    return run


def test_what_was_judged_by_what(repo: Repo, base: str, prove: Prove) -> None:
    """Both ends, both contents of every file, and the judge."""
    head = repo.commit(**{"app.py": LAZY, "go.sum": "x\n"})

    code, proof = prove("--base", base, "--fail-on", "low")

    assert (1, NO_GO) == (code, proof["decision"])
    judged = proof["judged"]
    assert ("range", base, head) == (judged["door"], judged["base"], judged["head"])
    assert judged["head_tree"] == repo.git("rev-parse", "HEAD^{tree}")
    contents = {each["path"]: each for each in judged["files"]}
    assert contents["app.py"]["before"]["sha256"] == _sha(HONEST)
    assert contents["app.py"]["after"] == {
        "sha256": _sha(LAZY),
        "bytes": len(LAZY),
        "is_cut": False,
    }
    assert (base, "low") == (proof["by"]["taken_from"], proof["by"]["fail_on"])
    assert "tree-sitter-python" in proof["by"]["parsers"]
    assert ["go.sum"] == [each["path"] for each in proof["not_judged"]["skipped"]]
    assert proof["violations"][0]["rule"] == "swallowed-exception"


def _sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def test_other_judges_have_other_digests(repo: Repo, base: str, prove: Prove) -> None:
    """Settings and rules that differ can be told apart."""
    middle = repo.commit(**{"qualitywatch.toml": '[rules]\ndisabled = ["eval-call"]\n'})
    repo.commit(**{"x.py": "a = 1\n"})

    one, other = (prove("--base", each)[1]["by"] for each in (base, middle))

    assert one["settings_sha256"] != other["settings_sha256"]


@pytest.mark.parametrize(
    "path", ["plain.py", "caf\udce9.py", "\x1b[2J\u202e☃\U0001f600.py", "a\x7f.py"]
)
def test_standard_tools_find_the_same_digest(
    repo: Repo, base: str, tmp_path: Path, prove: Prove, path: str
) -> None:
    """As docs/gate.md says, whatever names are in it; and one word less is seen."""
    repo.commit(**{path: LAZY})
    proof = tmp_path / "proof.json"
    prove("--base", base, file=proof)

    checked = _checked(CHECK, proof.read_bytes())
    forged = _checked(CHECK, proof.read_bytes().replace(b"NO-GO", b"GO"))

    assert (0, 1) == (checked, forged)
    if jq := shutil.which("jq"):
        told = subprocess.run(
            [jq, "-aScj", "del(.sha256)", str(proof)], capture_output=True
        )
        said = json.loads(proof.read_text())["sha256"]
        assert said == hashlib.sha256(told.stdout).hexdigest()


def _checked(program: str, proof: bytes) -> int:
    return subprocess.run([sys.executable, "-c", program], input=proof).returncode


def test_no_raw_control_sign(
    repo: Repo, base: str, tmp_path: Path, prove: Prove
) -> None:
    """The file can be shown on a terminal."""
    repo.commit(**{"\x1b[2J\u202e.py": LAZY})
    prove("--base", base, file=tmp_path / "proof.json")

    text = (tmp_path / "proof.json").read_text()

    assert not set("\x1b\u202e") & set(text)


def test_the_proof_is_no_part_of_the_work_tree(
    repo: Repo, base: str, prove: Prove
) -> None:
    """Run after run it lies there, untracked, and nobody judges it."""
    proof = repo.root / "proof.json"
    for _ in range(2):
        code, told = prove("--worktree", file=proof)

        assert (0, GO, []) == (code, told["decision"], told["judged"]["files"])
    assert digest(told) == told["sha256"]


def test_other_doors(repo: Repo, base: str, prove: Prove) -> None:
    """What is staged has no head yet."""
    repo.write("app.py", LAZY)
    repo.git("add", "-A")

    code, told = prove("--staged")

    assert (1, "staged") == (code, told["judged"]["door"])
    assert (base, None) == (told["judged"]["base"], told["judged"]["head"])


PLACES = ["", "nowhere/proof.json", "folder", "link", "app.py", "pipe", "staged.py"]


@pytest.mark.parametrize("place", PLACES)
def test_no_go_without_the_proof(
    repo: Repo,
    base: str,
    place: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Where it can not be written nothing is judged, and nothing is overwritten."""
    (repo.root / "folder").mkdir()
    (repo.root / "link").symlink_to("app.py")
    os.mkfifo(repo.root / "pipe")
    repo.write("staged.py", "a = 1\n")
    repo.git("add", "staged.py")
    monkeypatch.chdir(repo.root)

    code = main.run(["gate", "--worktree", "--evidence", place or "."])

    said = capsys.readouterr()
    assert (2, "") == (code, said.out)
    assert "the evidence can not be written" in said.err
    assert HONEST == (repo.root / "app.py").read_text()


def test_a_proof_of_another_run_is_gone(
    repo: Repo, base: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that fails half-way leaves no GO of yesterday behind."""
    proof = tmp_path / "proof.json"
    proof.write_text('{"decision": "GO"}')
    monkeypatch.chdir(repo.root)

    assert 2 == main.run(["gate", "--base", "nowhere", "--evidence", str(proof)])
    assert not proof.exists()
