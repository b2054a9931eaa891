"""What the judge decides without a repository: steps of `HEAD`, claims, places."""

from pathlib import Path

import pytest

from qualitywatch.judge import Heads, moves
from qualitywatch.judge.claims import Claims, Waiting
from qualitywatch.judge.moves import Step, parse, steps

NONE = "0" * 40
A, B, C, D = "a" * 40, "b" * 40, "c" * 40, "d" * 40


def row(old: str, new: str, message: str) -> str:
    return f"{old} {new} Ada <ada@example.org> 1700000000 +0000\t{message}\n"


@pytest.mark.parametrize(
    ("message", "is_edit"),
    [
        ("commit: work", True),
        ("commit (initial): work", True),
        ("commit (amend): work", True),
        ("am: a patch", True),
        ("commit (merge): Merge branch 'x'", False),
        ("checkout: moving from main to x", False),
        ("merge x: Fast-forward", False),
        ("pull: Fast-forward", False),
        ("rebase (pick): work", False),
        ("rebase (finish): returning to refs/heads/main", False),
        ("reset: moving to HEAD~1", False),
        ("cherry-pick: work", False),
        ("revert: work", False),
    ],
)
def test_only_a_commit_is_somebodys_edit(message, is_edit):
    assert Step(A, B, is_edit) == parse(row(A, B, message))


def test_the_first_commit_comes_from_nothing():
    assert Step(None, A, True) == parse(row(NONE, A, "commit (initial): work"))


@pytest.mark.parametrize("line", ["", "a b\n", "one two three\n", "no tab at all\n"])
def test_what_is_no_row_is_no_step(line):
    assert parse(line) is None


@pytest.fixture
def reflog(tmp_path: Path) -> Path:
    file = tmp_path / "HEAD"
    file.write_text(
        row(NONE, A, "commit (initial): a")
        + row(A, B, "commit: b")
        + row(B, C, "checkout: moving from main to x")
        + row(C, D, "commit: d")
    )
    return file


def test_every_step_since_the_known_commit_is_given_in_order(reflog: Path):
    expected = [Step(A, B, True), Step(B, C, False), Step(C, D, True)]

    assert expected == steps(reflog, since=A, to=D)


def test_steps_end_where_head_is_read(reflog: Path):
    """git wrote another row between our look at `HEAD` and at the reflog."""
    assert [Step(A, B, True)] == steps(reflog, since=A, to=B)


@pytest.mark.parametrize(("since", "to"), [("e" * 40, D), (A, "e" * 40)])
def test_a_reflog_that_does_not_say_is_no_answer(reflog: Path, since, to):
    assert steps(reflog, since=since, to=to) is None


def test_without_a_reflog_there_is_no_answer(tmp_path: Path):
    assert steps(tmp_path / "none", since=A, to=B) is None


@pytest.mark.parametrize("name", ["MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD"])
def test_an_operation_that_waits_for_a_person_is_seen(tmp_path: Path, name):
    (tmp_path / name).write_text(A)

    assert moves.unfinished(tmp_path)
    assert [A] == moves.brought_in(tmp_path)


def test_heads_outlive_the_process(tmp_path: Path):
    Heads(tmp_path).put("/repo", A)

    assert A == Heads(tmp_path).get("/repo")


def test_a_repository_without_commits_is_known_all_the_same(tmp_path: Path):
    Heads(tmp_path).put("/repo", None)

    assert "/repo" in Heads(tmp_path)


@pytest.mark.parametrize("content", [b"", b"{", b'{"a": 1}', b"\xff"])
def test_broken_heads_are_forgotten(tmp_path: Path, content):
    (tmp_path / "heads.json").write_bytes(content)

    assert "/repo" not in Heads(tmp_path)


def test_a_newer_claim_of_an_agent_leaves_its_older_one():
    claims = Claims()
    for content in ("1", "2", "1"):
        claims.put("/repo", "a.py", "x", content)

    assert ["1", "2"] == [claim.sha256 for claim in claims.of("/repo", "a.py")]


def test_claims_are_bounded():
    claims = Claims()
    for content in range(100):
        claims.put("/repo", "a.py", "x", f"{content}")

    assert 32 == len(claims.of("/repo", "a.py"))


def test_what_waits_is_taken_once_with_all_its_contents():
    waiting = Waiting()
    waiting.note("1", ["v", "w"])
    waiting.note("2", ["v"])
    waiting.note("2", ["v"])

    assert [(("1", "2"), ("v",)), (("1",), ("w",))] == waiting.take(["v", "w", "x"])
    assert [] == waiting.take(["v", "w"])


def test_claims_of_two_agents_stand_beside_each_other():
    claims = Claims()
    claims.put("/repo", "a.py", "x", "1")
    claims.put("/repo", "a.py", "y", "2")

    assert {"x", "y"} == {claim.agent for claim in claims.of("/repo", "a.py")}


def test_a_claim_is_for_one_file_of_one_workspace():
    claims = Claims()
    claims.put("/repo", "a.py", "x", "1")

    assert () == claims.of("/other", "a.py")
    assert () == claims.of("/repo", "b.py")
