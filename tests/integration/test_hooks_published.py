"""What a push takes for published: refs that anybody on this machine can write."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import Repo
from tests.integration.gates import CALLED, CALLER, HOLLOW, HONEST, LAZY, STRICT
from tests.integration.test_hooks import Guarded, _install


@pytest.fixture
def guarded(repo: Repo, tmp_path: Path) -> Guarded:
    """With our hooks, a published `main` and `side`, and `main` checked out."""
    guarded = Guarded(repo.root)
    guarded.commit(**{"qualitywatch.toml": STRICT, "app.py": HONEST})
    guarded.git("init", "-q", "--bare", str(tmp_path / "remote.git"))
    guarded.git("remote", "add", "origin", str(tmp_path / "remote.git"))
    guarded.git("push", "-q", "origin", "main", "main:side")
    _install(guarded.root)
    return guarded


FORGED = ["tmp", "main", "HEAD"]


@pytest.mark.parametrize("name", FORGED)
@pytest.mark.parametrize("tops", [0, 1])
def test_a_ref_that_says_it_was_pushed(guarded: Guarded, name: str, tops: int) -> None:
    """Nor one that says it of what an empty commit stands on."""
    forged = guarded.unseen(**{"app.py": LAZY})
    guarded.git("update-ref", f"refs/remotes/origin/{name}", forged)
    for _ in range(tops):
        guarded.unseen()

    for refspec in ("main", "main:side"):
        done = guarded.push(refspec)
        assert done.returncode == 1
        assert "swallowed-exception" in done.stderr


@pytest.mark.parametrize("name", ["tmp", "new"])
def test_of_a_new_branch(guarded: Guarded, name: str) -> None:
    """The remote has just said that it has none of that name."""
    forged = guarded.unseen(**{"app.py": LAZY})
    guarded.git("update-ref", f"refs/remotes/origin/{name}", forged)

    assert "swallowed-exception" in guarded.push("main:refs/heads/new").stderr


@pytest.mark.parametrize("name", ["tmp", "main", "HEAD"])
def test_of_a_remote_that_has_nothing(
    guarded: Guarded, tmp_path: Path, name: str
) -> None:
    """The first push of all is judged, whatever stands here."""
    guarded.git("init", "-q", "--bare", str(tmp_path / "second.git"))
    guarded.git("remote", "add", "second", str(tmp_path / "second.git"))
    guarded.unseen(**{"app.py": CALLED, "use.py": CALLER})
    forged = guarded.unseen(**{"app.py": HOLLOW})
    guarded.git("update-ref", f"refs/remotes/second/{name}", forged)

    done = guarded.run("git", "push", "-q", "second", "main")

    assert "hollowed-body" in done.stderr


def test_a_new_branch_on_the_default_branch(guarded: Guarded) -> None:
    """It brings nothing, and what main holds since long is not judged for it."""
    guarded.unseen(**{"old.py": LAZY})
    guarded.git("push", "-q", "--no-verify", "origin", "main")

    assert guarded.push("main:refs/heads/new").returncode == 0
    guarded.git("tag", "v1")
    assert guarded.push("v1").returncode == 0


def test_a_remote_that_nobody_has_fetched_from(
    guarded: Guarded, tmp_path: Path
) -> None:
    """What another remote has on its default branch was judged on its way there."""
    guarded.unseen(**{"app.py": CALLED, "use.py": CALLER})
    guarded.unseen(**{"app.py": HOLLOW})
    guarded.git("push", "-q", "--no-verify", "origin", "main")
    guarded.git("init", "-q", "--bare", str(tmp_path / "second.git"))
    guarded.git("remote", "add", "second", str(tmp_path / "second.git"))

    for place in ("second", str(tmp_path / "second.git")):
        done = guarded.run("git", "push", "-q", place, "main", "main:new")
        assert (done.returncode, done.stderr) == (0, "")
        guarded.git("push", "-q", "--no-verify", place, "--delete", "main")


def test_a_rebased_branch_on_what_others_pushed(guarded: Guarded) -> None:
    """What main holds is no news of a branch that was moved onto it."""
    guarded.git("checkout", "-q", "-b", "topic")
    guarded.unseen(**{"new.py": "a = 1\n"})
    assert guarded.push("topic").returncode == 0
    guarded.git("checkout", "-q", "main")
    guarded.unseen(**{"theirs.py": LAZY})
    guarded.git("push", "-q", "--no-verify", "origin", "main")
    guarded.git("checkout", "-q", "topic")
    guarded.git("rebase", "-q", "main")

    done = guarded.push("-f", "topic")

    assert (done.returncode, done.stderr) == (0, "")
